"""The language of the command line: that of the locale if there is a catalogue for it, else English.

English is what the code says. For it nothing is read and nothing imported; a catalogue is read with the first
text that another language needs. Nothing is remembered but catalogues: which language it is follows from the
environment each time.

What programs read (JSON, settings, maps, keys and names) is no language's and never comes through here."""

import os
import sys
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mlcore.cli.catalogue import Catalogue
    from mlcore.lists.reasons import Reason

DOMAIN: Final = "mlcore-cli"
"""The catalogues, `locale/LANGUAGE/LC_MESSAGES/DOMAIN.mo`; their texts are in the .po beside each."""
MAIL: Final = "mlcore"
"""Those for mail."""
ENGLISH: Final = "en"
TRANSLATED: Final = frozenset({"ja"})
"""The languages that have a catalogue."""
_CATEGORIES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_PLAIN: Final = frozenset({"C", "POSIX", ENGLISH})
_COERCED: Final = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
_SAMPLES: Final = {"ja": "日本語"}
"""What an encoding has to have so that a text in a language can be read in it."""


def wanted(environ: Mapping[str, str]) -> str:
    """The language that an environment asks for, out of `TRANSLATED`, else `ENGLISH`.

    As GNU gettext has it (its manual, 2.3): the first of LC_ALL, LC_MESSAGES and LANG that is not empty is
    the locale; the languages of LANGUAGE, divided by colons, come in its place, but not in that of C."""
    locale = next(filter(None, map(environ.get, _CATEGORIES)), "C")
    if _code(locale) in {"C", "POSIX"}:
        return ENGLISH
    for name in (environ.get("LANGUAGE") or locale).split(":"):
        code = _code(name)
        if code in _PLAIN:
            break
        if code in TRANSLATED:
            return code
    return ENGLISH


def encoding(environ: Mapping[str, str]) -> str:
    """The encoding that the locale names, as `eucJP` in `ja_JP.eucJP`; empty: none, or PYTHONIOENCODING or
    PYTHONUTF8 say it in its place."""
    if environ.get("PYTHONIOENCODING") or environ.get("PYTHONUTF8") == "1":
        return ""
    ctype = environ.get("LC_CTYPE", "")
    if ctype in _COERCED:
        ctype = ""  # a locale that the host lacks becomes this one (PEP 538)
    locale = environ.get("LC_ALL") or ctype or environ.get("LANG") or ""
    return locale.partition(".")[2].partition("@")[0]


def language() -> str:
    """What is spoken now: English also where standard output or error have no characters for the language."""
    code = wanted(os.environ)
    if code == ENGLISH or all(_can_show(_encoding_of(stream), code) for stream in (sys.stdout, sys.stderr)):
        return code
    return ENGLISH


def spoken(text: str, /, **values: object) -> str:
    """`text` in the language of the user, with `{name}` replaced by the values. It has to be a literal, so
    that tools/extract-messages finds it."""
    code = language()
    said = text if code == ENGLISH else catalogue(code).say(text)
    return said.format(**values) if values else said


def noted(text: str, /) -> str:
    """`text` as it is, a literal that is `spoken` elsewhere."""
    return text


def spoken_many(one: str, many: str, number: int, /, **values: object) -> str:
    """As `spoken`, for so many: `one` or `many` in English, whatever a language has for it elsewhere."""
    code = language()
    if code == ENGLISH:
        return (one if number == 1 else many).format(**values)
    return catalogue(code).say(one, many).format(**values)


def spoken_error(error: BaseException | str, *, inside: bool = False) -> str:
    """The text of an error (of ours) in the language of the user. It was written without knowing of
    languages; what of it is no known text stays as it is. inside: it will stand within a sentence."""
    code = language()
    if code == ENGLISH:
        return str(error)
    from mlcore.cli.spoken_errors import STOP, in_words

    said = in_words(error, catalogue(code))
    return said.removesuffix(STOP) if inside else said


def spoken_reason(reason: "Reason") -> str:
    """Why a rule decided as it did, as mails say it in the language of the user."""
    code = language()
    if code == ENGLISH:
        return reason.english
    return reason.filled(catalogue(code, MAIL).say(reason.text))


def directory() -> str:
    """Where the catalogues are."""
    return os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")


def speak_everywhere() -> None:
    """Makes standard output and error write in the encoding of the locale, which Python does only where the
    host knows that locale, and lets click, whose words come from gettext too, find them in our catalogue."""
    import contextlib
    import gettext
    import io

    name = encoding(os.environ)
    for stream in (sys.stdout, sys.stderr):
        if name and isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(LookupError):
                stream.reconfigure(encoding=name, errors="backslashreplace")
    if language() != ENGLISH:
        gettext.bindtextdomain(DOMAIN, directory())
        gettext.textdomain(DOMAIN)


@cache
def catalogue(code: str, domain: str = DOMAIN) -> "Catalogue":
    """The catalogue of a language out of `TRANSLATED`; one without texts where it is not installed."""
    from mlcore.cli.catalogue import read

    return read(os.path.join(directory(), code, "LC_MESSAGES", f"{domain}.mo"))


def _code(locale: str) -> str:
    """`ja` of `ja_JP.UTF-8@modifier`."""
    return locale.partition(".")[0].partition("@")[0].partition("_")[0]


def _encoding_of(stream: object) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


@cache
def _can_show(name: str, code: str) -> bool:
    try:
        _SAMPLES[code].encode(name)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
