"""docs/install.md, done word for word in an empty Debian with a real systemd and a real Postfix."""

import re

import pytest

from support.installed import Installed, blocks

pytestmark = pytest.mark.system

EXPOSURE = 1.5
"""What `systemd-analyze security` may say at the most (0 is closed, 10 is open)."""


def test_the_document_leads_to_a_delivered_post(installed: Installed) -> None:
    assert len(installed.transcript) == len(blocks()) > 5
    status = installed.said("systemctl status")
    assert status.count("Active: active") == 2, status
    assert "mlcore is running" in installed.said("mlcore status")
    assert "Hello, Bart!" in installed.said("cat /var/mail/bart")
    for name in ("anne", "bart"):
        mail = installed.text(f"/var/mail/{name}")
        assert mail.count("Hello, Bart!") == 1, mail
        assert "List-Id:" in mail


def test_nothing_of_root_lies_where_mlcore_works(site: Installed) -> None:
    """Commands that root gave before and after the first start left no file of root behind."""
    found = site.machine.run(
        "find", "/var/lib/mlcore", "/var/spool/mlcore", "/var/log/mlcore", "!", "-user", "mlcore"
    )
    assert found.stdout == ""
    open_to_all = site.machine.run(
        "find", "/var/lib/mlcore", "/var/spool/mlcore", "-maxdepth", "0", "!", "-perm", "700"
    )
    assert open_to_all.stdout == ""


def test_systemd_has_nothing_to_say_about_the_units(site: Installed) -> None:
    units = ("/etc/systemd/system/mlcore.service", "/etc/systemd/system/mlcore-lmtp.socket")
    assert site.machine.run("systemd-analyze", "verify", *units).stdout == ""


def test_the_service_is_closed_to_what_it_does_not_need(site: Installed) -> None:
    table = site.machine.run("systemd-analyze", "security", "--no-pager", "mlcore.service").stdout
    found = re.search(r"Overall exposure level for mlcore.service: ([0-9.]+)", table)
    assert found is not None, table
    print(found[0])
    assert float(found[1]) <= EXPOSURE, table


def test_nothing_was_refused_to_the_service(site: Installed) -> None:
    """A protection that hinders it shows as a line in its log, or as a unit that failed."""
    journal = site.journal()
    for word in ("Permission denied", "Operation not permitted", "Read-only file system", "Traceback"):
        assert word not in journal, journal
    assert site.systemctl("--failed", "--no-legend").stdout == ""
