"""Senders that name their recipient, with a real Postfix as the next hop: it makes them of one transaction
where it lets mlcore ask for that (XVERP), else mlcore makes them, with a tag, of a transaction each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from mlcore.store.engine import open_sync
from mlcore.store.schema import bounce_events
from support.exchange import KeepingRelay, codes, mark, message, post
from support.postfix import LIST_DOMAIN, running_postfix
from support.postfix_site import PostfixSite
from support.server import RunningServer, free_port, wait_until
from support.sink import SinkSettings

ANT = f"ant@{LIST_DOMAIN}"
GONE = "gone@example.net"
MEMBERS = [*(f"member-{number}@example.net" for number in range(30)), GONE]
VERP = {"verp_delivery_interval": 1}


@contextmanager
def chain(directory: Path, *, way_back: bool) -> Iterator[PostfixSite]:
    """way_back: mlcore gives its mail to the listener of postfix/master.cf; else to that for everybody."""
    lmtp_port, reinjection_port = free_port(), free_port()
    with (
        KeepingRelay(SinkSettings(refuse={GONE: "550 5.1.1 No such user"})) as relay,
        running_postfix(
            lmtp_port=lmtp_port, relay_port=relay.port, reinjection_port=reinjection_port
        ) as postfix,
        RunningServer(
            directory,
            smtp_port=reinjection_port if way_back else postfix.port,
            config={"mta": {"lmtp_port": lmtp_port, **VERP}},
        ) as server,
    ):
        server.make_list(ANT, MEMBERS)
        server.start()
        yield PostfixSite(postfix, server, relay)


def senders(site: PostfixSite, token: str) -> dict[str, str]:
    """Return-Path by member, once all but one have their copies."""
    octets = message(token, author=MEMBERS[0], to=ANT)
    assert codes(post(site.server.lmtp_port, octets, ANT, sender=MEMBERS[0])) == [250]
    site.relay.wait_copies(len(MEMBERS) - 1, mark(token))
    site.settle()
    found = {}
    for taken, _ in site.relay.accepted(mark(token)):
        assert len(taken.recipients) == 1
        found[taken.recipients[0]] = taken.reverse_path
    assert site.relay.copies(mark(token)) == dict.fromkeys(MEMBERS[:-1], 1)
    return found


def transactions(site: PostfixSite, service: str) -> int:
    """How many messages this listener of Postfix has taken from mlcore."""
    return len(re.findall(rf"{service}\[\d+\]: [0-9A-Za-z]+: client=", site.postfix.log()))


def bounced(site: PostfixSite) -> list[str]:
    """The addresses of members about whom a report came."""
    with open_sync(site.server.settings.database.url, read_only=True) as connection:
        return list(connection.execute(select(bounce_events.c.address)).scalars())


def verp(member: str) -> str:
    """The sender that names `member`, without its end."""
    return f"ant-bounces+{member.replace('@', '=')}"


def test_with_xverp_postfix_makes_the_senders_of_one_transaction(tmp_path: Path) -> None:
    with chain(tmp_path, way_back=True) as site:
        # The first connection tells that there is XVERP: the first post may come before it.
        senders(site, "first")
        wait_until(lambda: bounced(site) == [GONE], 15, site.postfix.log)
        before = transactions(site, "postfix/mlcore/smtpd")
        assert senders(site, "second") == {
            member: f"{verp(member)}@{LIST_DOMAIN}" for member in MEMBERS if member != GONE
        }
        assert transactions(site, "postfix/mlcore/smtpd") == before + 1
        wait_until(lambda: len(bounced(site)) >= 2, 15, site.postfix.log)
        assert set(bounced(site)) == {GONE}
        assert site.server.stop() == 0


def test_without_xverp_each_sender_has_a_tag_and_a_transaction_of_its_own(tmp_path: Path) -> None:
    with chain(tmp_path, way_back=False) as site:
        for token in ("first", "second"):
            before = transactions(site, "postfix/smtpd")
            found = senders(site, token)
            assert transactions(site, "postfix/smtpd") == before + len(MEMBERS)
            for member, sender in found.items():
                tagged = rf"{re.escape(verp(member))}=[a-z2-7]{{8}}@{re.escape(LIST_DOMAIN)}"
                assert re.fullmatch(tagged, sender), sender
            assert len(set(found.values())) == len(found)
            wait_until(lambda: GONE in bounced(site), 15, site.postfix.log)
        assert set(bounced(site)) == {GONE}
        assert site.server.stop() == 0
