"""Odd messages: MIME as it arrives although no RFC has it so, and rare MIME that is right. CRLF line ends.

Every one is a message that a list may get; what mlcore makes of it must be neither an error nor a loss."""

from base64 import encodebytes

JAPANESE = "会議は四時からです。"
HALF_WIDTH = "ｶｲｷﾞﾊ ﾖｼﾞｶﾗ ﾃﾞｽ"
WORDS = "The meeting begins at four."
_B = b"=_odd-4c1"


def lines(*found: bytes) -> bytes:
    """The lines, each with CRLF."""
    return b"".join(line + b"\r\n" for line in found)


def base64(octets: bytes) -> bytes:
    """In lines of 76."""
    return encodebytes(octets).replace(b"\n", b"\r\n")


def mail(*fields: bytes, body: bytes = b"") -> bytes:
    """A message with From, To and these fields; MIME-Version if one is about content."""
    mime = [b"MIME-Version: 1.0"] if any(field.lower().startswith(b"content-") for field in fields) else []
    head = [b"From: Anne <anne@example.org>", b"To: ant@example.com", b"Subject: Odd", *mime, *fields]
    return lines(*head) + b"\r\n" + body


def part(content_type: bytes, body: bytes = b"text\r\n", *more: bytes) -> bytes:
    """One part."""
    return lines(b"Content-Type: " + content_type, *more) + b"\r\n" + body


def multipart(kind: bytes, *parts: bytes, boundary: bytes = _B, end: bytes = b"--\r\n") -> bytes:
    """A part multipart/`kind`; end: what stands behind the last boundary."""
    inside = b"".join(b"--" + boundary + b"\r\n" + one + b"\r\n" for one in parts)
    return part(kind + b'; boundary="' + boundary + b'"', inside + b"--" + boundary + end)


def whole(made: bytes) -> bytes:
    """The part as a message."""
    return (
        b"From: Anne <anne@example.org>\r\nTo: ant@example.com\r\nSubject: Odd\r\nMIME-Version: 1.0\r\n"
        + made
    )


def nested(depth: int, kind: bytes = b"multipart/mixed") -> bytes:
    """Containers in each other, `depth` of them, with a text in the innermost."""
    opened = b"".join(
        lines(b"Content-Type: " + kind + b'; boundary="b%d"' % level, b"", b"--b%d" % level)
        for level in range(depth)
    )
    closed = b"".join(b"\r\n--b%d--" % level for level in reversed(range(depth)))
    return whole(opened + part(b"text/plain", b"inside") + closed + b"\r\n")


def nested_messages(depth: int) -> bytes:
    """Attached messages in each other."""
    return whole(lines(b"Content-Type: message/rfc822", b"") * depth + part(b"text/plain", b"inside\r\n"))


def many(count: int) -> bytes:
    """A multipart/mixed of so many parts."""
    return whole(multipart(b"multipart/mixed", *[part(b"text/plain", b"%d" % n) for n in range(count)]))


TEXT = part(b"text/plain; charset=utf-8", lines(WORDS.encode()))
HTML = part(b"text/html; charset=utf-8", lines(b"<p>The meeting begins at <b>four</b>.</p>"))
PIXELS = bytes(range(256)) * 3
IMAGE = part(
    b'image/png; name="map.png"',
    base64(PIXELS),
    b"Content-Transfer-Encoding: base64",
    b'Content-Disposition: attachment; filename="map.png"',
)
PROGRAM = part(
    b"application/x-msdownload",
    base64(b"MZ" + PIXELS),
    b"Content-Transfer-Encoding: base64",
    b'Content-Disposition: attachment; filename="tea.exe"',
)
SIGNATURE = part(
    b'application/pgp-signature; name="signature.asc"',
    lines(b"-----BEGIN PGP SIGNATURE-----", b"", b"iQE=", b"-----END PGP SIGNATURE-----"),
)
SIGNED = multipart(
    b'multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"',
    TEXT,
    SIGNATURE,
    boundary=b"signed",
)
SMIME = multipart(
    b'multipart/signed; micalg=sha-256; protocol="application/pkcs7-signature"',
    TEXT,
    part(
        b'application/pkcs7-signature; name="smime.p7s"', base64(PIXELS), b"Content-Transfer-Encoding: base64"
    ),
    boundary=b"smime",
)
ORIGINAL = lines(b"From: Bart <bart@example.net>", b"Subject: Before", b"", b"The first text.")


def odd_messages() -> list[tuple[str, bytes]]:
    """Name and octets of each; names are unique. None is beyond the limits of `mail.mime`."""
    return [*_delimiters(), *_containers(), *_types(), *_encodings(), *_charsets(), *_names(), *_kinds()]


def too_complex() -> list[tuple[str, bytes]]:
    """Those that are beyond the limits."""
    return [
        ("nesting-101", nested(101)),
        ("nesting-1000", nested(1000)),
        ("nested-messages-101", nested_messages(101)),
        ("nested-messages-1000", nested_messages(1000)),
        ("parts-1001", many(1001)),
        ("parts-5000", many(5000)),
        ("boundary-2049", whole(multipart(b"multipart/mixed", TEXT, boundary=b"b" * 2049))),
    ]


def _delimiters() -> list[tuple[str, bytes]]:
    """Boundaries."""
    mixed = b"Content-Type: multipart/mixed; boundary=x"
    outer, inner = b"outer", b"outer-inner"
    return [
        ("boundary-missing", mail(b"Content-Type: multipart/mixed", body=lines(b"--x", b"", b"t", b"--x--"))),
        ("boundary-empty", mail(b'Content-Type: multipart/mixed; boundary=""', body=lines(b"--", b"", b"t"))),
        (
            "boundary-of-blanks",
            mail(b'Content-Type: multipart/mixed; boundary="  "', body=lines(b"--  ", b"t")),
        ),
        ("boundary-never-occurs", mail(mixed, body=lines(b"only a preamble"))),
        (
            "boundary-twice-said",
            mail(mixed + b"; boundary=y", body=lines(b"--x", b"", b"t", b"--x--", b"--y")),
        ),
        ("boundary-unquoted-equals", whole(multipart(b"multipart/mixed", TEXT).replace(b'"', b""))),
        ("boundary-ends-with-blank", mail(mixed[:-1] + b'"x "', body=lines(b"--x ", b"", b"t", b"--x --"))),
        ("boundary-with-colon", whole(multipart(b"multipart/mixed", TEXT, TEXT, boundary=b"a:b"))),
        ("boundary-8bit", whole(multipart(b"multipart/mixed", TEXT, boundary=b"gr\xfc\xdfe"))),
        (
            "boundary-rfc2231",
            mail(b"Content-Type: multipart/mixed; boundary*=us-ascii''x", body=lines(b"--x", b"", b"t")),
        ),
        ("boundary-2048", whole(multipart(b"multipart/mixed", TEXT, boundary=b"b" * 2048))),
        (
            "boundary-is-prefix",
            whole(
                multipart(
                    b"multipart/mixed",
                    multipart(b"multipart/alternative", TEXT, HTML, boundary=inner),
                    boundary=outer,
                )
            ),
        ),
        (
            "boundary-is-extension",
            whole(
                multipart(
                    b"multipart/mixed",
                    multipart(b"multipart/alternative", TEXT, HTML, boundary=outer),
                    boundary=inner,
                )
            ),
        ),
        (
            "boundary-is-the-close-of-another",
            whole(
                multipart(
                    b"multipart/mixed",
                    multipart(b"multipart/alternative", TEXT, HTML, boundary=b"b--"),
                    boundary=b"b",
                )
            ),
        ),
        (
            "boundary-same-as-outer",
            whole(multipart(b"multipart/mixed", multipart(b"multipart/alternative", TEXT, HTML), TEXT)),
        ),
        ("delimiter-padded", mail(mixed, body=b"--x \t\r\n" + TEXT + b"\r\n--x--  \r\nafter\r\n")),
        ("delimiter-with-more", mail(mixed, body=lines(b"--xyz", b"", b"t", b"--x", b"", b"u", b"--x--"))),
        ("delimiters-adjacent", mail(mixed, body=lines(b"--x", b"--x", b"--x--"))),
        ("delimiter-in-epilogue", mail(mixed, body=lines(b"--x", b"", b"t", b"--x--", b"--x", b"", b"u"))),
        ("delimiter-at-the-end", mail(mixed, body=b"--x\r\n\r\ntext\r\n--x")),
        ("close-at-the-end", mail(mixed, body=b"--x\r\n\r\ntext\r\n--x--")),
        ("close-alone", mail(mixed, body=b"--x--\r\n")),
        ("close-then-text", mail(mixed, body=b"--x\r\n\r\ntext\r\n--x--more\r\n--x--\r\n")),
        ("unterminated", whole(multipart(b"multipart/mixed", TEXT, IMAGE, end=b"\r\n")[: -len(_B) - 6])),
        (
            "unterminated-inside",
            whole(
                multipart(
                    b"multipart/mixed", part(b"multipart/alternative; boundary=i", b"--i\r\n" + TEXT), TEXT
                )
            ),
        ),
        ("truncated-in-a-header", mail(mixed, body=b"--x\r\nContent-Type: text/pl")),
        ("preamble-and-epilogue", mail(mixed, body=b"before\r\n--x\r\n" + TEXT + b"\r\n--x--\r\nbehind\r\n")),
    ]


def _containers() -> list[tuple[str, bytes]]:
    """Parts."""
    mixed = b"Content-Type: multipart/mixed; boundary=x"
    return [
        ("nesting-99", nested(99)),
        ("nesting-100", nested(100)),
        ("nested-messages-99", nested_messages(99)),
        ("parts-999", many(999)),
        ("parts-1000", many(1000)),
        ("part-without-header", mail(mixed, body=lines(b"--x", b"", b"text", b"--x--"))),
        (
            "part-without-empty-line",
            mail(mixed, body=lines(b"--x", b"Content-Type: text/html", b"<p>", b"--x--")),
        ),
        ("part-of-header-alone", mail(mixed, body=lines(b"--x", b"Content-Type: text/html", b"--x--"))),
        ("part-empty", mail(mixed, body=lines(b"--x", b"", b"", b"--x--"))),
        (
            "part-begins-with-junk",
            mail(mixed, body=lines(b"--x", b"no field", b"Content-Type: text/html", b"--x--")),
        ),
        (
            "encoded-multipart",
            whole(
                multipart(b"multipart/mixed", TEXT).replace(
                    b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n", 1
                )
            ),
        ),
        (
            "encoded-message",
            whole(part(b"message/rfc822", base64(ORIGINAL), b"Content-Transfer-Encoding: base64")),
        ),
        ("digest", whole(multipart(b"multipart/digest", b"\r\n" + ORIGINAL, b"\r\n" + ORIGINAL))),
        ("digest-with-text", whole(multipart(b"multipart/digest", TEXT, b"\r\n" + ORIGINAL))),
        ("message-of-an-mbox", whole(part(b"message/rfc822", b"From bart Tue Nov 14\r\n" + ORIGINAL))),
        (
            "message-quoted-mbox",
            whole(multipart(b"multipart/mixed", part(b"message/rfc822", b">From x\r\n" + ORIGINAL))),
        ),
        ("message-empty", whole(part(b"message/rfc822", b""))),
        ("message-global", whole(part(b"message/global", "Subject: 会議\r\n\r\ntext\r\n".encode()))),
        ("one-part", whole(multipart(b"multipart/mixed", TEXT))),
        ("unknown-subtype", whole(multipart(b"multipart/x-odd", TEXT, IMAGE))),
        ("parallel", whole(multipart(b"multipart/parallel", TEXT, IMAGE))),
        ("related", whole(multipart(b"multipart/related; type=text/html", HTML, IMAGE))),
        ("blank-text-then-image", whole(multipart(b"multipart/mixed", part(b"text/plain", b" \r\n"), IMAGE))),
    ]


def _types() -> list[tuple[str, bytes]]:
    """Content-Type and Content-Disposition."""
    body = lines(WORDS.encode())
    return [
        ("no-type", mail(body=body)),
        ("type-of-old-sun", mail(b"Content-Type: text", body=body)),
        ("type-empty", mail(b"Content-Type:", body=body)),
        ("type-of-junk", mail(b"Content-Type: ///;;;===", body=body)),
        ("type-twice", mail(b"Content-Type: text/html", b"Content-Type: text/plain", body=body)),
        ("type-with-comments", mail(b"Content-Type: text (a (b))/plain (c); (d) charset=utf-8", body=body)),
        ("type-with-blanks", mail(b"Content-Type: text / plain ; charset = utf-8", body=body)),
        ("type-folded", mail(b"Content-Type: text/plain;\r\n\tcharset=\r\n utf-8", body=body)),
        ("type-without-semicolon", mail(b"Content-Type: text/plain charset=utf-8", body=body)),
        ("type-in-capitals", mail(b"CONTENT-TYPE: TEXT/PLAIN; CHARSET=UTF-8", body=body)),
        ("parameter-quote-open", mail(b'Content-Type: text/plain; charset="utf-8', body=body)),
        ("parameters-many", mail(b"Content-Type: text/plain" + b"; a=b" * 3000, body=body)),
        ("disposition-unknown", mail(b"Content-Disposition: notification", body=body)),
        ("disposition-of-name-alone", mail(b"Content-Disposition: filename=tea.txt", body=body)),
        (
            "text-as-attachment",
            mail(b"Content-Type: text/plain", b"Content-Disposition: attachment", body=body),
        ),
    ]


def _encodings() -> list[tuple[str, bytes]]:
    """Content-Transfer-Encoding."""
    plain = b"Content-Type: text/plain; charset=utf-8"
    coded = b"Content-Transfer-Encoding: "
    text = JAPANESE.encode()
    return [
        ("encoding-unknown", mail(plain, coded + b"x-odd", body=text + b"\r\n")),
        ("encoding-with-comment", mail(plain, coded + b"8bit (as it is)", body=text + b"\r\n")),
        ("encoding-says-base64-is-text", mail(plain, coded + b"base64", body=lines(WORDS.encode()))),
        ("encoding-says-quoted-is-8bit", mail(plain, coded + b"quoted-printable", body=text + b"\r\n")),
        ("encoding-says-7bit-is-8bit", mail(plain, coded + b"7bit", body=text + b"\r\n")),
        (
            "base64-garbage",
            mail(plain, coded + b"base64", body=b"!!" + base64(text)[:9] + b"~\r\n" + b"\xff="),
        ),
        ("base64-one-digit-too-many", mail(plain, coded + b"base64", body=b"QUJDR\r\n")),
        ("base64-without-padding", mail(plain, coded + b"base64", body=base64(text).rstrip(b"=\r\n"))),
        (
            "base64-with-text-behind",
            mail(plain, coded + b"base64", body=base64(text) + lines(b"", b"-- ", b"ad")),
        ),
        ("base64-on-one-line", mail(plain, coded + b"BASE64", body=base64(text * 99).replace(b"\r\n", b""))),
        ("base64-of-bare-line-ends", mail(plain, coded + b"base64", body=base64(b"one\ntwo\rthree"))),
        ("quoted-broken", mail(plain, coded + b"quoted-printable", body=lines(b"=ZZ =4", b"a=", b"==41="))),
        ("quoted-ends-in-soft-break", mail(plain, coded + b"quoted-printable", body=b"Hello=\r\n")),
        (
            "uuencoded",
            mail(plain, coded + b"x-uuencode", body=lines(b"begin 644 tea.txt", b"#0V%T", b"`", b"end")),
        ),
        (
            "uuencoded-badly",
            mail(plain, coded + b"x-uuencode", body=lines(b"begin 644 t", b"zzz\x80", b"#0V%T")),
        ),
        ("uuencoded-not-at-all", mail(plain, coded + b"x-uuencode", body=lines(WORDS.encode()))),
    ]


def _charsets() -> list[tuple[str, bytes]]:
    """Labels and what goes by them."""

    def text(label: bytes, octets: bytes) -> bytes:
        return mail(b"Content-Type: text/plain; charset=" + label, body=octets + b"\r\n")

    jis = JAPANESE.encode("iso-2022-jp")
    return [
        ("iso-2022-jp", text(b"iso-2022-jp", jis)),
        ("iso-2022-jp-without-a-way-back", text(b"iso-2022-jp", jis.removesuffix(b"\x1b(B"))),
        ("iso-2022-jp-katakana-by-escape", text(b"iso-2022-jp", b"\x1b(I6273\x1b(B")),
        ("iso-2022-jp-katakana-8bit", text(b"iso-2022-jp", HALF_WIDTH.encode("cp932"))),
        ("iso-2022-jp-circled-number", text(b"iso-2022-jp", b"\x1b$B-!\x1b(B")),
        ("iso-2022-jp-jis-x-0212", text(b"iso-2022-jp", b"\x1b$(D0!\x1b(B")),
        ("iso-2022-jp-unknown-escape", text(b"iso-2022-jp", b'\x1b[1mbold\x1b$B$"\x1b(B\x1b$B-!')),
        ("iso-2022-jp-says-utf-8", text(b"utf-8", jis)),
        ("iso-2022-jp-says-nothing", mail(body=jis + b"\r\n")),
        ("utf-8-says-iso-2022-jp", text(b"iso-2022-jp", JAPANESE.encode())),
        ("shift-jis", text(b"Shift_JIS", JAPANESE.encode("shift_jis"))),
        ("shift-jis-half-width", text(b"Shift_JIS", HALF_WIDTH.encode("shift_jis"))),
        ("shift-jis-circled-number", text(b"Shift_JIS", b"\x87\x40")),
        ("shift-jis-says-us-ascii", text(b"us-ascii", JAPANESE.encode("shift_jis"))),
        ("shift-jis-says-utf-8", text(b"utf-8", JAPANESE.encode("shift_jis"))),
        ("shift-jis-says-nothing", mail(body=JAPANESE.encode("shift_jis") + b"\r\n")),
        ("euc-jp-says-iso-8859-1", text(b"iso-8859-1", JAPANESE.encode("euc-jp"))),
        ("euc-jp-says-unknown", text(b"x-unknown", JAPANESE.encode("euc-jp"))),
        ("latin-1-says-utf-8", text(b"utf-8", b"Gr\xfc\xdfe")),
        ("windows-1252-says-iso-8859-1", text(b"iso-8859-1", b"\x93tea\x94")),
        ("gb18030-says-gb2312", text(b"gb2312", "会议€".encode("gb18030"))),
        ("utf-16", text(b"utf-16", JAPANESE.encode("utf-16"))),
        ("utf-7", text(b"utf-7", b"+ZeVnLIqe-")),
        ("charset-is-junk", text(b'"../../etc/passwd"', WORDS.encode())),
        ("utf-8-cut-in-two", text(b"utf-8", JAPANESE.encode()[:-1])),
        ("utf-8-with-mark", text(b"utf-8", b"\xef\xbb\xbf" + JAPANESE.encode())),
    ]


def _names() -> list[tuple[str, bytes]]:
    """Names of files."""

    def named(disposition: bytes, content_type: bytes = b"application/octet-stream") -> bytes:
        return whole(
            multipart(
                b"multipart/mixed", TEXT, part(content_type, b"x", b"Content-Disposition: " + disposition)
            )
        )

    return [
        ("name-rfc2231", named(b"attachment; filename*=utf-8''%E5%9B%B3.png")),
        ("name-continued", named(b"attachment; filename*0=te; filename*1=a.; filename*2=exe")),
        ("name-continued-with-a-gap", named(b"attachment; filename*0=tea.; filename*2=exe; filename*1x=y")),
        ("name-continued-from-one", named(b"attachment; filename*1=tea.exe")),
        (
            "name-continued-and-encoded",
            named(
                b"attachment; filename*0*=iso-2022-jp'ja'%1B%24B; filename*1*=%3F%5E%1B%28B; filename*2=.exe"
            ),
        ),
        ("name-rfc2231-without-charset", named(b"attachment; filename*=%E5%9B%B3.png")),
        ("name-rfc2047", named(b'attachment; filename="=?utf-8?b?5Zuz?= =?utf-8?q?=2Epng?="')),
        ("name-8bit", named("attachment; filename=図.png".encode("shift_jis"))),
        ("name-with-directories", named(b'attachment; filename="..\\\\..\\\\/etc/passwd"')),
        ("name-unquoted-with-blanks", named(b"attachment; filename=my tea (1).exe")),
        ("name-turned-around", named("attachment; filename=tea\u202etxt.exe".encode())),
        ("name-with-dots-behind", named(b'attachment; filename="tea.exe. . "')),
        ("name-in-the-type-alone", named(b"attachment", b"application/octet-stream; name=tea.exe")),
        ("name-of-controls", named(b'attachment; filename="tea\x07\t.exe"')),
    ]


def _kinds() -> list[tuple[str, bytes]]:
    """Kinds of mail."""
    status = lines(b"Reporting-MTA: dns; mx.example", b"", b"Action: failed", b"Status: 5.1.1")
    calendar = lines(b"BEGIN:VCALENDAR", b"METHOD:REQUEST", b"END:VCALENDAR")
    flowed = b"Content-Type: text/plain; charset=utf-8; format=flowed"
    key = b"-----BEGIN PGP MESSAGE-----"
    return [
        ("pgp-signed", whole(SIGNED)),
        ("pgp-signed-in-mixed", whole(multipart(b"multipart/mixed", SIGNED, TEXT))),
        (
            "pgp-signed-with-a-program",
            whole(
                multipart(
                    b"multipart/signed",
                    multipart(b"multipart/mixed", TEXT, PROGRAM, boundary=b"m"),
                    SIGNATURE,
                )
            ),
        ),
        (
            "pgp-encrypted",
            whole(
                multipart(
                    b"multipart/encrypted",
                    part(b"application/pgp-encrypted", b"Version: 1"),
                    part(b"application/octet-stream", lines(key)),
                )
            ),
        ),
        (
            "pgp-clear-signed",
            mail(
                body=lines(
                    b"-----BEGIN PGP SIGNED MESSAGE-----", b"", b"text", b"-----END PGP SIGNATURE-----"
                )
            ),
        ),
        ("smime-signed", whole(SMIME)),
        (
            "smime-opaque",
            whole(
                part(
                    b'application/pkcs7-mime; name="smime.p7m"',
                    base64(PIXELS),
                    b"Content-Transfer-Encoding: base64",
                )
            ),
        ),
        (
            "winmail",
            whole(
                multipart(
                    b"multipart/mixed",
                    TEXT,
                    part(
                        b'application/ms-tnef; name="winmail.dat"',
                        base64(b"\x78\x9f\x3e\x22"),
                        b"Content-Transfer-Encoding: base64",
                    ),
                )
            ),
        ),
        (
            "delivery-report",
            whole(
                multipart(
                    b"multipart/report; report-type=delivery-status",
                    TEXT,
                    part(b"message/delivery-status", status),
                    part(b"message/rfc822", ORIGINAL),
                )
            ),
        ),
        (
            "read-receipt",
            whole(
                multipart(
                    b"multipart/report; report-type=disposition-notification",
                    TEXT,
                    part(b"message/disposition-notification", status),
                )
            ),
        ),
        ("partial", whole(part(b'message/partial; id="a@b"; number=1; total=2', ORIGINAL))),
        (
            "external-body",
            whole(
                part(
                    b"message/external-body; access-type=anon-ftp; site=ftp.example",
                    b"Content-Type: text/plain\r\n\r\n",
                )
            ),
        ),
        (
            "calendar",
            whole(
                multipart(b"multipart/alternative", TEXT, part(b"text/calendar; method=REQUEST", calendar))
            ),
        ),
        ("amp", whole(multipart(b"multipart/alternative", TEXT, part(b"text/x-amp-html", b"<html>"), HTML))),
        ("html-alone", whole(HTML)),
        ("html-without-text", whole(part(b"text/html", b'<img src="https://x.example/p.png">\r\n'))),
        (
            "html-that-would-be-a-delimiter",
            whole(
                multipart(
                    b"multipart/mixed",
                    part(
                        b"text/html",
                        b"<p>a</p><pre>\r\n-&#45;"
                        + _B
                        + b"\r\nContent-Type: application/x-msdownload\r\n</pre>",
                    ),
                )
            ),
        ),
        (
            "apple-mail",
            whole(
                multipart(
                    b"multipart/mixed",
                    TEXT,
                    IMAGE,
                    TEXT,
                    multipart(b"multipart/alternative", TEXT, HTML, boundary=b"Apple-Mail-2"),
                )
            ),
        ),
        (
            "flowed",
            mail(flowed, body=lines(b"> quoted ", b"> more", b"", b"flowing ", b"on", b"-- ", b"Anne")),
        ),
        ("flowed-to-the-end", mail(flowed + b"; delsp=yes", body=lines("流れる ".encode(), b"to the end "))),
        (
            "voice-message",
            whole(multipart(b"multipart/voice-message; version=2.0", part(b"audio/32kadpcm", b"x"))),
        ),
        (
            "form-data",
            whole(
                multipart(
                    b"multipart/form-data",
                    part(b"text/plain", b"x", b'Content-Disposition: form-data; name="a"'),
                )
            ),
        ),
    ]
