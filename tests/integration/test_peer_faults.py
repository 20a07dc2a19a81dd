"""P10 to P13: a mail server that puts off, refuses, drops, hangs and greylists, for lists of each kind of
copy. What becomes of each member is what the server said of him; only a lost reply excuses a second copy."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mlcore.lists.model import Personalization
from support.exchange import KeepingRelay, change_list, codes, failures, mark, message, post
from support.launch import PATIENCE_S
from support.server import RunningServer
from support.sink import Fault, SinkSettings

PEOPLE = [f"member-{number:02}@d{number % 5}.example.net" for number in range(57)]
GONE, MOVED = "gone@example.org", "moved@example.org"
UTF8 = "花子@example.jp"
REFUSALS = {GONE: "550 5.1.1 No such user", MOVED: "551 5.1.6 Has moved"}
MEMBERS = [*PEOPLE, GONE, MOVED, UTF8]
BODY = "Tea at five, or at fünf.\r\n".encode()

EARLY: tuple[Fault, ...] = (
    "451 at MAIL",
    "drop in content",
    "hang in content",
    "421 at MAIL",
    "451 at end",
    "drop after end",
    "554 at end",
    "hang after end",
)
"""Each meets two transactions, one after the other."""

BARE = {"pipelining": False, "chunking": False, "eight_bit": False, "smtputf8": False}
PEERS: dict[str, dict[str, Any]] = {
    "all extensions": {},
    "no CHUNKING": {"chunking": False},
    "no PIPELINING": {"pipelining": False},
    "bare": BARE,
}
LISTS: dict[str, dict[str, Any]] = {
    "shared": {},
    "verp": {"personalize": Personalization.INDIVIDUAL},
    "personal": {"personalize": Personalization.FULL},
}


def faults(first: int, apart: int) -> Mapping[int, Fault]:
    """Each twice. first: number of the MAIL that meets the first of them; apart: from one to the next."""
    return {first + apart * place: fault for place, fault in enumerate(EARLY * 2)}


ALWAYS = {
    ("shared", "all extensions"),
    ("shared", "bare"),
    ("verp", "all extensions"),
    ("personal", "no CHUNKING"),
}
"""Tried with every change; the others in the soak."""
CASES = [
    pytest.param(kind, peer, marks=() if (kind, peer) in ALWAYS else pytest.mark.soak)
    for kind in LISTS
    for peer in PEERS
]


@pytest.mark.parametrize(("kind", "peer"), CASES)
def test_p10_p11_p12_fates(tmp_path: Path, kind: str, peer: str) -> None:
    # The first MAILs meet greylisting: nothing of them comes to its end.
    one_by_one = kind != "shared"
    script = faults(62, 3) if one_by_one else faults(6, 1)
    settings = SinkSettings(
        refuse=REFUSALS, greylist=True, faults=script, temp_fail_rate=0.03, seed=7, **PEERS[peer]
    )
    mta = {
        "max_recipients": 12,
        "max_unsynced": 10,
        "max_connections": 4,
        "verp_personalized_deliveries": "yes",
        "verp_delivery_interval": 1 if kind == "verp" else 0,
    }
    with (
        KeepingRelay(settings) as relay,
        RunningServer(tmp_path, smtp_port=relay.port, config={"mta": mta}) as server,
    ):
        policy = server.make_list("ant", MEMBERS)
        change_list(server, policy.list_id, send_goodbye_message=False, **LISTS[kind])
        server.start(**{PATIENCE_S: "1.2"})
        assert codes(post(server.lmtp_port, message("tea", author=PEOPLE[0]), sender=PEOPLE[0])) == [250]
        server.wait_drained(60)
        reckon(relay, server, peer)
        heard = {int(number) for number in script if number <= relay.begun()}
        print(f"{kind}, {peer}: {relay.begun()} MAILs, {len(heard)} of {len(script)} faults")
        assert len(heard) >= len(EARLY)
        sizes = Counter(len(taken.recipients) for taken, _ in relay.transactions())
        assert set(sizes) == {1} if one_by_one else max(sizes) > 1
        assert server.stop() == 0
        assert server.spool() == {}


def reckon(relay: KeepingRelay, server: RunningServer, peer: str) -> None:
    """Everybody has a copy or one failure on record, whichever the relay said; and repeats are excused."""
    made: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    refused: set[str] = set()
    for taken, octets in relay.transactions():
        if octets and mark("tea") not in octets:
            continue
        if taken.outcome in {"accepted", "dropped_after_dot"}:
            made.update(taken.recipients)
        if taken.outcome == "dropped_after_dot":
            lost.update(taken.recipients)
        if taken.outcome == "refused":
            refused.update(taken.recipients)
    failed = {address: rest for address, *rest in failures(server)}
    assert len(failed) == len(failures(server)), "a member failed twice"
    wanted: dict[str, list[Any]] = {
        GONE: [550, "5.1.1", "No such user", False],
        MOVED: [551, "5.1.6", "Has moved", False],
    }
    wanted |= {address: [554, "5.7.1", "Not this one", True] for address in refused}
    if not PEERS[peer].get("smtputf8", True):
        wanted[UTF8] = [553, "5.6.7", failed[UTF8][2], True]
    assert failed == wanted
    nobody = set(MEMBERS) - set(made) - set(failed)
    assert not nobody, "neither a copy nor a failure"
    # Who got a copy whose reply was lost may have been refused when it was tried again.
    both = set(made) & set(failed)
    assert all(lost[address] for address in both), both
    repeats = made - Counter(dict.fromkeys(made, 1))
    assert not repeats - lost, "more repeats than lost replies"


def test_p13_a_peer_without_8bitmime_hears_nothing_of_an_8_bit_post(tmp_path: Path) -> None:
    with (
        KeepingRelay(SinkSettings(eight_bit=False, smtputf8=False)) as relay,
        RunningServer(tmp_path, smtp_port=relay.port) as server,
    ):
        server.make_list("ant", MEMBERS)
        server.start()
        octets = message("eight", author=PEOPLE[0], body=BODY)
        assert codes(post(server.lmtp_port, octets, sender=PEOPLE[0])) == [250]
        server.wait_drained()
        assert not relay.copies(mark("eight"))
        found = failures(server)
        assert {address for address, *_ in found} == set(MEMBERS)
        assert {(code, enhanced, policy) for _, code, enhanced, _, policy in found} == {(554, "5.6.3", True)}
        assert server.stop() == 0
