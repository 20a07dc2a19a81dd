"""From nothing to a peer that is ready for MAIL: connect, greeting, EHLO, STARTTLS, AUTH."""

import asyncio
import base64
import ssl
from typing import Final

from mlcore.base.errors import LocalTrouble
from mlcore.delivery.dialogue import Dialogue
from mlcore.delivery.features import Features, read_features
from mlcore.delivery.replies import Answer, printable
from mlcore.delivery.settings import SmtpSettings
from mlcore.mail.reply import Reply

_NO_STARTTLS: Final = Reply(454, "4.7.0", "The mail server does not offer STARTTLS")
_NO_AUTH: Final = Reply(454, "4.7.0", "The mail server offers no way to log in that is known here")


class Unreachable(LocalTrouble):
    """No conversation came about. reply: what the peer said, or what stands for its silence."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(f"{step}: {reply.line()}")
        self.step = step
        self.reply = reply


class _TlsFailed(Unreachable):
    """The TLS handshake failed; in the clear it might work."""


async def shake_hands(settings: SmtpSettings, context: ssl.SSLContext | None) -> tuple[Dialogue, Features]:
    """A conversation that is ready for MAIL, and what the peer offers.

    context: of `settings.tls_context()`. Raises Unreachable, with nothing left open, for anything that
    stands in the way: mail waits, whatever the peer says."""
    try:
        return await _attempt(settings, context)
    except _TlsFailed:
        if settings.mode != "smtp":
            raise
        # Opportunistic means: as good as it gets (RFC 7435).
        return await _attempt(settings, None)


async def _attempt(settings: SmtpSettings, context: ssl.SSLContext | None) -> tuple[Dialogue, Features]:
    dialogue = await _connect(settings, context if settings.mode == "smtps" else None)
    try:
        features = await _introduce(dialogue, settings, context)
    except BaseException:
        dialogue.abort()
        raise
    return dialogue, features


async def _connect(settings: SmtpSettings, context: ssl.SSLContext | None) -> Dialogue:
    loop = asyncio.get_running_loop()
    timeouts = settings.timeouts
    try:
        async with asyncio.timeout(timeouts.connect_s + (timeouts.tls_s if context else 0.0)):
            _, dialogue = await loop.create_connection(
                lambda: Dialogue(loop),
                settings.host,
                settings.port,
                ssl=context,
                server_hostname=settings.host if context else None,
                ssl_handshake_timeout=timeouts.tls_s if context else None,
            )
    except TimeoutError as error:
        raise Unreachable("connect", Reply(451, "4.4.1", "No connection in time")) from error
    except OSError as error:
        raise Unreachable("connect", _reply_for(error)) from error
    return dialogue


async def _introduce(dialogue: Dialogue, settings: SmtpSettings, context: ssl.SSLContext | None) -> Features:
    greeting_s = settings.timeouts.greeting_s
    _expect("greeting", await _answer(dialogue, "greeting", greeting_s), 220)
    features = await _hello(dialogue, settings)
    if context is not None and settings.mode != "smtps":
        if features.starttls:
            await _start_tls(dialogue, settings, context)
            features = await _hello(dialogue, settings)  # RFC 3207 4.2: what was said before is forgotten
        elif settings.mode == "starttls":
            raise Unreachable("starttls", _NO_STARTTLS)
    if settings.user:
        await _log_in(dialogue, settings, features)
    return features


async def _hello(dialogue: Dialogue, settings: SmtpSettings) -> Features:
    answer = await _command(dialogue, settings, "ehlo", f"EHLO {settings.helo_name}")
    if answer.reply.code == 250:
        return read_features(answer.lines)
    if answer.reply.code < 500:
        raise Unreachable("ehlo", answer.reply)
    # RFC 5321 3.2: a server that does not know EHLO is asked the old way.
    _expect("helo", await _command(dialogue, settings, "helo", f"HELO {settings.helo_name}"), 250)
    return Features()


async def _start_tls(dialogue: Dialogue, settings: SmtpSettings, context: ssl.SSLContext) -> None:
    answer = await _command(dialogue, settings, "starttls", "STARTTLS")
    if answer.reply.code != 220:
        raise _TlsFailed("starttls", answer.reply)
    try:
        await dialogue.start_tls(context, settings.host, settings.timeouts.tls_s)
    except OSError as error:
        raise _TlsFailed("starttls", _reply_for(error)) from error


async def _log_in(dialogue: Dialogue, settings: SmtpSettings, features: Features) -> None:
    """AUTH PLAIN (RFC 4616) or LOGIN (never a standard, but some servers know nothing else)."""
    if "PLAIN" in features.auth:
        token = _base64(f"\0{settings.user}\0{settings.password}")
        answer = await _command(dialogue, settings, "auth", f"AUTH PLAIN {token}")
    elif "LOGIN" in features.auth:
        _expect("auth", await _command(dialogue, settings, "auth", "AUTH LOGIN"), 334)
        _expect("auth", await _command(dialogue, settings, "auth", _base64(settings.user)), 334)
        answer = await _command(dialogue, settings, "auth", _base64(settings.password))
    else:
        raise Unreachable("auth", _NO_AUTH)
    _expect("auth", answer, 235)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


async def _command(dialogue: Dialogue, settings: SmtpSettings, step: str, line: str) -> Answer:
    dialogue.write(f"{line}\r\n".encode())
    return await _answer(dialogue, step, settings.timeouts.command_s)


async def _answer(dialogue: Dialogue, step: str, timeout_s: float) -> Answer:
    answers = await dialogue.replies(1, timeout_s, timeout_s)
    if dialogue.trouble is not None:
        raise Unreachable(step, dialogue.trouble.reply)
    return answers[0]


def _expect(step: str, answer: Answer, code: int) -> None:
    if answer.reply.code != code:
        raise Unreachable(step, answer.reply)


def _reply_for(error: OSError) -> Reply:
    if isinstance(error, ssl.SSLError):
        return Reply(454, "4.7.5", printable(f"TLS failed: {error.reason or error}"))
    return Reply(451, "4.4.1", printable(error.strerror or str(error) or "No connection"))
