"""logrotate moves the log while posts arrive: every accepted post has its line in one of the files."""

import gzip
import itertools
import re
from pathlib import Path

import pytest

from support.installed import Installed, Load, hand_in

pytestmark = [pytest.mark.system, pytest.mark.soak]

ROTATIONS = 6
_QUEUE_ID = re.compile(r"queued as (\S+)")


def test_no_line_is_lost(site: Installed) -> None:
    numbers = itertools.count(1)

    def post(load: Load) -> None:
        with site.client() as client:
            for _ in range(20):
                found = _QUEUE_ID.search(hand_in(client, f"rotation{next(numbers)}x"))
                assert found is not None
                load.done.append(found[1])

    site.configure("[logging.root]\npath: rotation.log\n")
    site.systemctl("reload", "mlcore.service")
    logs = site.path("/var/log/mlcore")
    with site.running(post) as load:
        for _ in range(ROTATIONS):
            load.wait(60)
            site.machine.run("logrotate", "--force", "/etc/logrotate.d/mlcore")
        load.wait(20)
    assert not load.failures, load.failures[:3]
    files = sorted(logs.glob("rotation.log*"))
    assert len(files) == ROTATIONS + 1, files
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    lines = "".join(map(_text, files))
    print(f"{len(load.done)} posts over {ROTATIONS} rotations, {lines.count(chr(10))} lines")
    accepted = set(re.findall(r"\bqueued queue_id=(\S+)", lines))
    assert set(load.done) <= accepted, sorted(set(load.done) - accepted)[:5]
    site.wait_delivered(f"rotation{next(numbers) - 1}x")


def test_nothing_is_rotated_into_an_error_while_the_server_is_down(site: Installed) -> None:
    site.configure("[logging.root]\npath: mlcore.log\n")
    site.systemctl("restart", "mlcore.service")
    site.systemctl("stop", "mlcore-lmtp.socket", "mlcore.service")
    assert site.machine.run("logrotate", "--force", "/etc/logrotate.d/mlcore").stdout == ""


def _text(file: Path) -> str:
    octets = file.read_bytes()
    return (gzip.decompress(octets) if file.suffix == ".gz" else octets).decode()
