"""Header fields that list addresses, as handlers write them: anew, and only where something changes."""

from collections.abc import Collection
from typing import Final

from mlcore.lists import mailboxes
from mlcore.lists.handlers import charset as charsets
from mlcore.lists.model import ListPolicy
from mlcore.mail import words
from mlcore.mail.address import Address, parse
from mlcore.mail.fields import Fields

Mailbox = tuple[str, Address]
"""Display name, which may be empty, and address."""

_LONGEST_NAME: Final = 255


def list_itself(policy: ListPolicy) -> Mailbox:
    """The posting address under the description of the list."""
    return policy.description, parse(policy.posting_address)


def once(found: Collection[Mailbox]) -> list[Mailbox]:
    """Each address once, under its first name."""
    by_key: dict[str, Mailbox] = {}
    for name, mailbox in found:
        by_key.setdefault(mailbox.key, (name, mailbox))
    return list(by_key.values())


def with_mailboxes(fields: Fields, name: str, wanted: Collection[Mailbox], policy: ListPolicy) -> Fields:
    """With one field `name` that lists `wanted`, none where that is empty; a field that says so already, and
    one with more addresses than are looked at, stay as they are.

    name: as it is written."""
    there_are = mailboxes.named(fields, name)
    if len(there_are) >= mailboxes.LOOKED_AT:
        return fields
    if not wanted:
        return fields.remove(name)
    if len(fields.all(name)) == 1 and _keys(there_are) == _keys(wanted):
        return fields
    return fields.replace(name, written(wanted, name, policy, instead_of=fields.first(name) or b""))


def with_more(fields: Fields, name: str, more: Collection[Mailbox], policy: ListPolicy) -> Fields:
    """With these addresses behind those of the field `name`, each once; see `with_mailboxes`."""
    there_are = once(mailboxes.named(fields, name))
    known = set(_keys(there_are))
    new = [one for one in once(more) if one[1].key not in known]
    return with_mailboxes(fields, name, [*there_are, *new], policy) if new else fields


def written(found: Collection[Mailbox], name: str, policy: ListPolicy, *, instead_of: bytes = b"") -> bytes:
    """The body of a field `name` that lists `found` (one or more), one a line (RFC 5322 3.4).

    Names beyond ASCII, at most 255 characters of each, become encoded words in the charset of those in
    `instead_of`, else in that of the list, where these hold the name; addresses beyond ASCII stay UTF-8
    (RFC 6532)."""
    wanted = (charsets.label(instead_of), policy.charset)
    column = len(name) + 2
    items: list[bytes] = []
    for shown, mailbox in found:
        items.append(_item(shown[:_LONGEST_NAME], mailbox, column, wanted))
        column = 1
    return b",\r\n ".join(items)


def _item(name: str, mailbox: Address, column: int, wanted: tuple[str, ...]) -> bytes:
    spelt = str(mailbox).encode()
    charset = "utf-8" if name.isascii() else charsets.chosen(name, *wanted)
    phrase = words.phrase(name, charset, first_column=column)
    return words.with_address(phrase, b"<" + spelt + b">", first_column=column) if phrase else spelt


def _keys(found: Collection[Mailbox]) -> list[str]:
    return [mailbox.key for _, mailbox in found]
