"""Which recipients go into one transaction. Pure."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Literal, NamedTuple

from mlcore.mail.verp import octets


class Portion(NamedTuple):
    """What is sent at once, and recorded before more of it follows. how: `shared`: one transaction; `xverp`:
    one, for which the peer makes the senders; `each`: as many transactions as numbers."""

    numbers: tuple[int, ...]
    how: Literal["shared", "xverp", "each"]


class Portions(NamedTuple):
    """How an entry is cut. max_recipients: of one transaction, 0: all; max_each: transactions of one
    recipient at once; xverp: whether the peer makes senders; longest: octets of an address that a sender has
    room for (`mail.verp.room`)."""

    max_recipients: int
    max_each: int
    xverp: bool
    longest: int = 64


def has_own_sender(verp: int, post: int, number: int) -> bool:
    """Whether recipient `number` gets a sender of its own. verp: see `mail.envelope.Rendered`; post: the
    number of the post, so that each time others do."""
    return verp > 0 and (number + post) % verp == 0


def portions(
    addresses: Sequence[str],
    open_numbers: Collection[int],
    cut: Portions,
    *,
    personal: bool,
    verp: int = 0,
    post: int = 0,
) -> Iterator[Portion]:
    """Every open number once. personal: each copy differs; verp, post: see `has_own_sender`."""
    if personal:
        return _one_by_one(sorted(open_numbers), cut.max_each)
    if not verp:
        return _together(addresses, open_numbers, cut, "shared")
    own = [
        number
        for number in open_numbers
        if has_own_sender(verp, post, number) and octets(addresses[number]) <= cut.longest
    ]
    if not own:
        return _together(addresses, open_numbers, cut, "shared")
    first = _together(addresses, own, cut, "xverp") if cut.xverp else _one_by_one(sorted(own), cut.max_each)
    if len(own) == len(open_numbers):
        return first
    return chain(first, _together(addresses, set(open_numbers).difference(own), cut, "shared"))


def _together(
    addresses: Sequence[str], numbers: Collection[int], cut: Portions, how: Literal["shared", "xverp"]
) -> Iterator[Portion]:
    return (Portion(some, how) for some in plan(addresses, numbers, cut.max_recipients))


def _one_by_one(numbers: list[int], most: int) -> Iterator[Portion]:
    return (Portion(tuple(numbers[at : at + most]), "each") for at in range(0, len(numbers), most))


def plan(
    addresses: Sequence[str], open_numbers: Collection[int], max_recipients: int
) -> Iterator[tuple[int, ...]]:
    """Numbers of the recipients of each transaction: every open number once, ascending in each chunk.

    addresses: by number; open_numbers: those without a final outcome; max_recipients: 1 or more, 0: all.
    Recipients with ASCII addresses and others are never in one chunk; but for that, if all fit they are one.
    Otherwise recipients of one domain stay together as far as they fit, so that the relay sees few
    transactions per destination; domains keep the order of their first number.
    Linear but for sorting within a chunk; fewer than twice as many chunks as needed."""
    numbers = sorted(open_numbers)
    ascii_only = [number for number in numbers if addresses[number].isascii()]
    if len(ascii_only) < len(numbers):
        # SMTPUTF8 is asked for by a whole transaction (RFC 6531 3.4): a host further on that lacks it would
        # else refuse the recipients who do not need it too.
        yield from _chunks(addresses, ascii_only, max_recipients)
        numbers = [number for number in numbers if not addresses[number].isascii()]
    yield from _chunks(addresses, numbers, max_recipients)


def _chunks(addresses: Sequence[str], numbers: list[int], max_recipients: int) -> Iterator[tuple[int, ...]]:
    if not numbers:
        return
    if max_recipients <= 0 or len(numbers) <= max_recipients:
        yield tuple(numbers)
        return
    chunk: list[int] = []
    for group in _by_domain(addresses, numbers):
        if len(chunk) + len(group) <= max_recipients:
            chunk += group
            continue
        if len(group) <= max_recipients:
            yield tuple(sorted(chunk))
            chunk = group
            continue
        # A domain too large for one transaction fills up the open chunk and then its own.
        taken = max_recipients - len(chunk)
        yield tuple(sorted(chunk + group[:taken]))
        while len(group) - taken > max_recipients:
            yield tuple(group[taken : taken + max_recipients])
            taken += max_recipients
        chunk = group[taken:]
    yield tuple(sorted(chunk))


def _by_domain(addresses: Sequence[str], numbers: list[int]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for number in numbers:
        domain = addresses[number].rpartition("@")[2].lower()
        group = groups.get(domain)
        if group is None:
            groups[domain] = [number]
        else:
            group.append(number)
    return list(groups.values())
