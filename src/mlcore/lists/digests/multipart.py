"""A digest as MIME: texts, and a multipart/digest of the posts (RFC 2046 5.1.5)."""

from collections.abc import Sequence
from dataclasses import replace

from mlcore.lists.digests import phrases
from mlcore.lists.digests.frame import Frame
from mlcore.lists.digests.keep import kept
from mlcore.lists.digests.posts import Post
from mlcore.mail import compose, words
from mlcore.mail.fields import join
from mlcore.mail.mime import Part


def made(frame: Frame, posts: Sequence[Post], topics: str, keep: Sequence[str], root: str) -> Part:
    """multipart/mixed of the texts around a multipart/digest. Each post is a message/rfc822 with its fields
    in `keep` (see `keep.kept`), its body octet for octet, in no transfer encoding of ours.

    posts: one or more. Boundaries derive from `root`, and occur in no post."""
    messages = [compose.message(join(kept(post.fields, keep, post.position), post.body)) for post in posts]
    counted = frame.say(phrases.TOPICS_COUNTED, {"count": str(len(posts))})
    listed = f"{frame.say(phrases.TOPICS, {})}\n\n{topics}"
    parts = [
        _text(frame, frame.subject, frame.masthead),
        _text(frame, frame.say(phrases.HEADER, {}), frame.header),
        _text(frame, counted, listed),
        compose.mixed(messages, boundary=compose.boundary(root, 1), subtype="digest"),
        _text(frame, frame.say(phrases.FOOTER, {}), frame.footer),
    ]
    whole = compose.mixed([part for part in parts if part is not None], boundary=compose.boundary(root, 0))
    # Nothing says what charset it is in, so it is in ASCII.
    last_line = f"End of {frame.plain_subject}"
    return replace(whole, epilogue=f"\r\n{last_line}\r\n{'*' * len(last_line)}\r\n".encode("ascii"))


def _text(frame: Frame, description: str, text: str) -> Part | None:
    """A text that readers show in its place, under this description (RFC 2045 8); None: there is no text."""
    if not text:
        return None
    part = compose.text(f"{text}\n", charset=frame.charset)
    column = len("Content-Description: ")
    described = words.encode(description, charset=frame.charset, first_column=column)
    fields = part.fields.append("Content-Description", described)
    return part.with_fields(fields.append("Content-Disposition", b"inline"))
