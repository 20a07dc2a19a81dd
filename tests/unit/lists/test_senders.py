"""Who sent it: From, envelope, Reply-To, Sender."""

import pytest

from mlcore.lists import senders as senders_
from mlcore.lists.senders import keys, mailboxes_of, senders
from mlcore.mail.fields import split
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


@pytest.mark.parametrize(
    ("names", "silent"),
    [
        (("from", "from_", "reply-to", "sender"), ()),
        (("from", "from_"), ("cate@example.org", "dan@example.org")),
        (("from",), ("bart@example.org", "cate@example.org", "dan@example.org")),
        (("from_",), ("anne@example.org", "cate@example.org", "dan@example.org")),
        (("sender", "from"), ("bart@example.org", "cate@example.org")),
        (("reply-to",), ("anne@example.org", "bart@example.org", "dan@example.org")),
    ],
)
def test_who_stands_in_none_of_the_fields_that_count(names: tuple[str, ...], silent: tuple[str, ...]) -> None:
    lines = b"From: anne@example.org\r\nReply-To: Cate@example.org\r\nSender: dan@example.org\r\n"
    fields, _ = split(lines)
    found = mailboxes_of(fields, "bart@example.org")
    assert senders_.silent(found, names, senders_.written_in(fields), fields, "bart@example.org") == set(
        silent
    )


def test_an_address_that_stands_in_two_fields_counts_if_either_does() -> None:
    fields, _ = split(b"From: x\r\nReply-To: anne@example.org\r\n")
    found = mailboxes_of(fields, "anne@example.org")
    assert senders_.silent(found, ("from", "from_"), [], fields, "anne@example.org") == set()
    assert senders_.silent(found, ("from", "from_"), [], fields, "") == {"anne@example.org"}
    assert senders_.silent(found, ("from", "from_"), [], fields, "no address") == {"anne@example.org"}
