"""From connect to ready for MAIL, and all that can stand in the way."""

import base64
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mlcore.delivery.features import Features
from mlcore.delivery.handshake import Unreachable, shake_hands
from mlcore.delivery.outcome import Delivered
from mlcore.delivery.settings import Timeouts
from support.certificates import self_signed
from support.delivery import BODY, PATIENT, connection_to, smtp_settings, transaction
from support.scripted_peer import (
    EHLO_ALL,
    EHLO_BARE,
    Await,
    Drop,
    Hang,
    Raw,
    Say,
    ScriptedPeer,
    StartTls,
    Step,
    greeted,
)
from support.sink import Sink, SinkSettings

OFFERS_TLS = "250-peer\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
OFFERS_AUTH = "250-peer\r\n250 AUTH {}\r\n"


async def meet(
    steps: Sequence[Step], timeouts: Timeouts = PATIENT, *more: Sequence[Step], **settings: Any
) -> tuple[Features, list[bytes]]:
    """The features of a peer that carries out `steps`."""
    async with ScriptedPeer([steps, *more]) as peer:
        chosen = smtp_settings(peer.port, timeouts, **settings)
        dialogue, features = await shake_hands(chosen, chosen.tls_context())
        dialogue.abort()
        await dialogue.gone()
        return features, peer.heard


async def refused(steps: Sequence[Step], timeouts: Timeouts = PATIENT, **settings: Any) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        await meet(steps, timeouts, **settings)
    return caught.value


async def test_ehlo() -> None:
    features, heard = await meet([*greeted(EHLO_ALL), Hang()], helo_name="lists.example.com")
    assert features == Features(pipelining=True, chunking=True, eight_bit=True, smtputf8=True, size=0)
    assert heard == [b"EHLO lists.example.com\r\n"]


async def test_a_greeting_of_several_lines() -> None:
    features, _ = await meet([Say("220-peer\r\n220 welcome"), Await("EHLO"), Say(EHLO_BARE), Hang()])
    assert features == Features()


@pytest.mark.parametrize("refusal", ["500 5.5.2 What?", "502 5.5.1 No", "550 No"])
async def test_helo_where_ehlo_is_unknown(refusal: str) -> None:
    features, heard = await meet(
        [Say("220 old"), Await("EHLO"), Say(refusal), Await("HELO localhost"), Say("250 old"), Hang()]
    )
    assert features == Features()
    assert len(heard) == 2


@pytest.mark.parametrize("greeting", ["421 4.3.2 Too busy", "554 5.7.1 Not you", "450 4.7.0 Later", "250 Hm"])
async def test_a_greeting_that_refuses(greeting: str) -> None:
    """Fault matrix: peer refuses, 421."""
    error = await refused([Say(greeting), Hang()])
    assert error.step == "greeting"
    assert error.reply.line() == greeting


async def test_a_greeting_that_is_none() -> None:
    assert (await refused([Say("HTTP/1.1 400 Bad Request"), Hang()])).reply.enhanced == "4.5.0"
    assert (await refused([Drop()])).reply.enhanced == "4.4.2"


async def test_a_greeting_that_does_not_come() -> None:
    error = await refused([Hang()], Timeouts(greeting_s=0.02))
    assert error.step == "greeting"
    assert error.reply.text == "The mail server did not answer in time"


@pytest.mark.parametrize("answer", ["421 4.3.2 Closing", "450 4.7.0 Later"])
async def test_ehlo_put_off(answer: str) -> None:
    error = await refused([Say("220 peer"), Await("EHLO"), Say(answer), Hang()])
    assert (error.step, error.reply.line()) == ("ehlo", answer)


async def test_ehlo_and_helo_refused() -> None:
    steps: list[Step] = [
        Say("220 peer"),
        Await("EHLO"),
        Say("550 No"),
        Await("HELO"),
        Say("550 5.7.1 No"),
        Hang(),
    ]
    assert (await refused(steps)).step == "helo"


async def test_ehlo_unanswered() -> None:
    error = await refused([Say("220 peer"), Await("EHLO"), Hang()], Timeouts(command_s=0.02))
    assert error.step == "ehlo"


async def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings = smtp_settings(port)
    with pytest.raises(Unreachable) as caught:
        await shake_hands(settings, None)
    assert (caught.value.step, caught.value.reply.enhanced) == ("connect", "4.4.1")


async def test_no_connection_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = smtp_settings(server.getsockname()[1], Timeouts(connect_s=0.0))
        with pytest.raises(Unreachable, match="in time"):
            await shake_hands(settings, None)


# TLS


async def test_starttls_is_spoken_and_ehlo_said_again(tmp_path: Path) -> None:
    """RFC 3207 4.2: what was offered in the clear is forgotten."""
    server, ca_file = self_signed(tmp_path, "127.0.0.1")
    steps = [*greeted(OFFERS_TLS), Await("STARTTLS"), Say("220 Go"), StartTls(server)]
    features, heard = await meet(
        [*steps, Await("EHLO"), Say(EHLO_BARE), Hang()], mode="starttls", ca_file=ca_file
    )
    assert features == Features()
    assert [line[:4] for line in heard] == [b"EHLO", b"STAR", b"EHLO"]


async def test_starttls_required_but_not_offered() -> None:
    error = await refused([*greeted(EHLO_ALL), Hang()], mode="starttls")
    assert (error.step, error.reply.enhanced) == ("starttls", "4.7.0")


async def test_starttls_required_but_refused() -> None:
    steps: list[Step] = [*greeted(OFFERS_TLS), Await("STARTTLS"), Say("454 4.7.0 Not now"), Hang()]
    assert (await refused(steps, mode="starttls")).reply.text == "Not now"


async def test_starttls_with_an_unknown_certificate(tmp_path: Path) -> None:
    server, _ = self_signed(tmp_path, "127.0.0.1")
    steps = [*greeted(OFFERS_TLS), Await("STARTTLS"), Say("220 Go"), StartTls(server)]
    error = await refused(steps, mode="starttls")
    assert error.reply.enhanced == "4.7.5"
    features, _ = await meet(
        [*steps, Await("EHLO"), Say(EHLO_BARE), Hang()], mode="starttls", verify_cert=False
    )
    assert features == Features()


async def test_starttls_with_a_certificate_for_another_host(tmp_path: Path) -> None:
    server, ca_file = self_signed(tmp_path, "other.example")
    steps = [*greeted(OFFERS_TLS), Await("STARTTLS"), Say("220 Go"), StartTls(server)]
    error = await refused(steps, mode="starttls", ca_file=ca_file)
    assert error.reply.enhanced == "4.7.5"
    more = [*steps, Await("EHLO"), Say(EHLO_BARE), Hang()]
    features, _ = await meet(more, mode="starttls", ca_file=ca_file, verify_hostname=False)
    assert features == Features()


async def test_replies_put_before_the_handshake_are_not_believed() -> None:
    """What a third party sends in the clear behind `220` must not be read as said under TLS."""
    asked: list[Step] = [*greeted(OFFERS_TLS), Await("STARTTLS")]
    for injected in ("220 Go\r\n250-evil\r\n250 SIZE 1\r\n", "220 Go\r\n250-evi"):
        error = await refused([*asked, Raw(injected), Hang()], mode="starttls")
        assert error.step == "starttls"


async def test_opportunistic_tls_takes_what_it_gets(tmp_path: Path) -> None:
    server, _ = self_signed(tmp_path, "other.example")
    offers = [*greeted(OFFERS_TLS), Await("STARTTLS")]
    plain = [*greeted(EHLO_ALL), Hang()]
    features, heard = await meet(
        [*offers, Say("220 Go"), StartTls(server), Await("EHLO"), Say(EHLO_BARE), Hang()],
        opportunistic_tls=True,
    )
    assert (features, len(heard)) == (Features(), 3)
    features, _ = await meet(plain, opportunistic_tls=True)
    assert features.chunking
    features, heard = await meet(
        [*offers, Say("454 Not now"), Hang()], PATIENT, plain, opportunistic_tls=True
    )
    assert (features.chunking, len(heard)) == (True, 3)
    features, _ = await meet([*offers, Say("220 Go"), Drop()], PATIENT, plain, opportunistic_tls=True)
    assert features.chunking


@pytest.mark.parametrize("size", [len(BODY), 3_000_000])
async def test_smtps_from_the_first_octet(tmp_path: Path, size: int) -> None:
    server, ca_file = self_signed(tmp_path, "127.0.0.1")
    octets = BODY + b"x" * (size - len(BODY)) + b"\r\n"
    async with Sink(SinkSettings(keep=True), tls=server) as sink:
        connection = await connection_to(sink.port, mode="smtps", ca_file=ca_file)
        outcomes = await connection.transact(transaction("a@x.example", octets=octets))
        assert not connection.stale()
        connection.retire()
        await connection.gone()
    assert [type(outcome) for outcome in outcomes] == [Delivered]
    assert sink.contents == [octets]


async def test_smtps_with_a_peer_that_does_not_speak_it(tmp_path: Path) -> None:
    error = await refused([Say("220 peer"), Hang()], mode="smtps")
    assert (error.step, error.reply.enhanced) == ("connect", "4.7.5")
    server, _ = self_signed(tmp_path, "127.0.0.1")
    async with Sink(tls=server) as sink:
        with pytest.raises(Unreachable):
            await connection_to(sink.port, mode="smtps")


# AUTH


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_auth_plain() -> None:
    steps = [
        *greeted(OFFERS_AUTH.format("LOGIN PLAIN")),
        Await(f"AUTH PLAIN {b64(chr(0) + 'ü' + chr(0) + 'p w')}\r\n"),
    ]
    await meet([*steps, Say("235 2.7.0 Welcome"), Hang()], user="ü", password="p w")


async def test_auth_login() -> None:
    steps = [
        *greeted(OFFERS_AUTH.format("LOGIN")),
        Await("AUTH LOGIN\r\n"),
        Say("334 VXNlcm5hbWU6"),
        Await(f"{b64('user')}\r\n"),
        Say("334 UGFzc3dvcmQ6"),
        Await(f"{b64('secret')}\r\n"),
    ]
    await meet([*steps, Say("235 2.7.0 Welcome"), Hang()], user="user", password="secret")


async def test_auth_refused_or_unknown() -> None:
    plain = [*greeted(OFFERS_AUTH.format("PLAIN")), Await("AUTH PLAIN"), Say("535 5.7.8 Wrong"), Hang()]
    login = [*greeted(OFFERS_AUTH.format("LOGIN")), Await("AUTH LOGIN"), Say("535 5.7.8 Wrong"), Hang()]
    for steps in (plain, login):
        error = await refused(steps, user="user", password="secret")
        assert (error.step, error.reply.code) == ("auth", 535)
        assert "secret" not in str(error)
    for ehlo in (OFFERS_AUTH.format("CRAM-MD5"), EHLO_ALL):
        error = await refused([*greeted(ehlo), Hang()], user="user", password="secret")
        assert (error.step, error.reply.enhanced) == ("auth", "4.7.0")
