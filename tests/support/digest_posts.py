"""Fifty posts, Japanese and English, as mailers of thirty years write them, and what people said in them."""

from typing import Final, NamedTuple

from mlcore.lists.digests.model import Item
from support.digest_mails import coded, header_line, mail

_KANJI: Final = (
    "お茶会のお知らせ",
    "山田太郎",
    (
        "皆さん、こんにちは。\n\n来週のお茶会は、四時からです。会場は、いつもの広間です。\n"
        "  ・お菓子は各自\n= 以上 =\n-- \n山田"
    ),
)
_NEWER: Final = (
    "①会場のお知らせ（髙﨑）",
    "髙﨑 花子",
    "①会場：㈱お茶の水　②係：髙﨑\nｺｰﾋｰもあります。🍵",
)
_ENGLISH: Final = (
    "Tea at four, and what else there is to say about it",
    "Anne Person",
    "Hello all,\n\ntea is at four. Bring cakes!\n\n> who is late?\nNobody.\n-- \nAnne",
)
_FRENCH: Final = ("Thé à quatre heures", "Zoé Été", "Voilà :\n\nle thé est à quatre heures. = 16 h")
_JAPANESE_CHARSETS: Final = ("iso-2022-jp", "shift_jis", "euc-jp", "utf-8")
_TEXT: Final = "Content-Type: text/plain; charset={}"
_PDF: Final = (
    b"Content-Type: application/pdf; name=plan.pdf\r\nContent-Disposition: attachment; filename=plan.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQ="
)


class Said(NamedTuple):
    """A post and what its author sees. sound: whether every program can read it; else a label is missing or
    wrong, or text is raw in its header section."""

    item: Item
    subject: str
    author: str
    text: str
    sound: bool = True


def fifty() -> list[Said]:
    """The posts in an order that mixes them."""
    found = [*_plain(), *_alternatives(), *_with_files(), *_html(), *_unsound()]
    assert len(found) == 50
    return [found[number * 7 % 50] for number in range(50)]


def _said(
    words: tuple[str, str, str], charset: str, *lines: str, body: bytes, coding: str = "b", sound: bool = True
) -> Said:
    subject, author, text = words
    item = mail(
        "Received: from mx.example.org; Tue, 14 Nov 2023 22:13:00 +0000",
        header_line("From", author, charset, coding) + b" <author@example.org>",
        "To: ant@example.com",
        header_line("Subject", f"[Ant] {subject}", charset, coding),
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "MIME-Version: 1.0",
        *lines,
        body=body,
    )
    return Said(item, f"[Ant] {subject}", f"{author} <author@example.org>", text, sound)


def _encodings(charset: str) -> tuple[str, ...]:
    return ("7bit" if charset == "iso-2022-jp" else "8bit", "quoted-printable", "base64")


def _plain() -> list[Said]:
    """Nothing but text, in every charset and transfer encoding: 24."""
    sorts = [(_KANJI, charset, coding) for charset in _JAPANESE_CHARSETS for coding in ("b", "q")][:6]
    sorts += [(_NEWER, "utf-8", "b"), (_FRENCH, "iso-8859-1", "q")]
    return [
        _said(
            words,
            charset,
            _TEXT.format(charset),
            f"Content-Transfer-Encoding: {encoding}",
            body=coded(words[2] + "\n", charset, encoding),
            coding=coding,
        )
        for words, charset, coding in sorts
        for encoding in _encodings(charset)
    ]


def _part(words: tuple[str, str, str], charset: str) -> bytes:
    head = f"{_TEXT.format(charset)}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + coded(words[2] + "\n", charset, "base64")


def _page(words: tuple[str, str, str], charset: str) -> bytes:
    lines = "".join(f"<p>{line}</p>\n" for line in words[2].split("\n") if line)
    return f"Content-Type: text/html; charset={charset}\r\n\r\n".encode() + coded(lines, charset, "8bit")


def _together(*parts: bytes) -> bytes:
    return b"".join(b"--=_x7\r\n" + part + b"\r\n" for part in parts) + b"--=_x7--\r\n"


def _alternatives() -> list[Said]:
    """Text and HTML: 8."""
    kind = 'Content-Type: multipart/alternative; boundary="=_x7"'
    sorts = [(_KANJI, charset) for charset in _JAPANESE_CHARSETS] + [(_ENGLISH, "us-ascii")] * 2
    sorts += [(_NEWER, "utf-8"), (_FRENCH, "iso-8859-1")]
    return [
        _said(words, charset, kind, body=_together(_part(words, charset), _page(words, charset)))
        for words, charset in sorts
    ]


def _with_files() -> list[Said]:
    """Text and a file: 6."""
    kind = 'Content-Type: multipart/mixed; boundary="=_x7"'
    sorts = [(_KANJI, charset) for charset in _JAPANESE_CHARSETS] + [
        (_ENGLISH, "us-ascii"),
        (_NEWER, "utf-8"),
    ]
    return [
        _said(words, charset, kind, body=_together(_part(words, charset), _PDF)) for words, charset in sorts
    ]


def _html() -> list[Said]:
    """HTML alone: 4."""
    words = ("HTML のお知らせ", "山田太郎", "皆さん、こんにちは。\nお茶会は、四時からです。")
    found = []
    for charset in _JAPANESE_CHARSETS:
        head, _, body = _page(words, charset).partition(b"\r\n\r\n")
        found.append(_said(words, charset, head.decode(), body=body))
    return found


def _unsound() -> list[Said]:
    """A label that is wrong, or none: 8."""
    kanji = _KANJI[2] + "\n"
    bodies = [
        ("us-ascii", kanji.encode("shift_jis")),
        ("us-ascii", kanji.encode("euc-jp")),
        ("utf-8", kanji.encode("shift_jis")),
        ("utf-8", kanji.encode("iso-2022-jp")),
        ("x-unknown", kanji.encode("utf-8")),
        ("iso-2022-jp", kanji.encode("utf-8")),
    ]
    found = [
        _said(_KANJI, "utf-8", _TEXT.format(label), body=body.replace(b"\n", b"\r\n"), sound=False)
        for label, body in bodies
    ]
    found.append(_said(_KANJI, "utf-8", "X-No: type", body=coded(kanji, "utf-8", "8bit"), sound=False))
    newer = coded(_NEWER[2] + "\n", "utf-8", "8bit")
    found.append(_said(_NEWER, "utf-8", _TEXT.format("utf-8"), body=newer, coding="", sound=False))
    return found
