"""postmap does not work: everybody who is concerned hears of it, nothing old is lost, and it heals."""

from pathlib import Path

from support.postfix import LIST_DOMAIN, Setting
from support.postfix_site import MEMBER, postfix_site
from support.server import wait_until

_ANT, _BEE = f"ant@{LIST_DOMAIN}", f"bee@{LIST_DOMAIN}"


def test_a_failing_postmap_is_told_to_the_command_the_log_and_status(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    postmap = tmp_path / "postmap"
    postmap.write_text(
        f'#!/bin/sh\nif [ -e {broken} ]; then echo "no room on the moon" >&2; exit 75; fi\n'
        'exec /usr/sbin/postmap "$@"\n'
    )
    postmap.chmod(0o755)
    config = {"postfix": {"postmap_command": postmap}}
    with postfix_site(tmp_path, Setting(way="hash"), lists={_ANT: [MEMBER]}, config=config) as site:
        assert site.server.control("status")["maps"] == "written"
        broken.touch()
        made = site.server.mlcore("create", _BEE)
        assert made.returncode == 0, made.stderr
        assert b"Postfix maps: " in made.stderr
        assert b"no room on the moon" in made.stderr
        assert "no room on the moon" in site.server.control("status")["maps"]
        assert "no room on the moon" in site.server.events("maps failed")[-1]["reason"]
        assert site.postfix.rcpt(_ANT)[0] == 250
        assert site.postfix.rcpt(_BEE)[0] == 550

        again = site.server.mlcore("aliases")
        assert again.returncode == 1
        assert b"status 75: no room on the moon" in again.stderr
        assert site.postfix.rcpt(_ANT)[0] == 250

        broken.unlink()
        wait_until(lambda: site.server.control("status")["maps"] == "written", 20, site.server.tail)
        assert site.postfix.rcpt(_BEE)[0] == 250
        site.command("aliases")


def test_aliases_without_a_server_and_into_another_directory(tmp_path: Path) -> None:
    with postfix_site(tmp_path, Setting(way="lmdb"), lists={_ANT: [MEMBER]}) as site:
        other = tmp_path / "other"
        other.mkdir()
        site.command("aliases", "-d", str(other))
        names = {"postfix_lmtp", "postfix_lmtp.lmdb", "postfix_domains", "postfix_domains.lmdb"}
        assert {path.name for path in other.iterdir()} == names
        assert site.server.stop() == 0
        data_dir = Path(site.server.settings.paths.data_dir)
        (data_dir / "postfix_lmtp").unlink()
        site.command("aliases")
        assert _ANT in (data_dir / "postfix_lmtp").read_text()
