"""What a post says, as plain text."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from mlcore.lists import html
from mlcore.lists.digests import phrases
from mlcore.lists.digests.posts import Post
from mlcore.lists.digests.visible import visible
from mlcore.mail import mime
from mlcore.mail.mime import Part

Say = Callable[[str, Mapping[str, str]], str]
"""A phrase in the language of the list, with what its names in braces stand for."""

_LONGEST_HTML: Final = 1_048_576
"""Characters; longer HTML is noted like a file."""
_LONGEST_NAME: Final = 100


def text_of(post: Post, say: Say) -> str:
    """The text parts that are no attachments, in their order, HTML made plain; one line stands for each other
    part. LF line ends, none at the end. Of alternatives it is the plainest that says anything, and parts of
    the others are noted that are no text. Never raises; empty for a post without anything.

    A post of too many parts is not taken apart: one line stands for it."""
    try:
        whole = mime.parse(post.fields, post.body)
    except mime.TooComplex:
        return say(phrases.TOO_COMPLEX, {"size": str(len(post.body))})
    return "\n\n".join(filter(None, _pieces(whole, say)))


def _pieces(part: Part, say: Say) -> Iterator[str]:
    """The text of everything in it, or lines that stand for it. It goes as deep as `mime.MAX_DEPTH`."""
    chosen = _plainest(part) if part.type == "multipart/alternative" else None
    if not part.children or part.maintype != "multipart":
        yield _leaf(part, say)
        return
    for child in part.children:
        if chosen is None or child is chosen:
            yield from _pieces(child, say)
        else:
            yield from [_noted(other, say) for other in child.walk() if not _is_another_text(other)]


def _plainest(container: Part) -> Part | None:
    """The alternative that is shown; None: none of them is a text."""
    for kind in ("text/plain", "text/html"):
        for child in container.children:
            if any(part.type == kind and _is_said(part) for part in child.walk()):
                return child
    return None


def _is_said(part: Part) -> bool:
    """Some mailers put an empty text beside their HTML."""
    return part.disposition != "attachment" and bool(part.text().strip())


def _is_another_text(part: Part) -> bool:
    """Whether the alternative that is shown says the same. An invitation to a meeting is more than that."""
    return part.maintype == "multipart" or (part.maintype == "text" and part.type != "text/calendar")


def _leaf(part: Part, say: Say) -> str:
    if part.disposition == "attachment":
        return _noted(part, say)
    # A container whose boundary is missing or wrong: its author sees text in it, and so shall the reader.
    if part.type == "text/plain" or part.maintype == "multipart":
        return visible(part.text())
    if part.type == "text/html":
        source = part.text()
        text = html.to_text(source) if len(source) <= _LONGEST_HTML else ""
        if text or not source.strip():
            return visible(text)
    return _noted(part, say)


def _noted(part: Part, say: Say) -> str:
    """One line about a part that is not shown."""
    size, name = str(len(part.decoded())), part.filename[:_LONGEST_NAME].strip()
    values = {"type": part.type[:_LONGEST_NAME], "size": size, "name": name}
    return say(phrases.ATTACHMENT_NAMED if name else phrases.ATTACHMENT, values)
