"""A Postfix of its own: own configuration, queue and data directories, own ports, its own master process.

It loads the snippets in postfix/ of this repository, with other ports in them and nothing else changed. The
Postfix of this host, /etc/postfix and /var/spool/postfix are not touched."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.server import TESTS, free_port, wait_until

LIST_DOMAIN: Final = "lists.example.com"
_SNIPPETS: Final = TESTS.parent / "postfix"
_START_S: Final = 20.0

_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.com
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
smtpd_peername_lookup = no
smtp_host_lookup = native
relayhost = [127.0.0.1]:{relay_port}
"""

_MASTER: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
error     unix  - - n - - error
retry     unix  - - n - - error
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """port: for mail from outside; reinjection_port: for mlcore alone (master.cf of this repository)."""

    root: Path
    port: int
    reinjection_port: int

    def log(self) -> str:
        """What it wrote."""
        path = self.root / "mail.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def queued(self) -> int:
        """How many messages are on their way."""
        queues = ("incoming", "active", "deferred", "maildrop")
        return sum(len(files) for queue in queues for _, _, files in os.walk(self.root / "queue" / queue))


@contextlib.contextmanager
def running_postfix(*, lmtp_port: int, relay_port: int, reinjection_port: int) -> Iterator[Postfix]:
    """Runs until the end of the `with`. lmtp_port: of mlcore; relay_port: where it gives all other mail.

    Needs root and Debian's package postfix; fails with a clear message without."""
    assert os.geteuid() == 0, "Postfix starts as root only: run this test as root"
    program = shutil.which("postfix", path="/usr/sbin:/usr/bin")
    assert program, "postfix is missing: install the package postfix"
    # Its processes run as the user postfix, who cannot enter the directories of pytest.
    root = Path(tempfile.mkdtemp(prefix="mlcore-postfix-"))
    try:
        postfix = Postfix(root, free_port(), reinjection_port)
        _write(postfix, lmtp_port, relay_port)
        with _master(program, postfix):
            yield postfix
    finally:
        shutil.rmtree(root)


def _write(postfix: Postfix, lmtp_port: int, relay_port: int) -> None:
    root = postfix.root
    root.chmod(0o755)
    for name in ("etc", "queue", "data"):
        (root / name).mkdir(mode=0o755)
    os.chown(root / "data", pwd.getpwnam("postfix").pw_uid, -1)
    main = _replaced(_SNIPPETS / "main.cf", "8024", str(lmtp_port))
    assert LIST_DOMAIN in main
    master = _replaced(_SNIPPETS / "master.cf", "127.0.0.1:10025", f"127.0.0.1:{postfix.reinjection_port}")
    (root / "etc" / "main.cf").write_text(_MAIN.format(root=root, relay_port=relay_port) + main)
    (root / "etc" / "master.cf").write_text(_MASTER.format(port=postfix.port) + master)
    check = subprocess.run(
        ["postconf", "-c", str(root / "etc"), "-n"], capture_output=True, text=True, timeout=30, check=False
    )
    assert check.returncode == 0, check.stderr
    assert "warning" not in check.stderr, check.stderr


def _replaced(path: Path, old: str, new: str) -> str:
    """The snippet with `old` replaced outside of comments, where it has to stand once."""
    lines = path.read_text("utf-8").splitlines(keepends=True)
    assert sum(old in line for line in lines if not line.startswith("#")) == 1, f"{old} in {path}"
    return "".join(line if line.startswith("#") else line.replace(old, new) for line in lines)


@contextlib.contextmanager
def _master(program: str, postfix: Postfix) -> Iterator[None]:
    with (postfix.root / "output").open("wb") as output:
        process = subprocess.Popen(
            [program, "-c", str(postfix.root / "etc"), "start-fg"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def ready() -> bool:
        assert process.poll() is None, explain()
        return all(_listens(port) for port in (postfix.port, postfix.reinjection_port))

    def explain() -> str:
        return f"Postfix does not run:\n{(postfix.root / 'output').read_text()}\n{postfix.log()}"

    try:
        wait_until(ready, _START_S, explain)
        yield
    finally:
        _end(process, postfix.root / "queue/pid/master.pid")


def _end(process: subprocess.Popen[bytes], pid_file: Path) -> None:
    """`postfix start-fg` waits for a master in a session of its own, whose id is that of master."""
    master = int(pid_file.read_text()) if pid_file.exists() else 0
    if not master:
        process.terminate()
    with contextlib.suppress(ProcessLookupError):
        if master:
            os.kill(master, signal.SIGTERM)
    try:
        process.wait(10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            if master:
                os.killpg(master, signal.SIGKILL)
        process.kill()
        process.wait(5)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
