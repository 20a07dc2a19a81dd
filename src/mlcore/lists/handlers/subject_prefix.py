"""Puts the list's prefix in front of the Subject, once, whatever replies have piled up there."""

import functools
import re
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.model import ListPolicy
from mlcore.mail import words

_NO_SUBJECT: Final = "(no subject)"
_FIRST_COLUMN: Final = len("Subject: ")
_LINE: Final = 78  # RFC 5322 2.1.1
_LONGEST_PREFIX: Final = 255

# Two digits of width at most: a wider one would let a setting blow up every post.
_NUMBER: Final = re.compile(r"%0?\d{0,2}d")
# Possessive: a subject made of thousands of almost-matches costs linear time.
_REPLIES: Final = re.compile(r"(?:(?:Re|AW|SV|VS)(?:\[\d{1,9}\])?\s*+:\s*+)+", re.IGNORECASE)


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Makes the Subject `PREFIX rest` or, for answers, `PREFIX Re: rest`; a blank prefix changes nothing.

    The first `%d`, `%03d` … of the prefix becomes the post number (0 without one). Old prefixes, with any
    number, are removed wherever they stand; leading Re, AW, SV and VS, also `Re[2]`, become one `Re: `. An
    empty subject becomes `(no subject)`. If that is what the field says already, it is not touched; if only
    a prefix in ASCII has to go in front, the author's octets stay behind it as they are."""
    setting = words.one_line(policy.subject_prefix[:_LONGEST_PREFIX])
    if not setting.strip():
        return draft
    subject = (draft.fields.text("subject") or "").strip()
    rest = _rest_of(subject, setting)
    prefix = _NUMBER.sub(lambda place: place.group() % (facts.number or 0), setting, count=1)
    if prefix + rest == subject:
        return draft
    if rest == subject and prefix.isascii() and prefix[-1].isspace():
        body = _spliced(prefix.encode(), draft.fields.first("subject") or b"")
    else:
        body = words.encode(prefix + rest, charset=_charset(draft), first_column=_FIRST_COLUMN)
    return draft.with_fields(draft.fields.replace("Subject", body))


def _rest_of(subject: str, setting: str) -> str:
    """A decoded subject without old prefixes, behind at most one `Re: `; never empty."""
    rest = _old_prefix(setting).sub("", subject).strip()
    replies = _REPLIES.match(rest)
    if replies is None:
        return rest or _NO_SUBJECT
    return "Re: " + (rest[replies.end() :] or _NO_SUBJECT)


# A pure function of a setting; compiling costs more than all the rest of the handler.
@functools.lru_cache(maxsize=1_024)
def _old_prefix(setting: str) -> re.Pattern[str]:
    """What matches an earlier prefix, with any number and the white space behind it."""
    stripped = setting.strip()
    place = _NUMBER.search(stripped)
    if place is None:
        pattern = _literal(stripped)
    else:
        pattern = (
            _literal(stripped[: place.start()]) + r"\s{0,99}\d{1,20}+" + _literal(stripped[place.end() :])
        )
    return re.compile(_start(stripped) + pattern + _end(setting) + r"\s*+")


def _start(stripped: str) -> str:
    """Where an old prefix may begin: a bare word ("ant ") must not be cut out of "giant leaps", nor a bare
    number out of the author's text."""
    if _NUMBER.match(stripped):
        return r"(?:\A|(?<=: ))"
    return r"(?<!\w)" if re.match(r"\w", stripped) else ""


def _end(setting: str) -> str:
    """The like for its end; without a blank behind it a word has no end that could be seen."""
    return r"(?!\w)" if re.search(r"\w\s+\Z", setting) else ""


def _literal(text: str) -> str:
    """A pattern for `text` in which white space matches white space, as folding changes its kind."""
    return r"\s++".join(re.escape(word) for word in re.split(r"\s+", text))


def _spliced(prefix: bytes, raw: bytes) -> bytes:
    """The author's octets behind an ASCII prefix that ends with a blank: charset and folds as they were."""
    first_line = raw.partition(b"\r\n")[0]
    if _FIRST_COLUMN + len(prefix) + len(first_line) > _LINE:
        return prefix.rstrip() + b"\r\n " + raw
    return prefix + raw


def _charset(draft: Draft) -> str:
    """Mail programs that write ISO-2022-JP may read nothing else; everybody else reads UTF-8."""
    raw = draft.fields.first("subject") or b""
    return "iso-2022-jp" if b"=?iso-2022-jp?" in raw.lower() else "utf-8"
