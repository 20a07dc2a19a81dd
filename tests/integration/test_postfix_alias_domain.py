"""A domain whose mail arrives at another one: its lists have addresses at lists.example.org, and Postfix
gives their mail to mlcore at mail.example.org."""

from pathlib import Path

import pytest

from support.postfix import LIST_DOMAIN, Setting, Way
from support.postfix_site import MEMBER, postfix_site

_HOST, _ALIAS = "lists.example.org", "mail.example.org"


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("hash", marks=pytest.mark.soak),
        "lmdb",
        pytest.param("socketmap for all", marks=pytest.mark.soak),
    ],
)
def test_lists_of_a_domain_with_an_alias_domain(tmp_path: Path, way: Way) -> None:
    setting = Setting(
        way=way,
        wanted=["virtual_alias_maps"],
        main=f"virtual_alias_domains = {_HOST}\nmydestination =\nalias_maps =\nlocal_recipient_maps =",
    )
    lists = {f"ant@{LIST_DOMAIN}": [MEMBER]}
    # The file has to be there when Postfix looks for it.
    commands = [["domains", "add", _HOST, "--alias-domain", _ALIAS], ["create", "--quiet", f"first@{_HOST}"]]
    with postfix_site(tmp_path, setting, lists=lists, commands=commands) as site:
        site.make_list(f"bee@{_HOST}")
        for number, host in enumerate((_HOST, _ALIAS)):
            token = f"number {number} to {host}"
            site.post(token, f"bee@{host}")
            site.arrives(token)
            assert site.postfix.rcpt(f"bee-bounces+anne=example.net@{host}")[0] == 250
            assert site.postfix.rcpt(f"nobody@{host}")[0] == 550
        assert site.postfix.rcpt(f"bee@{LIST_DOMAIN}")[0] == 550
