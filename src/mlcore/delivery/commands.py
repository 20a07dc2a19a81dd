"""The octets of a transaction, and what of it cannot be said to a peer (RFC 5321 4.1, 1870, 6152, 6531).

Pure. Here no address can become a second command (P9), and no peer hears what it did not offer (P13)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mlcore.delivery.features import Features
from mlcore.delivery.outcome import Failed, Outcome
from mlcore.delivery.transport import SealedMessage, Transaction
from mlcore.mail.reply import Reply

MAX_ADDRESS: Final = 490
"""Octets of an address: with its verb it stays within the 512 octets of RFC 5321 4.5.3.1.4."""

BAD_RECIPIENT: Final = Failed(Reply(553, "5.1.3", "The address cannot be written in a command"))
BAD_SENDER: Final = Failed(Reply(553, "5.1.7", "The sender's address cannot be written"), policy=True)
TOO_BIG: Final = Failed(Reply(552, "5.3.4", "The message is larger than the mail server takes"), policy=True)
NO_EIGHT_BIT: Final = Failed(
    Reply(554, "5.6.3", "The mail server does not take 8-bit content (8BITMIME)"), policy=True
)
NO_UTF8_HEADER: Final = Failed(
    Reply(553, "5.6.7", "The mail server does not take UTF-8 headers or senders (SMTPUTF8)"), policy=True
)
NO_UTF8_ADDRESS: Final = Failed(
    Reply(553, "5.6.7", "The mail server does not take UTF-8 addresses (SMTPUTF8)"), policy=True
)

# What ends or splits a path, plus what is only harmless inside a quoted local part.
_SUSPECT: Final = re.compile(r"[\x00-\x20\x7f<>\"\\]")
_NEEDS_XTEXT: Final = re.compile(r"[^!-*,-<>-~]")
_LONGEST_ORCPT: Final = 160
"""Characters: with three for each it stays within the 500 of RFC 3461 4.2."""
_QUOTED: Final = re.compile(r'"(?:[^"\\\x00-\x1f\x7f<>]|\\[^\x00-\x1f\x7f<>])*"@[^\x00-\x20\x7f<>"\\]+\Z')


def sendable(address: str) -> bool:
    """Whether `address` (not empty) can stand between `<` and `>`: one path, nothing else, 490 octets.

    Control characters, angle brackets and blanks outside a quoted local part are refused; so is what is
    not printable beyond ASCII."""
    if not address or not address.isprintable() or len(address.encode()) > MAX_ADDRESS:
        return False
    return _SUSPECT.search(address) is None or _QUOTED.match(address) is not None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A transaction as one peer can hear it. recipients: those it is asked about, in order; settled: by
    position in the transaction, those that can never be asked; octets: the content, CRLF at its end; dsn:
    whether each address is said once more, for reports (RFC 3461 4.2): then they name the member, wherever
    his mail was passed on to."""

    mail: str
    recipients: Sequence[str]
    settled: dict[int, Outcome]
    octets: bytes
    dsn: bool = False

    def envelope(self, last: str = "") -> bytes:
        """MAIL, every RCPT and `last` (a command without CRLF, or nothing) as one group (RFC 2920 3.1)."""
        end = f"{last}\r\n" if last else ""
        if self.dsn:
            lines = "\r\n".join(map(self.rcpt, self.recipients))
            return f"{self.mail}\r\n{lines}\r\n{end}".encode()
        rcpts = ">\r\nRCPT TO:<".join(self.recipients)
        return f"{self.mail}\r\nRCPT TO:<{rcpts}>\r\n{end}".encode()

    def rcpt(self, address: str) -> str:
        """The command for one of `recipients`, without CRLF."""
        if not self.dsn or len(address) > _LONGEST_ORCPT or not address.isascii():
            return f"RCPT TO:<{address}>"
        written = address if _NEEDS_XTEXT.search(address) is None else _xtext(address)
        return f"RCPT TO:<{address}> ORCPT=rfc822;{written}"

    def outcomes(self, asked: Sequence[Outcome]) -> tuple[Outcome, ...]:
        """Outcomes for the whole transaction, from those of `recipients`."""
        if not self.settled:
            return tuple(asked)
        rest = iter(asked)
        total = len(self.settled) + len(self.recipients)
        return tuple(
            self.settled[position] if position in self.settled else next(rest) for position in range(total)
        )


def prepare(transaction: Transaction, peer: Features) -> Prepared:
    """What of `transaction` can be said to `peer`, and the outcomes of the rest."""
    message = transaction.message
    recipients = transaction.recipients
    octets = message.octets
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    whole = _refused_as_a_whole(transaction.reverse_path, message, len(octets), peer)
    if whole is not None:
        return Prepared("", (), dict.fromkeys(range(len(recipients)), whole), octets)
    together = "".join(recipients)
    plain = together.isascii()
    if (
        plain
        and _SUSPECT.search(together) is None
        and all(recipients)
        and len(max(recipients, key=len)) <= MAX_ADDRESS
    ):
        return Prepared(_mail(transaction, len(octets), peer, utf8=False), recipients, {}, octets, peer.dsn)
    settled = _refused_alone(recipients, peer)
    asked = [address for position, address in enumerate(recipients) if position not in settled]
    utf8 = not all(map(str.isascii, asked))
    return Prepared(_mail(transaction, len(octets), peer, utf8=utf8), asked, settled, octets, peer.dsn)


def stuffed(octets: bytes) -> bytes:
    """`octets` with a dot before each line that begins with one (RFC 5321 4.5.2)."""
    if b"\r\n." in octets:
        octets = octets.replace(b"\r\n.", b"\r\n..")
    return b"." + octets if octets.startswith(b".") else octets


def _xtext(text: str) -> str:
    """Printable ASCII as a parameter may hold it (RFC 3461 4)."""
    return _NEEDS_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", text)


def _refused_as_a_whole(
    reverse_path: str, message: SealedMessage, size: int, peer: Features
) -> Failed | None:
    if reverse_path and not sendable(reverse_path):
        return BAD_SENDER
    if peer.size and size > peer.size:
        return TOO_BIG
    if message.eight_bit and not peer.eight_bit:
        return NO_EIGHT_BIT
    if not peer.smtputf8 and (message.utf8_header or not reverse_path.isascii()):
        return NO_UTF8_HEADER
    return None


def _refused_alone(recipients: Sequence[str], peer: Features) -> dict[int, Outcome]:
    settled: dict[int, Outcome] = {}
    for position, address in enumerate(recipients):
        if not sendable(address):
            settled[position] = BAD_RECIPIENT
        elif not peer.smtputf8 and not address.isascii():
            settled[position] = NO_UTF8_ADDRESS
    return settled


def _mail(transaction: Transaction, size: int, peer: Features, *, utf8: bool) -> str:
    message = transaction.message
    line = f"MAIL FROM:<{transaction.reverse_path}>"
    if peer.size is not None:
        line += f" SIZE={size}"
    # RFC 6531 3.6: a message with UTF-8 in its header section is 8-bit content too.
    if peer.eight_bit and (message.eight_bit or message.utf8_header):
        line += " BODY=8BITMIME"
    if utf8 or message.utf8_header or not transaction.reverse_path.isascii():
        line += " SMTPUTF8"
    if peer.dsn:
        # A report need not bring the whole post back; ENVID says which one it was (RFC 3461 4.3, 4.4).
        line += f" RET=HDRS ENVID={_xtext(transaction.entry)}" if transaction.entry else " RET=HDRS"
    if transaction.xverp and peer.xverp:
        line += f" XVERP={transaction.xverp}"
    return line
