"""The table of contents: a line or more for each post."""

from collections.abc import Sequence
from typing import Final

from mlcore.lists.digests.posts import Post, author, subject
from mlcore.lists.model import ListPolicy
from mlcore.texts.fill import wrap

_COLUMNS: Final = 70


def topics(posts: Sequence[Post], policy: ListPolicy, no_subject: str) -> str:
    """`  n. subject (author)` for each post, in lines of at most 70 columns, those that continue an entry
    below its subject; LF between lines. Numbers end in one column. no_subject: in the list's language."""
    digits = len(str(len(posts)))
    return "\n".join([_entry(post, digits, policy, no_subject) for post in posts])


def _entry(post: Post, digits: int, policy: ListPolicy, no_subject: str) -> str:
    title, name = subject(post, policy, no_subject), author(post)
    lead = f"  {post.position:>{digits}}. "
    lines = wrap(f"{title} ({name})" if name else title, _COLUMNS, " " * len(lead))
    return lead + "\n".join(lines)[len(lead) :]
