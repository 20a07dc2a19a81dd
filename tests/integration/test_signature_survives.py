"""P8: signed messages of every shape through a whole server, for a list that is told to change nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.lists.model import Action
from mlcore.mail.fields import split
from support.exchange import KeepingRelay, change_list
from support.lmtp import LmtpClient
from support.server import RunningServer
from support.shapes import shapes
from support.signing import sign, verifies

_LIST = "ant@lists.example.org"
_COVERED = (
    "from", "to", "cc", "subject", "date", "message-id", "mime-version", "content-type", "reply-to",
)  # fmt: skip


@pytest.mark.parametrize(
    "canonicalize", [(b"relaxed", b"relaxed"), (b"simple", b"simple")], ids=["relaxed", "simple"]
)
def test_p8_every_signature_still_verifies_and_no_octet_of_a_body_differs(
    tmp_path: Path, canonicalize: tuple[bytes, bytes]
) -> None:
    signed = [
        b"X-Shape: %s\r\n" % name.encode()
        + sign(octets, headers=_over_signed(octets), canonicalize=canonicalize)
        for name, octets in _posts()
    ]
    assert len(signed) >= 45
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        policy = server.make_list(_LIST, ["anne@example.com", "bo@example.net"], plain=False)
        change_list(
            server,
            policy.list_id,
            subject_prefix=" ",
            include_rfc2369_headers=False,
            # what is odd about them is no reason to hold these
            default_member_action=Action.ACCEPT,
        )
        no_footer = Path(server.settings.paths.template_dir, "site", "en")
        no_footer.mkdir(parents=True)
        (no_footer / "list:member:regular:footer.txt").write_text("")
        server.start()
        asyncio.run(_send(server.lmtp_port, signed))
        relay.wait_copies(2 * len(signed))
        server.wait_drained()

    sent = [octets for _, octets in relay.accepted()]
    assert len(sent) == len(signed)
    for before in signed:
        fields, body = split(before)
        (after,) = (octets for octets in sent if fields.raw[0] in octets)
        assert verifies(after)
        # DATA has no way to say that the last line has no end (RFC 5321 4.1.1.4).
        assert split(after)[1] == (body if before.endswith(b"\r\n") else body + b"\r\n")
        assert after != before
        kept = [raw for raw in split(after)[0].raw if raw in fields.raw]
        assert kept == list(fields.raw)


def _posts() -> Iterator[tuple[str, bytes]]:
    """The shapes as posts that are no repetitions of each other, without those that a list does not carry."""
    for number, (name, octets) in enumerate(shapes()):
        if name not in {"automatic-reply", "delivery-report"}:
            yield name, octets.replace(b"<plain-1@", b"<plain-%d@" % number)


def _over_signed(octets: bytes) -> tuple[bytes, ...]:
    """Each name once more than it occurs, so that a field added later breaks the signature (RFC 6376 8.15);
    but for a missing Date or Message-ID, which a list has to add."""
    names = split(octets)[0].names()
    wanted = [name for name in _COVERED if name in names or name not in {"date", "message-id"}]
    return tuple(name.encode() for name in wanted for _ in range(names.count(name) + 1))


async def _send(port: int, messages: list[bytes]) -> None:
    async with await LmtpClient.tcp("127.0.0.1", port) as client:
        await client.lhlo()
        for octets in messages:
            parameters = "" if octets.isascii() else " BODY=8BITMIME SMTPUTF8"
            (reply,) = await client.send("anne@example.com", [_LIST], octets, parameters)
            assert reply.code == 250, reply
