"""in/: what becomes of a post, and that it is exactly one thing."""

import asyncio

import msgspec
import pytest

from mlcore.base.errors import StoreTrouble
from mlcore.lists.links import NamedRule
from mlcore.lists.model import ListPolicy, Member, Preferences
from mlcore.lists.pipelines import NamedHandler
from mlcore.lists.reasons import Reason
from mlcore.lists.stages import Extensions
from mlcore.lists.verdict import Discard, Reject, Trail
from mlcore.mail.envelope import Held, Rendered
from mlcore.runners.recent import DAY_S
from mlcore.spool.entry import Entry
from mlcore.store import held, lists, members, memberships, preferences
from support.workshop import MEMBERS, POST, Workshop, until

ODD = Trail(reasons=(Reason("It is too odd"),))
STRANGER = POST.replace(b"anne@example.org", b"mallory@example.net")


async def held_rows(shop: Workshop) -> list[held.HeldPost]:
    return await shop.store.read(held.rows)


@pytest.fixture(autouse=True)
def _runners(shop: Workshop) -> None:
    shop.all_runners()


# -- each end ------------------------------------------------------------------------------------------------


@pytest.mark.row("terminal: accept")
async def test_p6_a_members_post_is_delivered(shop: Workshop) -> None:
    name = await shop.post()

    await shop.drain()

    assert shop.copies() == dict.fromkeys(MEMBERS, 1)
    assert shop.files() == {}
    transaction = shop.memory.transactions[0]
    assert transaction.reverse_path == "ant-bounces@example.com"
    assert transaction.entry == f"{name}.o"
    (accepted,) = shop.log.named("accepted")
    assert (accepted["queue_id"], accepted["number"], accepted["recipients"]) == (name, 1, 3)


async def test_p6_a_strangers_post_is_held(shop: Workshop) -> None:
    name = await shop.post(STRANGER, reverse_path="mallory@example.net")

    async with shop.running("in"):
        await until(lambda: shop.names("hold"))

    told = [f"{name}.n1", f"{name}.n2"]
    assert shop.files() == {"hold": [f"{name}.h"], "virgin": told}
    (row,) = await held_rows(shop)
    assert (row.entry, row.sender, row.subject) == (f"{name}.h", "mallory@example.net", "tea")
    envelope = shop.show("hold", f"{name}.h").entry.envelope
    assert isinstance(envelope, Held)
    assert envelope.rule_hits == ("nonmember-moderation",)
    assert shop.copies() == {}
    assert len(shop.log.named("held")) == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"Delivered-To: ant@example.com\r\n" + POST,
        b"Received: from a by b; now\r\n" * 51 + POST,
        POST.replace(b"From: anne@example.org", b"From: ant@example.com"),
    ],
)
async def test_p6_p21_a_loop_is_discarded_with_a_log_line(shop: Workshop, octets: bytes) -> None:
    name = await shop.post(octets)

    await shop.drain()

    assert shop.files() == {}
    assert shop.copies() == {}
    (line,) = shop.log.named("discarded")
    assert (line["queue_id"], line["rules"]) == (name, "loop")
    assert line["reason"]


async def test_p21_what_went_through_the_list_is_a_loop_when_it_comes_back(shop: Workshop) -> None:
    await shop.post()
    await shop.drain()
    sent = shop.memory.transactions[0].message.octets
    shop.again()
    await shop.post(sent)

    await shop.drain()

    assert shop.copies() == dict.fromkeys(MEMBERS, 1)
    assert len(shop.log.named("discarded")) == 1


async def test_p6_a_header_section_beyond_every_use_is_held_unread(shop: Workshop) -> None:
    name = await shop.post(b"X-Long: " + b"x" * 300_000 + b"\r\n" + POST)

    await shop.drain("in")

    (row,) = await held_rows(shop)
    assert row.sender == "anne@example.org"
    assert shop.names("hold") == [f"{name}.h"]


async def test_p6_a_post_that_a_rule_fails_on_is_shunted_with_the_reason(shop: Workshop) -> None:
    def rule(*_: object) -> None:
        raise KeyError("a defect")

    _with(shop, rules=(NamedRule("odd", rule),))
    name = await shop.post()

    await shop.drain("in")

    assert shop.files() == {"shunt": [name]}
    assert "KeyError" in shop.show("shunt", name).progress.why
    (line,) = shop.log.named("shunted")
    assert line["reason"].startswith("KeyError: 'a defect'")
    assert "odd" in line["reason"]


@pytest.mark.row("terminal: reject")
async def test_p6_what_a_handler_refuses_goes_back_to_its_author(shop: Workshop) -> None:
    _with(shop, handlers=(NamedHandler("odd", lambda *_: Reject(ODD)),))
    await shop.post()

    await shop.drain()

    assert shop.files() == {}
    assert shop.copies() == {"anne@example.org": 1}
    (line,) = shop.log.named("rejected")
    assert line["reason"] == "It is too odd"


async def test_p6_what_a_handler_drops_in_the_second_pass_is_discarded_with_a_log_line(
    shop: Workshop,
) -> None:
    _with(shop, handlers=(NamedHandler("odd", lambda *_: Discard(ODD)),))
    await shop.post()

    await shop.drain()

    assert shop.files() == {}
    (line,) = shop.log.named("discarded")
    assert line["reason"] == "It is too odd"


async def test_p6_a_post_nobody_gets_is_discarded_with_a_log_line(shop: Workshop) -> None:
    await shop.store.write(members.remove_many, "ant.example.com", MEMBERS[1:])
    anne = await shop.store.read(memberships.memberships_of_address, MEMBERS[0])
    own = Preferences(receive_own_postings=False)
    await shop.store.write(preferences.set_of_member, anne[0].member_id, own)
    await shop.post()

    await shop.drain()

    assert shop.files() == {}
    (line,) = shop.log.named("discarded")
    assert line["reason"] == "no recipients"


@pytest.mark.row("rule: duplicate")
async def test_p6_two_copies_of_a_post_become_one(shop: Workshop) -> None:
    """At the same moment, and later on."""
    names = [await shop.post(), await shop.post()]

    await shop.drain()
    shop.again(after_s=3_600)
    names.append(await shop.post())
    await shop.drain()

    assert shop.copies() == dict.fromkeys(MEMBERS, 1)
    assert [line["rules"] for line in shop.log.named("discarded")] == ["duplicate"] * 2
    assert {line["queue_id"] for line in shop.log.named("discarded")} < set(names)


async def test_p6_a_post_that_goes_to_the_owners_too_is_no_duplicate(shop: Workshop) -> None:
    """To: the list, Cc: its owners; both entries are in work at the same moment."""
    await shop.post(recipient="ant-owner@example.com", purpose="owner")
    await shop.post()

    await shop.drain()

    assert shop.copies() == {**dict.fromkeys(MEMBERS, 1), "olga@example.org": 1}
    assert shop.log.named("discarded") == []


async def test_p6_a_held_post_that_was_refused_may_be_sent_again(shop: Workshop) -> None:
    """The same message, by a person who has joined meanwhile."""
    name = await shop.post(STRANGER, reverse_path="mallory@example.net")
    await shop.drain("in")
    await shop.store.write(held.decide, "here", f"{name}.h", "reject", shop.clock.time())
    assert await shop.hold.carry_out() == 1
    await shop.store.write(members.add_many, "ant.example.com", [Member(address="mallory@example.net")], 1.0)
    shop.again(after_s=60)
    await shop.post(STRANGER, reverse_path="mallory@example.net")

    await shop.drain()

    assert [line["rules"] for line in shop.log.named("discarded")] == []
    assert shop.copies()["bart@example.org"] == 1


async def test_the_next_day_the_same_post_is_another_one(shop: Workshop) -> None:
    await shop.post()
    await shop.drain()
    shop.again(after_s=DAY_S + 1)
    await shop.post()

    await shop.drain()

    assert shop.copies() == dict.fromkeys(MEMBERS, 2)


@pytest.mark.row("rule: posting-rate", "attribute: max_posts_per_day")
async def test_more_posts_than_a_member_may_write_wait(shop: Workshop) -> None:
    ant = await shop.store.read(lists.get, "ant.example.com")
    assert ant is not None
    await shop.store.write(lists.change, msgspec.structs.replace(ant, max_posts_per_day=2))
    for number in range(3):
        await shop.post(numbered(number))
        await shop.drain("in", "virgin", "out")
        shop.again()

    assert {member: shop.copies()[member] for member in MEMBERS[1:]} == dict.fromkeys(MEMBERS[1:], 2)
    (row,) = await held_rows(shop)
    assert "2" in row.reasons[0].english


async def test_p6_a_post_to_a_list_that_is_gone_is_shunted(shop: Workshop) -> None:
    name = await shop.post(list_id="gone.example.com")

    await shop.drain("in")

    assert shop.files() == {"shunt": [name]}
    assert "gone.example.com does not exist" in shop.show("shunt", name).progress.why


async def test_p6_an_entry_of_another_stage_is_shunted(shop: Workshop) -> None:
    names = [await shop.notice(queue) for queue in ("in", "pipeline")]

    await shop.drain("in", "pipeline")

    assert shop.files() == {"shunt": names}


async def test_mail_to_the_owners_goes_to_them_without_a_number(shop: Workshop) -> None:
    await shop.post(STRANGER, purpose="owner", recipient="ant-owner@example.com", reverse_path="")

    await shop.drain()

    assert shop.copies() == {"olga@example.org": 1}
    (accepted,) = shop.log.named("accepted")
    assert accepted["number"] is None


async def test_mail_to_the_owners_of_an_orphaned_list_goes_to_the_site_owner(shop: Workshop) -> None:
    policy = ListPolicy(
        list_id="bee.example.com", list_name="bee", mail_host="example.com", display_name="Bee"
    )
    await shop.store.write(lists.create, policy, 1.0)
    await shop.post(list_id="bee.example.com", recipient="bee-owner@example.com", purpose="owner")

    await shop.drain()

    assert shop.copies() == {"root@example.com": 1}


async def test_a_post_of_nobody_is_discarded(shop: Workshop) -> None:
    await shop.post(b"Subject: x\r\n\r\ny\r\n", reverse_path="")

    await shop.drain()

    (line,) = shop.log.named("discarded")
    assert line["rules"]


# -- trouble and order ---------------------------------------------------------------------------------------


async def test_while_the_database_is_down_posts_stay_and_then_go_on_in_order(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [await shop.post(numbered(number)) for number in range(20)]
    with monkeypatch.context() as patch:

        def down(*_: object) -> None:
            raise StoreTrouble("the database is down")

        patch.setattr(shop.store, "submit_read", down)
        async with shop.running("in"):
            await until(lambda: shop.log.named("waiting"))
            assert shop.names("in") == names
    shop.again()

    await shop.drain()

    numbers = {values["queue_id"]: values["number"] for values in shop.log.named("accepted")}
    assert [numbers[name] for name in names] == list(range(1, 21))
    assert shop.files() == {}


async def test_numbers_follow_the_order_of_arrival_when_posts_between_are_dropped(shop: Workshop) -> None:
    """Loops, held posts and failing ones end their turns early; the others do not overtake each other."""
    wanted = []
    for number in range(30):
        if number % 3 == 0:
            wanted.append(await shop.post(numbered(number)))
        elif number % 3 == 1:
            await shop.post(b"Delivered-To: ant@example.com\r\n" + numbered(number))
        else:
            stranger = numbered(number).replace(b"anne@example.org", b"mallory@example.net")
            await shop.post(stranger, reverse_path="mallory@example.net")

    await shop.drain("in", "pipeline", "out", "retry", "virgin")

    numbers = {
        values["queue_id"]: values["number"] for values in shop.log.named("accepted") if "number" in values
    }
    assert [numbers[name] for name in wanted] == list(range(1, 11))
    assert len(shop.names("hold")) == 10


async def test_a_failing_database_leaves_no_exception_unheard(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Number and recipients are asked for together; both answers are heard though the first one fails."""
    unheard: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unheard.append(context))
    await shop.post()
    left = [1]

    def later(*_: object) -> "asyncio.Future[None]":
        future: asyncio.Future[None] = loop.create_future()
        loop.call_soon(future.set_exception, StoreTrouble("down"))
        return future

    submit = shop.store.submit_read

    def submit_read(fn: object, *arguments: object) -> object:
        if getattr(fn, "__name__", "") == "recipients" and left[0]:
            left[0] -= 1
            return later()
        return submit(fn, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.store, "submit_read", submit_read)
    write, fail = shop.store.write, [1]
    monkeypatch.setattr(shop.store, "write", lambda *a: later() if fail and fail.pop() else write(*a))

    await shop.drain()

    assert unheard == []
    assert shop.copies() == dict.fromkeys(MEMBERS, 1)


async def test_the_same_entry_takes_one_number_however_often_its_step_runs(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.post(numbered(1))
    advance, left = shop.spool.advance, [1]

    async def faulty(*arguments: object, **more: object) -> None:
        if left[0]:
            left[0] -= 1
            raise StoreTrouble("not now")
        await advance(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(shop.spool, "advance", faulty)
    await shop.post(numbered(2))

    await shop.drain()

    assert sorted(values["number"] for values in shop.log.named("accepted")) == [1, 2]


# -- pipeline/ and virgin/ -----------------------------------------------------------------------------------


async def test_p6_a_handler_that_drops_an_approved_post_leaves_a_log_line(shop: Workshop) -> None:
    _with(shop, handlers=(NamedHandler("odd", lambda *_: Discard(ODD)),))
    await _approved(shop)

    await shop.drain()

    assert shop.files() == {}
    assert [values["reason"] for values in shop.log.named("discarded")] == ["It is too odd"]


async def test_an_approved_post_is_delivered_without_the_rules(shop: Workshop) -> None:
    await _approved(shop)

    await shop.drain()

    assert shop.copies() == dict.fromkeys(MEMBERS, 1)


async def test_an_approved_post_to_a_list_that_is_gone_is_shunted(shop: Workshop) -> None:
    name = await _approved(shop, list_id="gone.example.com")

    await shop.drain("pipeline")

    assert shop.files() == {"shunt": [name]}


async def test_what_mlcore_wrote_goes_out_under_its_own_sender(shop: Workshop) -> None:
    name = await shop.notice()

    await shop.drain()

    (transaction,) = shop.memory.transactions
    assert (transaction.entry, transaction.reverse_path) == (f"{name}.o", "")
    assert shop.copies() == {"root@example.com": 1}


async def test_a_post_in_virgin_is_shunted(shop: Workshop) -> None:
    name = await shop.put("virgin", Entry(shop.arrived(), (), POST))

    await shop.drain("virgin")

    assert shop.files() == {"shunt": [name]}


async def test_raw_utf8_and_8_bit_are_said_to_the_transport(shop: Workshop) -> None:
    await shop.post(POST.replace(b"tea", "お茶".encode()).replace(b"At four", "四時に".encode()))

    async with shop.running("in"):
        await until(lambda: shop.names("out"))

    (name,) = shop.names("out")
    rendered = shop.show("out", name).entry.envelope
    assert isinstance(rendered, Rendered)
    assert (rendered.smtputf8, rendered.eight_bit, rendered.number) == (True, True, 1)


async def _approved(shop: Workshop, **more: object) -> str:
    from mlcore.mail.envelope import Accepted

    envelope = Accepted(arrived=shop.arrived(reverse_path="mallory@example.net", **more))
    return await shop.put("pipeline", Entry(envelope, (), STRANGER), suffix=".h.p")


def _with(
    shop: Workshop, *, rules: tuple[NamedRule, ...] = (), handlers: tuple[NamedHandler, ...] = ()
) -> None:
    """The same runners with more rules and handlers."""
    shop.more = Extensions(rules, handlers)
    shop.all_runners()


def numbered(number: int) -> bytes:
    """A post that is not another one."""
    return POST.replace(b"<1@", b"<n%d@" % number)
