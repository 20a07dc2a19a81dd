"""What a list answers by itself, over time and through crashes: each mail is answered at most once, and each
person once within the grace period."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from support.exchange import KeepingRelay, codes, mark, message, post
from support.launch import KILL_STEP
from support.launch_ahead import AHEAD_S
from support.server import RunningServer, wait_until
from support.wrapped import WrappedServer

ANNE, BART, EVE, OLGA = "anne@example.com", "bart@example.org", "eve@example.net", "olga@example.org"
TO: Final = {
    "postings": "ant@example.com",
    "owner": "ant-owner@example.com",
    "requests": "ant-request@example.com",
}
_TEXT: Final = {
    "postings": "autoresponse_postings_text",
    "owner": "autoresponse_owner_text",
    "requests": "autoresponse_request_text",
}
_ANSWER: Final = b"Words of the list about "
_DAY_S: Final = 86_400
_NOON: Final = (time.time() // _DAY_S + 1.5) * _DAY_S


@contextmanager
def site(server: RunningServer, action: str, *more: str) -> Iterator[RunningServer]:
    """A list that answers everything; not started yet."""
    with server:
        server.make_list("ant", [ANNE, BART], owners=[OLGA])
        settings = [f"autorespond_{kind}={action}" for kind in TO]
        settings += [f"{attribute}=Words of the list about {kind}." for kind, attribute in _TEXT.items()]
        done = server.mlcore("settings", TO["postings"], "default_nonmember_action=accept", *settings, *more)
        assert done.returncode == 0, done.stderr.decode()
        yield server


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


def send(server: RunningServer, kind: str, token: str, *, sender: str = EVE, more: str = "") -> None:
    octets = more.encode() + message(
        token, author=sender, to=TO[kind], subject="" if kind == "requests" else "Tea"
    )
    assert codes(post(server.lmtp_port, octets, TO[kind], sender=sender)) == [250]


def answers(relay: KeepingRelay, address: str) -> int:
    """How many answers by itself a person has got."""
    return relay.copies(_ANSWER)[address]


def passed_on(relay: KeepingRelay, kind: str, token: str) -> dict[str, int]:
    """Who has got the mail itself, or what it came to."""
    if kind == "requests":
        return dict(relay.copies(b"The results of your email commands"))
    return dict(relay.copies(mark(token)))


READERS: Final = {"postings": {ANNE: 1, BART: 1}, "owner": {OLGA: 1}, "requests": {EVE: 1}}


STEPS: Final = {
    "postings": (
        *("attempt: marked", "advance: children written", "advance: child renamed"),
        *("advance: children synced", "advance: parent unlinked"),
    ),
    "owner": ("advance: children written", "advance: children synced"),
    "requests": ("attempt: marked", "advance: children written", "advance: parent unlinked"),
}
ACTIONS: Final = ("respond_and_continue", "respond_and_discard")
ALWAYS: Final = frozenset(
    {
        ("postings", "advance: children written", "respond_and_continue"),
        ("postings", "advance: parent unlinked", "respond_and_discard"),
        ("owner", "advance: children synced", "respond_and_discard"),
        ("requests", "advance: parent unlinked", "respond_and_continue"),
    }
)
"""Tried with every change; the others in the soak."""
CASES: Final = [
    pytest.param(*case, marks=() if case in ALWAYS else pytest.mark.soak)
    for case in [
        (kind, step, action) for kind, steps in STEPS.items() for step in steps for action in ACTIONS
    ]
]


@pytest.mark.parametrize(("kind", "step", "action"), CASES)
def test_p10_a_kill_in_between_and_still_one_answer(
    tmp_path: Path, relay: KeepingRelay, kind: str, step: str, action: str
) -> None:
    with site(RunningServer(tmp_path, smtp_port=relay.port), action) as server:
        server.start(**{KILL_STEP: step})
        send(server, kind, "tea")
        assert server.wait_exit() == -9
        server.start()
        server.wait_drained()
        assert relay.copies(_ANSWER) == {EVE: 1}
        expected = READERS[kind] if action == "respond_and_continue" else {}
        assert passed_on(relay, kind, "tea") == expected
        # It is known who has had an answer.
        send(server, kind, "more tea")
        server.wait_drained()
        assert answers(relay, EVE) == 1
        if kind != "requests":
            assert passed_on(relay, kind, "more tea") == expected
        assert server.stop() == 0
        assert server.spool() == {}


@pytest.mark.row("attribute: autoresponse_grace_period")
def test_the_grace_period_ends_on_its_day_for_each_person_and_kind(
    tmp_path: Path, relay: KeepingRelay
) -> None:
    made = WrappedServer(tmp_path, module="support.launch_ahead", smtp_port=relay.port)
    with site(made, "respond_and_continue", "autoresponse_grace_period=7d") as server:
        expected = dict.fromkeys((EVE, OLGA), 0)

        def on_day(day: float) -> None:
            server.restart(**{AHEAD_S: str(_NOON + day * _DAY_S - time.time())})

        def said(token: str, *due: str, kinds: tuple[str, ...] = tuple(TO), more: str = "") -> None:
            """Both write; who of them is answered."""
            for kind in kinds:
                for sender in expected:
                    send(server, kind, f"{token} of {sender} to {kind}", sender=sender, more=more)
            for one in due:
                expected[one] += len(kinds)
            server.wait_drained()
            assert {one: answers(relay, one) for one in expected} == expected, token

        on_day(0)
        said("first", EVE, OLGA)
        said("again")
        said("by all means", EVE, OLGA, kinds=("owner",), more="X-Ack: yes\r\n")
        said("a program", kinds=("owner", "postings"), more="X-Ack: no\r\n")
        on_day(6.45)
        said("six days later")
        on_day(6.55)  # the seventh date after the first, half an hour past midnight
        said("a week later", EVE, OLGA, kinds=("postings", "requests"))
        on_day(7.2)
        said("after the one for the owner", EVE, OLGA, kinds=("owner",))
        on_day(13.4)
        said("within the second week")
        on_day(20)
        said("at last", EVE, OLGA)
        assert server.events("crashed") == []


@pytest.mark.row("attribute: autoresponse_grace_period")
def test_without_grace_each_mail_is_answered_but_nobody_without_end(
    tmp_path: Path, relay: KeepingRelay
) -> None:
    config = {"mta": {"max_autoresponses_per_day": 4}}
    made = RunningServer(tmp_path, smtp_port=relay.port, config=config)
    with site(made, "respond_and_discard", "autoresponse_grace_period=0s") as server:
        server.start()
        for number in range(3):
            send(server, "owner", f"mail {number}")
        server.wait_drained()
        assert answers(relay, EVE) == 3
        for number in range(3, 7):
            send(server, "owner", f"mail {number}", more="X-Ack: yes\r\n")
        server.wait_drained()
        assert answers(relay, EVE) == 4
        assert relay.copies() == {EVE: 4}, "what is discarded goes to nobody"


def test_nothing_answers_an_answer(tmp_path: Path, relay: KeepingRelay) -> None:
    """The null sender, another list, and our own answer that somebody's server sends back."""
    with site(RunningServer(tmp_path, smtp_port=relay.port), "respond_and_discard") as server:
        server.make_list("bee", [])
        server.start()
        send(server, "owner", "tea")
        wait_until(lambda: answers(relay, EVE), 20.0, server.tail)
        ((_, answer),) = relay.accepted(_ANSWER)
        for kind, to in TO.items():
            for sender, octets in (
                ("", message(f"null {kind}", author="zoe@example.net", to=to)),
                ("eve@example.net", answer),
                ("bee@example.com", message(f"list {kind}", author="bee@example.com", to=to)),
                ("ant-owner@example.com", message(f"self {kind}", author="ant-owner@example.com", to=to)),
            ):
                assert codes(post(server.lmtp_port, octets, to, sender=sender)) == [250]
        server.wait_drained()
        assert relay.copies(_ANSWER) == {EVE: 1}
        assert server.spool() == {}
