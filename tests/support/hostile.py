"""Hostile mail: what is sent to break a list, to speak in its name, or to make it answer; and mail that only
looks so.

`corpus` is everything, with the odd messages and shapes of the neighbours. What a message tries to smuggle in
names `EVIL`; what it must not give away holds `SECRET`."""

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from support.odd_messages import (
    HTML,
    ORIGINAL,
    TEXT,
    base64,
    lines,
    many,
    multipart,
    nested,
    nested_messages,
    odd_messages,
    part,
    too_complex,
    whole,
)
from support.shapes import shapes, unsigned_shapes

AUTHOR: Final = "anne@example.org"
EVIL: Final = "evil@evil.example"
SECRET: Final = "Xyzzy-4711"
"""The password of the moderators, and a part of every wrong one."""
INJECTED: Final = "X-Injected"
"""The field that a message tries to add. None has it as a field."""
INJECTED_EVENT: Final = "injected"
"""The event that a message tries to write into the log."""

_MESSAGE_ID: Final = re.compile(rb"^(Message-ID: <)(?=[a-z])", re.MULTILINE | re.IGNORECASE)
_KIB: Final = 1 << 10
_PIECES: Final = (
    f"a\r\n{INJECTED}: yes",
    f"a\r\nBcc: {EVIL}",
    f"a\n{INJECTED}: yes\n\nbody",
    f"a\r{INJECTED}: yes",
    f"a\u2028{INJECTED}: yes\u0085{INJECTED}: yes\x0b{INJECTED}: yes\x0c",
    f"a\x00\r\n\x00{INJECTED}: yes",
    f'a\n{{"event": "{INJECTED_EVENT}"}}\n',
    f"=?utf-8?q?=0D=0A{INJECTED}:_yes?=",
)
"""Texts that would do harm, were they written as they are decoded."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One message. octets: with CRLF line ends, but where bare ones are the matter; reverse_path: MAIL FROM,
    empty: the null sender; is_automatic: nobody but the list's own people may be told anything of it."""

    name: str
    octets: bytes
    reverse_path: str = AUTHOR
    is_automatic: bool = False


def corpus() -> list[Hostile]:
    """Every message; names are unique."""
    neighbours = [
        *(("odd", *one) for one in odd_messages()),
        *(("complex", *one) for one in too_complex()),
        *(("shape", *one) for one in shapes()),
        *(("shape", *one) for one in unsigned_shapes()),
    ]
    found = [
        Hostile(f"{kind}: {name}", _unlike(octets, number), is_automatic=_is_about_mail(name))
        for number, (kind, name, octets) in enumerate(neighbours)
    ]
    for make in (
        *(_floods, _decoded_lines, _raw_lines, _addresses, _automatic, _null_senders, _loops),
        *(_identifications, _charsets, _controls, _credentials, _markup, _attachments, _boundaries, _signed),
    ):
        found += make()
    return found


def _unlike(octets: bytes, number: int) -> bytes:
    """With a Message-ID of its own: what comes twice is a duplicate."""
    return _MESSAGE_ID.sub(rb"\g<1>n%d." % number, octets, count=1)


def _is_about_mail(name: str) -> bool:
    return name in {"delivery-report", "read-receipt", "automatic-reply", "from-another-list"}


def mail(
    *fields: bytes | str,
    body: bytes = b"A text.\r\n",
    sender: bytes | str | None = f"Anne <{AUTHOR}>",
    to: bytes | str = "ant@example.com",
    subject: bytes | str = "Hostile",
) -> bytes:
    """A message with From (None: without), To, Subject, and these fields."""
    head = [] if sender is None else [b"From: " + _octets(sender)]
    head += [b"To: " + _octets(to), b"Subject: " + _octets(subject)]
    return lines(*head, *map(_octets, fields)) + b"\r\n" + body


def _octets(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _folded(unit: bytes, size: int) -> bytes:
    """`unit` again and again, `size` octets, in lines that SMTP carries."""
    text = (unit * (size // len(unit) + 1))[:size]
    return b"\r\n ".join(text[start : start + 900] for start in range(0, size, 900))


def word(text: str, charset: str = "utf-8", encoding: str = "b") -> str:
    """An encoded word, however long."""
    octets = text.encode(charset)
    if encoding == "b":
        return f"=?{charset}?b?{b64encode(octets).decode()}?="
    return f"=?{charset}?q?{''.join(f'={octet:02X}' for octet in octets)}?="


def _floods() -> list[Hostile]:
    """More of something than anybody needs."""
    many_addresses = ",\r\n ".join(f"m{n}@flood.example" for n in range(10_000))
    names = [f"X-Flood-{number}: x" for number in range(2_100)]
    units = (b"x", b"=?utf-8?q?a?= ", b"=?", b"a@b.cc, ", b"(", b"<", b'"', b"Re: ", "あ".encode(), b"\xff")
    return [
        Hostile("flood: 2100 fields", mail(*names)),
        Hostile("flood: 1990 fields", mail(*names[:1_990])),
        Hostile("flood: 50000 fields", mail(*["a: b"] * 50_000)),
        Hostile("flood: a field of 300 KiB", mail(b"X-Flood: " + _folded(b"x", 300 * _KIB))),
        Hostile("flood: a line of 250 KiB", mail(b"X-Flood: " + b"x" * (250 * _KIB))),
        Hostile("flood: a field name of 10 KiB", mail(b"X" * (10 * _KIB) + b": x")),
        Hostile("flood: 10000 addresses in To", mail(to=many_addresses)),
        Hostile("flood: 10000 addresses in Cc", mail(f"Cc: {many_addresses}")),
        Hostile("flood: 10000 addresses in From", mail(sender=many_addresses)),
        Hostile("flood: 10000 addresses in Reply-To", mail(f"Reply-To: {many_addresses}")),
        Hostile("flood: 1900 Delivered-To", mail(*["Delivered-To: a@b.example, c@d.example"] * 1_900)),
        Hostile("flood: 1900 From", mail(*["From: Bart <bart@example.net>"] * 1_900)),
        Hostile("flood: 1900 Subject", mail(*["Subject: another"] * 1_900)),
        Hostile("flood: 1900 Content-Type", mail(*["Content-Type: text/html; name=x.exe"] * 1_900)),
        *[
            Hostile(f"flood: 200 KiB of {unit!r} in {name}", mail(**{name: _folded(unit, 200 * _KIB)}))
            for name, these in (("subject", units), ("sender", units[1:4]), ("to", units[3:7]))
            for unit in these
        ],
        Hostile("flood: header only", b"From: " + AUTHOR.encode() + b"\r\nSubject: x\r\n"),
        Hostile("flood: empty lines", mail(body=b"\r\n" * 100_000)),
        Hostile("flood: nothing", b"\r\n"),
        Hostile("flood: no header", b"\r\nA text.\r\n"),
        Hostile("flood: body without header", b"This is no header\r\n\r\nA text.\r\n"),
    ]


def _decoded_lines() -> list[Hostile]:
    """Encoded words that decode to lines of a header, in every field that is read or written anew."""
    fields = (
        "Subject",
        "Reply-To",
        "Cc",
        "Sender",
        "Keywords",
        "List-Id",
        "List-Post",
        "X-Topics",
        "Message-ID",
    )
    found = []
    for field_number, name in enumerate(fields):
        for number, piece in enumerate(_PIECES):
            if field_number and (field_number + number) % 3:
                continue  # each field has some, each piece stands in some
            coded = word(piece, encoding="bq"[number % 2])
            value = f"{coded} <{AUTHOR}>" if name in {"Reply-To", "Cc", "Sender"} else coded
            octets = mail(subject=value) if name == "Subject" else mail(f"{name}: {value}")
            found.append(Hostile(f"decoded: {name} {number}", octets))
    for number, piece in enumerate(_PIECES):
        octets = mail(sender=f"{word(piece, encoding='qb'[number % 2])} <{AUTHOR}>")
        found.append(Hostile(f"decoded: From {number}", octets))
    name_of_file = word(f"a\r\n{INJECTED}: yes.txt")
    extended = f"filename*=utf-8''a%0D%0A{INJECTED}%3A%20yes.txt"
    typed = (
        "MIME-Version: 1.0",
        f'Content-Type: text/html; charset="a%0D%0A{INJECTED}: x"; name="{name_of_file}"',
    )
    return [
        *found,
        Hostile("decoded: file name", mail(*typed, f"Content-Disposition: attachment; {extended}")),
        Hostile(
            "decoded: parameter of RFC 2231",
            mail(
                "MIME-Version: 1.0",
                f"Content-Type: text/plain; charset*=utf-8''utf-8%0D%0A{INJECTED}%3A%20yes; format=flowed",
            ),
        ),
        Hostile("decoded: nested words", mail(subject=word(word(word(f"x\r\n{INJECTED}: yes"))))),
        Hostile(
            "decoded: a word cut in two", mail(subject="=?utf-8?b?44E=?= =?utf-8?b?gg==?= =?utf-8?q?=E3=81?=")
        ),
        Hostile(
            "decoded: iso-2022-jp without end",
            mail(subject="=?iso-2022-jp?b?GyRCJCIN?= =?iso-2022-jp?b?Cg==?="),
        ),
        Hostile("decoded: utf-16", mail(subject=word(f"a\r\n{INJECTED}: yes", "utf-16"))),
        Hostile("decoded: utf-7", mail(subject=f"=?utf-7?q?+AA0ACg-{INJECTED}:_yes?=")),
        Hostile("decoded: unknown charset", mail(subject=f"=?x-none?q?=0D=0A{INJECTED}:_yes?=")),
    ]


def _raw_lines() -> list[Hostile]:
    """Lines that are folded so that a careless reader takes them for fields of their own."""
    return [
        Hostile("raw: fold of blanks", mail(subject=f"a\r\n \r\n {INJECTED}: yes")),
        Hostile("raw: fold of a tab", mail(subject=f"a\r\n\t\r\n\t{INJECTED}: yes")),
        Hostile("raw: folds alone", mail(subject="\r\n \r\n \r\n \r\n x")),
        Hostile("raw: fold in a name", mail(sender=f'"Anne\r\n {INJECTED}: yes" <{AUTHOR}>')),
        Hostile("raw: fold in a comment", mail(sender=f"{AUTHOR} (Anne\r\n {INJECTED}: yes)")),
        Hostile("raw: quoted pair before a fold", mail(sender=f'"Anne\\\r\n {INJECTED}: yes" <{AUTHOR}>')),
        Hostile(
            "raw: separators of Unicode", mail(subject=f"a\u2028{INJECTED}: yes\u2029\x85\x0b\x0c\x1c\x1d")
        ),
        Hostile(
            "raw: blanks before colons", mail("X-Odd : a", "Subject : second", "Content-Type : text/html")
        ),
        Hostile("raw: a field without a name", lines(b"From: anne@example.org", b": x") + b"\r\ntext\r\n"),
        Hostile("raw: a name beyond ASCII", mail("Ｓubject: x", "X-\u00e9: y")),
        Hostile("raw: From line of an mbox", b"From evil@evil.example Tue Nov 14 2023\r\n" + mail()),
        Hostile("raw: From line within", mail("From evil@evil.example Tue Nov 14 2023", "X-After: x")),
        Hostile("raw: >From line", b">From evil@evil.example Tue Nov 14 2023\r\n" + mail()),
        Hostile("raw: From lines in the body", mail(body=b"From x\r\n>From y\r\nFrom evil Tue\r\n")),
        Hostile("raw: header section without end", mail()[: -len(b"\r\nA text.\r\n")]),
        Hostile("raw: dots", mail(body=b".\r\n..\r\n...\r\n.x\r\n.")),
    ]


def _addresses() -> list[Hostile]:
    """Addresses that are more, or other, than they seem."""
    return [
        *[
            Hostile(f"address: {number}", mail(sender=value))
            for number, value in enumerate(
                (
                    f"{word(f'Anne <{EVIL}>, x')} <{AUTHOR}>",
                    f'"{EVIL}" <{AUTHOR}>',
                    f'"Anne, {EVIL}" <{AUTHOR}>',
                    f"<@evil.example,@b.example:{AUTHOR}>",
                    f"Anne <{AUTHOR}> <{EVIL}>",
                    f"Anne <<{AUTHOR}>>",
                    f"({EVIL}) {AUTHOR} ({EVIL})",
                    f"Team: {AUTHOR}, {EVIL};",
                    "undisclosed-recipients:;",
                    "@",
                    "<>",
                    f"{AUTHOR}\x00@evil.example",
                    f"=?utf-8?q?{AUTHOR.replace('@', '=40')}?=",
                    "jörg@exämple.example",
                    '"anne person"@example.org',
                    "anne@[192.0.2.1]",
                    "a" * 70 + "@example.org",
                    "anne@" + "a." * 130 + "example",
                    "|/bin/sh@example.org",
                    "../../etc/passwd@example.org",
                    "anne@example.org\r\n  ,\r\n  bart@example.net",
                )
            )
        ],
        Hostile("address: no From", mail(sender=None)),
        Hostile("address: two From", mail(f"From: {EVIL}")),
        Hostile("address: To of a command", mail(to='"|mlcore lists" <ant@example.com>')),
        Hostile("address: Reply-To of the list's own", mail("Reply-To: ant-request@example.com")),
        Hostile(
            "address: Reply-To of a command", mail("Reply-To: bare-join@example.com, bare-leave@example.com")
        ),
        Hostile("address: Sender of the list's own", mail("Sender: bare-bounces@example.com")),
        Hostile("address: quoted envelope", mail(), '"anne\\"x"@example.org'),
        Hostile("address: envelope beyond ASCII", mail(), "jörg@example.org"),
        Hostile("address: RFC 6532", mail("Cc: 安奈 <安奈@例え.jp>", subject="件名は生の UTF-8 です")),
    ]


def _automatic() -> list[Hostile]:
    """What programs answer and report: as many ways as there are programs."""
    fields = (
        *("Auto-Submitted: auto-replied", "Auto-Submitted: auto-replied; owner-email=anne@example.org"),
        *("Auto-Submitted: auto-notified", "auto-submitted:AUTO-GENERATED (cron)", "X-Autoreply: yes"),
        *(
            "X-Autorespond: yes",
            "X-Auto-Response-Suppress: All",
            "Precedence: auto_reply",
            "X-Autogenerated: Reply",
        ),
        *(
            "Precedence: bulk",
            "Precedence: junk",
            "Precedence: list",
            "X-Mail-Autoreply: yes",
            "List-Id: <x.y.z>",
        ),
        *("Return-Path: <>", "X-Vacation: yes", "X-AutoReply-From: x@y.example", "X-No-Ack: yes"),
        *("X-Cron-Env: <SHELL=/bin/sh>", "X-Failed-Recipients: x@y.example", "Delivered-To: Autoresponder"),
    )
    subjects = (
        *("Out of Office: Re: tea", "Automatic reply: tea", "Automatische Antwort: Tee", "自動応答: お茶"),
        *("Undelivered Mail Returned to Sender", "Delivery Status Notification (Failure)", "Read: tea"),
        *("不在通知", "Abwesenheitsnotiz", "Réponse automatique : thé", "Auto: I am away"),
    )
    sure = {"auto-submitted", "precedence", "list-id", "x-no-ack", "x-autoreply", "x-autorespond"}
    return [
        *[
            Hostile(
                f"automatic: {text}",
                mail(text, body=f"Away {number}.\r\n".encode()),
                is_automatic=text.partition(":")[0].lower() in sure,
            )
            for number, text in enumerate(fields)
        ],
        *[Hostile(f"automatic: subject {text}", mail(subject=word(text))) for text in subjects],
        Hostile("automatic: mailer daemon", mail(sender="MAILER-DAEMON@example.org"), is_automatic=True),
        Hostile("automatic: mailer daemon sends", mail(), "mailer-daemon@example.org", is_automatic=True),
        Hostile(
            "automatic: ARF",
            whole(
                multipart(
                    b"multipart/report; report-type=feedback-report",
                    TEXT,
                    part(b"message/feedback-report", lines(b"Feedback-Type: abuse", b"Version: 1")),
                    part(b"message/rfc822", ORIGINAL),
                )
            ),
        ),
    ]


def _null_senders() -> list[Hostile]:
    """Mail that nothing at all may be answered to."""
    report = whole(
        multipart(
            b"multipart/report; report-type=delivery-status",
            TEXT,
            part(b"message/delivery-status", lines(b"Reporting-MTA: dns; mx", b"", b"Action: failed")),
            part(b"message/rfc822", ORIGINAL),
        )
    )
    return [
        Hostile(f"null sender: {name}", octets, "", is_automatic=True)
        for name, octets in (
            ("report", report),
            ("plain", mail()),
            ("command", mail(subject="subscribe", body=b"subscribe\r\n")),
            ("no From", mail(sender=None)),
            ("password", mail(f"Approved: {SECRET}")),
        )
    ]


def _loops() -> list[Hostile]:
    """What has been here before."""
    own = [
        f"{name}@example.com" for name in ("plain", "bare", "everything", "anonymous", "wrapping", "holding")
    ]
    own.append("rejecting@example.com")
    received = "Received: from a.example by b.example; Tue, 14 Nov 2023 22:13:20 +0000"
    return [
        Hostile("loop: Delivered-To", mail(*[f"Delivered-To: {name}" for name in own]), is_automatic=True),
        Hostile("loop: Delivered-To in capitals", mail(*[f"DELIVERED-TO: <{name.upper()}>" for name in own])),
        Hostile("loop: List-Post", mail(*[f"List-Post: <mailto:{name}>" for name in own]), is_automatic=True),
        Hostile("loop: 60 Received", mail(*[received] * 60)),
        Hostile("loop: 49 Received", mail(*[received] * 49)),
        *[
            Hostile(f"loop: From {name}", mail(sender=name), is_automatic=True)
            for name in ("bare@example.com", "holding-bounces@example.com", "rejecting-owner@example.com")
        ],
        Hostile("loop: sent by the list", mail(), "holding-bounces@example.com"),
        Hostile("loop: sent to itself", mail("Reply-To: holding@example.com", "X-Loop: holding@example.com")),
    ]


def _identifications() -> list[Hostile]:
    """Odd Message-ID and References."""
    values = (
        *("<>", "<@>", "no brackets", "<a b@c>", "<a@b", "a@b>", "<a@b> <c@d>", "<../../x@y>", "<a/b@c>"),
        *("<%0d%0a@x>", "<\u3042@example.org>", "<" + "x" * 2_000 + "@y>", "=?utf-8?q?=3Cx=40y=3E?=", "<<>>"),
        *('<"quoted id"@x>', "<a@b>\r\n\t(a comment)", "<a\\@b@c>", "<null\x00byte@x>", ""),
    )
    return [
        *[Hostile(f"id: {number}", mail(f"Message-ID: {value}")) for number, value in enumerate(values)],
        Hostile("id: References", mail("References: " + "\r\n ".join(f"<{n}@x>" for n in range(3_000)))),
        Hostile("id: References of anything", mail(f"References: <a\r\n b@c> {EVIL} =?utf-8?q?x?= ((((")),
        Hostile("id: two", mail("Message-ID: <one@x>", "Message-ID: <two@x>")),
        Hostile("id: Date", mail("Date: " + "9" * 500)),
        Hostile("id: Date of nothing", mail("Date: Thu, 99 Foo 99999 99:99:99 +9999")),
    ]


def _charsets() -> list[Hostile]:
    """Charsets that lie, and those that hide something."""
    text = "会議は四時からです。\r\n"
    pairs = [
        ("utf-8", text.encode("shift_jis")),
        ("iso-2022-jp", text.encode()),
        ("iso-2022-jp", text.encode("iso-2022-jp").replace(b"\x1b(B", b"")),
        ("iso-2022-jp", b'\x1b$B\x1b\x1b$$B$"\x1b(J\x1b%\r\n'),
        ("iso-2022-jp", b"\x1b$B" + b'$"' * 30_000),
        ("us-ascii", text.encode("euc-jp")),
        ("utf-7", b"+AA0ACg-X-Injected: yes\r\n+ADw-script+AD4-\r\n"),
        ("utf-16", text.encode("utf-16")),
        ("utf-16le", "a\r\nb\r\n".encode("utf-16le")),
        ("utf-32", text.encode("utf-32")),
        ("utf-8", b"\xef\xbb\xbf" + text.encode()),
        ("utf-8", b"\xed\xa0\x80\xed\xb0\x80\xf4\x90\x80\x80\xc0\x80\r\n"),
        ("gb18030", b"\x81\x30\x81\x30\xff\r\n"),
        ("rot13", b"uryyb\r\n"),
        ("zlib_codec", b"x\x9cK\x04\x00\x00b\x00b\r\n"),
        ("unicode_escape", b"\\x0d\\x0aX-Injected: yes\r\n"),
        ("undefined", b"text \xff\r\n"),
        ("idna", b"xn--a\r\n"),
        ("../../x", b"text \xff\r\n"),
        ("x" * 5_000, b"text \xff\r\n"),
        ("koi8-r", bytes(range(128, 256)) * 20 + b"\r\n"),
        ("hz", b"~{!!~}~{" * 2_000 + b"\r\n"),
    ]
    flowed = "; format=flowed; delsp=yes"
    return [
        Hostile(
            f"charset: {number} {label[:20]}{more}",
            mail("MIME-Version: 1.0", f"Content-Type: text/plain; charset={label}{more}", body=body),
        )
        for number, (label, body) in enumerate(pairs)
        for more in (("", flowed) if number < 4 else ("",))
    ]


def _controls() -> list[Hostile]:
    """Control characters, bare line ends, NUL."""
    every = bytes(octet for octet in range(256) if octet not in b"\r\n")
    return [
        Hostile("control: bare CR", mail(body=b"one\rtwo\r\rthree\r\n\r")),
        Hostile("control: bare LF", mail(body=b"one\ntwo\n\nthree\n")),
        Hostile("control: LF alone", mail().replace(b"\r\n", b"\n")),
        Hostile("control: CR alone", mail().replace(b"\r\n", b"\r")),
        Hostile("control: mixed", mail(body=b"a\n\r\r\nb\r\r\n\n")),
        Hostile("control: smuggling LF", mail(body=b"a\n.\nMAIL FROM:<evil@evil.example>\n")),
        Hostile("control: smuggling CR", mail(body=b"a\r.\rMAIL FROM:<evil@evil.example>\r")),
        Hostile("control: smuggling NUL", mail(body=b"a\r\n\x00.\r\n\x00MAIL FROM:<evil@evil.example>\r\n")),
        Hostile("control: NUL in fields", mail(subject=b"a\x00b", body=b"\x00\x00text\x00\r\n")),
        Hostile("control: every octet in the subject", mail(subject=every)),
        Hostile(
            "control: every octet in a name",
            mail(sender=every.replace(b'"', b"") + b" <anne@example.org>"),
        ),
        Hostile("control: every octet in the body", mail(body=every + b"\r\n")),
        Hostile("control: terminal", mail(subject="\x1b[2J\x1b]0;x\x07\x9b31m", body=b"\x1b[2J\r\n")),
        Hostile("control: direction", mail(subject="\u202egnp.exe\u2066\u200f")),
    ]


def _credentials() -> list[Hostile]:
    """Passwords of moderators, right and wrong, wherever programs and people put them."""
    wrong = f"{SECRET}-wrong"
    first = f"Approved: {SECRET}\r\n\r\nA text.\r\n".encode()
    html = f"<p>Approved: {wrong}</p><p>A text.</p>\r\n".encode()
    plain = part(b"text/plain; charset=utf-8", f"Approved: {wrong}\r\nText\r\n".encode())
    alternative = multipart(b"multipart/alternative", plain, part(b"text/html; charset=utf-8", html))
    japanese = "Approved： ".encode() + SECRET.encode() + "\r\n本文\r\n".encode()
    coded = (
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    )
    quoted = (*coded[:2], "Content-Transfer-Encoding: quoted-printable")
    soft = b"Appro=\r\nved: Xyzzy=2D47=\r\n11\r\nA text.\r\n"
    return [
        *[
            Hostile(f"credential: {name}", mail(f"{name}: {SECRET}", body=f"{name}\r\n".encode()))
            for name in ("Approved", "X-APPROVE", "approved ")
        ],
        Hostile("credential: wrong", mail(f"Approved: {wrong}")),
        Hostile("credential: folded", mail(f"Approved:\r\n {SECRET}")),
        Hostile("credential: encoded", mail(f"Approved: {word(SECRET)}")),
        Hostile(
            "credential: twice", mail(f"Approved: {wrong}", f"X-Approved: {SECRET}", f"Approve: {wrong}")
        ),
        Hostile("credential: first line", mail(body=first)),
        Hostile("credential: behind empty lines", mail(body=b"\r\n \r\n" + first)),
        Hostile("credential: in base64", mail(*coded, body=base64(first))),
        Hostile("credential: in quoted-printable", mail(*quoted, body=soft)),
        Hostile("credential: full-width colon", mail(*coded[:2], body=japanese)),
        Hostile("credential: in alternatives", whole(alternative)),
        Hostile("credential: of 100 KiB", mail(f"Approved: {(wrong + ' ') * 8_000}")),
        Hostile("credential: approve and nothing", mail("Approved:", body=b"Approved:\r\nA text.\r\n")),
        Hostile("credential: many almost", mail(body=b"Approved: a\r\n" + b"approved<<approve:" * 3_000)),
    ]


def _markup() -> list[Hostile]:
    """HTML that is meant for whoever takes it apart."""
    entities = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>" + b"".join(
        b"<!ENTITY a%d '&a%d;&a%d;&a%d;'>" % (n + 1, n, n, n) for n in range(30)
    )
    bodies = (
        ("deep div", b"<div>" * 20_000),
        ("small deep div", b"<div>" * 1_500),
        ("small deep tables", b"<table><tr><td>" * 500),
        ("small deep fonts", b"<font><b><i>" * 700),
        ("10000 tables", b"<table><tr><td>a</td><td>b</td></tr></table>" * 10_000),
        ("10000 cells", b"<table><tr>" + b"<td>a</td>" * 10_000),
        ("entities", entities + b"]><p>&a30;</p>"),
        ("external entity", b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><p>&a;</p>'),
        ("links", b"<a href='http://evil.example/'>x" * 5_000),
        ("links of lines", b"<a href='http://x/\r\n--b\r\nX-Injected: yes'>y</a>"),
        ("widths", b"<table width=99999999><tr><td colspan=999999999>x</table>"),
        ("styles", b"<p style='margin-left: 99999999em; padding: 1e9px'>x</p>"),
        ("attributes", b"<p " + b"a=b " * 30_000 + b">x</p>"),
        ("comments", b"<!--" * 20_000),
        ("never closed", b"<p title='" + b"x" * 60_000),
        ("script", b"<script>alert(1)</script><style>p{}</style>text"),
        ("lines like delimiters", b"<pre>\r\n--b\r\n--b--\r\n</pre>"),
        ("controls", b"<p>\x00\x01\x08\x1b&#0;&#1;&#13;&#10;X-Injected: yes&#x2028;&#xd800;&#1114112;</p>"),
        ("nothing", b""),
        ("blanks", b"&nbsp;" * 5_000),
    )
    kind = b"text/html; charset=utf-8"
    return [
        *[Hostile(f"html: {name}", whole(part(kind, body + b"\r\n"))) for name, body in bodies],
        Hostile(
            "html: in alternatives",
            whole(multipart(b"multipart/alternative", TEXT, part(kind, bodies[0][1]))),
        ),
        Hostile("html: 900 parts", whole(multipart(b"multipart/mixed", *[HTML] * 900))),
        Hostile("html: utf-16", whole(part(b"text/html; charset=utf-16", "<p>x</p>".encode("utf-16")))),
    ]


def _attachments() -> list[Hostile]:
    """Things that are attached."""
    garbage = bytes(n * n % 251 for n in range(40_000))
    coded = b"Content-Transfer-Encoding: base64"
    named = b'Content-Disposition: attachment; filename="'
    names = (
        b"x.exe",
        b"../../../etc/passwd",
        b"a\\..\\b.exe",
        b"x.exe .",
        b"x.txt\x00.exe",
        b"=?utf-8?q?x=2Eexe?=",
        b"CON",
    )
    return [
        Hostile(
            "file: zip",
            whole(
                multipart(
                    b"multipart/mixed", TEXT, part(b"application/zip", base64(b"PK\3\4" + garbage), coded)
                )
            ),
        ),
        *[
            Hostile(
                f"file: name {number}",
                whole(
                    multipart(
                        b"multipart/mixed", TEXT, part(b"application/octet-stream", b"x", named + name + b'"')
                    )
                ),
            )
            for number, name in enumerate(names)
        ],
        Hostile("file: base64 of nothing", whole(part(b"text/plain", b"====\r\n" * 5_000, coded))),
        Hostile(
            "file: base64 in one line", whole(part(b"text/plain; charset=utf-8", b64encode(garbage), coded))
        ),
        Hostile(
            "file: quoted-printable of nothing",
            whole(
                part(b"text/plain", b"=\r\n" * 20_000 + b"=", b"Content-Transfer-Encoding: quoted-printable")
            ),
        ),
        Hostile(
            "file: unknown encoding",
            whole(part(b"text/plain", b"x\r\n", b"Content-Transfer-Encoding: x-none\r\n b")),
        ),
        Hostile(
            "file: uuencoded",
            whole(part(b"text/plain", b"begin 644 x\r\n" * 9_000, b"Content-Transfer-Encoding: x-uuencode")),
        ),
        Hostile("file: partial", whole(part(b'message/partial; id="a@b"; number=2; total=3', TEXT))),
        Hostile(
            "file: external",
            whole(part(b'message/external-body; access-type=local-file; name="/etc/passwd"', TEXT)),
        ),
        Hostile(
            "file: one of 400 KiB",
            whole(multipart(b"multipart/mixed", TEXT, part(b"image/png", base64(garbage * 8), coded))),
        ),
    ]


def _boundaries() -> list[Hostile]:
    """Containers that do not end where they seem to."""
    inner = multipart(b"multipart/mixed", TEXT, boundary=b"b")
    return [
        Hostile(
            "boundary: the same within", whole(multipart(b"multipart/mixed", inner, TEXT, boundary=b"b"))
        ),
        Hostile(
            "boundary: prefixes",
            whole(
                multipart(
                    b"multipart/mixed", multipart(b"multipart/mixed", TEXT, boundary=b"bb"), boundary=b"b"
                )
            ),
        ),
        Hostile(
            "boundary: like ours",
            whole(multipart(b"multipart/mixed", TEXT, boundary=b"=_018bcfe56800000a1b2c3.1")),
        ),
        Hostile("boundary: a field", whole(multipart(b"multipart/mixed", TEXT, boundary=b"X-Injected: yes"))),
        Hostile("boundary: 100 deep", whole(nested(99).partition(b"MIME-Version: 1.0\r\n")[2])),
        Hostile("boundary: 100 messages", nested_messages(99)),
        Hostile("boundary: 999 parts", many(999)),
        Hostile(
            "boundary: 60000 delimiters",
            whole(multipart(b"multipart/mixed", body_of(b"--b\r\n" * 60_000), boundary=b"b")),
        ),
        Hostile("boundary: blanks", whole(multipart(b"multipart/mixed", TEXT, boundary=b"b  "))),
        Hostile(
            "boundary: digest",
            whole(multipart(b"multipart/digest", b"\r\n" + ORIGINAL, b"Content-Type: text/html\r\n\r\nx")),
        ),
    ]


def body_of(octets: bytes) -> bytes:
    """A part of text."""
    return part(b"text/plain", octets)


def _signed() -> list[Hostile]:
    """What must arrive as it was signed, though it looks as if something had to be done about it."""
    odd = part(b"text/plain; charset=utf-8", b"blanks at the end  \r\n\t\r\n-- \r\nFrom x\r\n\r\n\r\n")
    signature = part(
        b"application/pkcs7-signature; name=smime.p7s",
        base64(bytes(range(200))),
        b"Content-Transfer-Encoding: base64",
    )
    kind = b'multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"'
    inline = lines(
        *(b"-----BEGIN PGP SIGNED MESSAGE-----", b"", b"- -- ", b"text "),
        *(b"-----BEGIN PGP SIGNATURE-----", b"", b"x", b"-----END PGP SIGNATURE-----"),
    )
    return [
        Hostile("signed: blanks at line ends", whole(multipart(kind, odd, signature))),
        Hostile(
            "signed: in signed",
            whole(multipart(kind, multipart(kind, odd, signature, boundary=b"in"), signature)),
        ),
        Hostile("signed: three parts", whole(multipart(kind, odd, signature, TEXT))),
        Hostile("signed: signature first", whole(multipart(kind, signature, odd))),
        Hostile(
            "signed: DKIM of anybody",
            mail("DKIM-Signature: v=1; d=example.org; s=x; b=AAAA", "ARC-Seal: i=1"),
        ),
        Hostile(
            "signed: encrypted",
            whole(
                part(
                    b"application/pkcs7-mime; smime-type=enveloped-data",
                    base64(bytes(200)),
                    b"Content-Transfer-Encoding: base64",
                )
            ),
        ),
        Hostile(
            "signed: inline, flowed",
            whole(part(b"text/plain; format=flowed", inline)),
        ),
    ]
