"""Which recipients go into one transaction. Pure."""

from collections.abc import Collection, Iterator, Sequence


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
