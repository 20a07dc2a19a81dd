"""LMTP and the socketmap over Unix sockets, as docs/postfix.md describes them."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postfix import LIST_DOMAIN, Setting
from support.postfix_site import MEMBER, postfix_site

_ANT = f"ant@{LIST_DOMAIN}"


@pytest.fixture
def sockets() -> Iterator[Path]:
    """A directory that the user postfix may enter, unlike those of pytest."""
    path = Path(tempfile.mkdtemp(prefix="mlcore-sockets-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_a_post_over_unix_sockets(tmp_path: Path, sockets: Path) -> None:
    config = {
        "mta": {"lmtp_socket": sockets / "lmtp"},
        "postfix": {"socketmap": sockets / "map"},
    }
    setting = Setting(way="hash", unwanted=["relay_transport"])
    with postfix_site(tmp_path, setting, lists={_ANT: [MEMBER]}, config=config) as site:
        for name in ("lmtp", "map"):
            os.chmod(sockets / name, 0o666)  # on a host with a user mlcore: postfix is in his group
        site.post("by socket", _ANT)
        site.arrives("by socket")
        assert f"[{sockets}/lmtp], " in site.postfix.log(), site.postfix.log()

        for name, key, value in (
            ("recipients", f"ant-owner+x@{LIST_DOMAIN}", _ANT),
            ("transport", _ANT, f"lmtp:unix:{sockets}/lmtp"),
            ("domains", LIST_DOMAIN, LIST_DOMAIN),
            ("aliases", _ANT, ""),
            ("recipients", f"nobody@{LIST_DOMAIN}", ""),
        ):
            asked = subprocess.run(
                ["/usr/sbin/postmap", "-q", key, f"socketmap:unix:{sockets}/map:{name}"],
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
            assert (asked.stdout.strip(), asked.stderr) == (value, "")
        assert site.server.stop() == 0
        assert list(sockets.iterdir()) == []
