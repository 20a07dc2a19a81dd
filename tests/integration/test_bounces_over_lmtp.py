"""Reports come in by LMTP: the right member's score goes up, and forged ones disturb nobody."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.base.sitekey import site_key
from mlcore.lists.bounces import BounceState
from mlcore.lists.model import DeliveryStatus
from mlcore.mail import verp
from mlcore.store import bounces
from mlcore.store.bounces import BounceEvent
from mlcore.store.engine import open_sync
from support.exchange import KeepingRelay, change_list, codes, message, post
from support.server import RunningServer, wait_until
from support.sink import SinkSettings

LIST_ID = "ant.example.com"
ANNE, BART, CATE = "anne@example.com", "bart@example.org", "cate@example.net"
OLGA = "olga@example.org"


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay(SinkSettings(refuse={CATE: "550 5.1.1 no such user"})) as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    with RunningServer(tmp_path, smtp_port=relay.port) as made:
        made.make_list("ant", [ANNE, BART, CATE], owners=[OLGA])
        change_list(made, LIST_ID, bounce_score_threshold=2)
        made.start()
        yield made


def dsn(*addresses: str) -> bytes:
    groups = [
        f"\r\nFinal-Recipient: rfc822; {one}\r\nAction: failed\r\nStatus: 5.1.1\r\n" for one in addresses
    ]
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nIt failed.\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.example.org\r\n{''.join(groups)}\r\n--b--\r\n"
    ).encode()


def report(server: RunningServer, *addresses: str, to: str = "ant-bounces@example.com") -> None:
    assert codes(post(server.lmtp_port, dsn(*addresses), to, sender="")) == [250]


def tagged(server: RunningServer, address: str) -> str:
    key = site_key(server.settings.paths.site_key)
    return verp.tagged("ant", "example.com", address, key=key, now=time.time())


def state(server: RunningServer, address: str) -> BounceState:
    with open_sync(server.settings.database.url, read_only=True) as connection:
        found = bounces.member(connection, LIST_ID, address, time.time())
    assert found is not None
    return found.state


def events(server: RunningServer, address: str) -> list[BounceEvent]:
    with open_sync(server.settings.database.url, read_only=True) as connection:
        return bounces.events(connection, address)


def wait_effects(server: RunningServer, address: str, *effects: str) -> None:
    wait_until(
        lambda: [event.effect for event in events(server, address)] == list(effects),
        20.0,
        lambda: f"{events(server, address)}\n{server.tail()}",
    )


def yesterday(server: RunningServer, address: str) -> None:
    """What was counted today was counted a day earlier."""
    with open_sync(server.settings.database.url) as connection:
        known = bounces.member(connection, LIST_ID, address, time.time())
        assert known is not None
        assert known.state.last_bounce_at is not None
        before = known.state.last_bounce_at - 86_400
        bounces.note_failure(connection, known, known.state.score, before, counted=True)


def test_a_tagged_report_counts_for_its_address_and_ends_delivery_in_time(
    server: RunningServer, relay: KeepingRelay
) -> None:
    report(server, BART, "else@example.net", to=tagged(server, ANNE))
    wait_effects(server, ANNE, "counted")
    assert state(server, BART).score == 0
    yesterday(server, ANNE)
    report(server, "behind@forward.example.net", to=tagged(server, ANNE))
    wait_effects(server, ANNE, "counted", "disabled")
    assert state(server, ANNE).status is DeliveryStatus.BY_BOUNCES
    server.wait_drained()
    assert relay.copies().keys() <= {OLGA}, "owners hear of it, the writer of the report nothing"
    assert codes(post(server.lmtp_port, message("tea", author=BART), "ant@example.com", sender=BART)) == [250]
    relay.wait_copies(1, b"This is tea.")
    server.wait_drained()
    assert relay.copies(b"This is tea.").keys() == {BART}


def test_forged_reports_disturb_nobody(server: RunningServer, relay: KeepingRelay) -> None:
    wrong = tagged(server, ANNE).replace("ant-bounces+anne", "ant-bounces+bart")
    addresses = ("ant-bounces@example.com", "ant-bounces+bart=example.org@example.com", wrong)
    for day in range(4):
        for to in addresses:
            report(server, BART, ANNE, CATE, "stranger@example.net", to=to)
        wait_until(lambda: len(events(server, BART)) >= 2 * (day + 1), 20.0, server.tail)  # noqa: B023  (asked at once)
        server.wait_drained()
        yesterday(server, BART)
        yesterday(server, ANNE)
    for one in (ANNE, BART):
        assert state(server, one).status is DeliveryStatus.ENABLED
        assert "disabled" not in {event.effect for event in events(server, one)}
        assert not any(event.proof for event in events(server, one))
        assert relay.copies()[one] <= 1, "a probe"
    assert events(server, "stranger@example.net") == []
    assert server.spool() == {}


def test_a_refusal_by_the_relay_is_proof(server: RunningServer, relay: KeepingRelay) -> None:
    for number, effects in enumerate((["counted"], ["counted", "disabled"])):
        octets = message(f"tea {number}", author=BART)
        assert codes(post(server.lmtp_port, octets, "ant@example.com", sender=BART)) == [250]
        wait_effects(server, CATE, *effects)
        if not number:
            yesterday(server, CATE)
    assert state(server, CATE).status is DeliveryStatus.BY_BOUNCES
    assert {event.source for event in events(server, CATE)} == {"smtp"}


def test_a_vacation_notice_is_passed_on_and_not_answered(server: RunningServer, relay: KeepingRelay) -> None:
    octets = (
        b"From: eve@example.net\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nUntil May.\r\n"
    )
    assert codes(post(server.lmtp_port, octets, "ant-bounces@example.com", sender="eve@example.net")) == [250]
    relay.wait_copies(1)
    server.wait_drained()
    assert relay.copies().keys() == {OLGA}
