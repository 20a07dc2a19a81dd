"""Addresses in header fields, as rules and handlers ask for them."""

from mlcore.mail import address, words
from mlcore.mail.address import Address
from mlcore.mail.fields import Fields

LOOKED_AT = 1_000
"""Addresses of one question that are looked at; the rest is ignored (limit on crafted fields)."""


def named(fields: Fields, *names: str, limit: int = LOOKED_AT) -> list[tuple[str, Address]]:
    """(display name, address) of every mailbox in the fields `names`, in that order, at most `limit` in all.

    Encoded words are decoded in display names only, after the field was taken apart, so that no encoded
    comma makes a second address. What is no valid address is skipped; never raises."""
    found: list[tuple[str, Address]] = []
    for name in names:
        for body in fields.all(name):
            if len(found) >= limit:
                return found
            found += address.parse_list(body, limit - len(found))
    return found


def written(found: list[tuple[str, Address]], first_column: int) -> bytes:
    """A field body that lists `found` (one or more), one a line (RFC 5322 3.4).

    first_column: octets already on the first line. Names beyond ASCII become encoded
    words (RFC 2047); addresses beyond ASCII stay UTF-8 (RFC 6532)."""
    columns = [first_column] + [1] * (len(found) - 1)
    return b",\r\n ".join(_item(*named, column) for named, column in zip(found, columns, strict=True))


def _item(name: str, mailbox: Address, column: int) -> bytes:
    spelt = str(mailbox).encode()
    phrase = words.phrase(name, first_column=column)
    return words.with_address(phrase, b"<" + spelt + b">", first_column=column) if phrase else spelt
