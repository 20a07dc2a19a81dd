"""Mail that mlcore itself writes: complete messages, without a word of the mail they are about."""

from base64 import encodebytes
from typing import Final, Literal

from mlcore.lists import mailboxes
from mlcore.lists.handlers.list_headers import reduced
from mlcore.lists.model import ListPolicy
from mlcore.lists.notice_texts import text_of
from mlcore.lists.plain import escaped, one_line
from mlcore.mail import address as addresses
from mlcore.mail import date, message_id
from mlcore.mail.fields import Fields, join

Kind = Literal["new-list", "welcome", "goodbye", "admin-subscribe", "admin-unsubscribe"]
"""What the notices that wait in the database are about (`store.notices`)."""

_LONGEST: Final = 254

_SHUNTED: Final = """\
mlcore could not process a message and has set it aside. It is kept, and
nothing happens to it until you decide.

  Host:    {host}
  Entry:   {entry}
  Queue:   {queue}
  Reason:  {reason}

To read it, with the whole reason:

  mlcore qfile {entry}

To put it back where it was, once the cause is gone:

  mlcore unshunt {entry}
"""


def shunted(
    *, site_owner: str, noreply: str, host: str, entry: str, queue: str, reason: str, now: float
) -> bytes:
    """The message that tells the site owner which entry was set aside, and why (RFC 5322, plain ASCII text).

    site_owner: its recipient; noreply: local part of its author; host: a domain name, for From and
    Message-ID; reason: its first 200 characters are shown, escaped. now: Unix seconds. It is marked as
    RFC 3834 asks; its reverse path has to be null. Raises ValueError if `entry` is not the name of an
    entry."""
    host, entry, queue = (one_line(text, _LONGEST) for text in (host, entry, queue))
    fields = (
        Fields(())
        .append("From", f"mlcore <{one_line(noreply, 64)}@{host}>".encode())
        .append("To", one_line(site_owner, _LONGEST).encode())
        .append("Subject", f"mlcore on {host} has set a message aside: {entry}".encode())
        .append("Date", date.format(now).encode())
        .append("Message-ID", message_id.make(f"{entry}.shunted", host).encode())
        .append("MIME-Version", b"1.0")
        .append("Content-Type", b"text/plain; charset=us-ascii")
        .append("Auto-Submitted", b"auto-generated")
    )
    text = _SHUNTED.format(host=host, entry=entry, queue=queue, reason=escaped(reason, 200))
    return join(fields, text.replace("\n", "\r\n").encode("ascii", "backslashreplace"))


def notice(
    kind: Kind,
    policy: ListPolicy,
    *,
    address: str,
    display_name: str,
    site_owner: str,
    noreply: str,
    identity: str,
    now: float,
    digest: bool = False,
) -> bytes:
    """One notice about a change of a list or its members (RFC 5322, RFC 2045).

    address, display_name: who gets it, or for the kinds `admin-…` whom it is about (then it is addressed to
    the owners); site_owner: author of those, empty for the list's owners; noreply: local part of the author
    of `new-list`; identity: letters, digits, dots and hyphens, for the Message-ID: the same notice made again
    has the same; now: Unix seconds; digest: how posts reach this member.

    It is marked as made by a program, so that no other program answers (RFC 3834 2, 5). It answers nobody,
    so its reverse path need not be null: it is -bounces of the list, where failures are counted. Header
    fields hold raw UTF-8 only for an address beyond ASCII (RFC 6532). Raises BadAddress, and ValueError for
    an identity of other characters."""
    for_owners = kind in {"admin-subscribe", "admin-unsubscribe"}
    text = text_of(
        kind, policy, address=address, display_name=display_name, digest=digest, site_owner=site_owner
    )
    recipient = ("", policy.sub_address("owner")) if for_owners else (display_name, address)
    authors = {
        "new-list": f"{one_line(noreply, 64)}@{policy.mail_host}",
        "welcome": policy.sub_address("request"),
        "goodbye": policy.sub_address("bounces"),
    }
    author = authors.get(kind) or site_owner or policy.sub_address("owner")
    fields = (
        Fields(())
        .append("From", _mailbox("", author, "From"))
        .append("To", _mailbox(*recipient, "To"))
        .append("Subject", text.subject)
        .append("Date", date.format(now).encode())
        .append("Message-ID", message_id.make(identity, policy.mail_host).encode())
        .append("Precedence", b"bulk")
        .append("Auto-Submitted", b"auto-generated")
    )
    if kind == "welcome":
        fields = fields.append("X-No-Archive", b"yes")
    return _with_text(reduced(fields, policy), text.body)


def _mailbox(name: str, address: str, field: str) -> bytes:
    """The body of an address field with one mailbox. Raises BadAddress."""
    return mailboxes.written([(name, addresses.parse(address))], first_column=len(field) + 2)


def _with_text(fields: Fields, text: str) -> bytes:
    """The message with `text` as its body: ASCII as it is, else UTF-8 in base64, so that no next hop has to
    know 8BITMIME (P13)."""
    octets = text.replace("\n", "\r\n").encode("utf-8", "replace")
    charset, encoding = ("us-ascii", "7bit") if octets.isascii() else ("utf-8", "base64")
    fields = (
        fields.append("MIME-Version", b"1.0")
        .append("Content-Type", f"text/plain; charset={charset}".encode())
        .append("Content-Transfer-Encoding", encoding.encode())
    )
    return join(fields, octets if octets.isascii() else encodebytes(octets).replace(b"\n", b"\r\n"))
