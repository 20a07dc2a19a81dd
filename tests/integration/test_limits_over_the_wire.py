"""P3, P4, P8, P13: what the network may throw at a whole server, and what it may never see from it."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlcore.mail.fields import split
from mlcore.mail.reply import TOO_BIG, Reply
from support.exchange import KeepingRelay, change_list, codes, failures, mark, message, post
from support.lmtp import LmtpClient
from support.server import RunningServer
from support.sink import SinkSettings

_MEMBERS = ("anne@example.com", "bo@example.net")
_ONCE = dict.fromkeys(_MEMBERS, 1)
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")
_JAPANESE = "日本語の件名です".encode()


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


def _server(directory: Path, relay: KeepingRelay, **mta: object) -> RunningServer:
    server = RunningServer(directory, smtp_port=relay.port, config={"mta": mta})
    policy = server.make_list("ant@example.com", _MEMBERS)
    change_list(server, policy.list_id, subject_prefix=" ")
    return server


def test_p3_sixty_four_mebibytes_are_announced_and_one_octet_more_is_refused(
    tmp_path: Path, relay: KeepingRelay
) -> None:
    async def talk(port: int) -> tuple[list[str], Reply, Reply]:
        async with await LmtpClient.tcp("127.0.0.1", port) as client:
            await client.line()
            await client.write(b"LHLO client.example.com\r\n")
            lines = [await client.line()]
            while lines[-1][3] == "-":
                lines.append(await client.line())
            over = await client.command(f"MAIL FROM:<anne@example.com> SIZE={(64 << 20) + 1}")
            exact = await client.command(f"MAIL FROM:<anne@example.com> SIZE={64 << 20}")
            return lines, over, exact

    with _server(tmp_path, relay).start() as server:
        lines, over, exact = asyncio.run(talk(server.lmtp_port))
    assert "250-SIZE 67108864" in lines
    assert (over, exact.code) == (TOO_BIG, 250)


def test_p3_a_message_that_grows_over_the_limit_is_refused_and_leaves_nothing(
    tmp_path: Path, relay: KeepingRelay
) -> None:
    with _server(tmp_path, relay, max_message_size="1M").start() as server:
        head = len(message("exact"))
        exact = message("exact", body=b"x" * ((1 << 20) - head - 2) + b"\r\n")
        assert len(exact) == 1 << 20
        assert post(server.lmtp_port, exact + b"\r\n") == [TOO_BIG]
        assert not server.spool()
        assert server.names("tmp") == []
        assert codes(post(server.lmtp_port, exact)) == [250]
        relay.wait_copies(2)
        server.wait_drained()
        ((_, octets),) = relay.accepted()
        assert split(octets)[1] == split(exact)[1]


@pytest.mark.parametrize("chunking", [True, False], ids=["BDAT", "DATA"])
def test_p4_a_smuggled_message_stays_part_of_the_one_it_came_in(tmp_path: Path, chunking: bool) -> None:
    smuggled = (
        b"MAIL FROM:<bo@example.net>\r\nRCPT TO:<ant@example.com>\r\nDATA\r\n"
        b"From: bo@example.net\r\nSubject: smuggled\r\n\r\nsmuggled\r\n"
    )
    ends = (b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r.\r\n", b"\r\n.\r", b"\r\n.\n", b"\r\n.\0\r\n", b"\n\n..\r\n")
    with KeepingRelay(SinkSettings(chunking=chunking)) as relay, _server(tmp_path, relay).start() as server:
        for number, end in enumerate(ends):
            octets = message(f"bait {number}", body=b"harmless" + end + smuggled)
            assert codes(post(server.lmtp_port, octets)) == [250]
        relay.wait_copies(2 * len(ends))
        server.wait_drained()
        assert len(relay.transactions()) == len(ends)
        for number, end in enumerate(ends):
            ((taken, octets),) = relay.accepted(mark(f"bait {number}"))
            assert taken.reverse_path == "ant-bounces@example.com"
            assert taken.recipients == _MEMBERS
            assert not _BARE.search(octets)
            body = split(octets)[1]
            assert body.endswith(smuggled), end
            assert b"\r\n\r\n" not in split(octets)[0].octets()


def test_p4_nul_bare_cr_and_bare_lf_do_not_go_out(tmp_path: Path, relay: KeepingRelay) -> None:
    fields = (
        b"From: anne@example.com\nSubject: odd\nTo: ant@example.com\rX-Odd: a\0b\r\n"
        b"Message-ID: <odd@example.com>\r\n"
    )
    with _server(tmp_path, relay).start() as server:
        octets = fields + b"\r\nfirst\nsecond\rthird\0fourth\r\n\n\r.\r\n.\n.\r\n"
        assert codes(post(server.lmtp_port, octets)) == [250]
        relay.wait_copies(2)
        ((_, sent),) = relay.accepted()
    assert not _BARE.search(sent)
    found, body = split(sent)
    assert found.first("x-odd") == b"ab"
    assert body == b"first\r\nsecond\r\nthirdfourth\r\n\r\n\r\n.\r\n.\r\n.\r\n"


@pytest.mark.parametrize("chunking", [True, False], ids=["BDAT", "DATA"])
def test_p8_long_lines_and_lines_of_dots_pass_unchanged(tmp_path: Path, chunking: bool) -> None:
    body = b"\r\n".join([b"x" * 200_000, b".", b"..", b".x", b"", b"y" * 998, b"."]) + b"\r\n"
    with KeepingRelay(SinkSettings(chunking=chunking)) as relay, _server(tmp_path, relay).start() as server:
        octets = message("long", body=body)
        assert codes(post(server.lmtp_port, octets)) == [250]
        relay.wait_copies(2)
        ((_, sent),) = relay.accepted()
    assert split(sent)[1] == split(octets)[1]


def test_p13_eight_bit_content_is_not_given_to_a_peer_without_8bitmime(tmp_path: Path) -> None:
    with (
        KeepingRelay(SinkSettings(eight_bit=False)) as relay,
        _server(tmp_path, relay).start() as server,
    ):
        octets = message("eight", body="søren\r\n".encode())
        assert codes(post(server.lmtp_port, octets, parameters=" BODY=8BITMIME")) == [250]
        server.wait_drained()
        assert codes(post(server.lmtp_port, message("seven"))) == [250]
        assert relay.wait_copies(2) == _ONCE
        server.wait_drained()
        assert not relay.copies(mark("eight"))
        assert [(address, enhanced, policy) for address, _, enhanced, _, policy in failures(server)] == [
            (address, "5.6.3", True) for address in _MEMBERS
        ]


@pytest.mark.parametrize("offered", [True, False])
def test_p13_a_utf8_address_is_written_with_smtputf8_or_refused_alone(tmp_path: Path, offered: bool) -> None:
    address = "用户@例え.example"
    with (
        KeepingRelay(SinkSettings(smtputf8=offered)) as relay,
        _server(tmp_path, relay).start() as server,
    ):
        added = server.mlcore("addmembers", "-W", "-", "ant@example.com", stdin=f"{address}\n".encode())
        assert added.returncode == 0, added.stderr
        assert codes(post(server.lmtp_port, message("tea"))) == [250]
        copies = relay.wait_copies(3 if offered else 2)
        server.wait_drained()
        mails = relay.mails()
        if offered:
            assert copies == _ONCE | {address: 1}
            assert [mail.endswith(" SMTPUTF8") for mail in mails] == [
                not "".join(taken.recipients).isascii() for taken, _ in relay.accepted()
            ]
            assert failures(server) == []
        else:
            assert copies == _ONCE
            assert not any("SMTPUTF8" in mail for mail in mails)
            ((failed, code, enhanced, text, _),) = failures(server)
            assert (failed, code, enhanced) == (address, 553, "5.6.7")
            assert "SMTPUTF8" in text


@pytest.mark.parametrize(
    "subject",
    [
        _JAPANESE,
        b"=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=",
        b"=?Shift_JIS?Q?=93=FA=96{=8C=EA?= =?x-unknown?B?////?=",
        "日本語".encode("iso-2022-jp"),
        "日本語".encode("euc-jp"),
        "日本語".encode("shift-jis"),
    ],
    ids=["utf-8", "encoded", "odd words", "raw jis", "raw euc-jp", "raw shift-jis"],
)
def test_p8_japanese_header_fields_are_not_touched(
    tmp_path: Path, relay: KeepingRelay, subject: bytes
) -> None:
    fields = (
        b"From: =?UTF-8?B?5aSq6YOO?= <anne@example.com>\r\n",
        b"Subject: " + subject + b"\r\n",
        b"X-Name: " + subject + b"\r\n\t" + subject + b"\r\n",
        b"Message-ID: <jp@example.com>\r\n",
        b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n",
    )
    octets = b"".join(fields) + "\r\n本文です\r\n".encode()
    with _server(tmp_path, relay).start() as server:
        replies = post(server.lmtp_port, octets, parameters=" BODY=8BITMIME SMTPUTF8")
        assert codes(replies) == [250]
        assert relay.wait_copies(2) == _ONCE
        ((_, sent),) = relay.accepted()
    found, body = split(sent)
    assert [raw for raw in found.raw if raw in fields] == list(fields)
    assert body == split(octets)[1]
