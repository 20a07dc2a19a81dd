"""The service under a real systemd: started by a connection, reloaded, stopped."""

import time

import pytest

from support.installed import Installed

pytestmark = pytest.mark.system

STOP_S = 10.0
"""P16: how long a stop may take."""


def test_a_connection_starts_the_service(site: Installed) -> None:
    """The port is held by systemd: the post waits in the socket until the server is there."""
    site.systemctl("stop", "mlcore.service", "mlcore-lmtp.socket")
    site.systemctl("start", "mlcore-lmtp.socket")
    assert site.state() == "inactive"
    site.post("activated")
    assert site.state() == "active"
    site.wait_delivered("activated")
    assert site.delivered("activated") == 1


def test_the_start_of_the_service_opens_the_socket(site: Installed) -> None:
    site.systemctl("stop", "mlcore.service", "mlcore-lmtp.socket")
    site.systemctl("start", "mlcore.service")
    assert site.state("mlcore-lmtp.socket") == "active"
    site.post("both")
    site.wait_delivered("both")


def test_a_reload_takes_over_the_configuration(site: Installed) -> None:
    """And is done when `systemctl reload` returns."""
    pid = site.pid()
    site.configure("[logging.root]\npath: reloaded.log\n")
    site.systemctl("reload", "mlcore.service")
    assert "reloaded" in site.text("/var/log/mlcore/reloaded.log")
    assert site.pid() == pid


def test_sighup_opens_the_log_anew(site: Installed) -> None:
    site.configure("[logging.root]\npath: moved.log\n")
    site.systemctl("reload", "mlcore.service")
    log = site.path("/var/log/mlcore/moved.log")
    log.rename(log.with_suffix(".old"))
    site.systemctl("kill", "--kill-whom=main", "--signal=HUP", "mlcore.service")
    site.wait(log.exists, site.journal)
    site.post("after the move")
    site.wait_delivered("after the move")
    assert "queued" in site.text("/var/log/mlcore/moved.log")


def test_a_reload_with_a_mistake_says_so_and_changes_nothing(site: Installed) -> None:
    pid = site.pid()
    site.configure("max_recipients: many\n")
    answer = site.systemctl("reload", "mlcore.service", check=False)
    assert answer.returncode != 0
    journal = site.journal()
    assert "max_recipients" in journal, journal
    assert site.state() == "active"
    assert site.pid() == pid
    site.post("as before")
    site.wait_delivered("as before")


def test_p16_a_stop_is_a_stop(site: Installed) -> None:
    """In time, with nothing that systemd had to kill, and until somebody starts it again."""
    begun = time.monotonic()
    site.systemctl("stop", "mlcore-lmtp.socket", "mlcore.service")
    took_s = time.monotonic() - begun
    print(f"stopped after {took_s:.1f} s")
    assert took_s < STOP_S
    assert site.machine.show("mlcore.service", "Result") == "success"
    assert site.state() == "inactive"
    assert site.mlcore("status", check=False).returncode == 3
    with pytest.raises(ConnectionRefusedError):
        site.post("into the void")


def test_a_mistake_in_the_configuration_is_mended_without_a_restart(site: Installed) -> None:
    """The service is started again and again, and never given up, so a correction is enough."""
    site.configure("max_recipients: many\n")
    site.systemctl("restart", "mlcore.service", check=False)
    site.wait(lambda: int(site.machine.show("mlcore.service", "NRestarts")) >= 2, site.journal)
    assert "max_recipients" in site.journal()
    site.configure()
    site.wait(lambda: site.state() == "active", site.journal)
    site.post("mended")
    site.wait_delivered("mended")
