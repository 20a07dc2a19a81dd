"""Who is told that a moderator has refused his post."""

import email
import email.policy
from email.message import EmailMessage

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.lists.model import Preferences, Role
from mlcore.mail.envelope import Held, Notice
from mlcore.runners import decisions as module
from mlcore.runners.verdicts import held_row
from mlcore.spool.entry import Entry
from mlcore.store import held, lists, memberships, preferences
from support.workshop import LIST_ID, MEMBERS, POST, Workshop


async def refuse(
    shop: Workshop,
    *,
    sender: str = MEMBERS[0],
    subject: str = "tea",
    comment: str = "",
    octets: bytes = POST,
    reverse_path: str = MEMBERS[0],
) -> str:
    """The name of the held post; the decision is carried out."""
    envelope = Held(
        arrived=shop.arrived(reverse_path=reverse_path), reasons=(), sender=sender, subject=subject
    )
    entry = Entry(envelope, (), octets)
    name = await shop.put("hold", entry, suffix=".h")

    def decide(conn: Connection) -> None:
        held.insert_if_absent(conn, held_row(shop.work, name, entry, envelope))
        assert held.decide(conn, "here", name, "reject", 5.0, comment=comment)

    await shop.store.write(decide)
    assert await shop.hold.carry_out() == 1
    assert shop.names("hold") == []
    return name


def letter(shop: Workshop, name: str) -> EmailMessage:
    message = email.message_from_bytes(
        shop.show("virgin", f"{name}.n1").entry.octets, policy=email.policy.default
    )
    assert isinstance(message, EmailMessage)
    return message


@pytest.mark.row("decision: reject")
@pytest.mark.row("mail: refused")
async def test_p6_the_author_hears_what_the_moderator_says(shop: Workshop) -> None:
    name = await refuse(shop, comment="Please ask on bee@example.com")

    entry = shop.show("virgin", f"{name}.n1").entry
    assert isinstance(entry.envelope, Notice)
    assert (entry.envelope.reverse_path, entry.addresses) == ("", (MEMBERS[0],))
    found = letter(shop, name)
    assert found["In-Reply-To"] == "<1@example.org>"
    assert found["Subject"] == 'Request to mailing list "Ant" rejected'
    assert "Please ask on bee@example.com" in found.get_content()
    assert '"tea"' in found.get_content()


async def test_p19_a_stranger_is_not_shown_a_subject_in_his_name(shop: Workshop) -> None:
    name = await refuse(shop, sender="eve@example.net", subject="Win money", reverse_path="eve@example.net")
    assert "Win money" not in letter(shop, name).as_string()


async def test_the_author_is_written_to_in_his_language(shop: Workshop) -> None:
    def prefer(conn: Connection) -> None:
        (one,) = memberships.on_list(conn, LIST_ID, Role.MEMBER, [MEMBERS[0]])
        preferences.set_of_member(conn, one.member_id, Preferences(preferred_language="ja"))

    await shop.store.write(prefer)
    name = await refuse(shop, subject="")
    assert not letter(shop, name).get_content().isascii()


@pytest.mark.parametrize(
    ("octets", "reverse_path", "sender"),
    [
        (POST, "", MEMBERS[0]),
        (b"Auto-Submitted: auto-replied\r\n" + POST, MEMBERS[0], MEMBERS[0]),
        (b"Precedence: bulk\r\n" + POST, MEMBERS[0], MEMBERS[0]),
        (POST, MEMBERS[0], "ant-bounces@example.com"),
        (POST, MEMBERS[0], ""),
        (POST, MEMBERS[0], "no address"),
    ],
)
async def test_p18_nobody_who_must_not_be_answered_is(
    shop: Workshop, octets: bytes, reverse_path: str, sender: str
) -> None:
    await refuse(shop, octets=octets, reverse_path=reverse_path, sender=sender)
    assert shop.files() == {}
    assert shop.log.named("decided")[0]["made"] == ""


async def test_p18_one_address_gets_so_many_refusals_a_day(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop.hold._decisions._refusals, "_most", 2)
    for _ in range(4):
        await refuse(shop)
    await refuse(shop, sender=MEMBERS[1])
    assert len(shop.names("virgin")) == 3
    assert [line["to"] for line in shop.log.named("enough notices")] == [MEMBERS[0]] * 2
    assert module.REFUSALS_PER_DAY == 50


@pytest.mark.row("decision: forward")
@pytest.mark.row("mail: forwarded")
async def test_a_forwarded_post_is_whole(shop: Workshop) -> None:
    big = POST + b"x" * 30 + b"\r\n" + b"y" * 300_000 + b"\r\n"
    envelope = Held(arrived=shop.arrived(), reasons=())
    entry = Entry(envelope, (), big)
    name = await shop.put("hold", entry, suffix=".h")
    row = msgspec.structs.replace(held_row(shop.work, name, entry, envelope), forward_to=("a@example.net",))
    await shop.store.write(held.insert_if_absent, row)
    assert await shop.hold.carry_out() == 1
    (one,) = shop.names("virgin")
    assert big in shop.show("virgin", one).entry.octets


async def test_a_forwarded_post_carries_no_password(shop: Workshop) -> None:
    """Somebody has mistyped the one of the moderators; whoever gets a copy could guess."""

    def protect(conn: Connection) -> None:
        policy = lists.get(conn, LIST_ID)
        assert policy is not None
        lists.change(conn, msgspec.structs.replace(policy, moderator_password="a hash"))

    await shop.store.write(protect)
    fields, _, body = POST.partition(b"\r\n\r\n")
    octets = fields + b"\r\nX-Approved: secre\r\n\r\nApproved: secrt\r\n" + body
    envelope = Held(arrived=shop.arrived(), reasons=())
    entry = Entry(envelope, (), octets)
    name = await shop.put("hold", entry, suffix=".h")
    row = msgspec.structs.replace(held_row(shop.work, name, entry, envelope), forward_to=("a@example.net",))
    await shop.store.write(held.insert_if_absent, row)
    assert await shop.hold.carry_out() == 1
    (one,) = shop.names("virgin")
    copy = shop.show("virgin", one).entry.octets
    assert b"At four" in copy
    assert b"secr" not in copy
    assert shop.show("hold", name).entry.octets == octets
