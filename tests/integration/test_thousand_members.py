"""P10, P11: a thousand members; a relay that refuses two, loses connections, goes away and comes back."""

from collections import Counter
from pathlib import Path

from support.exchange import KeepingRelay, codes, failures, message, post
from support.server import RunningServer, wait_until
from support.sink import SinkSettings

_MEMBERS = [f"member-{number:04}@example.net" for number in range(1_000)]
_REFUSED = (_MEMBERS[7], _MEMBERS[770])
_CHUNK = 100


def test_p11_everybody_but_the_two_refused_gets_one_copy_over_a_restart_of_the_relay(tmp_path: Path) -> None:
    refusals = {
        _REFUSED[0]: "550 5.1.1 No such user",
        _REFUSED[1]: "551 5.1.6 Has moved",
    }
    # A connection that is cut in the content carries nothing away: half of the first transactions are lost.
    settings = SinkSettings(refuse=refusals, drop_in_data_rate=0.5, seed=1)
    config = {"mta": {"max_recipients": _CHUNK, "retry_base": "2s", "retry_cap": "2s"}}
    with (
        KeepingRelay(settings) as relay,
        RunningServer(tmp_path, smtp_port=relay.port, config=config) as server,
    ):
        server.make_list("ant@example.com", _MEMBERS)
        server.start()
        assert codes(post(server.lmtp_port, message("long"), sender=_MEMBERS[0])) == [250]
        wait_until(lambda: server.spool().get("retry"))
        outcomes = Counter(taken.outcome for taken, _ in relay.transactions())
        assert outcomes["accepted"] >= 2
        assert outcomes["dropped_in_data"] >= 2

        relay.close()
        wait_until(lambda: server.events("waiting"), 10, server.tail)
        assert server.in_transit() == server.spool()
        relay.open(drop_in_data_rate=0.0)
        relay.wait_copies(len(_MEMBERS) - len(_REFUSED), timeout_s=25)
        server.wait_drained()
        assert server.stop() == 0

        assert relay.copies() == dict.fromkeys(set(_MEMBERS) - set(_REFUSED), 1)
        assert max(len(taken.recipients) for taken, _ in relay.transactions()) <= _CHUNK
        assert len({octets for _, octets in relay.accepted()}) == 1
        assert not server.spool()
        assert failures(server) == [
            (_REFUSED[0], 550, "5.1.1", "No such user", False),
            (_REFUSED[1], 551, "5.1.6", "Has moved", False),
        ]
