"""Root runs commands on a site of another user: root may open the files, what stays is the user's."""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlcore

USER = pwd.getpwnam("nobody")
_PACKAGES = [str(Path(mlcore.__file__).parents[1]), *(path for path in sys.path if "site-packages" in path)]


def python_of_everybody() -> str:
    """An interpreter that USER can run too, with what mlcore needs: this one may lie in the home of root."""
    for program in (sys.executable, "/usr/bin/python3"):
        command = [program, "-c", "import mlcore.cli.main, sqlalchemy, msgspec"]
        with contextlib.suppress(PermissionError):
            if subprocess.run(command, env=environment(), user=USER.pw_uid, check=False).returncode == 0:
                return program
    raise AssertionError("no interpreter that another user can run")


def environment() -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(_PACKAGES),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


class Place:
    """A site that belongs to USER, and a directory that only root can read."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.roots = directory / "root"
        self.var = directory / "var"
        self.config = directory / "mlcore.cfg"
        self.roots.mkdir(mode=0o700)
        self.var.mkdir(mode=0o700)
        os.chown(self.var, USER.pw_uid, USER.pw_gid)
        self.config.write_text(f"[paths.here]\nvar_dir: {self.var}\n")
        self._program = python_of_everybody()

    def mlcore(self, *arguments: str, stdin: str = "") -> str:
        """What one command of root says; it succeeds."""
        done = subprocess.run(
            [self._program, "-m", "mlcore", "-C", str(self.config), *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=environment(),
            cwd=self.roots,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def owners(self) -> dict[str, int]:
        """Who owns what below var."""
        return {str(path.relative_to(self.var)): path.lstat().st_uid for path in self.var.rglob("*")}


@pytest.fixture
def place() -> Iterator[Place]:
    assert os.geteuid() == 0, "this is about root"
    directory = Path(tempfile.mkdtemp(prefix="mlcore-test-"))
    directory.chmod(0o755)
    yield Place(directory)
    shutil.rmtree(directory)


def test_files_are_roots_and_what_is_left_is_the_owners(place: Place) -> None:
    people, post, out = (place.roots / name for name in ("people", "post.eml", "out"))
    people.write_text("Anne <anne@example.com>\nbart@example.com\n")
    post.write_text("From: anne@example.com\nSubject: x\n\nHello.\n")

    place.mlcore("create", "ant@example.com")
    place.mlcore("addmembers", "people", "ant@example.com")
    place.mlcore("inject", "-f", "post.eml", "ant@example.com")
    assert place.mlcore("members", "-o", "out", "ant@example.com") == ""

    assert out.read_text() == "Anne <anne@example.com>\nbart@example.com\n"
    assert out.stat().st_uid == 0
    assert sorted(path.name for path in place.roots.iterdir()) == ["out", "people", "post.eml"]
    owners = place.owners()
    assert {"data/mlcore.db", "queue/in"} <= owners.keys()
    assert len([path for path in owners if path.startswith("queue/in/")]) == 1
    assert set(owners.values()) == {USER.pw_uid}


def test_a_list_of_members_in_place_of_another_keeps_its_owner_and_mode(place: Place) -> None:
    out = place.directory / "out"
    out.write_text("old")
    out.chmod(0o640)
    os.chown(out, USER.pw_uid, 4711)
    place.mlcore("create", "ant@example.com")

    place.mlcore("members", "-o", str(out), "ant@example.com")

    status = out.stat()
    assert out.read_text() == "ant.example.com has no members\n"
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (USER.pw_uid, 4711, 0o640)


def test_a_site_that_nobody_has_begun_becomes_the_users_of_the_packages(place: Place) -> None:
    """With the layout fhs: directories that only root can make are made for the user `mlcore`."""
    var = place.directory / "lib"
    spool = place.directory / "spool"
    place.config.write_text(
        "[mailman]\nlayout: fhs\n[paths.fhs]\n"
        f"var_dir: {var}\nqueue_dir: {spool}\nlog_dir: {place.directory}/log\netc_dir: {place.directory}\n"
    )
    program = place.directory / "as_mlcore.py"
    program.write_text(
        "import mlcore.cli.site as site\nfrom mlcore.cli.main import main\nsite.USER = 'nobody'\nmain()\n"
    )
    subprocess.run(
        [python_of_everybody(), str(program), "-C", str(place.config), "create", "-q", "ant@example.com"],
        env=environment(),
        check=True,
    )

    for directory in (var, spool, place.directory / "log"):
        assert directory.stat().st_uid == USER.pw_uid
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {path.lstat().st_uid for path in var.rglob("*")} == {USER.pw_uid}
