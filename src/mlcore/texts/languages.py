"""Languages by their codes: their names, what mail in them is written in, and where their texts are found."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Language:
    """name: in English; own_name: as its speakers call it; charset: of mails, where it can hold the text."""

    code: str
    name: str
    own_name: str
    charset: str = "utf-8"


_ENGLISH: Final = "en"
_ALL: Final = (
    Language("ar", "Arabic", "العربية"),
    Language("ast", "Asturian", "Asturianu"),
    Language("bg", "Bulgarian", "Български"),
    Language("bn", "Bengali", "বাংলা"),
    Language("ca", "Catalan", "Català"),
    Language("cs", "Czech", "Čeština"),
    Language("da", "Danish", "Dansk"),
    Language("de", "German", "Deutsch"),
    Language("el", "Greek", "Ελληνικά"),
    Language(_ENGLISH, "English", "English", "us-ascii"),
    Language("eo", "Esperanto", "Esperanto"),
    Language("es", "Spanish", "Español"),
    Language("et", "Estonian", "Eesti"),
    Language("eu", "Basque", "Euskara"),
    Language("fa", "Persian", "فارسی"),
    Language("fi", "Finnish", "Suomi"),
    Language("fr", "French", "Français"),
    Language("gl", "Galician", "Galego"),
    Language("he", "Hebrew", "עברית"),
    Language("hr", "Croatian", "Hrvatski"),
    Language("hu", "Hungarian", "Magyar"),
    Language("ia", "Interlingua", "Interlingua"),
    Language("id", "Indonesian", "Bahasa Indonesia"),
    Language("it", "Italian", "Italiano"),
    Language("ja", "Japanese", "日本語"),
    Language("ko", "Korean", "한국어"),
    Language("lt", "Lithuanian", "Lietuvių"),
    Language("nl", "Dutch", "Nederlands"),
    Language("no", "Norwegian", "Norsk"),
    Language("oc", "Occitan", "Occitan"),
    Language("pl", "Polish", "Polski"),
    Language("pt", "Portuguese", "Português"),
    Language("pt_BR", "Portuguese (Brazil)", "Português (Brasil)"),
    Language("ro", "Romanian", "Română"),
    Language("ru", "Russian", "Русский"),
    Language("si", "Sinhala", "සිංහල"),
    Language("sk", "Slovak", "Slovenčina"),
    Language("sl", "Slovenian", "Slovenščina"),
    Language("sq", "Albanian", "Shqip"),
    Language("sr", "Serbian", "Српски"),
    Language("sv", "Swedish", "Svenska"),
    Language("tr", "Turkish", "Türkçe"),
    Language("uk", "Ukrainian", "Українська"),
    Language("vi", "Vietnamese", "Tiếng Việt"),
    Language("zh_CN", "Chinese (China)", "简体中文"),
    Language("zh_TW", "Chinese (Taiwan)", "繁體中文"),
)
LANGUAGES: Final[Mapping[str, Language]] = {language.code: language for language in _ALL}
"""Those with a name here. Any other code of a language works too: what texts there are of it is found."""

_DIRECTORY: Final = re.compile(r"[A-Za-z]{2,3}(?:[_-][A-Za-z]{2,4})?")
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "nb": ("nb_NO", "no"),
    "nb_NO": ("nb", "no"),
    "no": ("nb_NO", "nb"),
    "zh": ("zh_Hans",),
    "zh_CN": ("zh_Hans",),
    "zh_HK": ("zh_Hant",),
    "zh_SG": ("zh_Hans",),
    "zh_TW": ("zh_Hant",),
}


def chain(*codes: str) -> tuple[str, ...]:
    """Languages in the order in which they are tried: each once, empty ones left out, English in the end."""
    return tuple(dict.fromkeys([*filter(None, codes), _ENGLISH]))


@functools.lru_cache(maxsize=256)
def directories(code: str) -> tuple[str, ...]:
    """The names under which texts in this language are looked for, in order.

    Behind the code itself stand its other spellings (texts for zh_CN lie in zh_Hans elsewhere), and the
    language without a country: Portuguese is nearer to a Brazilian than English."""
    return tuple(dict.fromkeys([code, *_ALSO.get(code, ()), code.partition("_")[0]]))


def is_directory(name: str) -> bool:
    """Whether a directory of this name may hold texts of one language."""
    return _DIRECTORY.fullmatch(name) is not None


def charset_of(code: str) -> str:
    """The charset of mails in this language; UTF-8 where nothing else is known."""
    language = LANGUAGES.get(code)
    return language.charset if language is not None else "utf-8"
