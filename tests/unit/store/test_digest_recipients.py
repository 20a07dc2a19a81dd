"""Whom a digest goes to, in which form."""

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from mlcore.lists.model import DeliveryMode, DeliveryStatus, Member, Preferences, Role
from mlcore.store import members, memberships, preferences, users
from mlcore.store.members import DigestRecipients

ANT = "ant.example.com"
MODES = {
    "anne@example.org": DeliveryMode.REGULAR,
    "Bart@example.org": DeliveryMode.PLAINTEXT_DIGESTS,
    "cate@example.org": DeliveryMode.MIME_DIGESTS,
    "dirk@example.org": DeliveryMode.SUMMARY_DIGESTS,
}


@pytest.fixture
def conn(conn: Connection) -> Connection:
    everybody = [Member(address=address, delivery_mode=mode) for address, mode in MODES.items()]
    off = DeliveryStatus.BY_USER
    everybody.append(
        Member(address="elsa@example.org", delivery_mode=DeliveryMode.MIME_DIGESTS, delivery_status=off)
    )
    everybody.append(
        Member(address="fred@example.org", delivery_mode=DeliveryMode.MIME_DIGESTS, role=Role.OWNER)
    )
    members.add_many(conn, ANT, everybody, 1.0)
    return conn


@pytest.mark.row("preference: delivery_mode")
def test_each_mode_has_its_form(conn: Connection) -> None:
    found = members.digest_recipients(conn, ANT)
    assert found == DigestRecipients(("Bart@example.org",), ("cate@example.org", "dirk@example.org"))
    assert members.digest_recipients(conn, "bee.example.com") == DigestRecipients((), ())


def test_a_mode_of_the_address_or_user_counts(conn: Connection) -> None:
    user = users.of_address(conn, "anne@example.org")
    assert user is not None
    preferences.set_of_user(conn, user.user_id, Preferences(delivery_mode=DeliveryMode.PLAINTEXT_DIGESTS))
    assert members.digest_recipients(conn, ANT).plain == ("anne@example.org", "Bart@example.org")
    preferences.set_of_address(conn, "anne@example.org", Preferences(delivery_mode=DeliveryMode.MIME_DIGESTS))
    assert members.digest_recipients(conn, ANT).mime[0] == "anne@example.org"


def test_last_ones_are_members_who_still_have_delivery(conn: Connection) -> None:
    last = {
        "anne@example.org": DeliveryMode.PLAINTEXT_DIGESTS,
        "cate@example.org": DeliveryMode.PLAINTEXT_DIGESTS,  # takes digests again, as she likes them now
        "elsa@example.org": DeliveryMode.MIME_DIGESTS,
        "gone@example.org": DeliveryMode.MIME_DIGESTS,
    }
    assert members.digest_recipients(conn, ANT, last) == DigestRecipients(
        ("anne@example.org", "Bart@example.org"), ("cate@example.org", "dirk@example.org")
    )
    (anne,) = memberships.on_list(conn, ANT, Role.MEMBER, ["anne@example.org"])
    off = replace(anne.preferences, delivery_status=DeliveryStatus.BY_BOUNCES)
    preferences.set_of_member(conn, anne.member_id, off)
    assert members.digest_recipients(conn, ANT, last).plain == ("Bart@example.org",)
