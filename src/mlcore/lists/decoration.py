"""A header and a footer around a message, whatever it is made of; nothing in it is damaged, and what is
signed in it stays valid."""

from typing import Final

from mlcore.lists import plain_body
from mlcore.lists.model import ListPolicy
from mlcore.mail import compose
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part, made
from mlcore.texts.languages import charset_of

_MIXED: Final = "multipart/mixed"


def around(message: Part, header: str, footer: str, *, policy: ListPolicy, root: str, number: int) -> Part:
    """`message` with `header` and `footer`: in the text of text/plain, as first and last part in
    multipart/mixed, and around anything else in a new multipart/mixed.

    header, footer: lines with LF, none at the end; empty: none. Their charset: see `plain_body.with_text`;
    in parts of their own that of the list. root: of the spool entry, number: which boundary of that entry a
    new container gets."""
    charset = policy.charset or charset_of(policy.preferred_language)
    if message.type == "text/plain":
        text = plain_body.with_text(message, header, footer, (charset,))
        if text is not None:
            return _as_mime(text)
    before = [_inline(header, charset)] if header else []
    after = [_inline(footer, charset)] if footer else []
    if message.type == _MIXED and message.children:
        delimiter = b"--" + message.content_type.boundary
        added = [[_apart_from(part, delimiter) for part in parts] for parts in (before, after)]
        return message.with_children((*added[0], *message.children, *added[1]))
    boundary = compose.boundary(root, number)
    return _wrapped(message, compose.mixed([*before, inner(message), *after], boundary=boundary))


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


def _inline(text: str, charset: str) -> Part:
    """A text as a part that readers show in its place (RFC 2183 2.1)."""
    part = compose.text(f"{text}\n", charset=charset)
    return part.with_fields(part.fields.append("Content-Disposition", b"inline"))


def _apart_from(part: Part, delimiter: bytes) -> Part:
    """The part in an encoding in which no line of it is that delimiter."""
    return compose.in_base64(part) if delimiter in part.body else part
