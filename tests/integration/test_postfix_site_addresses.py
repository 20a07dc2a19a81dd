"""A real Postfix gives mail for the site itself to mlcore, in each domain with lists."""

from pathlib import Path

import pytest

from support.exchange import mark, message
from support.postfix import LIST_DOMAIN, Setting, Way
from support.postfix_site import MEMBER, postfix_site
from support.server import SITE_OWNER, wait_until


@pytest.mark.parametrize("way", ["hash", "lmdb", "socketmap"])
def test_the_addresses_of_the_site_are_there_and_no_others(tmp_path: Path, way: Way) -> None:
    wanted = ["transport_maps"] if way == "socketmap" else []
    with postfix_site(
        tmp_path, Setting(way=way, wanted=wanted), lists={f"ant@{LIST_DOMAIN}": [MEMBER]}
    ) as site:
        for name in ("mailman", "mailman-owner", "mailman-request", "mailman-bounces", "noreply"):
            assert site.postfix.rcpt(f"{name}@{LIST_DOMAIN}")[0] == 250, name
        for name in ("mailman-join", "mailman-admin", "noreply-owner"):
            assert site.postfix.rcpt(f"{name}@{LIST_DOMAIN}")[0] == 550, name
        site.post("to the owner", f"mailman@{LIST_DOMAIN}")
        help_wanted = message("which lists", author=MEMBER).replace(
            b"Subject: ", b"Subject: help\r\nX-Was: ", 1
        )
        site.postfix.submit(help_wanted, f"mailman-request@{LIST_DOMAIN}", sender=MEMBER)
        site.post("to nobody", f"noreply@{LIST_DOMAIN}")
        part = mark("to the owner")
        wait_until(lambda: site.relay.copies(part), 20, lambda: f"{site.postfix.log()}\n{site.server.tail()}")
        wait_until(lambda: len(site.relay.accepted()) >= 2, 20, site.server.tail)
        site.settle()
        assert site.relay.copies(part) == {SITE_OWNER: 1}
        senders = {taken.recipients[0]: taken.reverse_path for taken, _ in site.relay.accepted()}
        assert senders == {SITE_OWNER: f"mailman-bounces@{LIST_DOMAIN}", MEMBER: ""}
