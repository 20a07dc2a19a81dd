"""What becomes of a post that does not go on, and who is told of it."""

import dataclasses
import email
import email.policy
from email.message import EmailMessage
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection

from mlcore.base.errors import StoreTrouble
from mlcore.lists import tokens
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, SenderFacts
from mlcore.lists.model import ListPolicy, Role, SenderStanding
from mlcore.lists.reasons import Reason
from mlcore.lists.verdict import Discard, Hold, Reject, Trail
from mlcore.mail.envelope import Held, Notice
from mlcore.runners import verdicts as module
from mlcore.runners.verdicts import Verdicts
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import held, lists, memberships
from support.workshop import LIST_ID, MEMBERS, Workshop

EVE = "eve@example.net"
TRAIL = Trail(
    hits=("nonmember-moderation",),
    misses=("max-size",),
    reasons=(Reason("The message is not from a list member"),),
    chain="hold",
)
HOLD = Hold(TRAIL, EVE, "offer")
REJECT = Reject(TRAIL)
STRANGER = SenderFacts(address=EVE, key=EVE)
MEMBER = SenderFacts(
    address=MEMBERS[0],
    key=MEMBERS[0],
    standing=SenderStanding(roles=frozenset({Role.MEMBER}), display_name="Anne"),
)


def offer(*lines: str) -> bytes:
    fields = ("From: eve@example.net", "To: ant@example.com", "Subject: offer", "Message-ID: <9@example.net>")
    return "\r\n".join((*fields, *lines, "", "Buy\r\n")).encode()


class Bench:
    """Refuses posts as the step of in/ does."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.verdicts = Verdicts(shop.work)

    async def policy(self, **changes: Any) -> ListPolicy:
        """The list with these settings."""

        def change(conn: Connection) -> ListPolicy:
            policy = lists.get(conn, LIST_ID)
            assert policy is not None
            lists.change(conn, msgspec.structs.replace(policy, **changes))
            return policy

        await self.shop.store.write(change)
        self.shop.work.cache.invalidate()
        policy = await self.shop.work.cache.policy(LIST_ID)
        assert policy is not None
        return policy

    async def refuse(
        self,
        verdict: Hold | Reject | Discard,
        octets: bytes = b"",
        *,
        sender: SenderFacts | None = STRANGER,
        settings: dict[str, Any] | None = None,
        **facts: Any,
    ) -> str:
        """The name of the entry."""
        shop = self.shop
        given: dict[str, Any] = {"reverse_path": EVE, "purpose": "post"} | facts
        octets = octets or offer()
        name = await shop.post(octets, reverse_path=given["reverse_path"])
        assert shop.spool.queues["in"].take_this(name)
        claim = await shop.spool.claim("in", name)
        assert claim is not None
        arrived = shop.arrived(reverse_path=given["reverse_path"])
        all_facts = PostFacts(
            site=shop.work.site,
            entry=name,
            now=shop.clock.time(),
            **({"senders": (sender,) if sender else ()} | given),
        )
        policy = await self.policy(**(settings or {}))
        await self.verdicts.carry_out(claim, arrived, policy, all_facts, Draft.post(octets), verdict)
        return name

    def letters(self, name: str = "") -> dict[str, EmailMessage]:
        """Mails in virgin/ (children of one entry), by the last part of their names."""
        found = {}
        for entry in self.shop.names("virgin"):
            if entry.startswith(name):
                octets = self.shop.show("virgin", entry).entry.octets
                message = email.message_from_bytes(octets, policy=email.policy.default)
                assert isinstance(message, EmailMessage)
                found[entry.rpartition(".")[2]] = message
        return found

    def told(self, name: str = "") -> list[str]:
        """The kinds of letters of one entry."""
        kinds = []
        for entry in self.shop.names("virgin"):
            envelope = self.shop.show("virgin", entry).entry.envelope
            assert isinstance(envelope, Notice)
            if entry.startswith(name):
                kinds.append(envelope.kind)
        return kinds

    def recipients(self, entry: str) -> tuple[str, ...]:
        return self.shop.show("virgin", entry).entry.addresses

    async def nonmembers(self) -> list[str]:
        def read(conn: Connection) -> list[str]:
            found = memberships.all_memberships(conn, list_id=LIST_ID, role=Role.NONMEMBER)
            return [one.address for one in found]

        return await self.shop.store.read(read)

    async def rows(self) -> list[held.HeldPost]:
        return await self.shop.store.read(held.rows)


@pytest.fixture
def bench(shop: Workshop) -> Bench:
    return Bench(shop)


# -- hold --------------------------------------------------------------------------------------------------


@pytest.mark.row("mail: held_author")
@pytest.mark.row("mail: held_owners")
@pytest.mark.row("terminal: hold")
async def test_p6_a_held_post_waits_with_its_row_and_both_sides_are_told(bench: Bench) -> None:
    name = await bench.refuse(HOLD)

    shop = bench.shop
    assert shop.files() == {"hold": [f"{name}.h"], "virgin": [f"{name}.n1", f"{name}.n2"]}
    kept = shop.show("hold", f"{name}.h").entry
    assert kept.octets == offer()
    assert isinstance(kept.envelope, Held)
    assert kept.envelope.reasons == ("The message is not from a list member",)
    assert (kept.envelope.rule_hits, kept.envelope.rule_misses) == (TRAIL.hits, TRAIL.misses)
    (row,) = await bench.rows()
    assert (row.entry, row.sender, row.subject, row.message_id) == (
        f"{name}.h",
        EVE,
        "offer",
        "<9@example.net>",
    )
    assert row.reasons == TRAIL.reasons
    assert await bench.nonmembers() == [EVE]
    assert bench.told(name) == ["held-author", "held-owners"]
    assert bench.recipients(f"{name}.n1") == (EVE,)
    assert bench.recipients(f"{name}.n2") == ("olga@example.org",)
    (line,) = shop.log.named("held")
    assert (line["queue_id"], line["sender"], line["told"]) == (name, EVE, "author owners")
    assert line["reason"] == "The message is not from a list member"
    shop.consistent()


async def test_p18_the_author_hears_it_from_nobody_who_could_be_answered(bench: Bench) -> None:
    name = await bench.refuse(HOLD)
    envelope = bench.shop.show("virgin", f"{name}.n1").entry.envelope
    assert isinstance(envelope, Notice)
    assert envelope.reverse_path == ""
    letter = bench.letters()["n1"]
    assert letter["Auto-Submitted"] == "auto-replied"
    assert letter["In-Reply-To"] == "<9@example.net>"


async def test_the_owners_get_the_post_and_what_to_reply_to(bench: Bench) -> None:
    await bench.refuse(HOLD)

    _, original, control = bench.letters()["n2"].iter_parts()

    assert isinstance(original, EmailMessage)
    assert original.get_content()["Message-ID"] == "<9@example.net>"
    (row,) = await bench.rows()
    assert isinstance(control, EmailMessage)
    word, token = control.get_content()["Subject"].split()
    assert word == "confirm"
    assert tokens.token_hash(token) == row.token_hash
    found = await bench.shop.store.read(held.by_token, LIST_ID, tokens.token_hash(token))
    assert found is not None
    assert found.id == row.id


async def test_credentials_are_shown_to_nobody(bench: Bench) -> None:
    """The rules take them out of the draft; the file in hold/ is for the moderators of the host."""
    shop, octets = bench.shop, offer("Approved: wrong-secret")
    name = await shop.post(octets)
    assert shop.spool.queues["in"].take_this(name)
    claim = await shop.spool.claim("in", name)
    assert claim is not None
    facts = PostFacts(
        site=shop.work.site,
        entry=name,
        now=shop.clock.time(),
        reverse_path=EVE,
        purpose="post",
        senders=(STRANGER,),
    )
    policy = await bench.policy()
    await bench.verdicts.carry_out(claim, shop.arrived(), policy, facts, Draft.post(offer()), HOLD)
    assert b"wrong-secret" not in b"".join(
        shop.show("virgin", one).entry.octets for one in shop.names("virgin")
    )


async def test_a_step_that_is_done_again_is_the_same(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The row cannot be written the first time: nothing is there, and the second time it is all the same."""
    shop = bench.shop
    write = shop.store.write

    def down(function: Any, *arguments: Any) -> Any:
        if function is module._record:
            raise StoreTrouble("down")
        return write(function, *arguments)

    name = await shop.post(offer())
    assert shop.spool.queues["in"].take_this(name)
    claim = await shop.spool.claim("in", name)
    assert claim is not None
    facts = PostFacts(
        site=msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=1),
        entry=name,
        now=shop.clock.time(),
        reverse_path=EVE,
        purpose="post",
        senders=(STRANGER,),
    )
    policy = await bench.policy()
    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "write", down)
        with pytest.raises(StoreTrouble):
            await bench.verdicts.carry_out(claim, shop.arrived(), policy, facts, Draft.post(offer()), HOLD)
    assert shop.files() == {"in": [name]}

    await bench.verdicts.carry_out(claim, shop.arrived(), policy, facts, Draft.post(offer()), HOLD)

    assert bench.told() == ["held-author", "held-owners"]


@pytest.mark.row("attribute: respond_to_post_requests")
async def test_an_author_is_told_only_where_the_list_wants_it(bench: Bench) -> None:
    await bench.refuse(HOLD, settings={"respond_to_post_requests": False})
    assert bench.told() == ["held-owners"]


@pytest.mark.row("attribute: admin_immed_notify")
async def test_owners_are_told_only_where_the_list_wants_it(bench: Bench) -> None:
    await bench.refuse(HOLD, settings={"admin_immed_notify": False})
    assert bench.told() == ["held-author"]


@pytest.mark.parametrize(
    "line",
    [
        "Precedence: first-class",
        "PRECEDENCE: Bulk",
        "x-NO-ack: yes",
        "X-Ack: No",
        "List-Id: <x.example.net>",
        "Auto-Submitted: auto-generated",
        "Return-Path: <>",
    ],
)
async def test_p18_what_asks_for_no_answer_gets_none(bench: Bench, line: str) -> None:
    await bench.refuse(HOLD, offer(line))
    assert bench.told() == ["held-owners"]


@pytest.mark.parametrize(
    "facts",
    [
        {"reverse_path": ""},
        {"sender": None},
        {"from_usenet": True},
        {"purpose": "owner"},
        {"sender": SenderFacts(address="ant@example.com", key="ant@example.com")},
        {"sender": SenderFacts(address="Ant-Request@example.com", key="ant-request@example.com")},
        {"sender": SenderFacts(address="noreply@example.com", key="noreply@example.com")},
    ],
    ids=str,
)
async def test_p18_nobody_who_must_not_be_answered_is(bench: Bench, facts: dict[str, Any]) -> None:
    await bench.refuse(HOLD, **facts)
    assert bench.told() == ["held-owners"]


@pytest.mark.row("mail: no_more_today")
async def test_p19_after_so_many_notices_an_author_hears_that_there_are_no_more(bench: Bench) -> None:
    bench.shop.work.site = msgspec.structs.replace(bench.shop.work.site, max_autoresponses_per_day=2)
    for _ in range(5):
        await bench.refuse(HOLD, settings={"admin_immed_notify": False})
    assert bench.told() == ["held-author", "held-author", "no-more-today"]
    assert len(bench.shop.names("hold")) == 5


async def test_p18_owners_get_so_many_notices_an_hour(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.verdicts._owner_notices, "_most", 2)
    settings = {"respond_to_post_requests": False}
    for _ in range(4):
        await bench.refuse(HOLD, settings=settings)
    assert bench.told() == ["held-owners", "held-owners"]
    assert len(bench.shop.names("hold")) == 4
    assert len(bench.shop.log.named("enough notices")) == 2
    bench.shop.clock.advance(3_601)
    await bench.refuse(HOLD, settings=settings)
    assert len(bench.told()) == 3


async def test_where_nobody_owns_the_list_the_site_owner_is_told(bench: Bench) -> None:
    def orphan(conn: Connection) -> None:
        owners = memberships.all_memberships(conn, list_id=LIST_ID, role=Role.OWNER)
        memberships.remove(conn, [one.member_id for one in list(owners)])

    await bench.shop.store.write(orphan)
    name = await bench.refuse(HOLD)
    assert bench.recipients(f"{name}.n2") == ("root@example.com",)

    bench.shop.work.site = msgspec.structs.replace(bench.shop.work.site, site_owner="")
    name = await bench.refuse(HOLD)
    assert bench.told(name) == ["held-author"]


async def test_who_is_known_becomes_no_nonmember(bench: Bench) -> None:
    await bench.refuse(HOLD, sender=MEMBER)
    banned = SenderFacts(address="bad@example.net", key="bad@example.net", banned=True)
    ours = SenderFacts(address="ant-owner@example.com", key="ant-owner@example.com")
    many = [SenderFacts(address=f"{n}@example.net", key=f"{n}@example.net") for n in range(20)]
    await bench.refuse(HOLD, senders=(MEMBER, banned, ours, *many))
    assert await bench.nonmembers() == [f"{n}@example.net" for n in range(module.MOST_NONMEMBERS - 3)]


async def test_the_sender_is_shown_even_where_no_field_names_him(bench: Bench) -> None:
    await bench.refuse(Hold(TRAIL), sender=None, reverse_path="env@example.net")
    await bench.refuse(Hold(TRAIL))
    assert [row.sender for row in await bench.rows()] == ["env@example.net", EVE]


async def test_a_message_that_was_not_taken_apart_is_attached_as_it_came(bench: Bench) -> None:
    shop = bench.shop
    name = await shop.post(offer())
    assert shop.spool.queues["in"].take_this(name)
    claim = await shop.spool.claim("in", name)
    assert claim is not None
    facts = PostFacts(
        site=shop.work.site, entry=name, now=shop.clock.time(), reverse_path=EVE, purpose="post"
    )
    policy = await bench.policy()
    await bench.verdicts.carry_out(claim, shop.arrived(), policy, facts, Draft.post(b""), Hold(TRAIL))
    assert bench.told() == ["held-owners"]
    assert b"<9@example.net>" in shop.show("virgin", f"{name}.n2").entry.octets


# -- reject ------------------------------------------------------------------------------------------------


@pytest.mark.row("mail: rejected")
@pytest.mark.row("terminal: reject")
async def test_p6_a_rejected_post_goes_back_to_its_author(bench: Bench) -> None:
    name = await bench.refuse(REJECT, sender=MEMBER)

    shop = bench.shop
    assert shop.files() == {"virgin": [f"{name}.n1"]}
    assert bench.recipients(f"{name}.n1") == (MEMBERS[0],)
    letter = bench.letters()["n1"]
    assert "not from a list member" in letter.as_string()
    assert "<9@example.net>" in letter.as_string()
    (line,) = shop.log.named("rejected")
    assert (line["queue_id"], line["told"], line["rules"]) == (name, "author", "nonmember-moderation")


async def test_p19_a_stranger_is_not_sent_what_somebody_wrote_in_his_name(bench: Bench) -> None:
    await bench.refuse(REJECT)
    octets = bench.letters()["n1"].as_string()
    assert "Buy" not in octets
    assert "offer" not in octets
    assert await bench.nonmembers() == [EVE]


async def test_the_owners_own_words_stand_instead_of_reasons(bench: Bench) -> None:
    await bench.refuse(Reject(dataclasses.replace(TRAIL, text="Your provider forbids lists.")), sender=MEMBER)
    text = bench.letters()["n1"].as_string()
    assert "Your provider forbids lists." in text
    assert "not from a list member" not in text


@pytest.mark.parametrize(
    ("lines", "facts"),
    [
        ((), {"reverse_path": ""}),
        ((), {"sender": None}),
        (("Auto-Submitted: auto-generated",), {}),
        (("Precedence: junk",), {}),
        ((), {"sender": SenderFacts(address="ant@example.com", key="ant@example.com")}),
    ],
    ids=str,
)
async def test_p18_whom_nothing_may_be_sent_back_to_hears_nothing(
    bench: Bench, lines: tuple[str, ...], facts: dict[str, Any]
) -> None:
    name = await bench.refuse(REJECT, offer(*lines), **facts)
    assert bench.shop.files() == {}
    (line,) = bench.shop.log.named("discarded")
    assert (line["queue_id"], line["told"]) == (name, "")
    assert bench.shop.log.named("rejected") == []


async def test_p19_rejections_count_as_notices_do(bench: Bench) -> None:
    bench.shop.work.site = msgspec.structs.replace(bench.shop.work.site, max_autoresponses_per_day=2)
    await bench.refuse(HOLD, settings={"admin_immed_notify": False})
    for _ in range(3):
        await bench.refuse(REJECT)
    assert bench.told() == ["held-author", "rejected", "no-more-today"]
    assert len(bench.shop.log.named("discarded")) == 1


# -- discard -----------------------------------------------------------------------------------------------


@pytest.mark.row("terminal: discard")
async def test_p6_a_discarded_post_ends_with_a_log_line(bench: Bench) -> None:
    name = await bench.refuse(Discard(TRAIL))
    assert bench.shop.files() == {}
    (line,) = bench.shop.log.named("discarded")
    assert (line["queue_id"], line["reason"]) == (name, "The message is not from a list member")
    assert await bench.nonmembers() == []


@pytest.mark.row("mail: filtered")
@pytest.mark.row("terminal: forward")
async def test_a_filtered_post_goes_to_the_owners_for_information(bench: Bench) -> None:
    name = await bench.refuse(Discard(TRAIL, forward=True))
    assert bench.shop.files() == {"virgin": [f"{name}.n1"]}
    assert bench.told() == ["filtered"]
    assert bench.recipients(f"{name}.n1") == ("olga@example.org",)
    assert bench.shop.log.named("discarded")[0]["told"] == "owners"


async def test_where_nobody_can_be_told_a_filtered_post_just_ends(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench.verdicts._owner_notices, "_most", 0)
    await bench.refuse(Discard(TRAIL, forward=True))
    assert bench.shop.files() == {}
    assert bench.shop.log.named("discarded")[0]["told"] == ""


@pytest.mark.row("terminal: preserve")
@pytest.mark.parametrize("preservable", [True, False])
async def test_a_copy_is_kept_where_the_site_allows_it(bench: Bench, preservable: bool) -> None:
    site = bench.shop.work.site
    bench.shop.work.site = msgspec.structs.replace(site, filtered_messages_are_preservable=preservable)
    name = await bench.refuse(Discard(TRAIL, preserve=True))
    assert bench.shop.files() == ({"bad": [f"{name}.b"]} if preservable else {})
    assert bench.shop.log.named("discarded")[0]["kept"] == (f"{name}.b" if preservable else "")
    if preservable:
        assert bench.shop.show("bad", f"{name}.b").entry.octets == offer()


# -- what goes along ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "goes"),
    [(HOLD, True), (REJECT, True), (Discard(TRAIL), False)],
    ids=["hold", "reject", "discard"],
)
async def test_what_the_list_answers_by_itself_goes_along(
    shop: Workshop, verdict: Hold | Reject | Discard, goes: bool
) -> None:
    bench = Bench(shop)
    name = await shop.post(offer(), reverse_path=EVE)
    assert shop.spool.queues["in"].take_this(name)
    claim = await shop.spool.claim("in", name)
    assert claim is not None
    notice = Notice(list_id=LIST_ID, kind="autoresponse", arrived_at=shop.clock.time())
    child = NewEntry("virgin", f"{name}.n9", Entry(notice, (EVE,), offer()))
    facts = PostFacts(
        site=shop.work.site,
        entry=name,
        now=shop.clock.time(),
        reverse_path=EVE,
        purpose="post",
        senders=(STRANGER,),
    )
    await bench.verdicts.carry_out(
        claim, shop.arrived(), await bench.policy(), facts, Draft.post(offer()), verdict, more=(child,)
    )
    assert (child.name in shop.names("virgin")) is goes
    assert shop.names("in") == []
