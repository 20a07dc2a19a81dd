"""A header and a footer around a message, whatever it is made of; nothing in it is damaged, and what is
signed in it stays valid."""

from typing import Final

import msgspec

from mlcore.lists import plain_body
from mlcore.lists.model import ListPolicy
from mlcore.lists.personal import Words
from mlcore.lists.plain_body import Decorated
from mlcore.mail import compose, transfer
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part, made
from mlcore.mail.slots import Slot
from mlcore.texts.languages import charset_of

_MIXED: Final = "multipart/mixed"


def around(message: Part, header: str, footer: str, *, policy: ListPolicy, root: str, number: int) -> Part:
    """`message` with `header` and `footer`: in the text of text/plain, as first and last part in
    multipart/mixed, and around anything else in a new multipart/mixed.

    header, footer: lines with LF, none at the end; empty: none. Their charset: see `plain_body.with_text`;
    in parts of their own that of the list. root: of the spool entry, number: which boundary of that entry a
    new container gets."""
    return with_words(message, Words(header), Words(footer), policy=policy, root=root, number=number)[0]


def with_words(
    message: Part, header: Words, footer: Words, *, policy: ListPolicy, root: str, number: int
) -> Decorated:
    """The same; with slots for the texts that are personal: a part of its own is empty but for its slot."""
    charset = policy.charset or charset_of(policy.preferred_language)
    if message.type == "text/plain":
        text = plain_body.with_words(message, header, footer, (charset,))
        if text is not None:
            return _as_mime(text[0]), text[1]
    if message.type == _MIXED and message.children:
        boundary = message.content_type.boundary
        before, after = (_inline(words, charset, boundary, is_own=False) for words in (header, footer))
        container = message.with_children(
            (*_parts(before), *message.children, *_parts(after)),
        )
        return container, _placed(container, before, after)
    own = compose.boundary(root, number)
    before, after = (_inline(words, charset, own.encode(), is_own=True) for words in (header, footer))
    content = compose.mixed([*_parts(before), inner(message), *_parts(after)], boundary=own)
    return _wrapped(message, content), _placed(content, before, after)


def inner(message: Part) -> Part:
    """The content of a message as a part: its fields about content (RFC 2045 3), its body octet for octet."""
    return made(compose.parted(message.fields)[0], message.body)


def _wrapped(message: Part, content: Part) -> Part:
    """The message with another content: its fields that are not about content, and those of `content`."""
    others = compose.parted(message.fields)[1]
    return _as_mime(made(Fields(others.raw + content.fields.raw), content.body))


def _as_mime(message: Part) -> Part:
    """With MIME-Version if it has fields that only mean something beside it (RFC 2045 4)."""
    names = message.fields.names()
    if "mime-version" in names or not any(name.startswith("content-") for name in names):
        return message
    return message.with_fields(message.fields.append("MIME-Version", b"1.0"))


_Inline = tuple[Part, Slot | None]


def _inline(words: Words, charset: str, boundary: bytes, *, is_own: bool) -> _Inline | None:
    """A text as a part that readers show in its place (RFC 2183 2.1), which no line of it ends; None: there
    is no text. is_own: whether the boundary is one of ours, which is made so that it occurs in no part."""
    if not words.text:
        return None
    if words.is_personal:
        return _personal(words, charset, "--" + boundary.decode("latin-1"), is_own=is_own)
    part = compose.text(f"{words.text}\n", charset=charset)
    part = part.with_fields(part.fields.append("Content-Disposition", b"inline"))
    if not is_own and b"--" + boundary in part.body:
        part = compose.in_base64(part)
    return part, None


def _personal(words: Words, charset: str, delimiter: str, *, is_own: bool) -> _Inline:
    """The part without its text, and the slot for that, in a charset and an encoding that fit all copies."""
    sample = f"{words.sample}\n".replace("\n", "\r\n")
    octets, label = (
        (sample.encode(), "us-ascii") if sample.isascii() else transfer.in_charset(sample, charset)
    )
    encoding = transfer.suited(octets)[1]
    # A soft break makes lines that nobody wrote, but none that begins with `--=`, as our delimiters do.
    is_broken = encoding == "quoted-printable" and not is_own
    if is_broken or (encoding == "7bit" and words.may_hold_line(delimiter)):
        encoding = "base64"
    part = compose.empty(charset=label, encoding=encoding)
    part = part.with_fields(part.fields.append("Content-Disposition", b"inline"))
    return part, Slot(at=0, kind="text", text=words.text, charset=label, encoding=encoding)


def _parts(inline: _Inline | None) -> list[Part]:
    return [] if inline is None else [inline[0]]


def _placed(container: Part, before: _Inline | None, after: _Inline | None) -> tuple[Slot, ...]:
    """The slots of the first and the last part, where they are in the body of `container`."""
    around_delimiter = len(b"--") + len(container.content_type.boundary) + len(b"\r\n")
    found: list[Slot] = []
    if before is not None and before[1] is not None:
        at = len(container.preamble) + around_delimiter + len(before[0].octets())
        found.append(msgspec.structs.replace(before[1], at=at))
    if after is not None and after[1] is not None:
        last = around_delimiter + len(b"--") + len(container.epilogue)
        found.append(msgspec.structs.replace(after[1], at=len(container.body) - last))
    return tuple(found)
