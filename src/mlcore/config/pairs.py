"""What no single key can tell: values that do not go together."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import NamedTuple

from mlcore.config import incumbent, places
from mlcore.config.reader import Reader
from mlcore.config.settings import Settings
from mlcore.config.values import signs

_LMTP_PORT = 8024
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104  (compared with, not bound)


class _Pair(NamedTuple):
    """keys: (section, key) that `test` looks at, the one that is blamed first; test: what is wrong with them
    and the remedy, or None."""

    keys: tuple[tuple[str, str], ...]
    test: Callable[[Settings], tuple[str, str] | None]


def check(settings: Settings, reader: Reader) -> None:
    """Adds to the problems of `reader`. Keys that are wrong by themselves are left out of it."""
    for pair in _PAIRS:
        looked_at = [(_section(settings, section), key) for section, key in pair.keys]
        wrong = None if any(reader.is_wrong(*place) for place in looked_at) else pair.test(settings)
        if wrong:
            reader.wrong(*wrong, *looked_at[0])
    _check_class(settings, reader)


def _section(settings: Settings, name: str) -> str:
    return f"paths.{settings.mailman.layout}" if name == "paths" else name


def _check_class(settings: Settings, reader: Reader) -> None:
    wrong = incumbent.database_mismatch(reader.given("database", "class"), settings.database.url)
    if wrong and not reader.is_wrong("database", "url") and not reader.is_wrong("database", "class"):
        reader.wrong(*wrong, "database", "class")


def _login(settings: Settings) -> tuple[str, str] | None:
    if settings.mta.smtp_user and not settings.mta.smtp_pass:
        return "smtp_user and smtp_pass go together", "set both or none"
    return None


def _password(settings: Settings) -> tuple[str, str] | None:
    if settings.mta.smtp_pass and not settings.mta.smtp_user:
        return "smtp_user and smtp_pass go together", "set both or none"
    return None


def _back_off(settings: Settings) -> tuple[str, str] | None:
    if settings.mta.retry_base > settings.mta.retry_cap:
        return "this is longer than retry_cap", "write a shorter span"
    return None


def _delimiter(settings: Settings) -> tuple[str, str] | None:
    delimiter = settings.mta.verp_delimiter
    if delimiter in signs(settings.mailman.listname_chars):
        return (
            f"this allows {delimiter}, which is verp_delimiter",
            f"take {delimiter} away, or set another verp_delimiter",
        )
    return None


def _loop(settings: Settings) -> tuple[str, str] | None:
    mta = settings.mta
    if mta.outgoing != "smtp" or mta.lmtp_socket or not mta.lmtp_port:
        return None
    if _same((mta.lmtp_host, mta.lmtp_port), (mta.smtp_host, mta.smtp_port)):
        free = "write another port, like 8024" if mta.lmtp_port != _LMTP_PORT else "write another smtp_port"
        return "mlcore would give mail to itself: this is also smtp_port", free
    return None


def _socketmap_port(settings: Settings) -> tuple[str, str] | None:
    mta = settings.mta
    asked = places.endpoint(settings.postfix.socketmap)
    if not isinstance(asked, tuple):
        return None
    remedy = "write another port, like 127.0.0.1:8025"
    if not mta.lmtp_socket and _same(asked, (mta.lmtp_host, mta.lmtp_port)):
        return "[mta] lmtp_port is the same", remedy
    if mta.outgoing == "smtp" and _same(asked, (mta.smtp_host, mta.smtp_port)):
        return "[mta] smtp_port is the same", remedy
    return None


def _socketmap_path(settings: Settings) -> tuple[str, str] | None:
    asked = settings.postfix.socketmap
    if not asked.startswith("/"):
        return None
    if asked == settings.mta.lmtp_socket:
        return "[mta] lmtp_socket is the same", "write another path"
    if asked == settings.paths.control_socket:
        return "commands are taken there", "write another path"
    return None


def _lmtp_path(settings: Settings) -> tuple[str, str] | None:
    if settings.mta.lmtp_socket == settings.paths.control_socket:
        return "commands are taken there", "write another path"
    return None


def _spool_apart(settings: Settings) -> tuple[str, str] | None:
    paths = settings.paths
    for name, other in (("var_dir", paths.var_dir), ("data_dir", paths.data_dir), ("log_dir", paths.log_dir)):
        if paths.queue_dir == other:
            return f"{name} is the same", "give the queues a directory of their own"
    return None


def _same(one: tuple[str, int], other: tuple[str, int]) -> bool:
    """Whether one listener can be the other, as far as texts tell; port 0 is no port yet."""
    return one[1] == other[1] != 0 and _reaches(one[0], other[0])


def _reaches(one: str, other: str) -> bool:
    hosts = {_plain(one), _plain(other)}
    return len(hosts) == 1 or ("everywhere" in hosts and "loopback" in hosts)


def _plain(host: str) -> str:
    name = host.lower()
    if name in _EVERYWHERE:
        return "everywhere"
    try:
        return "loopback" if ip_address(name).is_loopback else name
    except ValueError:
        return "loopback" if name == "localhost" else name


def _places(*names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        section, _, key = name.rpartition(".")
        yield section, key


def _pair(names: str, test: Callable[[Settings], tuple[str, str] | None]) -> _Pair:
    return _Pair(tuple(_places(*names.split())), test)


_LISTENER = "mta.lmtp_host mta.lmtp_port mta.lmtp_socket mta.smtp_host mta.smtp_port mta.outgoing"
_PAIRS = (
    _pair("mta.smtp_pass mta.smtp_user", _login),
    _pair("mta.smtp_user mta.smtp_pass", _password),
    _pair("mta.retry_base mta.retry_cap", _back_off),
    _pair("mailman.listname_chars mta.verp_delimiter", _delimiter),
    _pair(f"mta.lmtp_port {_LISTENER}", _loop),
    _pair(f"postfix.socketmap {_LISTENER}", _socketmap_port),
    _pair("postfix.socketmap mta.lmtp_socket", _socketmap_path),
    _pair("mta.lmtp_socket", _lmtp_path),
    _pair("paths.queue_dir", _spool_apart),
)
