"""What `mlcore inject` makes of a message: an entry as LMTP would have made it, or as somebody wants it."""

from collections.abc import Sequence

import msgspec

from mlcore.base.errors import BadInput
from mlcore.lists.model import ListPolicy
from mlcore.lists.senders import authors
from mlcore.mail import date, envelope, message_id
from mlcore.mail.address import BadAddress, key_of
from mlcore.mail.fields import Fields, join, split
from mlcore.mail.lines import normalise
from mlcore.spool.entry import Entry

QUEUES = ("in", "command", "bounces")
"""Queues whose entries can be made from a message and a list; what is in virgin was written by mlcore."""
_PEER = "mlcore inject"
_FIXED = frozenset({"list_id"})
"""Said by the argument of the command."""
_KINDS: dict[str, type[envelope.Arrived | envelope.Command | envelope.Report]] = {
    "in": envelope.Arrived,
    "command": envelope.Command,
    "bounces": envelope.Report,
}


def entry(
    policy: ListPolicy, queue: str, octets: bytes, metadata: Sequence[str], *, name: str, now: float
) -> Entry:
    """The entry called `name` for `queue`. octets: the message, with any line ends; it gets a Message-ID and
    a Date if it has none. metadata: `KEY=VALUE`, fields of the envelope. now: Unix seconds.

    Raises BadInput for another queue, for a key that the envelope does not have, and for a wrong value."""
    if queue not in _KINDS:
        raise BadInput(f"No such queue: {queue}", f"use one of {' '.join(QUEUES)}")
    octets = normalise(octets)
    fields, body = split(octets)
    completed = _completed(fields, policy, name, now)
    if completed is not fields:
        octets = join(completed, body)
    return Entry(_envelope(policy, queue, fields, _pairs(queue, metadata), now), (), octets)


def _completed(fields: Fields, policy: ListPolicy, name: str, now: float) -> Fields:
    if fields.first("date") is None:
        fields = fields.prepend("Date", date.format(now).encode())
    if fields.first("message-id") is None:
        fields = fields.prepend("Message-ID", message_id.make(name, policy.mail_host).encode())
    return fields


def _pairs(queue: str, metadata: Sequence[str]) -> dict[str, str]:
    known = [key for key in _KINDS[queue].__struct_fields__ if key not in _FIXED]
    pairs = {}
    for text in metadata:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"No value: {text}", "write KEY=VALUE")
        if key not in known:
            raise BadInput(f"No such metadata in {queue}: {key}", f"use one of {' '.join(known)}")
        pairs[key] = value
    return pairs


def _envelope(
    policy: ListPolicy, queue: str, fields: Fields, given: dict[str, str], now: float
) -> envelope.Envelope:
    """What LMTP would have said, with the values that are given in its place."""
    values = {
        "list_id": policy.list_id,
        "recipient": _recipient(policy, queue, given),
        "reverse_path": "" if queue == "bounces" else _author(fields),
        "arrived_at": now,
        "peer": _PEER,
        **({"command": "request"} if queue == "command" else {}),
        **given,
    }
    try:
        made = msgspec.convert({**values, "type": queue_tag(queue)}, _KINDS[queue], strict=False)
    except msgspec.ValidationError as error:
        raise BadInput(f"Wrong metadata: {error}", "see docs/spool.md for what it may be") from error
    for key in ("recipient", "reverse_path"):
        address = getattr(made, key)
        if address or key == "recipient":
            _check(key, address)
    return made


def queue_tag(queue: str) -> str:
    """How the spool calls the envelope of an entry in `queue`."""
    return str(_KINDS[queue].__struct_config__.tag)


def _recipient(policy: ListPolicy, queue: str, given: dict[str, str]) -> str:
    if queue == "in":
        return policy.sub_address("owner") if given.get("purpose") == "owner" else policy.posting_address
    return policy.sub_address("bounces" if queue == "bounces" else given.get("command", "request"))


def _author(fields: Fields) -> str:
    return next((str(author) for author in authors(fields, "")), "")


def _check(key: str, address: str) -> None:
    try:
        key_of(address)
    except BadAddress as error:
        raise BadInput(f"Wrong metadata: {key}={address} ({error})", "write local@domain") from error
