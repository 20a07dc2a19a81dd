"""Machines with a real systemd: Debian made by debootstrap, booted by systemd-nspawn.

The empty root is made once (half a minute) below /var/tmp and copied for each machine (a second). A machine
has a network of its own with a loopback alone; apt and pip in it reach what they reach from this host through
`support.way_out`. Commands enter the namespaces of the machine: no bus, no registration is needed.

Needs root and the Debian packages debootstrap and systemd-container."""

import contextlib
import hashlib
import itertools
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Self, TypeVar

from support.way_out import PORT, WayOut, inside

PACKAGES: Final = ("systemd-sysv",)
"""What the empty root has besides the essential packages: what makes it boot."""
_ROOTS: Final = Path("/var/tmp")  # large, and kept over a restart: a temporary directory of pytest is neither
_FALLBACK_MIRROR: Final = "http://deb.debian.org/debian"
_BOOT_S: Final = 60.0
_END_S: Final = 30.0
_ENVIRONMENT: Final = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
_GROUPS: Final = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
_FROM_HOST: Final = "/mnt/host"

_POLL_S: Final = 0.05

Result = TypeVar("Result")
Answer = subprocess.CompletedProcess[str]


class Machine:
    """One machine. root: its directory, which it keeps; shown: directories of this host to see in it, by the
    path under which it sees them (read only).

        with machine() as debian:
            debian.boot()
            debian.run("systemctl", "is-system-running")"""

    def __init__(self, root: Path, shown: Mapping[str, str]) -> None:
        self.root = root
        self.outside: dict[str, str] = {}
        """Environment by which commands in it reach the mirrors that this host uses."""
        self._shown = shown
        self._groups: list[Path] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0
        self._rest = contextlib.ExitStack()

    # -- life --------------------------------------------------------------------------------------------

    def boot(self) -> Self:
        """Starts it, and waits until systemd has started everything."""
        assert self._process is None
        managed = Path("/run/systemd/system").is_dir()
        command = ["systemd-nspawn", "--quiet", f"--directory={self.root}", "--register=no", "--boot"]
        command += ["--private-network", "--console=pipe", "--machine=mx"]
        command += ["--link-journal=no", "--resolv-conf=off", "--timezone=off"]
        command += [f"--bind-ro={path}:{seen}" for seen, path in self._shown.items()]
        if not managed:  # nobody here would make a scope for it: it gets control groups from us
            command.append("--keep-unit")
            self._groups = _new_groups()
        join = "".join(f"echo $$ >{shlex.quote(str(group / 'cgroup.procs'))}\n" for group in self._groups)
        with (self.root.parent / "console").open("ab") as console:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f'{join}exec "$@"', "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )
        wait_until(self._has_leader, _BOOT_S, self._console)
        wait_until(self._is_up, _BOOT_S, self._console)
        way_out = WayOut(f"/proc/{self._leader}/ns/net", urllib.request.getproxies())
        self._rest.enter_context(way_out)
        return self

    def _has_leader(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._console()
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        with contextlib.suppress(OSError):
            for child in children:
                if Path(f"/proc/{child}/comm").read_text() == "systemd\n":
                    self._leader = int(child)
                    return True
        return False

    def _is_up(self) -> bool:
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in {"running", "degraded"}

    def _console(self) -> str:
        return f"it does not boot:\n{(self.root.parent / 'console').read_text('utf-8', 'replace')[-4000:]}"

    def power_off(self) -> None:
        """As an operator does: every service is stopped in order."""
        self.run("systemctl", "poweroff", check=False)
        self._wait_end()

    def pull_the_plug(self) -> None:
        """Every process in it is gone at once. Does nothing if it is not running."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._leader or self._process.pid, signal.SIGKILL)
        self._wait_end()

    def _wait_end(self) -> None:
        assert self._process is not None
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(_END_S)
            raise AssertionError(f"the machine did not end:\n{self._console()}") from None
        finally:
            self._process = None
            self._leader = 0
            self._rest.close()
            _remove_groups(self._groups)

    # -- what happens in it ------------------------------------------------------------------------------

    def run(
        self,
        *command: str,
        stdin: str = "",
        check: bool = True,
        timeout_s: float = 60.0,
        environment: Mapping[str, str] | None = None,
    ) -> Answer:
        """One command as its root; standard error is in stdout, in order. check: its status has to be 0."""
        variables = {**_ENVIRONMENT, "HOME": "/root", **(environment or {})}
        enter = [
            "nsenter",
            f"--target={self._leader}",
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--cgroup",
        ]
        clean = [
            "--root",
            "--",
            "env",
            "--chdir=/root",
            "-i",
            *(f"{key}={value}" for key, value in variables.items()),
        ]
        answer = subprocess.run(
            [*enter, *clean, *command],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
        assert not check or answer.returncode == 0, f"{command}: {answer.returncode}\n{answer.stdout}"
        return answer

    def shell(self, script: str, **options: object) -> Answer:
        """A piece of bash, ended by the first command that fails; options as for `run`."""
        return self.run("bash", "-euo", "pipefail", "-c", script, **options)  # type: ignore[arg-type]

    def inside(self, work: Callable[[], Result]) -> Result:
        """Calls `work` here, but so that sockets it makes are the machine's: 127.0.0.1 is its loopback."""
        return inside(f"/proc/{self._leader}/ns/net", work)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit, as systemd has it."""
        return self.run("systemctl", "show", "--property", name, "--value", unit).stdout.strip()

    def journal(self, unit: str) -> str:
        """What a unit wrote since the boot."""
        return self.run("journalctl", "--no-pager", "--boot", "--output=short-iso", f"--unit={unit}").stdout


@contextlib.contextmanager
def machine() -> Iterator[Machine]:
    """An empty Debian, not booted yet. At the end it is gone, with its directory."""
    assert os.geteuid() == 0, "systemd-nspawn needs root: run this test as root"
    for program in ("debootstrap", "systemd-nspawn"):
        assert shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin"), (
            f"{program} is missing: make system"
        )
    directory = Path(tempfile.mkdtemp(prefix="mlcore-machine-", dir=_ROOTS))
    try:
        root = directory / "root"
        subprocess.run(["cp", "-a", "--reflink=auto", _empty_root(), root], check=True)
        _name(root)
        outside, shown = _mirrors(root)
        debian = Machine(root, shown)
        debian.outside = outside
        try:
            yield debian
        finally:
            debian.pull_the_plug()
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", directory], check=True)


def wait_until(condition: Callable[[], object], timeout_s: float, explain: Callable[[], str]) -> None:
    """Asks until `condition` is true; fails with the text of `explain` after `timeout_s` seconds."""
    limit = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < limit, explain()
        time.sleep(_POLL_S)


# -- the empty root ----------------------------------------------------------------------------------------


def _empty_root() -> Path:
    """The root that all are copied from, made if it is missing."""
    suite, mirror = _suite(), _mirror()
    key = hashlib.sha256(" ".join((suite, mirror, *PACKAGES)).encode()).hexdigest()[:12]
    finished = _ROOTS / f"mlcore-root-{suite}-{key}"
    if finished.is_dir():
        return finished
    beside = Path(tempfile.mkdtemp(prefix=f"{finished.name}-", dir=_ROOTS))
    log = beside / "log"
    try:
        with log.open("wb") as output:
            made = subprocess.run(
                [
                    "debootstrap",
                    "--variant=minbase",
                    f"--include={','.join(PACKAGES)}",
                    suite,
                    beside / "root",
                    mirror,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": _ENVIRONMENT["PATH"]},
                check=False,
            )
        assert made.returncode == 0, log.read_text("utf-8", "replace")[-4000:]
        with contextlib.suppress(OSError):  # another run was quicker: then that one is taken
            (beside / "root").rename(finished)
    finally:
        subprocess.run(["rm", "-rf", "--one-file-system", beside], check=True)
    assert finished.is_dir()
    return finished


def _suite() -> str:
    """The release of this host if that is a Debian, else the one that the documents are written for."""
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line
    )
    return release.get("VERSION_CODENAME", "bookworm") if release.get("ID") == "debian" else "bookworm"


def _mirror() -> str:
    """The first address of packages that this host uses."""
    for file in _sources():
        for line in file.read_text("utf-8", "replace").splitlines():
            words = line.split()
            if words[:1] in (["deb"], ["URIs:"]):
                found = next((word for word in words if word.startswith(("http://", "https://"))), "")
                if found:
                    return found
    return _FALLBACK_MIRROR


def _sources() -> list[Path]:
    directory = Path("/etc/apt/sources.list.d")
    files = [
        Path("/etc/apt/sources.list"),
        *sorted(directory.glob("*.list")),
        *sorted(directory.glob("*.sources")),
    ]
    return [file for file in files if file.is_file()]


def _name(root: Path) -> None:
    """What an installer of Debian asks for and writes."""
    (root / "etc/hostname").write_text("mx\n")
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.1.1 mx.example.com mx\n")


# -- where apt and pip find what they need -----------------------------------------------------------------


def _mirrors(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Gives the root the sources of this host's apt; the environment for apt and pip, and what has to be
    shown. The addresses of this host's mirrors are in the root and in the environment alone."""
    if Path("/etc/os-release").read_text().find("ID=debian") >= 0 and _sources():
        (root / "etc/apt/sources.list").unlink(missing_ok=True)
        for part in (
            "sources.list",
            "sources.list.d",
            "preferences.d",
            "auth.conf.d",
            "trusted.gpg.d",
            "keyrings",
        ):
            _replace(Path("/etc/apt", part), root / "etc/apt" / part)
        for file in Path("/etc/apt/apt.conf.d").iterdir():
            if "docker" not in file.name:  # those delete what was fetched, and make containers small
                shutil.copy(file, root / "etc/apt/apt.conf.d" / file.name)
        for keyring in Path("/usr/share/keyrings").iterdir():
            shutil.copy(keyring, root / "usr/share/keyrings" / keyring.name)
    proxy = f"http://127.0.0.1:{PORT}"
    outside = {"http_proxy": proxy, "https_proxy": proxy}
    shown: dict[str, str] = {}
    for name, value in _pip_settings().items():
        words = [_shown_word(word, root, shown) for word in value.split()]
        outside[f"PIP_{name.upper().replace('-', '_')}"] = " ".join(words)
    return outside, shown


def _replace(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target)
    elif source.is_file():
        shutil.copy(source, target)


def _pip_settings() -> dict[str, str]:
    """What pip on this host is configured to, by the name of the option; the environment wins."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in {"global", "install"}:
            found.setdefault(option, value.strip("'\""))
    for name, value in os.environ.items():
        if name.startswith("PIP_") and not name.startswith("PIP_CONFIG"):
            found[name[4:].lower().replace("_", "-")] = value
    return found


def _shown_word(word: str, root: Path, shown: dict[str, str]) -> str:
    """The same in the machine: a directory is shown in it, a file (certificates) copied into it."""
    scheme, path = ("file://", word[7:]) if word.startswith("file://") else ("", word)
    if not path.startswith("/") or not os.path.exists(path):
        return word
    seen = f"{_FROM_HOST}/{len(shown) + 1}"
    if os.path.isfile(path):
        shutil.copy(path, root / "usr/local/share" / os.path.basename(path))
        return f"{scheme}/usr/local/share/{os.path.basename(path)}"
    top = _top_of_index(path)
    for known, directory in shown.items():
        if directory == top:
            seen = known
    shown[seen] = top
    return f"{scheme}{seen}{path[len(top) :]}"


def _top_of_index(path: str) -> str:
    """A directory of packages; where it is the `simple` index beside the files, the one above both."""
    return os.path.dirname(path) if os.path.basename(path) == "simple" else path


# -- control groups, where no systemd gives any ------------------------------------------------------------

_numbers = itertools.count(1)


def _new_groups() -> list[Path]:
    made = []
    name = f"mlcore-machine-{os.getpid()}-{next(_numbers)}"
    for top in map(Path, _GROUPS):
        if (top / "cgroup.procs").exists():
            (top / name).mkdir()
            made.append(top / name)
    return made


def _remove_groups(groups: list[Path]) -> None:
    for group in groups:
        for directory, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):  # the kernel is not quite done with it
                os.rmdir(directory)
    groups.clear()
