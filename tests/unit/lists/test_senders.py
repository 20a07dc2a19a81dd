"""Who sent it: From, envelope, Reply-To, Sender."""

from mlcore.lists.senders import keys, senders
from support.posts import draft


def test_the_order_is_from_envelope_reply_to_sender() -> None:
    made = draft("Sender: d@example.com", "Reply-To: c@example.com", "From: A@Example.com")
    assert senders(made.fields, "b@example.com") == (
        "A@Example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
    )
    assert keys(made.fields, "b@example.com") == (
        "a@example.com",
        "b@example.com",
        "c@example.com",
        "d@example.com",
    )


def test_each_key_comes_once_in_its_first_spelling() -> None:
    made = draft("From: Anne@Example.org", "Reply-To: ANNE@example.org", "Sender: anne@EXAMPLE.org")
    assert senders(made.fields, "anne@example.org") == ("Anne@Example.org",)


def test_the_null_sender_and_invalid_addresses_are_no_senders() -> None:
    assert senders(draft("From: undisclosed", "Reply-To: <>").fields, "") == ()
    assert senders(draft("From: nobody").fields, "not an address") == ()


def test_the_envelope_alone_will_do() -> None:
    assert senders(draft("Subject: x").fields, "b@example.com") == ("b@example.com",)


def test_a_crowd_of_authors_is_cut_at_fifty() -> None:
    crowd = ", ".join(f"u{n}@example.com" for n in range(200))
    assert len(senders(draft("From: " + crowd, "Sender: s@example.com").fields, "b@example.com")) == 50
