"""Puts the list's prefix in front of the Subject, once, whatever replies have piled up there."""

import functools
import re
from typing import Final

from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.handlers import charset
from mlcore.lists.model import ListPolicy
from mlcore.mail import charsets, words

_FIRST_COLUMN: Final = len("Subject: ")
_LINE: Final = 78  # RFC 5322 2.1.1
_LONGEST_PREFIX: Final = 255

# Two digits of width at most: a wider one would let a setting blow up every post.
_NUMBER: Final = re.compile(r"%0?\d{0,2}d")
# Possessive: a subject made of thousands of almost-matches costs linear time.
_REPLIES: Final = re.compile(r"(?:(?:Re|AW|SV|VS|Ｒｅ|返信)(?:\[\d{1,9}\])?\s*+[:：]\s*+)+", re.IGNORECASE)


def handler(draft: Draft, policy: ListPolicy, facts: RenderFacts) -> Draft:
    """Makes the Subject `PREFIX rest` or, for answers, `PREFIX Re: rest`; a blank prefix changes nothing.

    The first `%d`, `%03d` … of the prefix becomes the post number (0 without one). Old prefixes, with any
    number, are removed wherever they stand; leading Re, AW, SV, VS and 返信, also `Re[2]` and with a colon of
    full width, become one `Re: `. An empty subject becomes `facts.no_subject`. If that is what the field says
    already, it is not touched; if only a prefix in ASCII has to go in front, the author's octets stay behind
    it as they are.

    What has to be written anew stands in the charset of the author's encoded words if it holds everything.
    If it holds all but the prefix, that gets words of its own, in the charset of the list or in UTF-8. Where
    the author has no charset, the list's is taken, else UTF-8."""
    setting = words.one_line(policy.subject_prefix[:_LONGEST_PREFIX])
    if not setting.strip():
        return draft
    subject = (draft.fields.text("subject") or "").strip()
    rest = _rest_of(subject, setting, facts.no_subject)
    prefix = _NUMBER.sub(lambda place: place.group() % (facts.number or 0), setting, count=1)
    if prefix + rest == subject:
        return draft
    raw = draft.fields.first("subject") or b""
    if rest == subject and prefix.isascii() and prefix[-1].isspace():
        body = _spliced(prefix.encode(), raw)
    else:
        body = _written(prefix, rest, charset.label(raw), policy.charset)
    return draft.with_fields(draft.fields.replace("Subject", body))


def bare(subject: str, policy: ListPolicy, no_subject: str) -> str:
    """A decoded subject as it is without the list's prefix: `rest` or `Re: rest`, as the handler makes it of
    one; never empty. Without a prefix setting it is as the author wrote it."""
    setting = words.one_line(policy.subject_prefix[:_LONGEST_PREFIX])
    if setting.strip():
        return _rest_of(subject.strip(), setting, no_subject)
    return subject.strip() or no_subject


def _rest_of(subject: str, setting: str, no_subject: str) -> str:
    """A decoded subject without old prefixes, behind at most one `Re: `; never empty."""
    rest = _old_prefix(setting).sub("", subject).strip()
    replies = _REPLIES.match(rest)
    if replies is None:
        return rest or no_subject
    return "Re: " + (rest[replies.end() :] or no_subject)


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


def _written(prefix: str, rest: str, of_author: str, of_list: str) -> bytes:
    whole = prefix + rest
    # Programs that write ISO-2022-JP may read nothing else; everybody else reads UTF-8.
    if _holds(of_author, rest) and not _holds(of_author, prefix):
        mixed = _mixed(prefix, rest, of_author, of_list)
        if words.decode(mixed) == words.one_line(whole).strip():
            return mixed
    chosen = charset.chosen(whole, of_author, of_list)
    return words.encode(whole, charset=chosen, first_column=_FIRST_COLUMN)


def _holds(name: str, text: str) -> bool:
    return charsets.encode(text, name) is not None


def _mixed(prefix: str, rest: str, of_author: str, of_list: str) -> bytes:
    """Two runs of encoded words: blanks between them are no text (RFC 2047 6.2), those within are.

    Where the rest does not begin with an encoded word the fold before it is the blank of the prefix."""
    behind = words.encode(rest, charset=of_author, first_column=1)
    text = prefix if behind.startswith(b"=?") else prefix.rstrip()
    return charset.words(text, charset.chosen(text, of_list), first_column=_FIRST_COLUMN) + b"\r\n " + behind
