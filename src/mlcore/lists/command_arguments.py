"""What stands behind a command word: read into a request, or not understood.

Words are in NFKC and without punctuation around them; their spelling is kept."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mlcore.lists import command_requests as requests
from mlcore.lists.command_requests import WORDS, Option, Request, Wrong
from mlcore.lists.model import DeliveryMode, Topic
from mlcore.mail.address import BadAddress, parse
from mlcore.texts.languages import LANGUAGES

_Arguments = Sequence[str]

_SWITCH: Final[Mapping[str, str]] = {
    **dict.fromkeys(("on", "yes", "true", "1", "enable", "enabled", "オン"), "on"),
    **dict.fromkeys(("off", "no", "false", "0", "disable", "disabled", "オフ"), "off"),
}
_DIGEST: Final[Mapping[str, str]] = {
    **_SWITCH,
    "on": "mime",
    "mime": "mime",
    "plain": "plain",
    "text": "plain",
}
_MODES: Final[Mapping[str, DeliveryMode]] = {
    "off": DeliveryMode.REGULAR,
    "plain": DeliveryMode.PLAINTEXT_DIGESTS,
    "mime": DeliveryMode.MIME_DIGESTS,
}
_ALL_TOPICS: Final = frozenset({"", "all", "none", "off"})


def read(command: str, arguments: _Arguments, list_id: str) -> Request:
    """The request that `command` (one of the values of `WORDS`, but `end`) with these arguments is.

    list_id: of the list that was written to, whose own name may stand there too; empty for the site."""
    return _READERS[command](arguments, list_id) or Wrong(command)


def mode_of(value: str) -> DeliveryMode:
    """The delivery mode that a value of option `digest` means."""
    return _MODES[value]


def chosen(text: str, topics: Sequence[Topic]) -> tuple[str, ...] | None:
    """The topics that a member names in `text`: one name, several between commas, or several words that are
    names. Empty: all posts (`all`, `none`, `off` or nothing); None: something is no topic of the list."""
    names = {topic.name.casefold(): topic.name for topic in topics}
    whole = text.strip().casefold()
    if whole in names:
        return (names[whole],)
    if whole in _ALL_TOPICS:
        return ()
    parts = [part.strip() for part in (whole.split(",") if "," in whole else whole.split())]
    found = [names.get(part) for part in parts if part]
    known = [name for name in found if name is not None]
    return tuple(dict.fromkeys(known)) if known and len(known) == len(found) else None


def _confirm(arguments: _Arguments, _list_id: str) -> Request | None:
    return requests.Confirm(arguments[0].lower()) if len(arguments) == 1 else None


def _echo(_arguments: _Arguments, _list_id: str) -> Request:
    return requests.Echo()


def _help(arguments: _Arguments, _list_id: str) -> Request:
    about = WORDS.get(arguments[0].lower(), "") if len(arguments) == 1 else ""
    return requests.Help(about)


def _join(arguments: _Arguments, list_id: str) -> Request | None:
    mode, address = DeliveryMode.REGULAR, ""
    for argument in arguments:
        key, equals, value = argument.partition("=")
        key = key.lower()
        if equals and key == "digest" and value.lower() in _DIGEST:
            mode = _MODES[_DIGEST[value.lower()]]
        elif _names_list(argument, list_id):
            continue  # `subscribe ant`, as other list servers want it
        elif not address and (address := _address(value if equals and key == "address" else argument)):
            continue
        else:
            return None
    return requests.Join(mode, address)


def _leave(_arguments: _Arguments, _list_id: str) -> Request:
    """Whatever stands behind it: only the sender himself can leave."""
    return requests.Leave()


def _lists(_arguments: _Arguments, _list_id: str) -> Request:
    return requests.Lists()


def _set(arguments: _Arguments, _list_id: str) -> Request | None:
    try:
        option = Option(arguments[0].lower() if arguments else "")
    except ValueError:
        return None
    if option is Option.TOPICS:
        return requests.Set(option, " ".join(arguments[1:]))
    if len(arguments) != 2:
        return None
    given = arguments[1].lower()
    if option is Option.LANGUAGE:
        value = _language(given)
    else:
        value = (_DIGEST if option is Option.DIGEST else _SWITCH).get(given, "")
    return requests.Set(option, value) if value else None


def _show(_arguments: _Arguments, _list_id: str) -> Request:
    return requests.Show()


def _who(arguments: _Arguments, list_id: str) -> Request | None:
    given: dict[str, bool] = {}
    for argument in arguments:
        if _names_list(argument, list_id):
            continue
        key, value = _FILTERS.get(argument.lower(), ("", False))
        if not key or given.get(key, value) is not value:
            return None
        given[key] = value
    return requests.Who(given.get("enabled"), given.get("digest"))


_FILTERS: Final[Mapping[str, tuple[str, bool]]] = {
    "delivery=enabled": ("enabled", True),
    "delivery=disabled": ("enabled", False),
    "mode=digest": ("digest", True),
    "mode=regular": ("digest", False),
}
_READERS: Final[Mapping[str, Callable[[_Arguments, str], Request | None]]] = {
    "confirm": _confirm,
    "echo": _echo,
    "help": _help,
    "join": _join,
    "leave": _leave,
    "lists": _lists,
    "set": _set,
    "show": _show,
    "who": _who,
}


def _names_list(argument: str, list_id: str) -> bool:
    """Whether it is the name, the posting address or the List-ID of the list."""
    name = argument.lower().replace("@", ".")
    return bool(list_id) and (name == list_id or list_id.startswith(f"{name}."))


def _address(argument: str) -> str:
    try:
        return str(parse(argument))
    except BadAddress:
        return ""


def _language(given: str) -> str:
    """The code of the language that is named by its code or its name; empty: none."""
    for language in LANGUAGES.values():
        if given in {language.code.lower(), language.name.lower(), language.own_name.lower()}:
            return language.code
    return ""
