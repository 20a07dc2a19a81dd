"""A server that no longer turns is killed by systemd, and another one goes on where it was."""

import pytest

from support.installed import Installed

pytestmark = [pytest.mark.system, pytest.mark.soak]

PATIENCE_S = 4


def test_one_that_hangs_is_started_again(site: Installed) -> None:
    site.drop_in(f"[Service]\nWatchdogSec={PATIENCE_S}\n")
    site.systemctl("restart", "mlcore.service")
    hanging = site.pid()
    site.machine.shell(f"kill -STOP {hanging}")
    site.wait(lambda: site.pid() not in {0, hanging} and site.state() == "active", site.journal)
    assert "Watchdog timeout" in site.journal()
    assert site.machine.show("mlcore.service", "NRestarts") == "1"
    site.post("after the watchdog")
    site.wait_delivered("after the watchdog")


def test_one_that_turns_is_left_alone(site: Installed) -> None:
    """Also where the patience is shorter than anything it waits for."""
    site.drop_in(f"[Service]\nWatchdogSec={PATIENCE_S}\n")
    site.systemctl("restart", "mlcore.service")
    pid = site.pid()
    site.post("before")
    site.machine.run("sleep", str(2.5 * PATIENCE_S))
    assert site.pid() == pid
    assert site.machine.show("mlcore.service", "NRestarts") == "0"
