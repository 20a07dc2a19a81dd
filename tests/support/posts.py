"""Lists, facts and posts for tests of list logic: one list `ant@example.com`, one site, by keyword."""

from typing import Any

from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SenderFacts, SiteFacts
from mlcore.lists.model import ListPolicy, Recipient, Role, SenderStanding
from mlcore.mail.address import key_of

ENTRY = "018bcfe56800000a1b2c3"
NOW = 1_700_000_000.0
SITE = SiteFacts(version="0.1.0", site_owner="root@example.com")

PLAIN = (
    b"Received: from mx.example.org by mail.example.com; Tue, 14 Nov 2023 22:13:00 +0000\r\n"
    b"From: Anne Person <Anne@Example.org>\r\n"
    b"To: ant@example.com\r\n"
    b"Cc: cate@example.net\r\n"
    b"Subject: Tea at four\r\n"
    b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
    b"Message-ID: <one@example.org>\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=us-ascii\r\n"
    b"\r\n"
    b"Shall we?\r\n"
)


def policy(**settings: Any) -> ListPolicy:
    """The list `ant@example.com`, with a blank prefix unless told otherwise."""
    given = {
        "list_id": "ant.example.com",
        "list_name": "ant",
        "mail_host": "example.com",
        "display_name": "Ant",
    }
    return ListPolicy(**(given | settings))


def sender(address: str = "anne@example.org", *roles: Role, **facts: Any) -> SenderFacts:
    """A sender with these roles; none: a member. facts: of SenderFacts, or of its standing."""
    own = {name: facts.pop(name) for name in SenderFacts.__struct_fields__ if name in facts}
    standing = SenderStanding(roles=frozenset(roles or {Role.MEMBER}), **facts)
    given: dict[str, Any] = {"address": address, "key": key_of(address), "standing": standing}
    return SenderFacts(**(given | own))


def post_facts(**facts: Any) -> PostFacts:
    """A post by a member, anne@example.org."""
    given: dict[str, Any] = {
        "site": SITE,
        "entry": ENTRY,
        "now": NOW,
        "reverse_path": "anne@example.org",
        "purpose": "post",
        "senders": (sender(),),
    }
    return PostFacts(**(given | facts))


def render_facts(*recipients: Recipient, number: int | None = 7, **facts: Any) -> RenderFacts:
    """The same post as number 7. facts: of RenderFacts, or of its PostFacts."""
    own = {name: facts.pop(name) for name in RenderFacts.__struct_fields__ if name in facts}
    given: dict[str, Any] = {"post": post_facts(**facts), "number": number, "recipients": recipients}
    return RenderFacts(**(given | own))


def draft(*lines: str | bytes, body: bytes = b"Shall we?\r\n") -> Draft:
    """A message of these header lines (without CRLF)."""
    octets = b"".join((line.encode() if isinstance(line, str) else line) + b"\r\n" for line in lines)
    return Draft.post(octets + b"\r\n" + body)
