"""Nobody is written to who would send it back to us."""

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import Member, Role
from mlcore.runners.readers import Readers
from mlcore.store import members
from support.workshop import LIST_ID, Workshop


@pytest.mark.parametrize(
    ("address", "ours"),
    [
        ("ant@example.com", True),
        ("ANT-owner@Example.COM", True),
        ("ant-bounces+x@example.com", True),
        ("ant+x@example.com", True),
        ("noreply@example.com", True),
        ("anne@example.com", False),
        ("ant@example.org", False),
        ("no address", False),
    ],
)
async def test_p18_addresses_of_this_site_are_known(shop: Workshop, address: str, ours: bool) -> None:
    assert await Readers(shop.work).is_ours(address) is ours


async def test_administrators_are_owners_and_moderators_whom_nothing_of_ours_reads(shop: Workshop) -> None:
    def add(conn: Connection) -> None:
        people = [
            Member(address="ant-owner@example.com", role=Role.OWNER),
            Member(address="mona@example.org", role=Role.MODERATOR),
        ]
        members.add_many(conn, LIST_ID, people, 1.0)

    await shop.store.write(add)
    found = await Readers(shop.work).administrators(LIST_ID)
    assert found == ("olga@example.org", "mona@example.org")


@pytest.mark.parametrize(
    ("site_owner", "found"),
    [("root@example.com", ("root@example.com",)), ("", ()), ("ant@example.com", ())],
)
async def test_the_site_owner_stands_in_for_nobody(
    shop: Workshop, site_owner: str, found: tuple[str, ...]
) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, site_owner=site_owner)
    assert await Readers(shop.work).administrators("wasp.example.com") == found
