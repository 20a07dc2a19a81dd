"""One event is one log line: readable `key=value` text, or JSON by configuration (P27).

Values may come from peers: control characters are escaped, so no value can begin a line of its own."""

import asyncio
import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import msgspec
import structlog

_PLAIN = re.compile(r"[!-~]+\Z")
_PLAIN_LINES = re.compile(r"[!#-<>-\[\]-~\n]*")
_NEEDS_QUOTES = frozenset('"=\\')
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_SHORT = 120
_encode_json = msgspec.json.Encoder(enc_hook=str).encode


class LogFile:
    """Where lines go: a file that `reopen` opens anew (logrotate), or standard error for an empty path."""

    def __init__(self, path: str = "") -> None:
        self.path = path
        self._takes_stderr = False
        self._lock = threading.Lock()
        self._stream: TextIO = sys.stderr
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._lines: list[str] = []
        if path:
            self._stream = self._open(path)

    def write(self, line: str) -> None:
        """One whole line. A log that cannot be written stops no mail."""
        if self._loop is None or threading.get_ident() != self._thread:
            self._put(line)
            return
        if not self._lines:
            self._loop.call_soon(self.flush)
        self._lines.append(line)

    def gather(self) -> None:
        """From now on the lines of one turn of the running loop are written together: each write lets a
        disk thread take over, and a post has a dozen lines."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()

    def flush(self) -> None:
        """Writes what was gathered."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._put("".join(lines))

    def _put(self, text: str) -> None:
        with self._lock, contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()

    def reopen(self, path: str | None = None) -> None:
        """Opens the path again, as the file may have been moved away, or another one. Raises OSError; the old
        one stays."""
        self.flush()
        path = self.path if path is None else path
        if not path and not self.path:
            return
        fresh = self._open(path) if path else sys.stderr
        with self._lock:
            old, self._stream = self._stream, fresh
        if self.path:
            _close(old)
        self.path = path
        if self._takes_stderr:
            self.take_stderr()

    def take_stderr(self) -> None:
        """From now on what the interpreter itself has to say goes into the file too, and nothing to wherever
        standard output and error went."""
        if not self.path:
            return
        self._takes_stderr = True
        for descriptor in (1, 2):
            os.dup2(self._stream.fileno(), descriptor)

    def close(self) -> None:
        """Writes what was gathered, and closes the file."""
        self._loop = None
        self.flush()
        if self.path:
            _close(self._stream)

    def _open(self, path: str) -> TextIO:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        return os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8", errors="backslashreplace")


def _close(stream: TextIO) -> None:
    with contextlib.suppress(OSError):  # a full disk has no room for what it still holds
        stream.close()


class _Lines:
    """What structlog calls at the end of its chain, whatever the level."""

    def __init__(self, file: LogFile) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.exception = file.write


class Log:
    """The `EventLog` of a process. level: debug, info, warning or error; style: text or json.

    Its methods are those of a structlog logger, so that a change costs nothing as long as there is none."""

    debug: Callable[..., None]
    info: Callable[..., None]
    warning: Callable[..., None]
    error: Callable[..., None]

    def __init__(self, file: LogFile, *, level: str = "info", style: str = "text") -> None:
        self._file = file
        self.change(level=level, style=style)

    def change(self, *, level: str, style: str) -> None:
        """Lines are written in this way from now on, by all who have this log."""
        renderer = _JsonLine() if style == "json" else _TextLine()
        logger = structlog.wrap_logger(
            _Lines(self._file),
            processors=[renderer],
            wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
            cache_logger_on_first_use=True,
        ).bind()
        self.debug, self.info = logger.debug, logger.info
        self.warning, self.error = logger.warning, logger.error
        self._renderer = renderer
        self._tells_info = _LEVELS[level] <= _LEVELS["info"]

    def info_each(self, event: str, key: str, each: Iterable[str], /, **values: object) -> None:
        """See `WorkLog.info_each`."""
        if self._tells_info:
            self._file.write(self._renderer.each(event, key, each, values))


def make_log(file: LogFile, *, level: str = "info", style: str = "text") -> Log:
    """See `Log`."""
    return Log(file, level=level, style=style)


class _Now:
    """The time of a line (RFC 3339, UTC). The second is written once and serves all lines in it."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def __call__(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._text}.{int((now - second) * 1000):03d}Z"


class _TextLine:
    """Renders `TIME LEVEL EVENT key=value …`; what is None or empty is left out."""

    def __init__(self) -> None:
        self._now = _Now()

    def __call__(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
        parts = [self._now(), level, str(event.pop("event"))]
        for key, value in event.items():
            if value is None or value == "":
                continue
            parts.append(f"{key}={_text(value)}")
        return " ".join(parts) + "\n"

    def each(self, event: str, key: str, each: Iterable[str], values: MutableMapping[str, object]) -> str:
        """The lines of `WorkLog.info_each`: what they share is rendered once."""
        beginning = f"{self(None, 'info', {'event': event, **values})[:-1]} {key}="
        values_ = list(each)
        # Most addresses need no quotes, which one look at all of them tells. An address is seen once a post:
        # in the cache it would only drive out what comes again.
        lines = "\n".join(values_)
        if _PLAIN_LINES.fullmatch(lines) is None or lines.count("\n") >= len(values_):
            values_ = list(map(_quoted, values_))
        if not values_:
            return ""
        between = f"\n{beginning}"
        return f"{beginning}{between.join(values_)}\n"


@lru_cache(maxsize=4096)
def _short_text(text: str) -> str:
    return _quoted(text)


def _text(value: object) -> str:
    if type(value) is int or type(value) is float:
        return str(value)
    text = value if isinstance(value, str) else str(value)
    # List ids, queues, addresses and replies come again and again; a long text is no guest of the cache.
    return _short_text(text) if len(text) <= _SHORT else _quoted(text)


def _quoted(text: str) -> str:
    if _PLAIN.match(text) and not _NEEDS_QUOTES.intersection(text):
        return text
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return character.encode("unicode_escape", "backslashreplace").decode("ascii")


class _JsonLine:
    """Renders one JSON object per event."""

    def __init__(self) -> None:
        self._now = _Now()

    def __call__(self, _logger: Any, level: str, event: MutableMapping[str, Any]) -> str:
        values = {"time": self._now(), "level": level, **event}
        try:
            octets = _encode_json(values)
        except (TypeError, ValueError, UnicodeEncodeError):
            octets = _encode_json({key: ascii(value) for key, value in values.items()})
        line = octets.decode("utf-8")
        if not line.isprintable():  # JSON itself escapes only what is below U+0020
            line = "".join(map(_escaped_json, line))
        return line + "\n"

    def each(self, event: str, key: str, each: Iterable[str], values: MutableMapping[str, object]) -> str:
        """The lines of `WorkLog.info_each`."""
        return "".join([self(None, "info", {"event": event, **values, key: value}) for value in each])


def _escaped_json(character: str) -> str:
    if character.isprintable():
        return character
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
