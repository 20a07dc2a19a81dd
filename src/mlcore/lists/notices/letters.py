"""What mail of mlcore's own is made of and becomes: whom it is for, what it answers, and the whole of it."""

import msgspec


class Person(msgspec.Struct, frozen=True):
    """Whom a mail is for, or is about. address: as it is spelt; name: as people read it, may be empty;
    language: what this person wants, empty: that of the list.

    member: whether this address belongs to a member of the list. Only then does a mail repeat what a message
    in this person's name said (its subject, the message itself): anybody can write such a message, and would
    otherwise have us carry his words to whom he likes (P19)."""

    address: str
    name: str = ""
    language: str = ""
    member: bool = False


class Answered(msgspec.Struct, frozen=True):
    """The message that an answer is to. subject: decoded; date and message_id: as they stand in its header;
    each may be empty and is checked before it is used."""

    subject: str = ""
    date: str = ""
    message_id: str = ""


class Letter(msgspec.Struct, frozen=True):
    """A whole mail, fit for virgin/. kind: what it is about, for logs; recipients: addresses, each once;
    reverse_path: empty for the null sender; octets: RFC 5322, CRLF line ends; list_id: empty for mail of the
    site."""

    kind: str
    recipients: tuple[str, ...]
    reverse_path: str
    octets: bytes
    list_id: str
