"""Who gets a post."""

import pytest

from mlcore.lists import recipients
from mlcore.lists.draft import Draft
from mlcore.lists.model import Recipient
from mlcore.mail.address import key_of
from support.posts import PLAIN, draft, policy, render_facts

POST = Draft.post(PLAIN)  # From Anne@Example.org, To ant@example.com, Cc cate@example.net


def _selected(*members: Recipient, post: Draft = POST, reverse_path: str = "") -> tuple[str, ...]:
    return recipients.select(post, policy(), render_facts(*members, reverse_path=reverse_path))


def test_members_in_their_order_and_spelling() -> None:
    members = [Recipient(address) for address in ("Zoe@Example.com", "anne@example.org", "cate@example.net")]
    assert _selected(*members) == ("Zoe@Example.com", "anne@example.org", "cate@example.net")
    assert _selected() == ()


def test_each_key_once_in_its_first_spelling() -> None:
    members = [
        Recipient(address) for address in ("Zoe@Example.com", "zoe@example.COM", "bo@xn--bcher-kva.example")
    ]
    assert _selected(*members, Recipient("BO@bücher.example")) == (
        "Zoe@Example.com",
        "bo@xn--bcher-kva.example",
    )


def test_the_sender_who_wants_no_own_postings_gets_none() -> None:
    assert _selected(Recipient("ANNE@example.org", own_postings=False), Recipient("b@example.com")) == (
        "b@example.com",
    )


def test_others_who_want_no_own_postings_get_the_post() -> None:
    assert _selected(Recipient("b@example.com", own_postings=False)) == ("b@example.com",)
    # From decides: an address that merely carried the post, or is to get answers, is not the sender.
    post = draft("From: anne@example.org", "Reply-To: b@example.com")
    assert _selected(Recipient("b@example.com", own_postings=False), post=post) == ("b@example.com",)


def test_without_from_the_envelope_sender_is_the_sender() -> None:
    member = Recipient("b@example.com", own_postings=False)
    assert _selected(member, post=draft("Subject: x"), reverse_path="b@example.com") == ()
    assert _selected(member, post=draft("Subject: x")) == ("b@example.com",)


@pytest.mark.parametrize("field", ["To", "Cc", "Resent-To", "resent-cc"])
def test_a_member_addressed_directly_may_do_without_a_copy(field: str) -> None:
    post = draft("From: anne@example.org", f"{field}: ant@example.com,\r\n Cate <CATE@example.net>")
    members = [Recipient("cate@example.net", list_copy=False), Recipient("b@example.com", list_copy=False)]
    assert _selected(*members, post=post) == ("b@example.com",)
    assert _selected(Recipient("cate@example.net"), post=post) == ("cate@example.net",)


def test_bcc_and_other_fields_do_not_count() -> None:
    post = draft("From: anne@example.org", "Bcc: cate@example.net", "X-To: cate@example.net")
    assert _selected(Recipient("cate@example.net", list_copy=False), post=post) == ("cate@example.net",)


def test_the_first_thousand_addresses_are_looked_at() -> None:
    crowd = ", ".join(f"u{number}@example.com" for number in range(1_200))
    post = draft("From: anne@example.org", f"To: {crowd}")
    members = [Recipient(f"u{number}@example.com", list_copy=False) for number in (0, 999, 1_000, 1_199)]
    assert _selected(*members, post=post) == ("u1000@example.com", "u1199@example.com")


def test_both_wishes_of_one_member() -> None:
    post = draft("From: anne@example.org", "To: anne@example.org")
    assert _selected(Recipient("anne@example.org", own_postings=False, list_copy=False), post=post) == ()


@pytest.mark.parametrize(
    "address",
    [
        "Ann@Example.com",
        "a+b-c_d@sub.example.com",
        '"ann"@example.com',
        '"a b"@example.com',
        "a@[192.0.2.1]",
        "a@[IPv6:2001:DB8:0::1]",
        "A@XN--bcher-KVA.example",
        "a@bücher.example",
        "İ@example.com",
    ],
)
def test_the_short_way_to_a_key_gives_the_key(address: str) -> None:
    assert recipients._key(address) == key_of(address)


def test_owner_mail_goes_to_each_owner_once() -> None:
    facts = render_facts(Recipient("o@example.com"), Recipient("m@example.com"), Recipient("O@example.com"))
    assert recipients.owners(facts) == ("o@example.com", "m@example.com")


def test_owner_mail_of_a_list_without_owners_goes_to_the_site_owner() -> None:
    assert recipients.owners(render_facts()) == ("root@example.com",)
