"""What every command stands on. A real root becomes the owner in tests/integration."""

import os
import pwd
from dataclasses import replace
from pathlib import Path

import pytest

from mlcore.base.errors import BadInput, DiskTrouble, StoreTrouble
from mlcore.cli import site as module
from mlcore.cli.site import Site, become_owner
from mlcore.config.loader import read
from support.site import SiteInDirectory, answering


@pytest.fixture
def directory(tmp_path: Path) -> SiteInDirectory:
    return SiteInDirectory(tmp_path)


@pytest.fixture
def site(directory: SiteInDirectory) -> Site:
    site = Site(str(directory.config))
    with site.connection():
        pass
    return site


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"ok": True, "maps": "written"}, ""),
        ({"ok": True, "maps": "soon"}, ""),
        ({"ok": True, "maps": "off"}, ""),
        ({"ok": True}, ""),
        ({"ok": True, "maps": "failed", "maps_error": "postmap: no"}, "Postfix maps: postmap: no\n"),
        ({"ok": True, "maps": "failed"}, "Postfix maps: not written\n"),
        ({"ok": False, "error": "busy"}, "Postfix maps: busy\n"),
    ],
)
def test_a_failure_of_the_maps_is_said_and_fails_nothing(
    site: Site, capsys: pytest.CaptureFixture[str], answer: dict[str, object], said: str
) -> None:
    path = site.settings.paths.control_socket
    with answering(path, {"changed": answer}) as heard, site.connection(maps=True):
        assert heard == []
    assert heard == [{"do": "changed", "maps": True}]
    assert capsys.readouterr() == ("", said)


def test_what_does_not_concern_postfix_is_told_quietly(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    path, answer = site.settings.paths.control_socket, {"ok": False, "error": "busy"}
    with answering(path, {"changed": answer}) as heard, site.connection(), site.connection(read_only=True):
        pass
    assert heard == [{"do": "changed"}]
    assert capsys.readouterr() == ("", "")


def test_what_was_not_committed_is_not_told(site: Site) -> None:
    path = site.settings.paths.control_socket
    with (
        answering(path, {"changed": {"ok": True}}) as heard,
        pytest.raises(ValueError, match="a defect"),
        site.connection(maps=True),
    ):
        raise ValueError("a defect")
    assert heard == []


def test_without_a_server_nobody_is_told(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with site.connection(maps=True):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.sqlite
def test_a_glance_makes_nothing(directory: SiteInDirectory) -> None:
    with pytest.raises(StoreTrouble), Site(str(directory.config)).glance():
        pass
    assert sorted(path.name for path in directory.directory.iterdir()) == ["mlcore.cfg"]


# -- root -----------------------------------------------------------------------------------------------


class FakeProcess:
    """A process of root that can become somebody without doing so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, euid: int = 0) -> None:
        self.became: list[tuple[str, object]] = []
        monkeypatch.setattr(os, "geteuid", lambda: euid)
        for name in ("setuid", "setgid"):
            monkeypatch.setattr(os, name, lambda number, name=name: self.became.append((name, number)))
        monkeypatch.setattr(os, "initgroups", lambda *who: self.became.append(("initgroups", who)))


def test_root_stays_root_on_a_site_of_root(
    directory: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = FakeProcess(monkeypatch)
    become_owner(directory.settings)
    os.mkdir(directory.settings.paths.var_dir)
    os.chown(directory.settings.paths.var_dir, 0, 0)
    become_owner(directory.settings)
    assert process.became == []


def test_others_stay_who_they_are(directory: SiteInDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    process = FakeProcess(monkeypatch, euid=4711)
    os.mkdir(directory.settings.paths.var_dir)
    become_owner(directory.settings)
    assert process.became == []


def test_a_site_of_nobody_who_is_known_is_refused(
    directory: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeProcess(monkeypatch)
    os.mkdir(directory.settings.paths.var_dir)
    os.chown(directory.settings.paths.var_dir, 471_100, 471_100)
    with pytest.raises(BadInput, match="belongs to user 471100, who is not known here"):
        become_owner(directory.settings)


def test_a_new_site_of_the_system_belongs_to_the_user_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = pwd.getpwnam("nobody")
    process = FakeProcess(monkeypatch)
    text = f"[mailman]\nlayout: fhs\n[paths.fhs]\nvar_dir: {tmp_path}/lib\nqueue_dir: {tmp_path}/q\n"
    config = tmp_path / "mlcore.cfg"
    config.write_text(text + f"log_dir: {tmp_path}/log\netc_dir: {tmp_path}\n")
    settings = read(str(config))

    become_owner(settings)  # there is no such user
    assert process.became == []
    assert not (tmp_path / "lib").exists()

    monkeypatch.setattr(module, "USER", "nobody")
    become_owner(settings)
    who = (nobody.pw_name, nobody.pw_gid)
    assert process.became == [
        ("initgroups", who),
        ("setgid", nobody.pw_gid),
        ("setuid", nobody.pw_uid),
    ]
    for name in ("lib", "q", "log"):
        assert (tmp_path / name).stat().st_uid == nobody.pw_uid
    assert not (tmp_path / "lib" / "data").exists()  # its owner makes that


def test_an_owner_who_cannot_read_the_program_is_told_at_once(
    directory: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python in the home of root: the next import would have ended in a traceback."""
    FakeProcess(monkeypatch)
    var_dir = directory.settings.paths.var_dir
    os.mkdir(var_dir)
    os.chown(var_dir, pwd.getpwnam("nobody").pw_uid, -1)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(BadInput, match=f"{var_dir} belongs to nobody, who may not read .*: install Python"):
        become_owner(directory.settings)


def test_a_directory_that_cannot_be_made_is_trouble(
    directory: SiteInDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeProcess(monkeypatch)
    paths = directory.settings.paths
    os.mkdir(paths.var_dir)
    os.chown(paths.var_dir, pwd.getpwnam("nobody").pw_uid, -1)

    def refuse(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "chown", refuse)
    monkeypatch.setattr(os, "mkdir", refuse)
    moved = replace(paths, queue_dir=f"{directory.directory}/elsewhere")
    with pytest.raises(DiskTrouble, match=r"making .*elsewhere: Read-only"):
        become_owner(replace(directory.settings, paths=moved))
