"""`mlcore aliases`, with and without a server."""

from pathlib import Path

import pytest

from support.site import SiteInDirectory, answering

_TEXT = "[mailman]\nsite_owner: root@example.com\n[postfix]\ntransport_file_type: texthash\n"


@pytest.fixture
def site(tmp_path: Path) -> SiteInDirectory:
    return SiteInDirectory(tmp_path, _TEXT)


def _names(directory: str | Path) -> set[str]:
    return {path.name for path in Path(directory).iterdir() if path.name.startswith("postfix_")}


def test_without_a_server_it_writes_them_itself(site: SiteInDirectory) -> None:
    assert site.run("create", "--quiet", "ant@example.com").exit_code == 0
    result = site.run("aliases")
    assert (result.exit_code, result.output) == (0, "")
    data_dir = Path(site.settings.paths.data_dir)
    assert _names(data_dir) == {"postfix_lmtp", "postfix_domains"}
    assert (
        "ant-owner@example.com                 lmtp:[127.0.0.1]:8024"
        in (data_dir / "postfix_lmtp").read_text()
    )


def test_another_directory_is_for_this_command_alone(site: SiteInDirectory, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    site.run("create", "--quiet", "ant@example.com")
    with answering(site.settings.paths.control_socket, {}) as heard:
        result = site.run("aliases", "-d", str(tmp_path / "other"))
    assert result.exit_code == 0
    assert not heard
    assert _names(tmp_path / "other") == {"postfix_lmtp", "postfix_domains"}
    assert not _names(site.settings.paths.data_dir)


def test_the_running_server_is_asked(site: SiteInDirectory) -> None:
    site.run("create", "--quiet", "ant@example.com")
    answers = {"changed": {"ok": True, "maps": "written", "maps_error": ""}}
    with answering(site.settings.paths.control_socket, answers) as heard:
        result = site.run("aliases")
    assert (result.exit_code, result.output) == (0, "")
    assert heard == [{"do": "changed", "maps": True, "force": True}]
    assert not _names(site.settings.paths.data_dir)


def test_what_postmap_said_to_the_server_is_printed(site: SiteInDirectory) -> None:
    site.run("create", "--quiet", "ant@example.com")
    answers = {
        "changed": {"ok": True, "maps": "failed", "maps_error": "postmap ended with status 1: no room"}
    }
    with answering(site.settings.paths.control_socket, answers):
        result = site.run("aliases")
    assert result.exit_code == 1
    assert result.stderr == "Postfix maps: postmap ended with status 1: no room\n"


def test_what_postmap_said_here_is_printed(tmp_path: Path) -> None:
    postmap = tmp_path / "postmap"
    postmap.write_text("#!/bin/sh\necho no such type >&2\nexit 75\n")
    postmap.chmod(0o755)
    site = SiteInDirectory(tmp_path, f"[postfix]\npostmap_command: {postmap}\n")
    result = site.run("aliases")
    assert result.exit_code == 1
    assert result.stderr == f"Postfix maps: {postmap} ended with status 75: no such type\n"


def test_without_maps_there_is_nothing_to_write(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nincoming: null\n")
    result = site.run("aliases")
    assert result.exit_code == 0
    assert "incoming is null" in result.stderr


def test_a_directory_that_is_missing_is_bad_input(site: SiteInDirectory) -> None:
    assert site.run("aliases", "-d", "/no/such/directory").exit_code == 2


def test_a_port_that_only_the_server_knows(tmp_path: Path) -> None:
    site = SiteInDirectory(tmp_path, "[mta]\nlmtp_port: 0\n")
    result = site.run("aliases")
    assert result.exit_code == 2
    assert "lmtp_port is 0" in result.stderr
