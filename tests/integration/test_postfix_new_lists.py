"""P20: what `mlcore create` has made is accepted by Postfix at once and goes to mlcore, what `mlcore remove`
has removed is refused at once, however Postfix learns of lists."""

import contextlib
import smtplib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.postfix import LIST_DOMAIN, OUTSIDE, Postfix, Setting, Way
from support.postfix_site import MEMBER, PostfixSite, postfix_site
from support.server import wait_until

_ANT = f"ant@{LIST_DOMAIN}"


@contextlib.contextmanager
def _talkers(postfix: Postfix, recipient: str) -> Iterator[None]:
    """Clients who keep Postfix's processes, and what these remember, alive."""
    ended = threading.Event()

    def talk() -> None:
        while not ended.is_set():
            with smtplib.SMTP("127.0.0.1", postfix.port, timeout=30, source_address=(OUTSIDE, 0)) as smtp:
                smtp.ehlo()
                for _ in range(20):
                    smtp.mail(MEMBER)
                    smtp.rcpt(recipient)
                    smtp.rset()
                    if ended.wait(0.05):
                        break

    threads = [threading.Thread(target=talk) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(10)


def _made_used_and_removed(site: PostfixSite, address: str, *, asked_before: bool = True) -> None:
    if asked_before:
        assert site.postfix.rcpt(address)[0] == 550
    site.make_list(address)
    token = f"the first to {address}"
    site.post(token, address)
    site.arrives(token)
    site.command("remove", "--quiet", address)
    assert site.postfix.rcpt(address)[0] in {550, 454, 554}
    assert site.postfix.rcpt(_ANT)[0] == 250


@pytest.mark.parametrize(
    ("way", "unwanted"),
    [
        ("hash", ()),
        pytest.param("lmdb", ("relay_transport",), marks=pytest.mark.soak),
        pytest.param("socketmap", (), marks=pytest.mark.soak),
        ("socketmap for all", ()),
    ],
)
def test_p20_lists_come_and_go_under_load(tmp_path: Path, way: Way, unwanted: tuple[str, ...]) -> None:
    """With hash this needs relay_transport; LMDB has to do without it."""
    setting = Setting(way=way, unwanted=unwanted)
    with postfix_site(tmp_path, setting, lists={_ANT: [MEMBER]}) as site:
        with _talkers(site.postfix, _ANT):
            for number in range(2):
                _made_used_and_removed(site, f"new{number}@{LIST_DOMAIN}")
        assert "bounced" not in site.postfix.log()


@pytest.mark.parametrize("way", ["lmdb", "socketmap for all"])
def test_a_new_domain_needs_no_line_in_the_configuration_of_postfix(tmp_path: Path, way: Way) -> None:
    with postfix_site(tmp_path, Setting(way=way), lists={_ANT: [MEMBER]}) as site:
        with _talkers(site.postfix, _ANT):
            for number in range(2):
                # An smtpd keeps for its lifetime that a domain was not one to relay for.
                _made_used_and_removed(site, f"new@domain{number}.example", asked_before=False)
        assert "bounced" not in site.postfix.log()


def test_a_new_domain_in_a_file_that_is_replaced_takes_ten_seconds(tmp_path: Path) -> None:
    """What docs/postfix.md says of hash."""
    with postfix_site(tmp_path, Setting(way="hash"), lists={_ANT: [MEMBER]}) as site:
        site.postfix.rcpt(_ANT)
        site.make_list("new@domain.example")
        wait_until(lambda: site.postfix.rcpt("new@domain.example")[0] == 250, 12, site.postfix.log)


def test_many_lists_in_a_row_are_all_there(tmp_path: Path) -> None:
    """More than Postfix's files are written for: the last one is in them all the same."""
    with postfix_site(tmp_path, Setting(way="hash"), lists={_ANT: [MEMBER]}) as site:
        addresses = [f"many{number}@{LIST_DOMAIN}" for number in range(8)]
        for address in addresses:
            site.command("create", "--quiet", address)
        assert site.server.control("changed", maps=True)["maps"] in {"written", "soon"}
        written = len(site.server.events("maps written"))
        assert written <= len(addresses) + 2
        # `aliases` waits for the writing that is due
        site.command("aliases")
        assert {site.postfix.rcpt(address)[0] for address in addresses} == {250}
