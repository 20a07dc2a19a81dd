"""Mail of mlcore's own, written and read in tests."""

from email import message_from_bytes
from typing import Any

import msgspec

from mlcore.lists.notices.bounces import Evidence
from mlcore.lists.notices.letters import Answered, Letter, Person
from mlcore.lists.notices.writer import Writer
from mlcore.lists.reasons import Reason
from mlcore.mail.fields import split
from support.posts import NOW, SITE, policy
from support.texts import texts

ANNE = Person("Anne@Example.org", "Anne Person", member=True)
STRANGER = Person("zed@example.net", "Cheap pills", member=False)
TOKEN = "0123456789abcdef0123456789abcdef01234567"
IDENTITY = "notice.7.1700000000000"
OWNERS = ("olga@example.org", "mo@example.org")
REASON = Reason("Message has more than {} recipients", "10")
ORIGINAL = (
    b"From: Anne <anne@example.org>\r\nTo: ant@example.com\r\nSubject: Tea at four\r\n"
    b"Message-ID: <one@example.org>\r\n\r\nShall we?\r\n"
)
ANT = policy(display_name="Ant lovers")
REPORT = (
    b"From: MAILER-DAEMON@example.org\r\nTo: ant-bounces@example.com\r\nSubject: Undelivered\r\n"
    b"\r\nanne@example.org: no such mailbox\r\n"
)
EVIDENCE = Evidence(
    report=REPORT, address="Anne@Example.org", at=NOW, code="5.1.1", diagnostic="550 no such mailbox"
)
WHEN: dict[str, Any] = {"identity": IDENTITY, "now": NOW}

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "welcome": (ANNE,),
    "goodbye": (ANNE,),
    "confirm_join": (STRANGER, TOKEN),
    "confirm_leave": (ANNE, TOKEN),
    "invite": (STRANGER, TOKEN),
    "held_author": (ANNE, "Tea at four", [REASON]),
    "no_more_today": (ANNE, 10),
    "rejected": (ANNE, "Tea at four", [REASON], "", ORIGINAL),
    "refused": (ANNE, "Subscription request", "We are full."),
    "acknowledged": (ANNE, "Tea at four"),
    "forwarded": (["kim@example.org"], ORIGINAL),
    "autoresponse": (ANNE, "Mail to $list_name is read on Mondays.\n\n    $owneremail\n"),
    "probe": (ANNE, TOKEN, EVIDENCE),
    "bounce_warning": (ANNE,),
    "bounce_increment": (OWNERS, ANNE, EVIDENCE),
    "bounce_disable": (OWNERS, ANNE, EVIDENCE),
    "bounce_removal": (OWNERS, ANNE),
    "bounce_unrecognized": (OWNERS, EVIDENCE),
    "complaint": (OWNERS, ANNE, EVIDENCE),
    "results": (ANNE, "example.com", Answered(message_id="<one@example.org>"), "- Done.\n"),
    "new_list": (ANNE,),
    "subscribed": (OWNERS, ANNE),
    "unsubscribed": (OWNERS, ANNE),
    "request_join": (OWNERS, STRANGER),
    "request_leave": (OWNERS, ANNE),
    "held_owners": (OWNERS, "zed@example.net", "Tea at four", [REASON], TOKEN, ORIGINAL),
    "filtered": (OWNERS, ORIGINAL),
    "pending": (OWNERS, 2, "Held Messages:\n    zed@example.net: Tea"),
}
"""What each method of the writer is given behind the list, by its name."""


def writer(**site: Any) -> Writer:
    """One with the packaged texts. site: what differs in the facts about the site."""
    return Writer(texts(), msgspec.structs.replace(SITE, **site))


def letter(method: str, about: Any = ANT, *, by: Writer | None = None, **more: Any) -> Letter:
    """What this method writes about a list, with `ARGUMENTS`."""
    written: Letter = getattr(by or writer(), method)(about, *ARGUMENTS[method], **WHEN, **more)
    return written


def message(written: Letter) -> Any:
    """As a mail program takes it apart; it must find nothing wrong."""
    found = message_from_bytes(written.octets)
    assert [part.defects for part in found.walk() if part.defects] == []
    return found


def header(written: Letter, name: str) -> str | None:
    """A field, decoded."""
    return split(written.octets)[0].text(name)


def text(written: Letter) -> str:
    """The words: the first part that is text, with line feeds."""
    part = next(part for part in message(written).walk() if part.get_content_maintype() == "text")
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.decode(part.get_content_charset("ascii")).replace("\r\n", "\n")
