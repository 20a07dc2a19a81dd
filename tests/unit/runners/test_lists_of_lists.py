"""Umbrella lists, lists beside each other, a list as a member of a list: each person gets one copy."""

from collections import Counter
from collections.abc import Iterable

import msgspec
import pytest

from mlcore.actions import lists as list_actions
from mlcore.lists.model import Member
from mlcore.store import lists, members
from support.workshop import MEMBERS, POST, Workshop

ANNE, BART, CATE = MEMBERS
DORA = "dora@example.net"


@pytest.fixture(autouse=True)
def _runners(shop: Workshop) -> None:
    shop.all_runners()


async def make(shop: Workshop, name: str, *addresses: str, **settings: object) -> None:
    """The list NAME@example.com with these members, which takes posts of anybody."""

    def do(conn: object) -> None:
        list_actions.create(conn, f"{name}@example.com", owners=["olga@example.org"], now=1.0)  # type: ignore[arg-type]
        members.add_many(conn, f"{name}.example.com", [Member(address=one) for one in addresses], 1.0)  # type: ignore[arg-type]

    await shop.store.write(do)
    await change(
        shop, name, default_nonmember_action="accept", require_explicit_destination=False, **settings
    )


async def change(shop: Workshop, name: str, **settings: object) -> None:
    policy = await shop.store.read(lists.get, f"{name}.example.com")
    plain = msgspec.to_builtins(policy) | settings
    await shop.store.write(lists.change, msgspec.convert(plain, type(policy)))  # type: ignore[arg-type]
    shop.work.cache.invalidate()


async def travel(shop: Workshop, first: bytes, to: Iterable[str], reverse_path: str = ANNE) -> Counter[str]:
    """Posts `first` to these lists, and what comes out for a list to that list, until nothing is on its way;
    how many copies each address that is no list has got."""
    waiting = [(name, first) for name in to]
    seen = 0
    while waiting:
        for name, octets in waiting:
            await shop.post(
                octets,
                list_id=f"{name}.example.com",
                recipient=f"{name}@example.com",
                reverse_path=reverse_path,
            )
        await shop.drain("in", "pipeline", "virgin", "out")
        shop.again(after_s=1.0)
        waiting = []
        for transaction in shop.memory.transactions[seen:]:
            for recipient in transaction.recipients:
                if recipient.endswith("@example.com"):
                    waiting.append((recipient.partition("@")[0], transaction.message.octets))
        seen = len(shop.memory.transactions)
    return Counter({who: count for who, count in shop.copies().items() if not who.endswith("@example.com")})


async def test_members_of_two_lists_below_an_umbrella(shop: Workshop) -> None:
    await make(shop, "bee", ANNE, BART)
    await make(shop, "cow", BART, CATE)
    await make(shop, "top", "bee@example.com", "cow@example.com", DORA)

    copies = await travel(shop, POST, ["top"])

    assert copies == {ANNE: 1, BART: 1, CATE: 1, DORA: 1}


async def test_a_member_of_the_umbrella_and_of_a_list_below(shop: Workshop) -> None:
    await make(shop, "bee", ANNE, DORA)
    await make(shop, "top", "bee@example.com", DORA)

    assert await travel(shop, POST, ["top"]) == {ANNE: 1, DORA: 1}


async def test_nobody_is_left_out_by_a_list_that_holds_the_post(shop: Workshop) -> None:
    """Its members wait for its moderators; who is on the other list too does not."""
    await make(shop, "bee", ANNE, BART)
    await change(shop, "bee", default_nonmember_action="hold")
    await make(shop, "cow", BART, CATE)
    await make(shop, "top", "bee@example.com", "cow@example.com")

    stranger = POST.replace(ANNE.encode(), b"mallory@example.net")
    copies = await travel(shop, stranger, ["top"], "mallory@example.net")

    assert {who: copies[who] for who in MEMBERS} == {ANNE: 0, BART: 1, CATE: 1}


async def test_one_post_to_two_lists_is_two_posts(shop: Workshop) -> None:
    """Who is on both has sorted them by list, perhaps; only what came by way of a list is one post."""
    await make(shop, "bee", DORA)
    await make(shop, "cow", DORA)

    assert await travel(shop, POST, ["bee", "cow"]) == {DORA: 2}


async def test_an_umbrella_with_a_wheel_in_it_stops(shop: Workshop) -> None:
    await make(shop, "bee", ANNE)
    await make(shop, "top", "bee@example.com", DORA)
    await shop.store.write(members.add_many, "bee.example.com", [Member(address="top@example.com")], 1.0)

    assert await travel(shop, POST, ["top"]) == {ANNE: 1, DORA: 1}


@pytest.mark.row("attribute: regular_include_lists")
async def test_members_of_included_lists_get_the_posts_of_this_one_once(shop: Workshop) -> None:
    await make(shop, "bee", ANNE, DORA)
    await change(shop, "ant", regular_include_lists=["bee@example.com", "gone@example.com", "x@example.net"])

    assert await travel(shop, POST, ["ant"]) == {ANNE: 1, BART: 1, CATE: 1, DORA: 1}


@pytest.mark.row("attribute: regular_include_lists")
async def test_an_included_list_that_gets_the_post_itself_is_not_included(shop: Workshop) -> None:
    await make(shop, "bee", DORA)
    await change(shop, "ant", regular_include_lists=["bee@example.com"])
    both = POST.replace(b"To: ant@example.com", b"To: ant@example.com, bee@example.com")

    assert await travel(shop, both, ["ant", "bee"]) == {ANNE: 1, BART: 1, CATE: 1, DORA: 1}


@pytest.mark.row("attribute: regular_exclude_lists")
async def test_members_of_an_excluded_list_have_it_from_there(shop: Workshop) -> None:
    await make(shop, "bee", ANNE, DORA)
    await change(shop, "ant", regular_exclude_lists=["bee@example.com"])
    both = POST.replace(b"To: ant@example.com", b"To: ant@example.com\r\nCc: bee@example.com")

    assert await travel(shop, both, ["ant", "bee"]) == {ANNE: 1, BART: 1, CATE: 1, DORA: 1}


@pytest.mark.row("attribute: regular_exclude_lists")
async def test_an_excluded_list_that_did_not_get_the_post_excludes_nobody(shop: Workshop) -> None:
    await make(shop, "bee", ANNE, DORA)
    await change(shop, "ant", regular_exclude_lists=["bee@example.com"])

    assert await travel(shop, POST, ["ant"]) == {ANNE: 1, BART: 1, CATE: 1}


@pytest.mark.row("attribute: topics", "attribute: topics_enabled")
async def test_a_list_with_topics_keeps_no_copy_from_others(shop: Workshop) -> None:
    """What somebody did not want there he may want here."""
    await make(shop, "bee", BART, topics_enabled=True)
    await make(shop, "cow", BART)
    await make(shop, "top", "bee@example.com", "cow@example.com")

    assert await travel(shop, POST, ["top"]) == {BART: 2}
