"""What a reply means for a recipient (RFC 5321 4.2.1, 4.5.3.1.10, RFC 3463). Pure."""

from collections.abc import Sequence
from typing import Final

from mlcore.delivery.outcome import Deferred, Delivered, Failed, Outcome
from mlcore.mail.reply import Reply

CLOSING: Final = 421
"""The peer ends the conversation with it, whatever it was asked (RFC 5321 3.8)."""

_OUT_OF_ORDER: Final = 503
_CONTENT_OR_POLICY: Final = ("5.6.", "5.7.")


def at_rcpt(reply: Reply) -> Outcome | None:
    """The outcome that a reply to RCPT settles; None: accepted, the end of the content decides.

    552 is deferred, because old servers say it for "too many recipients" (RFC 5321 4.5.3.1.10), and so is
    a full mailbox (5.2.2): both pass. Any other 5xx fails this recipient, by policy for 5.6.x and 5.7.x."""
    code = reply.code
    if 200 <= code < 300:
        return None
    if code < 500 or code == 552 or reply.enhanced == "5.2.2":
        return Deferred(reply)
    return Failed(reply, policy=reply.enhanced.startswith(_CONTENT_OR_POLICY))


def at_transaction(reply: Reply) -> Outcome:
    """The outcome of every recipient still open after a reply to MAIL, DATA, BDAT or the final dot.

    5xx there is about the message or about us, never about a member: policy. 3xx has no meaning there and
    counts as temporary; so does 503, which is about the order of commands: the next time there is another."""
    if 200 <= reply.code < 300:
        return Delivered(reply)
    if reply.code < 500 or reply.code == _OUT_OF_ORDER:
        return Deferred(reply)
    return Failed(reply, policy=True)


def settle(
    mail: Reply | None, rcpts: Sequence[Reply], final: Reply | None, *, count: int, lost: Outcome
) -> tuple[Outcome, ...]:
    """The outcomes of a transaction of `count` recipients, in order.

    mail, rcpts, final: the replies that came; None, or fewer than `count`: the conversation ended before.
    final is the reply to the content, or to DATA when that was refused. lost: the outcome of those whose
    reply is missing."""
    if mail is None:
        return (lost,) * count
    if not 200 <= mail.code < 300:
        return (at_transaction(mail),) * count
    rest = lost if final is None else at_transaction(final)
    if len(rcpts) == count and all(200 <= code < 300 for code in {reply.code for reply in rcpts}):
        return (rest,) * count
    answered = [at_rcpt(reply) or rest for reply in rcpts]
    return (*answered, *(rest for _ in range(count - len(answered))))
