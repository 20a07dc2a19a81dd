"""Mail to the site owner about an entry that was set aside. In English, as the log is."""

from typing import Final

from mlcore.lists.plain import escaped, one_line
from mlcore.mail import date, message_id
from mlcore.mail.fields import Fields, join

_LONGEST: Final = 254

_TEXT: Final = """\
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
    text = _TEXT.format(host=host, entry=entry, queue=queue, reason=escaped(reason, 200))
    return join(fields, text.replace("\n", "\r\n").encode("ascii", "backslashreplace"))
