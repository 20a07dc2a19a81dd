"""Kinds of values that say where something is: paths, sockets, databases."""

import re
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from mlcore.config.values import MASK, Kind, one_line

SOCKET_PATH_MAX = 107
"""Octets that the path of a Unix socket may have on Linux (unix(7): 108 with the zero at the end)."""
_ENDPOINT = re.compile(r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9A-Za-z._-]{1,255})):([0-9]{1,5})")
_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgresql+psycopg://", "postgres://")
# libpq takes several hosts, each with a port, and directories of sockets, percent-encoded.
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._%-]*)(?::[0-9]{1,5})?")
_SECRET_PARAMETERS = frozenset({"password", "sslpassword"})


def path() -> Kind:
    """A directory: absolute after `$var` is replaced; `..` and doubled `/` are taken out."""

    def parse(value: str) -> str:
        if not value.startswith("/"):
            raise ValueError("this is not an absolute path")
        clean = _clean(one_line(value))
        if clean == "/":
            raise ValueError("this is the root of all files")
        return clean

    return Kind(parse, str, "begin it with / or with $var_dir or $cwd, and name a directory", paths=True)


def optional_socket() -> Kind:
    """A Unix socket, absolute after `$var` is replaced, or nothing."""

    def parse(value: str) -> str:
        return _socket_path(value) if value else ""

    return Kind(parse, str, "begin it with / or with $var_dir, keep it short, or leave it empty", paths=True)


def program() -> Kind:
    """A program: its absolute path, without arguments (no shell sees it)."""

    def parse(value: str) -> str:
        if not re.fullmatch(r"/\S*[^\s/]", value):
            raise ValueError("this is not the absolute path of a program")
        return value

    return Kind(parse, str, "write its path alone, like /usr/sbin/postmap")


def optional_endpoint() -> Kind:
    """HOST:PORT, the absolute path of a Unix socket, or nothing; `endpoint` takes it apart."""

    def parse(value: str) -> str:
        endpoint(value)
        return _socket_path(value) if value.startswith("/") else value

    remedy = "write HOST:PORT like 127.0.0.1:8025, or a path that begins with /, or leave it empty"
    return Kind(parse, str, remedy, paths=True)


def endpoint(value: str) -> tuple[str, int] | str | None:
    """Host (without brackets) and port of `HOST:PORT`, or the path of a Unix socket, or None for nothing.

    Raises ValueError for what is none of the three."""
    if not value:
        return None
    if value.startswith("/"):
        return value
    match = _ENDPOINT.fullmatch(value)
    if match is None:
        raise ValueError("this is neither HOST:PORT nor an absolute path")
    port = int(match[3])
    if port > 65_535:
        raise ValueError("this port is out of bounds")
    return match[1] or match[2], port


def database_url() -> Kind:
    """An SQLAlchemy URL of a database that this version speaks to; the password in it is masked."""
    remedy = "write sqlite:///$data_dir/mlcore.db or postgresql://USER:PASSWORD@HOST/DATABASE"
    return Kind(_parse_url, str, remedy, paths=True, mask=mask_url)


def mask_url(url: str) -> str:
    """`url`, which `database_url` has read, without its passwords."""
    if not url.startswith(_POSTGRESQL):
        return url
    parts = urlsplit(url)
    login, at, host = parts.netloc.rpartition("@")
    user, colon, _ = login.partition(":")
    netloc = f"{user}{colon}{MASK if colon else ''}{at}{host}"
    query = "&".join(_mask_parameter(pair) for pair in parts.query.split("&"))
    return f"{parts.scheme}://{netloc}{parts.path}{'?' if query else ''}{query}"


def _mask_parameter(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}{equals}{MASK}" if unquote(name).lower() in _SECRET_PARAMETERS else pair


def _parse_url(value: str) -> str:
    one_line(value)
    if value.startswith("sqlite:"):
        _check_sqlite(value)
    elif value.startswith(_POSTGRESQL):
        _check_postgresql(value)
    else:
        raise ValueError("this database is not supported")
    return value


def _check_sqlite(value: str) -> None:
    if not value.startswith(f"{_SQLITE}/") or value.endswith("/"):
        raise ValueError("this names no file by an absolute path")


def _check_postgresql(value: str) -> None:
    try:
        parts = urlsplit(value)
    except ValueError:
        # Its text would quote the value.
        raise ValueError("this is no URL") from None
    if parts.fragment or "@" in parts.path or parts.netloc.count("@") > 1:
        raise ValueError("a / ? # or @ in user or password is not written as %2F %3F %23 or %40")
    hosts = parts.netloc.rpartition("@")[2]
    if hosts and not all(_HOST_AND_PORT.fullmatch(one) for one in hosts.split(",")):
        raise ValueError("host or port cannot be read")
    if not _names_database(parts):
        raise ValueError("this names no database")


def _names_database(parts: SplitResult) -> bool:
    if parts.path.strip("/"):
        return True
    return any(name in {"service", "dbname"} and value for name, value in parse_qsl(parts.query))


def _socket_path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("this is not an absolute path")
    clean = _clean(one_line(value))
    if len(clean.encode()) > SOCKET_PATH_MAX:
        raise ValueError(f"this is longer than the {SOCKET_PATH_MAX} octets that a socket's path may have")
    return clean


def _clean(value: str) -> str:
    """`value` without `.`, `..` and doubled slashes, judged by its text alone.

    os.path.normpath would do but for a path that begins with two slashes, which it keeps."""
    kept: list[str] = []
    for part in value.split("/"):
        if part == "..":
            kept = kept[:-1]
        elif part not in {"", "."}:
            kept.append(part)
    return "/" + "/".join(kept)
