"""Who gets a post."""

from typing import Any

import pytest

from mlcore.lists import recipients
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy, Recipient, Topic, TopicChoice
from mlcore.mail.address import key_of
from support.posts import PLAIN, draft, policy, render_facts, sender

POST = Draft.post(PLAIN)  # From Anne@Example.org, To ant@example.com, Cc cate@example.net


def _selected(*members: Recipient, post: Draft = POST, **facts: Any) -> tuple[str, ...]:
    return recipients.select(post, policy(), render_facts(*members, **facts))


def _left(*members: Recipient, post: Draft = POST) -> tuple[str, ...]:
    """Of all members, behind avoid-duplicates."""
    facts = render_facts(*members)
    return recipients.without_copies(post.with_recipients(recipients.select(post, policy(), facts)), facts)


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


@pytest.mark.row("preference: receive_own_postings")
def test_the_sender_who_wants_no_own_postings_gets_none() -> None:
    members = (Recipient("ANNE@example.org", own_postings=False), Recipient("b@example.com"))
    assert _selected(*members) == ("b@example.com",)
    assert _selected(Recipient("ANNE@example.org")) == ("ANNE@example.org",)


def test_others_who_want_no_own_postings_get_the_post() -> None:
    assert _selected(Recipient("b@example.com", own_postings=False)) == ("b@example.com",)
    # The first one decides: an address that merely carried the post, or is to get answers, is not the sender.
    senders = (sender(), sender("b@example.com"))
    assert _selected(Recipient("b@example.com", own_postings=False), senders=senders) == ("b@example.com",)


def test_without_any_sender_everybody_gets_it() -> None:
    assert _selected(Recipient("b@example.com", own_postings=False), senders=()) == ("b@example.com",)


def test_of_two_memberships_of_one_person_the_first_counts() -> None:
    """Behind the members stand those of included lists."""
    own, other = Recipient("anne@example.org"), Recipient("Anne@example.org", own_postings=False)
    assert _selected(own, other) == ("anne@example.org",)
    assert _selected(other, own) == ()


def test_who_gets_it_by_way_of_another_list_gets_no_second_copy() -> None:
    members = [Recipient("b@example.com"), Recipient("C@example.com")]
    excluded = frozenset({"c@example.com", "d@example.com"})
    assert _selected(*members, excluded=excluded) == ("b@example.com",)


@pytest.mark.parametrize("field", ["To", "Cc", "Resent-To", "resent-cc"])
def test_a_member_addressed_directly_may_do_without_a_copy(field: str) -> None:
    post = draft("From: anne@example.org", f"{field}: ant@example.com,\r\n Cate <CATE@example.net>")
    members = [Recipient("cate@example.net", list_copy=False), Recipient("b@example.com", list_copy=False)]
    assert _left(*members, post=post) == ("b@example.com",)
    assert _left(Recipient("cate@example.net"), post=post) == ("cate@example.net",)


def test_bcc_and_other_fields_do_not_count() -> None:
    post = draft("From: anne@example.org", "Bcc: cate@example.net", "X-To: cate@example.net")
    assert _left(Recipient("cate@example.net", list_copy=False), post=post) == ("cate@example.net",)


def test_the_first_thousand_addresses_are_looked_at() -> None:
    crowd = ", ".join(f"u{number}@example.com" for number in range(1_200))
    post = draft("From: anne@example.org", f"To: {crowd}")
    members = [Recipient(f"u{number}@example.com", list_copy=False) for number in (0, 999, 1_000, 1_199)]
    assert _left(*members, post=post) == ("u1000@example.com", "u1199@example.com")


def test_both_wishes_of_one_member() -> None:
    post = draft("From: anne@example.org", "To: anne@example.org")
    assert _left(Recipient("anne@example.org", own_postings=False, list_copy=False), post=post) == ()


TOPICS = (Topic(name="Tea", pattern="tea"), Topic(name="Ants", pattern="ants"))
MEMBERS = [Recipient(f"{name}@example.com") for name in ("all", "tea", "ants", "rest", "old")]
CHOICES = {
    "tea@example.com": TopicChoice(frozenset({"Tea"})),
    "ants@example.com": TopicChoice(frozenset({"Ants", "gone"})),
    "rest@example.com": TopicChoice(frozenset({"Ants"}), nonmatching=True),
    "old@example.com": TopicChoice(frozenset({"gone"})),
    "nobody@example.com": TopicChoice(frozenset({"Tea"})),
}


def _by_topic(hit: tuple[str, ...], settings: ListPolicy, choices: dict[str, TopicChoice]) -> set[str]:
    facts: RenderFacts = render_facts(*MEMBERS, topic_choices=choices)
    found = recipients.select(POST.with_topics(hit), settings, facts)
    return {address.partition("@")[0] for address in found}


@pytest.mark.row("attribute: topics")
@pytest.mark.parametrize(
    ("hit", "found"),
    [
        (("Tea",), {"all", "tea", "old"}),
        (("Ants",), {"all", "ants", "rest", "old"}),
        (("Tea", "Ants"), {"all", "tea", "ants", "rest", "old"}),
        ((), {"all", "rest", "old"}),
    ],
)
def test_members_get_the_topics_they_chose(hit: tuple[str, ...], found: set[str]) -> None:
    settings = policy(topics_enabled=True, topics=TOPICS)
    assert _by_topic(hit, settings, CHOICES) == found


@pytest.mark.row("attribute: topics_enabled")
def test_on_a_list_without_topics_everybody_gets_everything() -> None:
    everybody = {"all", "tea", "ants", "rest", "old"}
    assert _by_topic((), policy(topics=TOPICS), CHOICES) == everybody
    assert _by_topic((), policy(topics_enabled=True, topics=TOPICS), {}) == everybody
    assert _by_topic((), policy(topics_enabled=True), CHOICES) == everybody


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


def test_one_odd_address_among_plain_ones() -> None:
    members = [Recipient(address) for address in ('"ann"@Example.com', "B@example.com", "ann@example.com")]
    assert _selected(*members) == ('"ann"@Example.com', "B@example.com")
    literals = [Recipient(address) for address in ("a@[IPv6:2001:DB8:0::1]", "a@[ipv6:2001:db8::1]")]
    assert _selected(*literals) == ("a@[IPv6:2001:DB8:0::1]",)
