"""P4, P6, P7, P8, P9, P18: hostile mail through a whole server, to lists of several kinds, one at a time.

What is checked is what came out: the log, and what the relay was given. Each message is followed by a normal
post, which must not wait for it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

import pytest

from mlcore.base.passwords import hashed
from mlcore.lists.model import Action, DmarcAction, FilterAction, ReplyGoesToList, Topic
from mlcore.mail.fields import Fields, split
from mlcore.mail.lines import is_clean, normalise
from support.exchange import KeepingRelay, change_list, post
from support.hostile import AUTHOR, EVIL, INJECTED, INJECTED_EVENT, SECRET, Hostile, corpus
from support.server import SITE_OWNER, RunningServer, wait_until
from support.sink import Taken

CORPUS: Final = corpus()
OWNER: Final = "olga@owner.example"
_PATIENCE_S: Final = 20.0
_ENDS: Final = frozenset({"accepted", "held", "rejected", "discarded", "shunted"})
_OPEN: Final = {
    "default_nonmember_action": Action.ACCEPT,
    "require_explicit_destination": False,
    "administrivia": False,
    "max_num_recipients": 0,
    "max_message_size": 0,
    "respond_to_post_requests": True,
}
_BUSY: Final = _OPEN | {
    "description": "敵意のあるメールの会",
    "display_name": "敵意会",
    "preferred_language": "ja",
    "subject_prefix": "[敵意 %05d] ",
    "filter_content": True,
    "filter_types": ("application/x-msdownload",),
    "filter_extensions": ("exe", "bat"),
    "collapse_alternatives": True,
    "convert_html_to_plaintext": True,
    "filter_action": FilterAction.REJECT,
    "topics_enabled": True,
    "topics": (Topic(name="tea", pattern="tea|お茶|text", description=""),),
    "topics_bodylines_limit": -1,
    "reply_goes_to_list": ReplyGoesToList.POINT_TO_LIST,
    "bounce_matching_headers": "x-never: ^(a|a)*b$",
}
LISTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "plain": {},
    "bare": _OPEN | {"subject_prefix": "", "include_rfc2369_headers": False},
    "everything": _BUSY
    | {"dmarc_mitigate_action": DmarcAction.MUNGE_FROM, "dmarc_mitigate_unconditionally": True},
    "anonymous": _BUSY | {"anonymous_list": True, "charset": "iso-2022-jp"},
    "wrapping": _BUSY
    | {
        "dmarc_mitigate_action": DmarcAction.WRAP_MESSAGE,
        "dmarc_mitigate_unconditionally": True,
        "dmarc_wrapped_message_text": "元のメールを添付します。",
        "filter_content": False,
        "charset": "iso-2022-jp",
    },
    "holding": _OPEN
    | {"default_nonmember_action": Action.HOLD, "default_member_action": Action.HOLD}
    | {"preferred_language": "ja"},
    "rejecting": _OPEN | {"default_nonmember_action": Action.REJECT, "default_member_action": Action.REJECT},
}
"""By name: settings. `bare` is what P8 speaks of: nothing is configured to change anything."""
_WITH_PASSWORD: Final = ("everything",)
"""To compare a password takes half a second."""
_ALWAYS: Final = ("bare", "everything")
_IN_TURNS: Final = tuple(name for name in LISTS if name not in _ALWAYS)
"""Each message goes to one of these."""
_OWN_PEOPLE: Final = frozenset({OWNER, SITE_OWNER, *(f"m@{name}.example" for name in LISTS)})
_WRITTEN: Final = frozenset(
    {
        *(
            "approved",
            "approve",
            "x-approved",
            "x-approve",
            "return-receipt-to",
            "disposition-notification-to",
        ),
        *("x-confirm-reading-to", "x-pmrqc", "urgent", "archived-at", "return-path", "x-mailman-version"),
        *("precedence", "message-id", "date", "delivered-to", "x-mailman-rule-hits", "x-mailman-rule-misses"),
        "x-mailman-approved-at",
    }
)
"""Fields that any list may remove or add."""


@dataclass(slots=True)
class Outcome:
    """What became of one message. entries: queue id by list; sent: what the relay took meanwhile."""

    entries: dict[str, str] = field(default_factory=dict)
    sent: list[tuple[Taken, bytes]] = field(default_factory=list)
    ends: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def copy_of(self, list_name: str) -> bytes | None:
        """The one that the member of this list got; None: none."""
        found = [octets for taken, octets in self.sent if taken.recipients == (f"m@{list_name}.example",)]
        assert len(found) <= 1, [octets[:2_000] for octets in found]
        return found[0] if found else None


@dataclass(slots=True)
class Site:
    """Everything that happened. log: the lines of the server."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    shunted: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """All messages, sent to all lists."""
    directory = tmp_path_factory.mktemp("site")
    config: dict[str, dict[str, object]] = {
        "mta": {"max_autoresponses_per_day": 0},
        "worker": {"time": "5s"},
    }
    with KeepingRelay() as relay, RunningServer(directory, smtp_port=relay.port, config=config) as server:
        _make_lists(server)
        server.start()
        found = Site()
        for hostile in CORPUS:
            found.outcomes[hostile.name] = _sent(server, relay, hostile)
        found.shunted = server.names("shunt")
        assert server.stop() == 0
        found.log = server.log_lines()
        _read_log(found)
        yield found


def _make_lists(server: RunningServer) -> None:
    password = hashed(SECRET)
    for name, settings in LISTS.items():
        server.make_list(name, [f"m@{name}.example"], owners=[OWNER], plain=False)
        secret = {"moderator_password": password} if name in _WITH_PASSWORD else {}
        change_list(server, f"{name}.example.com", **settings, **secret)
        footer = "" if name == "bare" else "_____\n$display_name の登録解除: $short_listname-leave@$domain\n"
        for language in ("en", "ja"):
            texts = Path(server.settings.paths.template_dir) / "lists" / f"{name}.example.com" / language
            texts.mkdir(parents=True)
            (texts / "list:member:regular:footer.txt").write_text(footer, "utf-8")
            (texts / "list:member:regular:header.txt").write_text(footer, "utf-8")
    server.make_list("normal", ["n@normal.example"], plain=False)
    change_list(server, "normal.example.com", default_nonmember_action=Action.ACCEPT)


def _sent(server: RunningServer, relay: KeepingRelay, hostile: Hostile) -> Outcome:
    """Sends one message, then a normal post, which must arrive; then all that was caused by it."""
    before = len(relay.transactions())
    number = CORPUS.index(hostile)
    names = (*_ALWAYS, _IN_TURNS[number % len(_IN_TURNS)])
    parameters = (
        "" if hostile.octets.isascii() and hostile.reverse_path.isascii() else " BODY=8BITMIME SMTPUTF8"
    )
    replies = post(
        server.lmtp_port,
        hostile.octets,
        *[f"{name}@example.com" for name in names],
        sender=hostile.reverse_path,
        parameters=parameters,
    )
    outcome = Outcome()
    for name, reply in zip(names, replies, strict=True):
        assert reply.code == 250, (hostile.name, name, reply)
        outcome.entries[name] = reply.text.rpartition(" ")[2]
    normal = f"From: bo@example.net\r\nTo: normal@example.com\r\nSubject: Tea\r\n\r\nAfter {hostile.name}\r\n"
    (reply,) = post(server.lmtp_port, normal.encode(), "normal@example.com", sender="bo@example.net")
    assert reply.code == 250
    wait_until(
        lambda: any("n@normal.example" in taken.recipients for taken, _ in relay.transactions()[before:]),
        _PATIENCE_S,
        lambda: f"the normal post waits for {hostile.name}\n{server.tail()}",
    )
    server.wait_drained()
    outcome.sent = [
        (taken, octets)
        for taken, octets in relay.transactions()[before:]
        if "n@normal.example" not in taken.recipients
    ]
    return outcome


def _read_log(found: Site) -> None:
    by_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in found.log:
        event = json.loads(line)
        if event["event"] in _ENDS and event.get("queue") == "in":
            by_id[event["queue_id"]].append(event)
    for outcome in found.outcomes.values():
        outcome.ends = {name: by_id[queue_id] for name, queue_id in outcome.entries.items()}


def _each() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("hostile", CORPUS, ids=[hostile.name for hostile in CORPUS])


@_each()
def test_p6_each_copy_has_exactly_one_end(site: Site, hostile: Hostile) -> None:
    outcome = site.outcomes[hostile.name]
    for name, events in outcome.ends.items():
        assert len(events) == 1, (name, events)
        (event,) = events
        copy = outcome.copy_of(name)
        assert (copy is not None) == (event["event"] == "accepted"), (name, event)
        if event["event"] != "accepted":
            assert event["reason"], (name, event)
        # No defect is known, so nothing is set aside.
        assert event["event"] != "shunted", (name, event)


@_each()
def test_p4_what_goes_out_has_clean_lines(site: Site, hostile: Hostile) -> None:
    for taken, octets in site.outcomes[hostile.name].sent:
        assert is_clean(octets), taken.recipients


@_each()
def test_p8_nothing_is_changed_where_the_list_changes_nothing(site: Site, hostile: Hostile) -> None:
    copy = site.outcomes[hostile.name].copy_of("bare")
    if copy is None:
        return
    fields, body = split(
        normalise(hostile.octets if hostile.octets.endswith(b"\r\n") else hostile.octets + b"\r\n")
    )
    sent_fields, sent_body = split(copy)
    if not hostile.name.startswith("credential: "):
        assert sent_body == body
    assert _others(sent_fields) == _others(fields)


def _others(fields: Fields) -> list[bytes]:
    return [raw for name, raw in zip(fields.names(), fields.raw, strict=True) if name not in _WRITTEN]


@_each()
def test_p9_no_field_and_no_recipient_is_added(site: Site, hostile: Hostile) -> None:
    for taken, octets in site.outcomes[hostile.name].sent:
        # The email package does not read what is nested a thousand times.
        if not hostile.name.startswith("complex: "):
            for one in message_from_bytes(octets).walk():
                assert INJECTED not in one, taken.recipients
                assert "Bcc" not in one, taken.recipients
        head = hostile.octets.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        if EVIL not in str(split(normalise(hostile.octets))[0].all("from")):
            assert EVIL not in taken.recipients
        for recipient in {*taken.recipients} - _OWN_PEOPLE - {AUTHOR, hostile.reverse_path}:
            assert recipient in head, "somebody who does not even stand in it"


@_each()
def test_p18_programs_hear_nothing(site: Site, hostile: Hostile) -> None:
    for taken, octets in site.outcomes[hostile.name].sent:
        if hostile.is_automatic:
            assert set(taken.recipients) <= _OWN_PEOPLE, octets[:1_000]
        if taken.reverse_path == "":
            assert "Auto-Submitted" in message_from_bytes(octets), octets[:1_000]


@pytest.mark.parametrize(
    "hostile", [one for one in CORPUS if one.name.startswith("credential: ")], ids=lambda one: one.name
)
def test_p27_no_password_is_passed_on(site: Site, hostile: Hostile) -> None:
    for taken, octets in site.outcomes[hostile.name].sent:
        in_fields = SECRET.encode() in hostile.octets.partition(b"\r\n\r\n")[0]
        if not in_fields and taken.reverse_path.partition("-")[0] not in _WITH_PASSWORD:
            continue  # where there is no password nobody looks for one in a text
        texts = [octets]
        for one in message_from_bytes(octets).walk():
            payload = one.get_payload(decode=True)
            texts += [payload] if isinstance(payload, bytes) else []
        assert not any(SECRET.encode() in text for text in texts), (taken.recipients, octets[:3_000])


def test_p9_every_line_of_the_log_is_one_of_ours(site: Site) -> None:
    events = Counter(json.loads(line)["event"] for line in site.log)
    assert INJECTED_EVENT not in events
    assert not any(SECRET in line for line in site.log)
    assert not set(events) & {"crashed", "bad", "raised", "shunted"}, events


def test_the_lists_do_what_they_are_for(site: Site) -> None:
    """Otherwise nothing is tried by any of the above."""
    ends = {
        name: Counter(o.ends[name][0]["event"] for o in site.outcomes.values() if name in o.ends)
        for name in LISTS
    }
    assert len(CORPUS) >= 170
    ought = {"bare": "accepted", "everything": "accepted", "anonymous": "accepted", "wrapping": "accepted"}
    for name, event in (ought | {"holding": "held", "rejecting": "rejected"}).items():
        assert ends[name][event] > ends[name].total() * 0.75 > 50, ends
    assert not site.shunted
