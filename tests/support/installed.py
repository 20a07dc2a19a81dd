"""mlcore installed in a machine of its own, as docs/install.md says, word for word."""

import re
import smtplib
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from support.nspawn import Answer, Machine, wait_until

TOP: Final = Path(__file__).resolve().parents[2]
DOCUMENT: Final = "docs/install.md"
LIST: Final = "ant@lists.example.com"
ANNE: Final = "anne@mx.example.com"
BART: Final = "bart@mx.example.com"
CONFIG: Final = "/etc/mlcore.cfg"
LMTP_PORT: Final = 8024
_BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCK_S: Final = 300.0
_PATIENCE_S: Final = 30.0


def blocks(document: str = DOCUMENT) -> list[str]:
    """What a document tells to do, in order."""
    return _BLOCK.findall((TOP / document).read_text("utf-8"))


def saying(transcript: Sequence[tuple[str, str]], part: str) -> str:
    """What the block that holds `part` said; of several, the last one."""
    return next(said for block, said in reversed(transcript) if part in block)


class Installed:
    """A machine after the last line of the document. transcript: each block of it and what it said."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.transcript: list[tuple[str, str]] = []
        self._config = ""

    def follow(self) -> Self:
        """Puts the release where the document wants it, and does what the document says."""
        archive = self.machine.root / "root/mlcore.tar.gz"
        subprocess.run([TOP / "tools/release", archive], check=True, timeout=60)
        self.transcript = [(block, self.do(block)) for block in blocks()]
        self._config = self.text(CONFIG)
        return self

    def do(self, block: str) -> str:
        """One block of a document, in a shell of its own that ends at the first command that fails; what it
        said."""
        answer = self.machine.shell(block, environment=self.machine.outside, timeout_s=_BLOCK_S, check=False)
        assert answer.returncode == 0, f"{block}\n{answer.returncode}: {answer.stdout}\n{self._journals()}"
        return answer.stdout

    def _journals(self) -> str:
        units = ("--unit=mlcore*", "--unit=postfix*")
        return self.machine.run("journalctl", "--no-pager", "--lines=60", *units, check=False).stdout

    def said(self, part: str) -> str:
        """What the block of the installation that holds `part` said; of several, the last one."""
        return saying(self.transcript, part)

    # -- commands and units --------------------------------------------------------------------------------

    def mlcore(self, *arguments: str, stdin: str = "", check: bool = True) -> Answer:
        """One command, as root gives it."""
        return self.machine.run("mlcore", *arguments, stdin=stdin, check=check)

    def systemctl(self, *arguments: str, check: bool = True) -> Answer:
        """One command to systemd, which waits until it is carried out."""
        return self.machine.run("systemctl", *arguments, check=check, timeout_s=180.0)

    def state(self, unit: str = "mlcore.service") -> str:
        """`active`, `inactive`, `failed` …"""
        return self.machine.show(unit, "ActiveState")

    def pid(self) -> int:
        """Of the server, as systemd knows it; 0 if there is none."""
        return int(self.machine.show("mlcore.service", "MainPID"))

    def journal(self) -> str:
        """What the server and systemd about it said since the boot."""
        return self.machine.journal("mlcore.service")

    def serve(self) -> None:
        """As it was after the installation: the unit of the document alone, both units active."""
        self.machine.shell("rm -rf /etc/systemd/system/mlcore.service.d && systemctl daemon-reload")
        self.systemctl("reset-failed")
        self.systemctl("start", "mlcore-lmtp.socket", "mlcore.service")

    # -- files ---------------------------------------------------------------------------------------------

    def path(self, name: str) -> Path:
        """A file of the machine, seen from here."""
        return self.machine.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """What a file says; empty if there is none."""
        path = self.path(name)
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def configure(self, more: str = "") -> None:
        """Writes the configuration of the document with `more` behind it: sections, or more keys of its last
        section. Nobody reads it by that."""
        self.path(CONFIG).write_text(self._config + more, "utf-8")

    def drop_in(self, text: str) -> None:
        """Changes the unit, until `serve` is called."""
        directory = self.path("/etc/systemd/system/mlcore.service.d")
        directory.mkdir(exist_ok=True)
        (directory / "test.conf").write_text(text, "utf-8")
        self.systemctl("daemon-reload")

    def wait(self, condition: Callable[[], object], explain: Callable[[], str]) -> None:
        """Until `condition` is true; fails with the text of `explain` after half a minute."""
        wait_until(condition, _PATIENCE_S, explain)

    # -- mail ----------------------------------------------------------------------------------------------

    def post(self, subject: str, *, size: int = 200) -> str:
        """One post of Anne by LMTP, as Postfix gives it; what the server replied. Raises OSError and
        smtplib.SMTPException if it did not take it."""

        def deliver() -> str:
            with self.client() as client:
                return hand_in(client, subject, size)

        return self.machine.inside(deliver)

    def client(self) -> smtplib.LMTP:
        """A connection that has got its greeting. To be called `inside` the machine."""
        return smtplib.LMTP("127.0.0.1", LMTP_PORT, local_hostname="mx.example.com", timeout=_PATIENCE_S)

    def wait_delivered(self, subject: str) -> None:
        """Until Bart has his copy."""
        wait_until(lambda: self.delivered(subject), _PATIENCE_S, lambda: f"no {subject!r}:\n{self.journal()}")

    def delivered(self, subject: str) -> int:
        """How many copies of a post Bart has."""
        return len(
            re.findall(rf"^Subject: .*\b{re.escape(subject)}$", self.text("/var/mail/bart"), re.MULTILINE)
        )

    def running(self, work: Callable[["Load"], None], *, threads: int = 3) -> "Load":
        """`with site.running(work) as load:` calls `work` again and again in threads inside the machine."""
        return Load(self.machine, work, threads)


def hand_in(client: smtplib.LMTP, subject: str, size: int = 200) -> str:
    """One post over a connection; the text behind 250. Raises OSError, smtplib.SMTPException."""
    octets = (
        f"From: Anne <{ANNE}>\r\nTo: {LIST}\r\nSubject: {subject}\r\n"
        f"Message-ID: <{subject}.{time.monotonic_ns()}@test.example>\r\n\r\n"
    ).encode() + b"All work and no play.\r\n" * (size // 23 + 1)
    client.ehlo_or_helo_if_needed()
    for command, argument in (("mail", f"FROM:<{ANNE}>"), ("rcpt", f"TO:<{LIST}>")):
        code, text = client.docmd(command, argument)
        if code != 250:
            raise smtplib.SMTPResponseException(code, text)
    code, text = client.data(octets)
    if code != 250:
        raise smtplib.SMTPResponseException(code, text)
    return text.decode("ascii", "replace")


class Load:
    """Threads inside a machine that work until the end of the `with`. failures: what they raised."""

    def __init__(self, machine: Machine, work: Callable[["Load"], None], threads: int) -> None:
        self.failures: list[BaseException] = []
        self.done: list[str] = []
        """What `work` has put there."""
        self._machine = machine
        self._work = work
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, name=f"load {n}") for n in range(threads)]

    def __enter__(self) -> Self:
        # A thread stands in the network of the thread that started it.
        self._machine.inside(self._start)
        return self

    def _start(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._work(self)
            except Exception as error:  # noqa: BLE001  (whatever it is, the test judges it)
                self.failures.append(error)
                time.sleep(0.05)

    def wait(self, more: int, timeout_s: float = _PATIENCE_S) -> None:
        """Until `work` has done so many more things than now."""
        enough = len(self.done) + more
        wait_until(
            lambda: len(self.done) >= enough, timeout_s, lambda: f"{len(self.done)}: {self.failures[-3:]}"
        )
