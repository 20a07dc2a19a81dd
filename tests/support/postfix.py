"""A Postfix of its own: own configuration, queue and data directories, own ports, its own master process.

It loads the snippets in postfix/ of this repository, with other ports, paths and map types in them and
nothing else changed. The Postfix of this host, /etc/postfix and /var/spool/postfix are not touched."""

import contextlib
import os
import pwd
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from support.server import TESTS, free_port, wait_until

LIST_DOMAIN: Final = "lists.example.com"
OUTSIDE: Final = "127.0.0.9"
"""A client that is not in mynetworks."""
_SNIPPETS: Final = TESTS.parent / "postfix"
_START_S: Final = 20.0

Way = Literal["verify", "hash", "lmdb", "socketmap", "socketmap for all"]
"""How Postfix learns of lists: which snippet, and what of it. `socketmap for all`: with its last section."""

_SNIPPET_OF: Final[Mapping[Way, str]] = {
    "verify": "main-verify.cf",
    "hash": "main.cf",
    "lmdb": "main.cf",
    "socketmap": "main-socketmap.cf",
    "socketmap for all": "main-socketmap.cf",
}

_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/mail.log
maillog_file_prefixes = {root}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.com
{destinations}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.1/32
smtpd_peername_lookup = no
smtp_host_lookup = native
relayhost = [127.0.0.1]:{relay_port}
virtual_mailbox_domains = {mailbox_domains}
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = texthash:{root}/etc/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
"""
_NO_DESTINATIONS: Final = """\
mydestination =
alias_maps =
local_recipient_maps ="""

_MASTER: Final = """\
127.0.0.1:{port} inet n - {jail} - - smtpd
cleanup   unix  n - {jail} - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - {jail} - - trivial-rewrite
bounce    unix  - - {jail} - 0 bounce
defer     unix  - - {jail} - 0 bounce
trace     unix  - - {jail} - 0 bounce
verify    unix  - - {jail} - 1 verify
proxymap  unix  - - n - - proxymap
smtp      unix  - - {jail} - - smtp
relay     unix  - - {jail} - - smtp
error     unix  - - {jail} - - error
retry     unix  - - {jail} - - error
lmtp      unix  - - {jail} - - lmtp
local     unix  - n n - - local
virtual   unix  - n n - - virtual
anvil     unix  - - {jail} - 1 anvil
scache    unix  - - {jail} - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a test wants of its Postfix.

    data_dir: of mlcore, for maps in files; socketmap_port: of mlcore; jail: whether daemons run in a chroot,
    as on Debian; mailboxes: addresses for which this Postfix has maildirs, and all there are in their
    domains; wanted: names of parameters that are commented out in the snippet and wanted all the same;
    unwanted: those that are left out; main: more for main.cf, instead of having no local destinations."""

    way: Way = "verify"
    data_dir: Path | None = None
    socketmap_port: int = 0
    jail: bool = False
    mailboxes: Sequence[str] = ()
    wanted: Sequence[str] = ()
    unwanted: Sequence[str] = ()
    main: str = ""


@dataclass(frozen=True, slots=True)
class Postfix:
    """port: for mail from outside; reinjection_port: for mlcore alone (master.cf of this repository)."""

    root: Path
    port: int
    reinjection_port: int
    setting: Setting = field(default_factory=Setting)

    def log(self) -> str:
        """What it wrote."""
        path = self.root / "mail.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def queued(self) -> int:
        """How many messages are on their way."""
        queues = ("incoming", "active", "deferred", "maildrop")
        return sum(len(files) for queue in queues for _, _, files in os.walk(self.root / "queue" / queue))

    def submit(self, octets: bytes, *recipients: str, sender: str, client: str = OUTSIDE) -> None:
        """Hands a message over by SMTP. Raises what smtplib raises for a refusal."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30, source_address=(client, 0)) as smtp:
            smtp.sendmail(sender, recipients, octets, mail_options=["BODY=8BITMIME"])

    def rcpt(
        self, recipient: str, *, sender: str = "anne@example.net", client: str = OUTSIDE
    ) -> tuple[int, str]:
        """Code and text for one recipient, of whom nothing more is made."""
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30, source_address=(client, 0)) as smtp:
            smtp.ehlo()
            smtp.mail(sender)
            code, text = smtp.rcpt(recipient)
            return code, text.decode()

    def maildirs(self) -> Counter[str]:
        """How many messages lie in each mailbox, by its address."""
        files = (self.root / "mail").glob("*/new/*")
        return Counter(path.parent.parent.name for path in files)


@contextlib.contextmanager
def running_postfix(
    *, lmtp_port: int, relay_port: int, reinjection_port: int, setting: Setting | None = None
) -> Iterator[Postfix]:
    """Runs until the end of the `with`. lmtp_port: of mlcore; relay_port: where it gives all other mail.

    Needs root and Debian's package postfix; fails with a clear message without."""
    assert os.geteuid() == 0, "Postfix starts as root only: run this test as root"
    program = shutil.which("postfix", path="/usr/sbin:/usr/bin")
    assert program, "postfix is missing: install the package postfix"
    # Its processes run as the user postfix, who cannot enter the directories of pytest.
    root = Path(tempfile.mkdtemp(prefix="mlcore-postfix-"))
    try:
        postfix = Postfix(root, free_port(), reinjection_port, setting or Setting())
        _write(postfix, lmtp_port, relay_port)
        with _master(program, postfix):
            yield postfix
    finally:
        shutil.rmtree(root)


def _write(postfix: Postfix, lmtp_port: int, relay_port: int) -> None:
    root, setting = postfix.root, postfix.setting
    root.chmod(0o755)
    for name in ("etc", "queue", "data", "mail"):
        (root / name).mkdir(mode=0o755)
    os.chown(root / "data", pwd.getpwnam("postfix").pw_uid, -1)
    nobody = pwd.getpwnam("nobody")
    os.chown(root / "mail", nobody.pw_uid, nobody.pw_gid)
    master = _replaced(
        (_SNIPPETS / "master.cf").read_text("utf-8"),
        {"127.0.0.1:10025": f"127.0.0.1:{postfix.reinjection_port}"},
    )
    (root / "etc" / "mailboxes").write_text("".join(f"{name} {name}/\n" for name in setting.mailboxes))
    own = _MAIN.format(
        root=root,
        relay_port=relay_port,
        destinations=setting.main or _NO_DESTINATIONS,
        mailbox_domains=" ".join({name.partition("@")[2] for name in setting.mailboxes}),
        uid=nobody.pw_uid,
        gid=nobody.pw_gid,
    )
    (root / "etc" / "main.cf").write_text(own + _snippet(setting, lmtp_port))
    jail = "y" if setting.jail else "n"
    (root / "etc" / "master.cf").write_text(_MASTER.format(port=postfix.port, jail=jail) + master)
    check = subprocess.run(
        ["postconf", "-c", str(root / "etc"), "-n"], capture_output=True, text=True, timeout=30, check=False
    )
    assert check.returncode == 0, check.stderr
    assert "warning" not in check.stderr, check.stderr


def _snippet(setting: Setting, lmtp_port: int) -> str:
    """The lines for main.cf, with what the test has elsewhere."""
    text = (_SNIPPETS / _SNIPPET_OF[setting.way]).read_text("utf-8")
    wanted = list(setting.wanted)
    if setting.way == "socketmap for all":
        wanted += ["relay_domains", "transport_maps", "virtual_alias_maps"]
    text = _chosen(text, list(dict.fromkeys(wanted)), setting.unwanted)
    if setting.way in {"hash", "lmdb"}:
        changes = {"/var/lib/mlcore/data/": f"{setting.data_dir}/", "hash:": f"{setting.way}:"}
    elif setting.way.startswith("socketmap"):
        changes = {"8025": str(setting.socketmap_port)}
    else:
        changes = {}
    return _replaced(text, changes | ({"8024": str(lmtp_port)} if _has(text, "8024") else {}))


def _chosen(text: str, wanted: Sequence[str], unwanted: Sequence[str]) -> str:
    """The snippet with the last commented line of each of `wanted` in force, in the place of one that is."""
    lines = text.splitlines()
    for name in (*wanted, *unwanted):
        lines = [line for line in lines if not line.startswith(f"{name} =")]
    for name in wanted:
        last = max(number for number, line in enumerate(lines) if line.startswith(f"#{name} ="))
        lines[last] = lines[last].removeprefix("#")
    return "\n".join(lines) + "\n"


def _has(text: str, part: str) -> bool:
    """Whether it stands in a line that is in force."""
    return any(part in line for line in text.splitlines() if not line.startswith("#"))


def _replaced(text: str, changes: Mapping[str, str]) -> str:
    """The snippet with other values outside of comments, where each old one has to stand."""
    lines = text.splitlines(keepends=True)
    for old, new in changes.items():
        assert _has(text, old), old
        lines = [line if line.startswith("#") else line.replace(old, new) for line in lines]
    return "".join(lines)


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
