"""From the SMTP port of a real Postfix through mlcore and back into the maildirs of a thousand members, for
every way in which Postfix may learn of lists."""

from pathlib import Path

import pytest

from support.exchange import message
from support.postfix import LIST_DOMAIN, Setting, Way
from support.postfix_site import postfix_site
from support.server import wait_until

_LIST = f"ant@{LIST_DOMAIN}"
_MEMBERS = [f"member-{number:04}@example.net" for number in range(1_000)]


@pytest.mark.parametrize(
    ("way", "jail"),
    [
        pytest.param("hash", False, marks=pytest.mark.soak),
        ("lmdb", True),
        pytest.param("socketmap", True, marks=pytest.mark.soak),
        ("socketmap for all", True),
    ],
)
def test_a_post_comes_into_a_thousand_maildirs_once_each(tmp_path: Path, way: Way, jail: bool) -> None:
    """jail: the daemons of Postfix run in a chroot, as on Debian."""
    setting = Setting(way=way, jail=jail, mailboxes=_MEMBERS)
    with postfix_site(tmp_path, setting, lists={_LIST: _MEMBERS}) as site:
        postfix, server = site.postfix, site.server
        postfix.submit(message("for all", author=_MEMBERS[0], to=_LIST), _LIST, sender=_MEMBERS[0])
        wait_until(
            lambda: postfix.maildirs().total() >= len(_MEMBERS),
            30,
            lambda: f"{postfix.maildirs().total()} copies\n{postfix.log()[-3000:]}\n{server.tail(3)}",
        )
        site.settle()
        assert postfix.maildirs() == dict.fromkeys(_MEMBERS, 1)
        assert postfix.rcpt(f"nobody@{LIST_DOMAIN}")[0] == 550
        assert postfix.rcpt(f"ant-nosuch@{LIST_DOMAIN}")[0] == 550
        assert postfix.rcpt(f"ant-owner@{LIST_DOMAIN}")[0] == 250
        assert postfix.rcpt(f"ANT-Bounces+member-0001=example.net@{LIST_DOMAIN}")[0] == 250
        assert postfix.rcpt("nobody@elsewhere.example")[0] in {454, 554}
        assert "warning" not in postfix.log()
