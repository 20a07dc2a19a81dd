"""The moderators' password in a post: taken out before anything else sees it, and never passed on."""

import html
import re
from collections.abc import Callable
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.mail import charsets, mime, transfer
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part

NAMES: Final = ("Approve", "Approved", "X-Approve", "X-Approved")
"""Of the fields that carry one; the first that is there counts."""
LONGEST: Final = 256
"""Characters of a password at most: to compare one costs time for each."""

_NAME: Final = r"(?:x-)?approved?"
_KEYS: Final = frozenset(name.lower() for name in NAMES)
_LINE_END: Final = re.compile(r"\r\n?|\n")
_CREDENTIAL: Final = re.compile(rf"{_NAME}[ \t]*[:：](.*)", re.IGNORECASE | re.DOTALL)
# What may stand between the words where a mailer made HTML of them. Bounded: the text is a stranger's.
_GAP: Final = r"(?:\s|&nbsp;|&#160;|&#xa0;|<[^<>]{0,300}>){0,30}"
_TAG: Final = re.compile(r"<[^<>]*>")
_KNOWN_ENCODINGS: Final = frozenset({"", "7bit", "8bit", "binary", "base64", "quoted-printable"})


def take_out(draft: Draft, *, look_into_body: bool) -> tuple[Draft, tuple[str, ...]]:
    """The draft without credentials, and the password that was in it: one or none.

    All fields of `NAMES` go. look_into_body: so does such a line where it is the first that is not blank in
    the first text/plain part, and every `name: password` like it in any text part. A password in a field
    comes before one in the body; one of more than `LONGEST` characters is none. The very draft if there was
    nothing; a message that is too complex keeps its body."""
    found = [_in_fields(draft.fields)]
    if not _KEYS.isdisjoint(draft.fields.names()):
        draft = draft.with_fields(draft.fields.remove(*NAMES))
    if look_into_body and _may_hold_one(draft):
        draft, password = _out_of_body(draft)
        found.append(password)
    passwords = [password for password in found if 0 < len(password) <= LONGEST]
    return draft, tuple(passwords[:1])


def _in_fields(fields: Fields) -> str:
    names = fields.names()
    present = next((name for name in NAMES if name.lower() in names), None)
    return "" if present is None else (fields.text(present) or "").strip()


def _may_hold_one(draft: Draft) -> bool:
    """Whether it is worth while to take the message apart: the word is there, or cannot be seen."""
    encoding = draft.fields.first("content-transfer-encoding") or b""
    body = draft.body.lower()
    if b"approve" in body or b"base64" in body or b"base64" in encoding.lower():
        return True
    # `Appro=\r\nved` and `=41pproved` are the word too.
    return b"=" in body and b"approve" in transfer.decode(draft.body, "quoted-printable").lower()


def _out_of_body(draft: Draft) -> tuple[Draft, str]:
    try:
        whole = draft.part()
    except mime.TooComplex:
        return draft, ""
    first = mime.first_text(whole)
    if first is None or first.encoding not in _KNOWN_ENCODINGS:
        return draft, ""
    text = first.text()
    start, end, _ = _first_line(text)
    credential = _CREDENTIAL.fullmatch(text[start:end].strip())
    if credential is None:
        return draft, ""
    password = credential[1].strip()
    erased = _eraser(password)

    def change(part: Part) -> Part:
        edited = _edited(part, _without_first_line) if part is first else part
        return _edited(edited, erased) if password else edited

    return draft.with_part(_mapped(whole, change)), password


def _first_line(text: str) -> tuple[int, int, int]:
    """Where the first line that is not blank starts and ends, and where the next one starts."""
    text_at = len(text) - len(text.lstrip())
    start = max(text.rfind("\n", 0, text_at), text.rfind("\r", 0, text_at)) + 1
    line_end = _LINE_END.search(text, text_at)
    return (start, line_end.start(), line_end.end()) if line_end else (start, len(text), len(text))


def _without_first_line(text: str) -> str:
    start, _, following = _first_line(text)
    return text[:start] + text[following:]


def _eraser(password: str) -> Callable[[str], str]:
    """What takes `name: password` out of a text, HTML or not."""
    in_octets = password.encode("utf-8", "replace").decode("latin-1")
    spellings = {password, html.escape(password), html.escape(password, quote=False), in_octets}
    longest_first = sorted(spellings, key=len, reverse=True)
    one_of_them = "|".join(map(re.escape, longest_first))
    pattern = re.compile(rf"{_NAME}({_GAP})[:：]({_GAP})(?:{one_of_them})", re.IGNORECASE)
    # The tags between stay: others close them.
    return lambda text: pattern.sub(lambda found: "".join(_TAG.findall(found[1] + found[2])), text)


def _mapped(part: Part, change: Callable[[Part], Part]) -> Part:
    """The message with every text part changed; attached messages stay as they are."""
    if part.maintype == "multipart" and part.children:
        return part.with_children(tuple([_mapped(child, change) for child in part.children]))
    is_text = part.maintype == "text" and part.encoding in _KNOWN_ENCODINGS
    return change(part) if is_text else part


def _edited(part: Part, change: Callable[[str], str]) -> Part:
    """The part with its text changed, in the same charset and transfer encoding; this very part if the text
    stays the same."""
    octets = part.decoded()
    codec = charsets.codec_of(part.content_type.charset) or "utf-8"
    try:
        text = octets.decode(codec)
        is_exact = text.encode(codec) == octets
    except UnicodeError:
        is_exact = False
    if not is_exact:
        # Octets for characters: what is not ASCII comes out as it came in, whatever it is.
        codec, text = "latin-1", octets.decode("latin-1")
    changed = change(text)
    if changed == text:
        return part
    return part.with_body(transfer.encode(changed.encode(codec), part.encoding))
