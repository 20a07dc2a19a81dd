"""bounces/: reports in, scores and notices out, once each."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from mlcore.actions.bounces import Office
from mlcore.base.errors import StoreTrouble
from mlcore.lists import reports
from mlcore.lists.model import DeliveryStatus, ListPolicy
from mlcore.mail import verp
from mlcore.mail.envelope import Report
from mlcore.mail.report import Recognised
from mlcore.runners.bounces import EVENTS_KEPT_S, Bounces, purge_job
from mlcore.runners.tasks import Job
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry
from mlcore.store import bounces as store
from mlcore.store import failures, lists, notices
from mlcore.store.bounces import BounceEvent, BounceMember
from mlcore.store.failures import DeliveryFailure
from mlcore.store.schema import bounce_events, bounce_reports, delivery_failures
from support.workshop import LIST_ID, POST, Workshop, failing

ANNE = "anne@example.org"
DAY = 86_400.0


def dsn(*addresses: str, status: str = "5.1.1", action: str = "failed", text: str = "no such user") -> bytes:
    """A report of RFC 3464 about these."""
    groups = [
        f"\r\nFinal-Recipient: rfc822; {one}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} {text}\r\n"
        for one in addresses
    ]
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: ant-bounces@example.com\r\nSubject: Undelivered Mail\r\n"
        "Message-ID: <r@mx.example.org>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n"
        f"{''.join(groups)}\r\n--b--\r\n"
    ).encode()


class Desk:
    """The queue bounces with its runner."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.queued = 0
        self.asked = 0
        self.step = Bounces(shop.work, Office(shop.work.site_key), self._recognise, queued=self._queued)
        shop.runner("bounces", self.step)

    def _queued(self) -> None:
        self.queued += 1

    async def _recognise(self, claim: Claim) -> Recognised:
        self.asked += 1
        return reports.recognise(claim.entry.octets)

    async def report(self, octets: bytes, *, detail: str = "", **more: Any) -> str:
        """A mail to -bounces; the queue is empty when this returns."""
        local_part = f"ant-bounces+{detail}" if detail else "ant-bounces"
        envelope = Report(
            list_id=LIST_ID,
            recipient=f"{local_part}@example.com",
            detail=detail,
            arrived_at=self.shop.clock.time(),
        )
        self.shop.again()
        name = await self.shop.put("bounces", Entry(msgspec.structs.replace(envelope, **more), (), octets))
        await self.shop.drain("bounces")
        return name

    def tag(self, address: str = ANNE) -> str:
        sender = verp.tagged(
            "ant", "example.com", address, key=self.shop.work.site_key, now=self.shop.clock.time()
        )
        return sender.rpartition("@")[0].partition("+")[2]

    async def member(self, address: str = ANNE) -> BounceMember:
        found = await self.shop.store.read(store.member, LIST_ID, address, self.shop.clock.time())
        assert found is not None
        return found

    async def change(self, **more: Any) -> None:
        policy = await self.shop.store.read(lists.get, LIST_ID)
        assert isinstance(policy, ListPolicy)
        await self.shop.store.write(lists.change, msgspec.structs.replace(policy, **more))
        self.shop.work.cache.invalidate()

    async def told(self) -> list[tuple[str, str]]:
        rows = await self.shop.store.read(notices.take, 100)
        return [(row.kind, row.address) for row in rows]


@pytest.fixture
def desk(shop: Workshop) -> Desk:
    return Desk(shop)


async def test_a_report_counts_and_is_gone(desk: Desk) -> None:
    name = await desk.report(dsn("someone@forward.example.net"), detail=desk.tag())
    assert (await desk.member()).state.score == 1
    assert desk.shop.files() == {}
    assert desk.shop.log.named("bounce") == [
        {
            "queue_id": name,
            "queue": "bounces",
            "list_id": LIST_ID,
            "recipient": ANNE,
            "effect": "counted",
            "score": 1,
            "proof": True,
            "source": "report",
            "format": "rfc3464",
            "code": "5.1.1",
        }
    ]
    assert desk.queued == 1
    assert desk.shop.log.named("report") == []


async def test_the_same_entry_again_counts_nothing(desk: Desk) -> None:
    """A crash after the commit brings the entry back."""
    shop = desk.shop
    with failing(
        shop.disk,
        lambda call, where, _: OSError(5, "broken") if (call, where) == ("unlink", "bounces") else None,
    ):
        envelope = Report(list_id=LIST_ID, recipient="ant-bounces@example.com", arrived_at=1.0)
        name = await shop.put("bounces", Entry(envelope, (), dsn(ANNE)))
        async with shop.running("bounces"):
            while (await desk.member()).state.score == 0:
                pass
    shop.again(after_s=DAY)
    await shop.drain("bounces")
    assert (await desk.member()).state.score == 1
    outcomes = [line["outcome"] for line in shop.log.named("report") if line["queue_id"] == name]
    assert set(outcomes) == {"repeated"}  # once or more often, as fast as the database is


async def test_days_of_proof_end_delivery(desk: Desk) -> None:
    for _ in range(5):
        await desk.report(dsn(ANNE), detail=desk.tag())
        desk.shop.clock.advance(DAY)
    assert (await desk.member()).state.status is DeliveryStatus.BY_BOUNCES
    assert await desk.told() == [("bounce-disable", ANNE)]


async def test_who_is_no_member_is_only_counted_in_the_log(desk: Desk) -> None:
    name = await desk.report(dsn("eve@example.net", ANNE, "x@example.net"))
    (line,) = desk.shop.log.named("report")
    assert line == {
        "queue_id": name,
        "queue": "bounces",
        "list_id": LIST_ID,
        "reverse_path": "",
        "kind": "failure",
        "outcome": "events",
        "ignored": 2,
        "message_id": "<r@mx.example.org>",
    }
    assert [values["recipient"] for values in desk.shop.log.named("bounce")] == [ANNE]


async def test_what_nobody_understands_goes_to_people_and_is_answered_by_nobody(desk: Desk) -> None:
    await desk.report(POST, reverse_path="eve@example.net")
    assert desk.queued == 1
    assert await desk.told() == [("bounce-unrecognized", "")]
    assert desk.shop.names("virgin") == []


@pytest.mark.row("attribute: process_bounces")
async def test_a_list_that_processes_none_does_not_look_at_them(desk: Desk) -> None:
    await desk.change(process_bounces=False)
    await desk.report(dsn(ANNE))
    assert desk.asked == 0
    assert [line["reason"] for line in desk.shop.log.named("discarded")] == [
        "the list does not process bounces"
    ]
    assert desk.shop.files() == {}


async def test_reports_to_a_list_that_is_gone_are_dropped(desk: Desk) -> None:
    await desk.report(dsn(ANNE), list_id="wasp.example.com")
    assert [line["reason"] for line in desk.shop.log.named("discarded")] == ["its list is gone"]


async def test_an_entry_of_another_queue_is_set_aside(desk: Desk) -> None:
    await desk.shop.notice("bounces")
    await desk.shop.drain("bounces")
    assert len(desk.shop.names("shunt")) == 1


async def test_without_the_database_reports_wait(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    real, troubles = desk.shop.store.write, [StoreTrouble("down")] * 2

    def write(*arguments: Any) -> Any:
        if troubles:
            raise troubles.pop()
        return real(*arguments)

    monkeypatch.setattr(desk.shop.work.store, "write", write)
    await desk.report(dsn(ANNE))
    assert (await desk.member()).state.score == 1


async def test_tokens_do_not_get_into_the_log(desk: Desk) -> None:
    tag = desk.tag()
    await desk.report(dsn(ANNE), detail=tag)
    await desk.report(dsn("x@example.net"), detail="a" * 40)
    assert tag not in str(desk.shop.log.events)
    assert "a" * 40 not in str(desk.shop.log.events)


# -- what is too old ---------------------------------------------------------------------------------------


def job(shop: Workshop, life_s: float = DAY) -> Job:
    return purge_job(shop.work, lambda: life_s, at_once=2)


async def test_old_rows_and_probes_go(desk: Desk) -> None:
    shop, now = desk.shop, desk.shop.clock.time()
    one = await desk.member()
    event = BounceEvent(
        cause="r", list_id=LIST_ID, address=ANNE, address_key=ANNE, source="smtp", effect="counted", at=now
    )
    failure = DeliveryFailure(
        entry="e",
        number=0,
        list_id=LIST_ID,
        address=ANNE,
        code=550,
        enhanced="",
        text="",
        policy=False,
        at=now,
    )

    def fill(conn: Any) -> None:
        for number in range(5):
            store.add_event(conn, msgspec.structs.replace(event, number=number))
            store.keep_report(conn, f"r{number}", b"x", now)
            failures.record(conn, [msgspec.structs.replace(failure, number=number)])
        store.mark_judged(conn, store.unjudged(conn, 4))
        store.add_probe(conn, one, "h" * 64, 1, now, life_s=10 * DAY)

    def left(conn: Any) -> tuple[int, ...]:
        tables = (bounce_events, bounce_reports, delivery_failures)
        return tuple([len(conn.execute(select(table)).all()) for table in tables])

    await shop.store.write(fill)
    await job(shop).do()
    assert await shop.store.read(left) == (5, 5, 5)
    shop.clock.advance(DAY)
    await job(shop).do()
    assert await shop.store.read(left) == (5, 0, 5)
    assert shop.log.named("probe arrived") == []
    shop.clock.advance(10 * DAY)
    await job(shop).do()
    assert [line["recipient"] for line in shop.log.named("probe arrived")] == [ANNE]
    shop.clock.advance(EVENTS_KEPT_S)
    await job(shop).do()
    assert await shop.store.read(left) == (0, 0, 1)
