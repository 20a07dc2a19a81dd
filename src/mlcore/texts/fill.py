"""Prose broken into lines by the columns it takes on a screen.

Words of languages that write blanks between them are kept whole, however long they are: an address that is
broken leads nowhere. Japanese and Chinese are broken between characters, but not where a line would begin
with what belongs to the character before it, or end with an opening bracket (kinsoku shori, JIS X 4051)."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from wcwidth import wcswidth, wcwidth

_BLANKS: Final = re.compile(r"[ \t]+")
_RULER: Final = re.compile(r"([-_=*~#+.])\1+[ \t]*")
_VERBATIM: Final = (" ", "\t", ">", "|", "＞")
"""What a line begins with that stays as it is: an indentation, a quotation, a table."""
_IDEOGRAPHIC_SPACE: Final = "\u3000"
_JOINER: Final = "\u200d"

_CLOSING: Final = frozenset(")]},.:;!?%/'\"’”»…‥―—・：；？！、。，．）］｝〕〉》」』】〙〗〟｠｡｣､･°′″℃％‰")
_SMALL: Final = frozenset(
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿｧｨｩｪｫｬｭｮｯ"
)
_MARKS: Final = frozenset("ー々〻ゝゞヽヾ゛゜ｰﾞﾟ〜～゠–‐\u3000")
_NOT_FIRST: Final = _CLOSING | _SMALL | _MARKS
_NOT_LAST: Final = frozenset("([{'\"‘“«（［｛〔〈《「『【〘〖〝｟｢￥＄＃＠£$#@")
_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff]")
_WIDE_ALPHANUMERIC: Final = re.compile("[０-９Ａ-Ｚａ-ｚ]{2}")
_HALF_WIDTH_KATAKANA: Final = range(0xFF61, 0xFFA0)


class _Atom(NamedTuple):
    """What is not broken. blank: whether a blank stands before it, where a line may end."""

    text: str
    columns: int
    blank: bool


def width(text: str) -> int:
    """How many columns `text` takes on a screen; control characters take none."""
    if text.isascii() and text.isprintable():
        return len(text)
    columns = wcswidth(text)
    return columns if columns >= 0 else sum(max(0, wcwidth(sign)) for sign in text)


def fill(text: str, columns: int = 70, indent: str = "") -> str:
    """Every paragraph of `text` in lines of at most `columns`, all of them behind `indent`.

    Paragraphs are separated by blank lines; an ideographic space begins one too. Lines that begin with a
    blank, `>` or `|`, and rulers like `--`, stay as they are. Line ends are line feeds; none is added or lost
    at the end of the text."""
    done: list[str] = []
    paragraph: list[str] = []

    def end() -> None:
        done.extend(wrap(_joined(paragraph), columns, indent))
        paragraph.clear()

    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            end()
            done.append("")
        elif line.startswith(_VERBATIM) or _RULER.fullmatch(line):
            end()
            done.append(indent + line)
        else:
            if line.startswith(_IDEOGRAPHIC_SPACE):
                end()
            paragraph.append(line)
    end()
    return "\n".join(done)


def wrap(text: str, columns: int = 70, indent: str = "") -> list[str]:
    """One paragraph in lines of at most `columns`, each behind `indent`, which counts. Only a word that does
    not fit into a line by itself makes a longer one. No lines for no words."""
    room = max(1, columns - width(indent))
    lines: list[str] = []
    parts: list[str] = []
    used = 0
    for atom in _fitting(_atoms(text), room):
        if parts and used + atom.blank + atom.columns > room:
            lines.append(indent + "".join(parts))
            parts, used = [], 0
        if parts and atom.blank:
            parts.append(" ")
            used += 1
        parts.append(atom.text)
        used += atom.columns
    if parts:
        lines.append(indent + "".join(parts))
    return lines


def _joined(lines: Sequence[str]) -> str:
    """The lines of a paragraph as one: with a blank between words, without one between ideographs, where
    nobody writes one (as browsers do, CSS Text 3 4.1.3), and beside punctuation as wide as they are."""
    text: list[str] = []
    last = ""
    for line in lines:
        stripped = line.strip(" \t")
        if last and not _closes_up(last, stripped[0]):
            text.append(" ")
        text.append(stripped)
        last = _last(stripped)
    return "".join(text)


def _last(text: str) -> str:
    """The last character that is no mark on another one."""
    return next((sign for sign in reversed(text) if wcwidth(sign) != 0), text[-1])


def _closes_up(last: str, first: str) -> bool:
    if _ideographic(last) and (_ideographic(first) or last in _NOT_FIRST):
        return True
    return _ideographic(first) and first in _NOT_LAST


def _fitting(atoms: Iterator[_Atom], room: int) -> Iterator[_Atom]:
    """The atoms, those too wide for a line cut where ideographs allow it."""
    for atom in atoms:
        if atom.columns <= room or atom.text.isascii():
            yield atom
            continue
        blank = atom.blank
        for piece in _pieces(atom.text, strictly=False):
            yield _Atom(piece, width(piece), blank)
            blank = False


def _atoms(text: str) -> Iterator[_Atom]:
    """What lines are made of, in order."""
    parts: list[str] = []
    columns = 0
    leads = False  # whether a blank stands before the first of `parts`
    for piece, blank in _pieces_of(text):
        if parts and blank and _holds_on(parts[-1][-1], piece[0]):
            parts.append(" ")
            columns += 1
        elif parts:
            yield _Atom("".join(parts), columns, leads)
            parts, columns, leads = [], 0, blank
        parts.append(piece)
        columns += width(piece)
    if parts:
        yield _Atom("".join(parts), columns, leads)


def _pieces_of(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of all words, and whether a blank stands before each."""
    for word in filter(None, _BLANKS.split(text)):
        blank = True
        for piece in (word,) if word.isascii() else _pieces(word, strictly=True):
            yield piece, blank
            blank = False


def _holds_on(last: str, first: str) -> bool:
    """Whether a line must not end at a blank between these two: the rules of Japanese, not those of ASCII."""
    return (first in _NOT_FIRST and not first.isascii()) or (last in _NOT_LAST and not last.isascii())


def _pieces(word: str, *, strictly: bool) -> list[str]:
    """`word` cut wherever a line may end. strictly: as kinsoku shori has it, else beside any ideograph."""
    pieces: list[str] = []
    begun = 0
    base = word[0]  # the last character that takes a column: marks combine with it
    for index in range(1, len(word)):
        sign = word[index]
        if wcwidth(sign) == 0:
            continue
        if word[index - 1] != _JOINER and _may_part(base, sign, strictly=strictly):
            pieces.append(word[begun:index])
            begun = index
        base = sign
    pieces.append(word[begun:])
    return pieces


def _may_part(before: str, after: str, *, strictly: bool) -> bool:
    """Whether a line may end between two characters without a blank between them."""
    if not (_ideographic(before) or _ideographic(after)):
        return False
    if not strictly:
        return True
    if after in _NOT_FIRST or before in _NOT_LAST:
        return False
    return _WIDE_ALPHANUMERIC.fullmatch(before + after) is None


def _ideographic(sign: str) -> bool:
    """Whether lines may end beside it without a blank: what is two columns wide but for Korean, which writes
    blanks, and katakana of half the width."""
    code = ord(sign)
    if code < 0x1100:
        return False
    if code in _HALF_WIDTH_KATAKANA:
        return True
    return wcwidth(sign) == 2 and _HANGUL.match(sign) is None
