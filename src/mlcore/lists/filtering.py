"""The content filter: which parts of a post stay, and what becomes of those that do.

Everything works on `mail.mime.Part`: what stays keeps its octets, and what is signed is kept or left out as
a whole, since nothing in it can be changed without breaking the signature."""

import re
from dataclasses import dataclass, field
from typing import Final

from mlcore.lists import html
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.mail import compose
from mlcore.mail.fields import Fields
from mlcore.mail.mime import Part, made

TYPE_DISALLOWED: Final = Reason("The message's content type was explicitly disallowed")
TYPE_NOT_ALLOWED: Final = Reason("The message's content type was not explicitly allowed")
EXTENSION_DISALLOWED: Final = Reason("The message's file extension was explicitly disallowed")
EXTENSION_NOT_ALLOWED: Final = Reason("The message's file extension was not explicitly allowed")
NOTHING_LEFT: Final = Reason("After content filtering, the message was empty")

_SIGNED: Final = "multipart/signed"
_SIGNATURES: Final = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_OF_SIGNATURES: Final = frozenset({"asc", "p7s", "pgp", "sig"})
_LIKE_A_DELIMITER: Final = re.compile(rb"^--[^ \r]", re.MULTILINE)
_LONGEST_HTML: Final = 1_048_576
"""Characters; longer HTML stays HTML."""


@dataclass(frozen=True, slots=True)
class Filtered:
    """What is left of a post. part: the whole message, the very same if nothing was done; left_out: types
    (and file names, one line each) of parts that were removed; chosen, converted: how many alternatives were
    reduced to one part, how many parts of HTML became plain text."""

    part: Part
    left_out: tuple[str, ...] = ()
    chosen: int = 0
    converted: int = 0


def apply(message: Part, policy: ListPolicy) -> Filtered | Reason:
    """What the list's filter leaves of `message`, or why nothing may be left."""
    work = _Work(policy)
    reason = work.objection(message)
    if reason is not None:
        return reason
    kept = work.kept(message)
    if kept is None:
        return NOTHING_LEFT
    part = work.simplified(kept, is_message=True)
    return Filtered(part, tuple(work.left_out), work.chosen, work.converted)


def explicit(part: Part) -> Part:
    """`part` with a Content-Type of its own: without one it would mean something else in another place."""
    if part.fields.first("content-type") is not None:
        return part
    return part.with_fields(part.fields.append("Content-Type", part.content_type.octets()))


def promoted(message: Part, part: Part) -> Part:
    """The message with `part` of it as its whole content: the fields of the message, but for those about the
    content, which are those of the part."""
    others = compose.parted(message.fields)[1]
    part = explicit(part)
    content = compose.parted(part.fields)[0]
    return part.with_fields(Fields(others.raw + content.raw))


def _extensions(part: Part) -> set[str]:
    """Of the names its file has, in lower case without the dot; blanks and dots at the end do not count, as
    they do not on the systems where extensions matter."""
    names = (name.rstrip(". ") for name in part.filenames)
    return {name.rpartition(".")[2].lower() for name in names if "." in name}


@dataclass(slots=True)
class _Work:
    """One post being filtered."""

    policy: ListPolicy
    left_out: list[str] = field(default_factory=list)
    chosen: int = 0
    converted: int = 0

    def objection(self, part: Part) -> Reason | None:
        """Why this part may not stay, whatever is in it."""
        policy = self.policy
        for kind in part.types:
            names = {kind.name, kind.type}
            if not names.isdisjoint(policy.filter_types):
                return TYPE_DISALLOWED
            if policy.pass_types and names.isdisjoint(policy.pass_types):
                return TYPE_NOT_ALLOWED
        if not (policy.filter_extensions or policy.pass_extensions):
            return None
        extensions = _extensions(part)
        if not extensions.isdisjoint(policy.filter_extensions):
            return EXTENSION_DISALLOWED
        if policy.pass_extensions and not extensions.issubset(policy.pass_extensions):
            return EXTENSION_NOT_ALLOWED
        return None

    def kept(self, part: Part) -> Part | None:
        """`part` without what may not stay in it; None: nothing did."""
        if not part.children:
            return part
        if part.type == _SIGNED and self._is_all_fine(part):
            return part
        if part.type == _SIGNED:
            self._leave_out(part)
            return None
        children: list[Part] = []
        for child in part.children:
            if self.objection(child) is not None:
                self._leave_out(child)
            elif (inner := self.kept(child)) is not None:
                children.append(inner)
        return part.with_children(tuple(children)) if children else None

    def _leave_out(self, part: Part) -> None:
        self.left_out.append(f"{part.type} ({part.filename})" if part.filename else part.type)

    def _is_all_fine(self, signed: Part) -> bool:
        """Whether everything in a signed part may stay, the signature aside (RFC 1847 2.1: the second of
        two)."""
        content = signed.children
        if len(content) == 2 and _is_signature(content[1]):
            content = content[:1]
        return not any(self.objection(part) for child in content for part in child.walk(deep=True))

    def simplified(self, part: Part, *, is_message: bool) -> Part:
        """`part` with one part for each alternative, without needless containers, with text for HTML."""
        if not part.children or part.type == _SIGNED:
            return self._as_text(part)
        of_message = part.maintype == "message"
        children = tuple([self.simplified(child, is_message=of_message) for child in self._chosen(part)])
        only = None if of_message else _the_only_one(part.type, children)
        if only is None:
            return part.with_children(children)
        return promoted(part, only) if is_message else explicit(only)

    def _chosen(self, container: Part) -> tuple[Part, ...]:
        """Its parts; of alternatives the first where the list wants that."""
        children = container.children
        if container.type != "multipart/alternative" or not self.policy.collapse_alternatives:
            return children
        self.chosen += len(children) > 1
        return children[:1]

    def _as_text(self, part: Part) -> Part:
        """Plain text for HTML where the list wants that; HTML that gives no text stays."""
        if part.type != "text/html" or not self.policy.convert_html_to_plaintext:
            return part
        source = part.text()
        text = html.to_text(source) if len(source) <= _LONGEST_HTML else ""
        if not text:
            return part
        self.converted += 1
        plain = compose.text(text, charset=part.content_type.charset)
        # What was markup must not become structure: a line of the text may look like a delimiter.
        if _LIKE_A_DELIMITER.search(plain.body):
            plain = compose.in_base64(plain)
        kept = part.fields.remove("content-type", "content-transfer-encoding", "content-disposition")
        return made(Fields(kept.raw + plain.fields.raw), plain.body)


def _the_only_one(kind: str, children: tuple[Part, ...]) -> Part | None:
    """The part that may stand for a whole container of this type; None: it has several."""
    if len(children) == 1:
        return children[0]
    return (
        children[1] if kind == "multipart/mixed" and len(children) == 2 and _is_blank(children[0]) else None
    )


def _is_signature(part: Part) -> bool:
    """Whether it says so and has no name of something else."""
    return part.type in _SIGNATURES and _extensions(part) <= _OF_SIGNATURES


def _is_blank(part: Part) -> bool:
    return part.type == "text/plain" and not part.decoded().strip()
