"""Lists in a domain that has users of this host too (mydestination): both get their mail."""

from pathlib import Path

import pytest

from support.exchange import message
from support.postfix import LIST_DOMAIN, Setting, Way
from support.postfix_site import MEMBER, postfix_site
from support.server import wait_until


@pytest.mark.parametrize("way", ["hash", "socketmap"])
def test_lists_and_local_users_share_a_domain(tmp_path: Path, way: Way) -> None:
    ant = f"ant@{LIST_DOMAIN}"
    mail = tmp_path / "mail"
    setting = Setting(
        way=way,
        wanted=["local_recipient_maps", *(["transport_maps"] if way == "socketmap" else [])],
        unwanted=["relay_domains", "relay_recipient_maps"],
        main=(
            f"mydestination = {LIST_DOMAIN}\nalias_maps =\nmailbox_size_limit = 0\n"
            "home_mailbox = mlcore-test/\nmailbox_command ="
        ),
    )
    with postfix_site(tmp_path, setting, lists={ant: [MEMBER]}) as site:
        assert not mail.exists()
        site.post("to the list", ant)
        site.arrives("to the list")
        assert site.postfix.rcpt(f"daemon@{LIST_DOMAIN}")[0] == 250
        assert site.postfix.rcpt(f"nosuchuser@{LIST_DOMAIN}")[0] == 550
        assert site.postfix.rcpt(f"ant-owner@{LIST_DOMAIN}")[0] == 250
        # A user's mail goes to local(8), not to mlcore; `nobody` has no home, so it only gets as far as that.
        site.postfix.submit(message("to a user"), f"nobody@{LIST_DOMAIN}", sender=MEMBER)
        wait_until(lambda: "relay=local" in site.postfix.log(), 10, site.postfix.log)
