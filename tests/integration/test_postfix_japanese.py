"""The life of a member of a Japanese list through a real Postfix, as a mail program of its own reads it: who
writes ISO-2022-JP as old programs do, and who writes UTF-8; on lists of either charset."""

import os
import re
import subprocess
from base64 import b64encode
from email.utils import parseaddr
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from mlcore.texts.fill import width
from support.postfix import LIST_DOMAIN, Setting
from support.postfix_site import PostfixSite, postfix_site
from support.server import wait_until

_LIST = f"ocha@{LIST_DOMAIN}"
HANA, TARO, KUMI = "hana@example.net", "taro@example.net", "kumi@example.net"
_PASSWORD: Final = "hirake-goma"
_OLD, _NEW = "iso-2022-jp", "utf-8"
_TEXT: Final = {
    # What every program of 1995 could read.
    _OLD: "皆さん、こんにちは。\r\n来週のお茶会は、四時からです。\r\n",
    # Beyond it: a circled number, a company, a form of a name that is not in JIS X 0208, half-width katakana.
    _NEW: "皆さん、こんにちは。\r\n①会場：㈱お茶の水　②係：髙﨑\r\nｺｰﾋｰもあります。🍵\r\n",
}
_SUBJECT: Final = {_OLD: "お茶会の日時のお知らせ", _NEW: "①会場のお知らせ（髙﨑）"}


class Shown(NamedTuple):
    """One message as a person sees it. path: of its file."""

    path: Path
    headers: dict[str, str]
    body: str

    @property
    def sender(self) -> str:
        """The address to which a program sends a reply."""
        return parseaddr(self.headers.get("reply-to") or self.headers["from"])[1]


def _mblaze(*arguments: str, message: Path) -> str:
    """What a program of mblaze says of a message: it knows nothing of Python's ideas about mail."""
    done = subprocess.run(
        [*arguments, str(message)],
        capture_output=True,
        timeout=30,
        check=True,
        env={**os.environ, "LC_ALL": "C.UTF-8", "MBLAZE": str(message.parent)},
    )
    assert done.stderr == b""
    return done.stdout.decode()


def show(path: Path) -> Shown:
    """The message as mshow shows it."""
    shown = _mblaze("mshow", "-n", "-N", "-h", "from:to:subject:reply-to", message=path)
    head, _, body = shown.partition("\n\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.splitlines())}
    return Shown(path, headers, body)


def mails(site: PostfixSite, address: str) -> list[Shown]:
    """What lies in a maildir."""
    paths = (site.postfix.root / "mail" / address / "new").glob("*")
    return [show(path) for path in paths]


def wait_mail(site: PostfixSite, address: str, subject: str) -> Shown:
    """The one mail with such a subject."""

    def found() -> list[Shown]:
        return [mail for mail in mails(site, address) if subject in mail.headers["subject"]]

    def explain() -> str:
        subjects = [mail.headers["subject"] for mail in mails(site, address)]
        return f"{subject} is not in {subjects}\n{site.server.tail()}\n{site.postfix.log()}"

    wait_until(found, 30, explain)
    (mail,) = found()
    return mail


def _word(text: str, charset: str) -> str:
    return f"=?{charset.upper()}?B?{b64encode(text.encode(charset)).decode()}?="


def _written(
    to: str, subject: str, body: str, charset: str, *, sender: str = HANA, name: str = "花子", number: int = 0
) -> bytes:
    """A mail as programs for Japanese write it: encoded words, and 7 bit for ISO-2022-JP, else base64."""
    octets = body.encode(charset)
    is_7bit = octets.isascii()
    lines = [
        f"From: {_word(name, charset)} <{sender}>",
        f"To: {to}",
        f"Subject: {_word(subject, charset) if subject else ''}",
        f"Message-ID: <japanese.{number}.{charset}@example.net>",
        "Date: Fri, 20 Nov 2026 10:00:00 +0900",
        "MIME-Version: 1.0",
        f'Content-Type: text/plain; charset="{charset.upper()}"',
        f"Content-Transfer-Encoding: {'7bit' if is_7bit else 'base64'}",
        "X-Mailer: Winbiff [Version 2.51PL2]",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + (octets if is_7bit else _base64(octets))


def _base64(octets: bytes) -> bytes:
    text = b64encode(octets)
    return b"".join([text[start : start + 76] + b"\r\n" for start in range(0, len(text), 76)])


def _reply(site: PostfixSite, mail: Shown, body: str, charset: str, *, sender: str, number: int) -> None:
    """As a person answers: the subject kept, `Re: ` in front of it."""
    subject = f"Re: {mail.headers['subject']}"
    octets = _written(mail.sender, subject, body, charset, sender=sender, number=number)
    site.postfix.submit(octets, mail.sender, sender=sender)


def _mail_to(site: PostfixSite, address: str, subject: str, charset: str, *said: str) -> Shown:
    """A notice of ours that says all that: in Japanese, in the charset of the list, and not too wide."""
    mail = wait_mail(site, address, subject)
    raw = mail.path.read_bytes()
    assert f"charset={charset}".encode() in raw
    header = raw.partition(b"\n\n")[0]
    assert header.isascii()
    assert [word for word in re.findall(rb"=\?\S+", header) if len(word) > 75] == []
    japanese = re.findall("^.*[ぁ-ん].*$", mail.body, re.MULTILINE)
    assert japanese
    assert [line for line in japanese if width(line) > 70] == []
    assert not re.search("[\ufffd$\x1b]", mail.body)
    joined = mail.body.replace("\n", "")
    assert [part for part in said if part not in joined] == [], mail.body
    return mail


def _control(mail: Shown) -> Shown:
    """The attached message to reply to, taken out as a person would."""
    parts = _mblaze("mshow", "-t", message=mail.path)
    *_, number = re.findall(r"^ +(\d+): message/rfc822", parts, re.MULTILINE)
    path = mail.path.parent.parent / "control"
    done = subprocess.run(
        ["mshow", "-O", str(mail.path), number], capture_output=True, timeout=30, check=True
    )
    path.write_bytes(done.stdout)
    return show(path)


def _in_words_of(text: str) -> str:
    """As it is read in a body: with line feeds."""
    return text.replace("\r\n", "\n")


def _joins(site: PostfixSite, of_list: str) -> None:
    join = f"ocha-join@{LIST_DOMAIN}"
    site.postfix.submit(_written(join, "参加希望", "参加させてください。\r\n", _OLD), join, sender=HANA)
    question = _mail_to(
        site, HANA, "参加の確認をお願いします", of_list, HANA, _LIST, "このメールに返信してください。"
    )
    _reply(site, question, "", _OLD, sender=HANA, number=1)
    _mail_to(
        site,
        HANA,
        "メーリングリスト「お茶の会」へようこそ",
        of_list,
        _LIST,
        f"ocha-leave@{LIST_DOMAIN}",
        HANA,
    )


def _posts(site: PostfixSite, charset: str, of_list: str, number: int) -> None:
    """Written, held, let go by mail, and read by everybody."""
    subject, text = _SUBJECT[charset], _TEXT[charset]
    octets = _written(_LIST, subject, text, charset, number=10 * number)
    site.postfix.submit(octets, _LIST, sender=HANA)
    told = f"件名：  {subject}"
    used = of_list if charset == _OLD else _NEW  # the subject is repeated, and not every charset holds it
    held = _mail_to(site, HANA, f"{_LIST} へのメールはモデレーターの承認待ちです", used, told, "承認が必要")
    held.path.unlink()
    notice = _mail_to(
        site, KUMI, f"{_LIST} への {HANA} からの投稿が承認待ちです", used, f"件名：    {subject}", HANA
    )
    assert _in_words_of(text) in notice.body
    control = _control(notice)
    notice.path.unlink()
    assert "投稿を承認するには" in control.body
    said = f"Approved: {_PASSWORD}\r\n\r\n承認します。よろしくお願いします。\r\n> 引用です。\r\n"
    _reply(site, control, said, charset, sender=KUMI, number=10 * number + 1)
    for reader in (HANA, TARO):
        copy = wait_mail(site, reader, subject)
        assert copy.headers["subject"] == f"[お茶の会 {number}] {subject}"
        assert copy.headers["from"] == f"花子 <{HANA}>"
        assert copy.body.startswith(_in_words_of(text)), copy.body
        footer = copy.body.removeprefix(_in_words_of(text))
        assert footer.strip().splitlines() == [
            "_" * 40,
            "メーリングリスト「お茶の会」：",
            _LIST,
            "退会するには、次のアドレスにメールをお送りください：",
            f"ocha-leave@{LIST_DOMAIN}",
        ]
        raw = copy.path.read_bytes()
        assert raw.isascii()
        # Who writes ISO-2022-JP may read nothing else.
        assert b"multipart" not in raw
        assert (b'charset="ISO-2022-JP"' in raw) == (charset == _OLD)
    site.settle()


def _leaves(site: PostfixSite, of_list: str) -> None:
    leave = f"ocha-leave@{LIST_DOMAIN}"
    site.postfix.submit(_written(leave, "", "退会します。\r\n", _OLD), leave, sender=HANA)
    question = _mail_to(site, HANA, "退会の確認をお願いします", of_list, HANA, _LIST)
    _reply(site, question, "はい。\r\n", _OLD, sender=HANA, number=2)
    _mail_to(
        site,
        HANA,
        "「お茶の会」からの退会が完了しました",
        of_list,
        HANA,
        "今後、このリストの投稿は届きません。",
    )


@pytest.mark.parametrize("of_list", [_OLD, _NEW])
def test_the_life_of_a_member_in_japanese(tmp_path: Path, of_list: str) -> None:
    settings = [
        "preferred_language=ja",
        f"charset={of_list}",
        "display_name=お茶の会",
        "subject_prefix=[お茶の会 %d] ",
        "default_member_action=hold",
        "admin_immed_notify=yes",
        f"moderator_password={_PASSWORD}",
    ]
    setting = Setting(way="hash", mailboxes=[HANA, TARO, KUMI])
    with postfix_site(tmp_path, setting, commands=[["create", "--quiet", _LIST]]) as site:
        site.command("addmembers", "--no-welcome-msg", "-", _LIST, stdin=f"{TARO}\n".encode())
        site.command("admins", "--add", KUMI, _LIST)
        site.command("settings", _LIST, *settings)
        _joins(site, of_list)
        for number, charset in enumerate((_OLD, _NEW), start=1):
            _posts(site, charset, of_list, number)
        _leaves(site, of_list)
        site.settle()
        assert site.server.spool() == {}
        assert site.command("members", _LIST).stdout.decode().split() == [TARO]
        # nothing that came back, and nothing that nobody wanted
        assert {mail.headers["subject"] for mail in mails(site, TARO)} == {
            f"[お茶の会 {number}] {_SUBJECT[charset]}" for number, charset in ((1, _OLD), (2, _NEW))
        }
        assert not site.relay.copies()
