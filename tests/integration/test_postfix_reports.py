"""Reports that a real Postfix writes, which has taken mail from mlcore and could not deliver it: they reach
mlcore by LMTP, and what they say is held against the right member and nobody else."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest

from mlcore.actions import bounce_history
from mlcore.actions.bounce_history import History
from mlcore.lists.model import Personalization
from mlcore.store.bounces import BounceEvent
from mlcore.store.cache import MAX_AGE_S
from mlcore.store.engine import open_sync
from support.exchange import change_list, mark, message
from support.postfix import LIST_DOMAIN, Setting
from support.postfix_site import PostfixSite, postfix_site
from support.reports import report
from support.server import wait_until

LISTS: Final = ("ant", "bee", "cow")
"""All have one sender for all, but the second: it has a copy for each member, whose sender names him."""
GOOD, OTHER = "good@example.net", "other@elsewhere.example"
UNKNOWN, FULL, REFUSED = "Unknown@far.example", "full@far.example", "refused@strict.example"
EXPIRED, NOWHERE, OLGA = "late@slow.example", "nowhere@example.net", "olga@example.net"
ANSWERS: Final = {
    UNKNOWN: "550 5.1.1 <Unknown@far.example>: no such mailbox here",
    FULL: "552 5.2.2 The mailbox is full",
    REFUSED: "554 5.7.1 strict.example takes no mail from your network, see http://strict.example/blocked",
    EXPIRED: "450 4.2.0 Not now",
}
CODES: Final = {UNKNOWN: "5.1.1", FULL: "5.2.2", REFUSED: "5.7.1", EXPIRED: "4.2.0"}

UNDISTURBED: Final = dict.fromkeys(LISTS, (0, "enabled"))


@pytest.fixture
def site(tmp_path: Path, config: Mapping[str, Mapping[str, object]]) -> Iterator[PostfixSite]:
    """Lists with everybody on them, behind a Postfix that gives up at once what it cannot deliver now."""
    lists = {f"{name}@{LIST_DOMAIN}": [GOOD, OTHER, NOWHERE, *ANSWERS] for name in LISTS}
    setting = Setting(
        way="hash",
        mailboxes=[GOOD, OLGA],
        main="mydestination =\nalias_maps =\nlocal_recipient_maps =\nmaximal_queue_lifetime = 0",
    )
    with postfix_site(tmp_path, setting, lists=lists, config=config) as made:
        made.relay.close()
        made.relay.open(refuse=ANSWERS)
        change_list(made.server, f"bee.{LIST_DOMAIN}", personalize=Personalization.INDIVIDUAL)
        for name in LISTS:
            made.command("admins", "--add", OLGA, f"{name}@{LIST_DOMAIN}")
        yield made


def known(site: PostfixSite, address: str) -> History:
    """What came back of mail to an address, and its memberships."""
    with open_sync(site.server.settings.database.url, read_only=True) as connection:
        return bounce_history.history(connection, address)


def events(site: PostfixSite, address: str, name: str) -> list[BounceEvent]:
    return [one for one in known(site, address).events if one.list_id == f"{name}.{LIST_DOMAIN}"]


def scores(site: PostfixSite, address: str) -> dict[str, tuple[int, str]]:
    """Score and delivery status on each list, by its name."""
    standings = known(site, address).standings
    return {one.list_id.partition(".")[0]: (one.score, one.delivery_status.value) for one in standings}


def wait_event(site: PostfixSite, address: str, name: str, count: int = 1) -> BounceEvent:
    """The last of so many events."""
    wait_until(
        lambda: len(events(site, address, name)) >= count,
        30.0,
        lambda: f"{known(site, address)}\n{site.postfix.log()}\n{site.server.tail()}",
    )
    *_, last = events(site, address, name)
    assert len(events(site, address, name)) == count
    return last


def send(site: PostfixSite, name: str, token: str) -> None:
    to = f"{name}@{LIST_DOMAIN}"
    site.postfix.submit(message(token, author=GOOD, to=to), to, sender=GOOD)


def mails(site: PostfixSite, address: str) -> list[EmailMessage]:
    """What lies in a maildir of Postfix, oldest first."""
    paths = sorted(
        (site.postfix.root / "mail" / address / "new").glob("*"), key=lambda path: path.stat().st_mtime
    )
    found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
    return [one for one in found if isinstance(one, EmailMessage)]


def undisturbed(site: PostfixSite, name: str, token: str) -> None:
    """Who takes mail has got it once, and nothing is known against him."""
    site.settle()
    bodies = [one.as_bytes() for one in mails(site, GOOD)]
    assert sum(mark(token) in body for body in bodies) == 1
    assert site.relay.copies(mark(token)) == {OTHER: 1}
    for address in (GOOD, OTHER):
        assert known(site, address).events == ()
        assert set(scores(site, address).values()) == {(0, "enabled")}
    assert site.server.spool() == {}


def check(site: PostfixSite, address: str, name: str, *, proof: bool) -> None:
    """What Postfix wrote about this one, as the command shows it."""
    wait_event(site, address, name)
    said = site.command("bounces", "--json", "-l", f"{name}@{LIST_DOMAIN}", address).stdout
    (event,) = json.loads(said)["events"]
    policy_ = address == REFUSED
    assert (event["source"], event["format"], event["code"]) == ("report", "rfc3464", CODES[address])
    assert ANSWERS[address].partition(" ")[2] in event["diagnostic"]
    assert event["proof"] is proof
    assert event["message_id"].endswith("@mx.example.com>")
    assert event["effect"] == ("policy" if policy_ else "counted")
    assert event["score"] == (0 if policy_ else 1)


@pytest.mark.parametrize("config", [{"mta": {"verp_personalized_deliveries": "yes"}}])
def test_what_postfix_reports_counts_for_whom_it_names(site: PostfixSite) -> None:
    for name in ("ant", "bee"):
        send(site, name, f"tea of {name}")
        for address in ANSWERS:
            check(site, address, name, proof=name == "bee")
        # Postfix itself knows that there is no such mailbox, and says so to mlcore.
        event = wait_event(site, NOWHERE, name)
        assert (event.source, event.code, event.proof) == ("smtp", "5.1.1", True)
        assert (event.effect, event.score) == ("counted", 1)
        undisturbed(site, name, f"tea of {name}")
        counted = {"ant": 1, "bee": int(name == "bee"), "cow": 0}
        for address in (UNKNOWN, FULL, EXPIRED, NOWHERE):
            assert scores(site, address) == {one: (score, "enabled") for one, score in counted.items()}
        assert scores(site, REFUSED) == UNDISTURBED
    # The command says the same to a person.
    said = site.command("bounces", "-l", f"bee@{LIST_DOMAIN}", FULL).stdout.decode()
    standing, event_line, diagnostic = said.splitlines()
    assert standing == f"bee.{LIST_DOMAIN} score=1 warnings=0 enabled"
    assert event_line.endswith(f" bee.{LIST_DOMAIN} report rfc3464 5.2.2 proof counted score=1")
    assert "The mailbox is full" in diagnostic
    assert mails(site, OLGA) == [], "owners hear of what changes something"


@pytest.mark.parametrize("config", [{"mta": {"verp_delivery_interval": "1"}}])
def test_senders_that_postfix_makes_name_one_member_each(site: PostfixSite) -> None:
    # On its first connection mlcore learns that this Postfix does; until then senders with tags are its own.
    for name, token, proof in (("ant", "tea", True), ("cow", "more tea", False)):
        send(site, name, token)
        for address in ANSWERS:
            check(site, address, name, proof=proof)
        undisturbed(site, name, token)
    ((sent, _),) = site.relay.accepted(mark("more tea"))
    assert sent.reverse_path == f"cow-bounces+other=elsewhere.example@{LIST_DOMAIN}"


@pytest.mark.parametrize("config", [{}])
@pytest.mark.row("mail: probe")
@pytest.mark.row("mail: bounce_disable")
def test_a_probe_that_postfix_returns_ends_delivery(site: PostfixSite) -> None:
    change_list(site.server, f"ant.{LIST_DOMAIN}", bounce_score_threshold=1)
    send(site, "ant", "tea")
    gone = (UNKNOWN, FULL, EXPIRED)
    for address in gone:
        event = wait_event(site, address, "ant", 2)
        assert [one.effect for one in events(site, address, "ant")] == ["probe-sent", "disabled"]
        assert (event.source, event.proof, event.code) == ("probe", True, CODES[address])
        assert ANSWERS[address].partition(" ")[2] in event.diagnostic
        assert scores(site, address) == UNDISTURBED | {"ant": (0, "by_bounces")}
    assert scores(site, REFUSED)["ant"] == (0, "enabled")
    # What Postfix itself said to mlcore is certain enough to end delivery without a probe.
    assert wait_event(site, NOWHERE, "ant").effect == "disabled"
    wait_until(lambda: len(mails(site, OLGA)) == 4, 30.0, site.server.tail)
    undisturbed(site, "ant", "tea")
    about = {str(one["Subject"]): one for one in mails(site, OLGA)}
    assert set(about) == {f"{one}'s subscription disabled on Ant" for one in (*gone, NOWHERE)}
    for address in gone:  # with the report about the probe
        (_, report) = about[f"{address}'s subscription disabled on Ant"].iter_parts()
        (read,) = report.iter_parts()
        assert read.get_content_type() == "multipart/report"
        assert ANSWERS[address].split()[-1] in read.as_string()
        assert "Subject: Ant mailing list probe message" in read.as_string()
    # The next post goes to the others.
    time.sleep(MAX_AGE_S + 0.1)  # as old may the members be that a post goes to
    send(site, "ant", "more tea")
    site.relay.wait_copies(1, mark("more tea"))
    undisturbed(site, "ant", "more tea")
    assert {len(events(site, address, "ant")) for address in gone} == {2}


@pytest.mark.parametrize("config", [{}])
@pytest.mark.row("mail: probe")
def test_a_probe_that_arrives_changes_nothing(site: PostfixSite) -> None:
    """Anybody can write a report."""
    change_list(site.server, f"ant.{LIST_DOMAIN}", bounce_score_threshold=1)
    to = f"ant-bounces@{LIST_DOMAIN}"
    octets = report("postfix-dsn").octets.replace(b"anne@example.org", OTHER.encode())
    assert OTHER.encode() in octets
    for _ in range(2):
        site.postfix.submit(octets, to, sender="")
    site.relay.wait_copies(1, b"probe message")
    wait_event(site, OTHER, "ant", 2)
    site.settle()
    assert [one.effect for one in events(site, OTHER, "ant")] == ["probe-sent", "same-day"]
    ((taken, probe),) = site.relay.accepted(b"probe message")
    assert taken.recipients == (OTHER,)
    assert re.fullmatch(rf"ant-bounces\+[0-9a-f]{{40}}@{re.escape(LIST_DOMAIN)}", taken.reverse_path)
    assert b"User unknown" not in probe, "words of whoever wrote the report are not carried on"
    send(site, "ant", "tea")
    assert site.relay.wait_copies(1, mark("tea")) == {OTHER: 1}
    assert scores(site, OTHER) == UNDISTURBED | {"ant": (1, "enabled")}
