"""The whole corpus of reports, through LMTP into a running server: each changes what stands in its index, for
those whom it is about, and nothing else, whoever it mentions."""

import asyncio
import email
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from email.message import Message
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import pytest

from mlcore.actions import lists as list_actions
from mlcore.base.sitekey import site_key
from mlcore.lists.model import DeliveryStatus, Member
from mlcore.mail import verp
from mlcore.mail.address import key_of
from mlcore.store import bounce_history, lists, members
from mlcore.store.bounces import BounceEvent, events
from mlcore.store.engine import open_sync
from support.exchange import codes, mark, message, post
from support.lmtp import LmtpClient
from support.reports import Report, corpus
from support.server import RunningServer

REPORTS: Final = corpus()
NUMBERS: Final = {report.name: number for number, report in enumerate(REPORTS)}
KINDS: Final = ("untagged", "tagged")
TAGGED, BYSTANDER = "tagged@elsewhere.example", "bystander@elsewhere.example"
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_OPT_OUT: Final = {"abuse", "opt-out", "opt-out-list", "unsubscribe"}


class Standing(NamedTuple):
    score: int
    status: DeliveryStatus


UNDISTURBED: Final = Standing(0, DeliveryStatus.ENABLED)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """Two lists for each report, on which is whoever it names or mentions, and who has nothing to do with
    it; the first failure is one too many on each."""
    with RunningServer(tmp_path) as made:
        made.make_list("ant", [TAGGED, BYSTANDER])
        now = time.time()
        with open_sync(made.settings.database.url) as connection:
            for report in REPORTS:
                people = [Member(address=one) for one in everybody(report)]
                for kind in KINDS:
                    policy = list_actions.create(connection, list_of(kind, report), owners=[], now=now)
                    lists.change(connection, msgspec.structs.replace(policy, bounce_score_threshold=1))
                    members.add_many(connection, policy.list_id, people, now)
        made.start()
        yield made


def list_of(kind: str, report: Report, purpose: str = "") -> str:
    """The address of the list to which this report comes."""
    return f"{kind[0]}{NUMBERS[report.name]}{purpose}@example.com"


def everybody(report: Report) -> list[str]:
    """Every address in a report, its encoded parts too, and those of members whom it does not know."""
    texts = [report.octets.decode("latin-1"), *map(_decoded, email.message_from_bytes(report.octets).walk())]
    named = [address for address, *_ in report.findings]
    found = {key_of(one): one for text in texts for one in _ADDRESS.findall(text) if one.isascii()}
    return list({**found, **{key_of(one): one for one in (*named, TAGGED, BYSTANDER)}}.values())


def _decoded(part: Message) -> str:
    octets = part.get_payload(decode=True)
    return octets.decode("utf-8", "replace") if isinstance(octets, bytes) else ""


def inject(server: RunningServer, mails: Sequence[tuple[str, bytes]]) -> None:
    """By LMTP over one connection, with the null sender."""

    async def talk() -> None:
        async with await LmtpClient.tcp("127.0.0.1", server.lmtp_port) as client:
            await client.lhlo()
            for to, octets in mails:
                assert codes(await client.send("", (to,), octets)) == [250], to

    asyncio.run(talk())
    server.wait_drained()


def standings(server: RunningServer, kind: str, report: Report) -> dict[str, Standing]:
    """Who is a member of its list, and how he stands."""
    list_id = list_of(kind, report).replace("@", ".")
    with open_sync(server.settings.database.url, read_only=True) as connection:
        found = {
            key: bounce_history.standings(connection, key, list_id) for key in map(key_of, everybody(report))
        }
    return {key: Standing(one.score, one.delivery_status) for key, some in found.items() for one in some}


def of_list(server: RunningServer, kind: str, report: Report, address: str) -> list[BounceEvent]:
    with open_sync(server.settings.database.url, read_only=True) as connection:
        return events(connection, key_of(address), list_id=list_of(kind, report).replace("@", "."))


def changed(server: RunningServer, kind: str) -> dict[str, dict[str, Standing | None]]:
    """By report who does not stand as at the beginning; None: no member any more."""
    found: dict[str, dict[str, Standing | None]] = {}
    for report in REPORTS:
        now = standings(server, kind, report)
        others = {key: now.get(key) for key in map(key_of, everybody(report)) if now.get(key) != UNDISTURBED}
        if others:
            found[report.name] = others
    return found


def counts(report: Report) -> list[str]:
    """Whose mailbox it says is no good."""
    return [address for address, permanent, _, policy in report.findings if permanent and not policy]


def still_serves(server: RunningServer) -> None:
    assert server.events("crashed") == []
    assert server.spool() == {}
    assert codes(post(server.lmtp_port, message("tea", author=TAGGED), sender=TAGGED)) == [250]
    server.wait_drained()
    files = Path(server.settings.paths.outbox_dir, BYSTANDER, "new").iterdir()
    assert sum(mark("tea") in path.read_bytes() for path in files) == 1


def test_untagged_reports_count_where_the_index_says_and_disable_nobody(server: RunningServer) -> None:
    inject(server, [(list_of("untagged", one, "-bounces"), one.octets) for one in REPORTS])
    expected: Mapping[str, object] = {
        report.name: {key_of(one): Standing(1, DeliveryStatus.ENABLED) for one in counts(report)}
        for report in REPORTS
        if counts(report)
    }
    assert len(expected) > 100
    assert changed(server, "untagged") == expected
    for report in REPORTS:
        for address, permanent, code, policy in report.findings:
            (event,) = of_list(server, "untagged", report, address)
            effect = "policy" if policy else "probe-sent" if permanent else "temporary"
            assert (event.effect, event.code, event.proof) == (effect, code, False), report.name
            assert event.format == report.format
        assert of_list(server, "untagged", report, BYSTANDER) == []
    still_serves(server)


def test_tagged_reports_are_about_whom_the_tag_names(server: RunningServer) -> None:
    key = site_key(server.settings.paths.site_key)
    senders = [
        verp.tagged(list_of("tagged", one).partition("@")[0], "example.com", TAGGED, key=key, now=time.time())
        for one in REPORTS
    ]
    mails = zip(senders, [one.octets for one in REPORTS], strict=True)
    inject(server, list(mails))
    expected: dict[str, object] = {}
    for report in REPORTS:
        fails = counts(report) or (report.kind == "failure" and not report.findings)
        feedback = (report.complaint or {}).get("feedback_type", "")
        if fails:
            expected[report.name] = {TAGGED: Standing(0, DeliveryStatus.BY_BOUNCES)}
        elif report.kind == "complaint" and feedback in _OPT_OUT:
            expected[report.name] = {TAGGED: None}
    assert len(expected) > 100
    assert changed(server, "tagged") == expected
    still_serves(server)
