"""The Unix socket in the comments of systemd/mlcore-lmtp.socket, and Debian's Postfix on the other side."""

import re
from collections.abc import Iterator

import pytest

from support.installed import ANNE, LIST, TOP, Installed

pytestmark = [pytest.mark.system, pytest.mark.soak]

SOCKET = "/run/mlcore-lmtp"
DROP_IN = "/etc/systemd/system/mlcore-lmtp.socket.d"
_COMMENTED = re.compile(r"^#(\[Socket\]\n(?:#\w+=.*\n)+)", re.MULTILINE)


@pytest.fixture
def by_unix(site: Installed) -> Iterator[Installed]:
    """The site as the comments want it, and at the end as it was."""
    found = _COMMENTED.search((TOP / "systemd/mlcore-lmtp.socket").read_text("utf-8"))
    assert found is not None
    drop_in = site.path(DROP_IN)
    drop_in.mkdir()
    (drop_in / "unix.conf").write_text(found[1].replace("\n#", "\n"), "utf-8")
    site.configure(f"lmtp_socket: {SOCKET}\n")
    _restart(site, transport=f"lmtp:unix:{SOCKET}", chroot="n")
    yield site
    (drop_in / "unix.conf").unlink()
    drop_in.rmdir()
    site.configure()
    _restart(site, transport="lmtp:[127.0.0.1]:8024", chroot="y")


def _restart(site: Installed, *, transport: str, chroot: str) -> None:
    site.machine.shell(
        f"""systemctl daemon-reload
        systemctl stop mlcore-lmtp.socket mlcore.service
        systemctl start mlcore-lmtp.socket mlcore.service
        postconf -e 'relay_transport = {transport}'
        postconf -F lmtp/unix/chroot={chroot}
        systemctl restart postfix"""
    )


def test_a_post_comes_by_the_unix_socket(by_unix: Installed) -> None:
    found = by_unix.machine.run("stat", "--format=%A %G", SOCKET).stdout.split()
    assert found == ["srw-rw----", "postfix"]
    assert f"lmtp: {SOCKET}" in by_unix.mlcore("status").stdout
    assert f"lmtp:unix:{SOCKET}" in by_unix.text("/var/lib/mlcore/data/postfix_lmtp")
    _send(by_unix, "by unix")
    by_unix.wait_delivered("by unix")


def test_a_restart_keeps_the_unix_socket(by_unix: Installed) -> None:
    by_unix.systemctl("restart", "mlcore.service")
    by_unix.systemctl("stop", "mlcore.service")
    _send(by_unix, "starts it")
    by_unix.wait_delivered("starts it")
    assert by_unix.state() == "active"


def _send(site: Installed, subject: str) -> None:
    post = f"From: Anne <{ANNE}>\nTo: {LIST}\nSubject: {subject}\n\nBy Postfix.\n"
    site.machine.run("sendmail", "-f", ANNE, LIST, stdin=post)
