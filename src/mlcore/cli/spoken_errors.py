"""Errors in the language of the user.

Whoever raises an error writes English and knows nothing of languages. The catalogue holds every text of an
error as a template with holes (tools/extract-messages takes them from the source), and here an error is
compared with all of them: `No such list: {spec}`. What stands in a hole is put into the translation as it is;
a hole that is written with a star, `{*error}`, holds a text of an error in its turn."""

import itertools
import re
from collections.abc import Iterable
from functools import cache
from typing import Final, NamedTuple

from mlcore.base.errors import BadInput, ConfigError
from mlcore.cli.catalogue import SEPARATOR, Catalogue

CONTEXT: Final = "error"
"""The msgctxt of templates."""
_HOLE: Final = re.compile(r"\{(\*?)([a-z][a-z0-9_]*)\}")
_DEEPEST: Final = 4
"""Errors within errors that are looked into."""
_MOST_COLONS: Final = 12
_MOST_TRIES: Final = 1_000
"""Parts of an error that are compared with all templates; each takes half a millisecond."""
_LONGEST: Final = 8_000
"""Characters of an error that is translated; a longer one stays as it is."""
STOP: Final = "。"
"""At the end of a sentence."""
_COLON: Final = ": "


class Template(NamedTuple):
    """A text in English. literals: what stands round the holes, one more than there are of them; holes: the
    name of each, and whether it holds an error; said: the translation, with `{name}` for holes."""

    literals: tuple[str, ...]
    holes: tuple[tuple[str, bool], ...]
    said: str

    @property
    def weight(self) -> int:
        """Characters that have to be there."""
        return sum(map(len, self.literals))

    def values(self, text: str) -> tuple[str, ...] | None:
        """What stands in the holes of `text`; None: it is another text. Each literal is taken where it comes
        first, so this takes time in proportion to the length of the text."""
        first, *inner = self.literals
        if not inner:
            return () if text == first else None
        last = inner.pop()
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last)) or end < len(first):
            return None
        found: list[str] = []
        begin = len(first)
        for literal in inner:
            at = text.find(literal, begin, end)
            if at < 0:
                return None
            found.append(text[begin:at])
            begin = at + len(literal)
        return (*found, text[begin:end])

    def may_hold_errors(self, values: tuple[str, ...]) -> bool:
        """Whether there is a colon where no error should stand: then another template may fit better."""
        return any(
            _COLON in value for value, (_, is_error) in zip(values, self.holes, strict=True) if not is_error
        )


def template(english: str, said: str) -> Template:
    """The template that a catalogue writes so."""
    literals: list[str] = []
    holes: list[tuple[str, bool]] = []
    begun = 0
    for hole in _HOLE.finditer(english):
        literals.append(english[begun : hole.start()])
        holes.append((hole[2], bool(hole[1])))
        begun = hole.end()
    return Template((*literals, english[begun:]), tuple(holes), said)


class Phrases:
    """All templates of one language: English → said."""

    def __init__(self, templates: Iterable[tuple[str, str]]) -> None:
        found = [template(english, said) for english, said in templates]
        self._whole = {one.literals[0]: one.said for one in found if not one.holes}
        self._left = 0
        self._open = sorted((one for one in found if one.holes), key=lambda one: -one.weight)

    def say(self, text: str, depth: int = 0) -> str:
        """The translation of the text of an error; what of it is none stays."""
        if len(text) > _LONGEST:
            return text
        if not depth:
            self._left = _MOST_TRIES
        said = self._whole.get(text)
        if said is None:
            said = self._with_remedy(text, depth)
        if said is None:
            said = self._known(text, depth)
        return self._in_parts(text, depth) if said is None else said

    def _with_remedy(self, text: str, depth: int) -> str | None:
        """The translation of `error: remedy`, as a server tells them. A hole at the end of the error would
        take the remedy with it."""
        for colon in _colons(text):
            before = self._known(text[:colon], depth)
            behind = before and self._known(text[colon + len(_COLON) :], depth)
            if before and behind:
                return joined(before, behind)
        return None

    def _known(self, text: str, depth: int) -> str | None:
        """The translation of `text` as a whole: by the template that says most of all that fit, and
        better one without errors in the holes for other things."""
        said = self._whole.get(text)
        self._left -= 1
        if said is not None or self._left < 0:
            return said
        doubtful: tuple[Template, tuple[str, ...]] | None = None
        for one in self._open:
            values = one.values(text)
            if values is None:
                continue
            if not one.may_hold_errors(values):
                return self._filled(one, values, depth)
            doubtful = doubtful or (one, values)
        return None if doubtful is None else self._filled(*doubtful, depth)

    def _filled(self, one: Template, values: tuple[str, ...], depth: int) -> str:
        inside = {
            name: self.say(value, depth + 1).removesuffix(STOP) if is_error and depth < _DEEPEST else value
            for (name, is_error), value in zip(one.holes, values, strict=True)
        }
        return _HOLE.sub(lambda hole: inside[hole[2]], one.said)

    def _in_parts(self, text: str, depth: int) -> str:
        """`place: error` and the like: what is known, in runs as long as can be, translated, and the rest as
        it is."""
        ends = [*_colons(text), len(text)]
        said = ""
        begin = 0
        while begin < len(text):
            for end in reversed([end for end in ends if end > begin]):
                known = self._known(text[begin:end], depth)
                if known is not None:
                    break
            else:
                end = next(end for end in ends if end > begin)
                known = text[begin:end]
            said = joined(said, known) if begin else known
            begin = end + len(_COLON)
        return said


def _colons(text: str) -> list[int]:
    """Where the first of them are."""
    return [found.start() for found in itertools.islice(re.finditer(_COLON, text), _MOST_COLONS)]


def joined(text: str, more: str) -> str:
    """Two sentences one behind the other; what is none before a colon."""
    return f"{text}{more}" if text.endswith(STOP) else f"{text}{_COLON}{more}"


def in_words(error: BaseException | str, catalogue: Catalogue) -> str:
    """See `mlcore.cli.language.spoken_error`."""
    phrases = _phrases(catalogue)
    if not isinstance(error, BadInput):
        return phrases.say(str(error))
    place = _place_of(error)
    said = phrases.say(error.text.removeprefix(place))
    if error.remedy:
        said = joined(said, phrases.say(error.remedy))
    return f"{place}{said}"


def _place_of(error: BadInput) -> str:
    """What a ConfigError puts before its text: the file, the section, the key. Others put nothing there."""
    if not isinstance(error, ConfigError):
        return ""
    section = f" [{error.section}]" if error.section else ""
    key = f" {error.key}" if error.key else ""
    return f"{error.file}{section}{key}{_COLON}"


@cache
def _phrases(catalogue: Catalogue) -> Phrases:
    start = CONTEXT + SEPARATOR
    found = catalogue.entries()
    return Phrases((text.removeprefix(start), said) for text, said in found if text.startswith(start))
