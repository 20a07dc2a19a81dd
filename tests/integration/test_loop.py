"""P21: a post that comes back ends here with a log line; lists that are members of each other fall silent."""

from collections import Counter
from pathlib import Path

import pytest

from support.exchange import KeepingRelay, codes, mark, message, post
from support.server import RunningServer, wait_until

_MEMBERS = ("anne@example.com", "bo@example.net")
_LISTS = ("ant@example.com", "bee@example.com")


def test_p21_a_post_that_comes_back_is_discarded_with_a_log_line(tmp_path: Path) -> None:
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start()
        assert codes(post(server.lmtp_port, message("round"))) == [250]
        relay.wait_copies(2)
        ((_, octets),) = relay.accepted()
        assert octets.startswith(b"Delivered-To: ant@example.com\r\n")
        # A member whose mail is forwarded to the list gives it back under an envelope sender of his own.
        assert codes(post(server.lmtp_port, octets, sender="bo@example.net")) == [250]
        (event,) = _discarded(server, 1)
        assert (event["list_id"], event["rules"]) == ("ant.example.com", "loop")
        assert event["queue_id"] == server.events("queued")[1]["queue_id"]
        server.wait_drained()
        assert relay.copies().total() == 2
        assert not server.spool()


@pytest.mark.parametrize(
    ("octets", "sender"),
    [
        (
            b"Received: from a by b; Tue, 14 Nov 2023 22:13:20 +0000\r\n" * 51 + message("hops"),
            "anne@example.com",
        ),
        (message("own author", author="ant@example.com"), "anne@example.com"),
        (message("own sender"), "ant-bounces@example.com"),
    ],
    ids=["51 hops", "From is the list", "envelope sender is the list"],
)
def test_p21_what_has_come_too_far_or_claims_to_be_the_list_is_discarded(
    tmp_path: Path, octets: bytes, sender: str
) -> None:
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant@example.com", _MEMBERS)
        server.start()
        assert codes(post(server.lmtp_port, octets, sender=sender)) == [250]
        _discarded(server, 1)
        assert codes(post(server.lmtp_port, message("fifty hops"))) == [250]
        relay.wait_copies(2, mark("fifty hops"))
        server.wait_drained()
        assert relay.copies().total() == 2
        assert not server.spool()


def test_p21_two_lists_that_are_members_of_each_other_end(tmp_path: Path) -> None:
    """Everybody gets the post once, also who is on both lists."""
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list(_LISTS[0], ["anne@example.com", "bo@example.net", _LISTS[1]])
        server.make_list(_LISTS[1], ["anne@example.com", "cy@example.net", _LISTS[0]])
        server.start()
        assert codes(post(server.lmtp_port, message("ping"))) == [250]
        given_back = _give_back(relay, server)
        assert given_back == {_LISTS[0]: 1, _LISTS[1]: 1}
        (event,) = _discarded(server, 1)
        assert event["list_id"] == "ant.example.com"
        assert relay.copies() == {
            "anne@example.com": 1,
            "bo@example.net": 1,
            "cy@example.net": 1,
            **given_back,
        }
        assert not server.spool()


def _give_back(relay: KeepingRelay, server: RunningServer) -> Counter[str]:
    """What an MTA would do: hands each copy for a list to the list, until nothing comes any more."""
    given: Counter[str] = Counter()
    done = 0
    relay.wait_copies(3)
    while True:
        server.wait_drained()
        accepted = relay.accepted()
        if len(accepted) == done:
            return given
        for taken, octets in accepted[done:]:
            for address in _LISTS:
                if address in taken.recipients:
                    given[address] += 1
                    assert given[address] < 10, "this goes round and round"
                    assert codes(post(server.lmtp_port, octets, address, sender=taken.reverse_path)) == [250]
        done = len(accepted)


def _discarded(server: RunningServer, count: int) -> list[dict[str, object]]:
    wait_until(lambda: len(server.events("discarded")) >= count)
    found = server.events("discarded")
    assert len(found) == count
    return found
