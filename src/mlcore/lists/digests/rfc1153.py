"""A digest as one plain text (RFC 1153)."""

from collections.abc import Sequence
from typing import Final

from mlcore.lists.digests import phrases
from mlcore.lists.digests.bodies import text_of
from mlcore.lists.digests.frame import Frame
from mlcore.lists.digests.keep import shown
from mlcore.lists.digests.posts import Post
from mlcore.lists.digests.visible import without_separators
from mlcore.mail import compose, transfer
from mlcore.mail.mime import Part
from mlcore.texts.fill import width

_FIRST: Final = f"\n\n{'-' * 70}\n\n"
"""Between the table of contents and the first post; an empty line before and behind."""
_NEXT: Final = f"\n\n{'-' * 30}\n\n"
_ASCII: Final = "us-ascii"


def made(frame: Frame, posts: Sequence[Post], topics: str, keep: Sequence[str]) -> Part:
    """text/plain: masthead, header and contents, a line of 70 hyphens, then the posts with the fields in
    `keep` (see `keep.shown`) and their text (see `bodies.text_of`), and the footer as if it were one, with
    lines of 30 hyphens between them; at the end `End of …` over asterisks.

    All in one charset: US-ASCII, else that of the list if it holds everything, else UTF-8."""
    before = [frame.masthead, frame.header, f"{frame.say(phrases.TOPICS, {})}\n\n{topics}"]
    beginning = without_separators("\n\n".join(filter(None, before))) + _FIRST
    texts = [without_separators(text_of(post, frame.say)) for post in posts]
    end = _footer(frame) + _end(frame)

    def whole(charset: str) -> str:
        heads = [shown(post.fields, keep, post.position, charset) for post in posts]
        messages = [f"{head}\n\n{text}".rstrip("\n") for head, text in zip(heads, texts, strict=True)]
        return beginning + _NEXT.join(messages) + end

    written = whole(_ASCII)
    if not written.isascii():
        # Fields say which charset it is: that does not make another one of it.
        written = whole(transfer.in_charset(written, frame.charset)[1])
    return compose.text(written, charset=frame.charset)


def _footer(frame: Frame) -> str:
    """The footer in the shape of a last message."""
    if not frame.footer:
        return ""
    return f"{_NEXT}Subject: {frame.say(phrases.FOOTER, {})}\n\n{without_separators(frame.footer)}"


def _end(frame: Frame) -> str:
    line = frame.say(phrases.END, {"digest": frame.subject})
    return f"{_NEXT}{line}\n{'*' * width(line)}\n"
