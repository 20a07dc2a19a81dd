"""What a post becomes once it is accepted: what is added to it, and what is sent beside it."""

import msgspec
import pytest

from mlcore.lists.model import ListPolicy, Preferences
from mlcore.store import lists, memberships, preferences
from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from support.workshop import LIST_ID, MEMBERS, Workshop


@pytest.fixture(autouse=True)
def _runners(shop: Workshop) -> None:
    shop.all_runners()


async def change(shop: Workshop, **settings: object) -> None:
    ant = await shop.store.read(lists.get, LIST_ID)
    assert isinstance(ant, ListPolicy)
    await shop.store.write(lists.change, msgspec.structs.replace(ant, **settings))


def sent_to(shop: Workshop, address: str) -> list[bytes]:
    return [bytes(one.message.octets) for one in shop.memory.transactions if address in one.recipients]


@pytest.mark.row("template: list:member:regular:header")
@pytest.mark.row("template: list:member:regular:footer")
@pytest.mark.row("attribute: info")
async def test_header_and_footer_are_the_texts_of_the_list(shop: Workshop) -> None:
    own = {
        ("en", "list:member:regular:header.txt"): "From $listname:\n",
        ("en", "list:member:regular:footer.txt"): "-- \n$info\n",
    }
    shop.work.texts = Texts(Book({}, files={"lists/ant.example.com": own}), {})
    await change(shop, info="Tea, and\nmore tea")

    await shop.post()
    await shop.drain()

    (octets,) = sent_to(shop, MEMBERS[1])
    assert octets.endswith(b"\r\n\r\nFrom ant@example.com:\r\nAt four\r\n-- \r\nTea, and\r\nmore tea\r\n")


@pytest.mark.row("mail: acknowledged")
@pytest.mark.row("preference: acknowledge_posts")
async def test_who_asked_for_it_is_told_that_his_post_went_out(shop: Workshop) -> None:
    for address in MEMBERS[:2]:
        (member,) = await shop.store.read(memberships.memberships_of_address, address)
        wanted = Preferences(acknowledge_posts=True, receive_own_postings=False)
        await shop.store.write(preferences.set_of_member, member.member_id, wanted)

    await shop.post()
    await shop.drain()

    (note,) = sent_to(shop, MEMBERS[0])
    (post,) = sent_to(shop, MEMBERS[1])
    assert b"\r\nSubject: Ant post acknowledgment\r\n" in note
    assert b"\r\nSubject: [Ant] tea\r\n" in post


async def test_a_held_post_is_not_acknowledged(shop: Workshop) -> None:
    (member,) = await shop.store.read(memberships.memberships_of_address, MEMBERS[0])
    await shop.store.write(preferences.set_of_member, member.member_id, Preferences(acknowledge_posts=True))
    await change(shop, emergency=True)

    await shop.post()
    await shop.drain()

    assert not any(b"post acknowledgment" in octets for octets in sent_to(shop, MEMBERS[0]))
