"""Messages as they arrive, odd ones among them: hand-built octets with CRLF line ends and a From field.

Whatever a list does to a message may be tried on each of them; every one of `shapes` can be signed."""

from base64 import encodebytes

_BOUNDARY = b"=_part-7f3a"
_PIXELS = bytes(range(256)) * 12


def _lines(*lines: bytes) -> bytes:
    return b"".join(line + b"\r\n" for line in lines)


def _base64(octets: bytes) -> bytes:
    return encodebytes(octets).replace(b"\n", b"\r\n")


def _mail(
    body: bytes,
    *more: bytes,
    sender: bytes = b"Anne Person <anne@example.com>",
    to: bytes = b"ant@lists.example.org",
    subject: bytes | None = b"Subject: An ordinary subject",
    message_id: bytes | None = b"Message-ID: <plain-1@example.com>",
) -> bytes:
    fields = [b"From: " + sender, b"To: " + to, b"Date: Tue, 14 Nov 2023 22:13:20 +0000"]
    fields += [field for field in (subject, message_id) if field is not None]
    return _lines(*fields, *more) + b"\r\n" + body


def _typed(content_type: bytes, body: bytes, encoding: bytes = b"8bit", *more: bytes) -> bytes:
    return _mail(
        body,
        b"MIME-Version: 1.0",
        b"Content-Type: " + content_type,
        b"Content-Transfer-Encoding: " + encoding,
        *more,
    )


def _part(content_type: bytes, body: bytes, *more: bytes) -> bytes:
    return _lines(b"Content-Type: " + content_type, *more) + b"\r\n" + body


def _multipart(kind: bytes, *parts: bytes, boundary: bytes = _BOUNDARY) -> tuple[bytes, bytes]:
    """Content-Type and body."""
    opened = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return kind + b';\r\n\tboundary="' + boundary + b'"', opened + b"--" + boundary + b"--\r\n"


def _in_parts(kind: bytes, *parts: bytes) -> bytes:
    content_type, body = _multipart(kind, *parts)
    return _mail(body, b"MIME-Version: 1.0", b"Content-Type: " + content_type)


_TEXT = _part(b"text/plain; charset=utf-8", _lines(b"Hello,", b"", b"a text."))
_HTML = _part(b"text/html; charset=utf-8", _lines(b"<p>Hello,</p>", b"<p>a text.</p>"))
_NESTED_TYPE, _NESTED_BODY = _multipart(b"multipart/alternative", _TEXT, _HTML, boundary=b"inner")


def shapes() -> list[tuple[str, bytes]]:
    """Name and octets of each shape; names are unique."""
    return [*_headers(), *_texts(), *_bodies(), *_structures(), *_histories()]


def unsigned_shapes() -> list[tuple[str, bytes]]:
    """Shapes like the others, but dkimpy refuses to read them: no signature can be tried on them."""
    body = _lines(b"A short text.")
    return [
        ("white-space-before-colon", _mail(body, b"X-Odd : value", b"X-Odder\t: value")),
        ("a-fold-of-blanks-only", _mail(body, b"X-Odd: value\r\n  \t\r\n more")),
    ]


def _headers() -> list[tuple[str, bytes]]:
    """What can be odd about the header section."""
    body = _lines(b"A short text.")
    return [
        ("plain", _mail(body)),
        ("folded-with-tab", _mail(body, b"X-Note: one\r\n\ttwo\r\n\tthree")),
        ("folded-with-blanks", _mail(body, b"X-Note: one\r\n    two  \r\n  three\t")),
        ("folded-at-once", _mail(body, subject=b"Subject:\r\n A subject on its second line")),
        (
            "folded-in-every-field",
            _mail(body, sender=b"Anne\r\n Person\r\n <anne@example.com>", to=b"\r\n\ta@b.example"),
        ),
        ("no-blank-after-colon", _mail(body, b"X-Tight:value", subject=b"Subject:tight")),
        ("many-blanks-after-colon", _mail(body, subject=b"Subject:    \t  wide   inside  ")),
        ("empty-subject", _mail(body, subject=b"Subject:")),
        ("blank-subject", _mail(body, subject=b"Subject:   ")),
        ("no-subject", _mail(body, subject=None)),
        ("mixed-case-names", _mail(body, b"x-lOwEr: a", b"X-LOWER: b", subject=b"SUBJECT: shouted")),
        ("duplicated-fields", _mail(body, b"Subject: a second one", b"Comments: first", b"Comments: second")),
        ("long-header-line", _mail(body, b"X-Long: " + b"x" * 5000)),
        (
            "long-folded-header",
            _mail(body, b"References: " + b"\r\n ".join([b"<%d@example.com>" % n for n in range(90)])),
        ),
        ("many-fields", _mail(body, *[b"X-Field-%d: %d" % (n, n) for n in range(300)])),
        ("raw-utf8-subject", _mail(body, subject="Subject: Grüße aus 東京".encode())),
        ("raw-utf8-sender", _mail(body, sender="Jörg Müller <jörg@exämple.com>".encode())),
        ("raw-latin1-subject", _mail(body, subject=b"Subject: Gr\xfc\xdfe")),
        ("encoded-name-with-comma", _mail(body, sender=b"=?utf-8?q?Person=2C_Anne?= <anne@example.com>")),
        ("message-id-empty", _mail(body, message_id=b"Message-ID: <>")),
        ("message-id-doubled-at", _mail(body, message_id=b"Message-ID: <@@x@@>")),
        ("message-id-broken-literal", _mail(body, message_id=b"Message-ID: <x@[1.2.3.4>")),
        ("message-id-folded", _mail(body, message_id=b"Message-ID:\r\n <a-very-long-one@example.com>")),
        ("no-message-id", _mail(body, message_id=None)),
        (
            "long-to-list",
            _mail(body, to=b",\r\n ".join([b"Member %d <m%d@example.net>" % (n, n) for n in range(120)])),
        ),
        ("comments-in-addresses", _mail(body, to=b"ant(the (old) list)@(here)lists.example.org (Ant list)")),
        (
            "group-syntax",
            _mail(body, to=b"undisclosed-recipients:;", sender=b"Team: anne@example.com, bart@example.com;"),
        ),
        ("quoted-local-part", _mail(body, sender=b'"Anne, the \\"first\\"" <"anne person"@example.com>')),
    ]


def _texts() -> list[tuple[str, bytes]]:
    """Charsets and transfer encodings."""
    japanese = "件名と本文は日本語です。"
    return [
        ("8bit-utf8-body", _typed(b"text/plain; charset=utf-8", "Grüße aus 東京\r\n".encode())),
        ("8bit-latin1-unlabelled", _mail(b"Gr\xfc\xdfe\r\n")),
        *[
            (
                f"{charset}-subject-and-body",
                _mail(
                    f"{japanese}\r\n{japanese}\r\n".encode(charset),
                    b"MIME-Version: 1.0",
                    b"Content-Type: text/plain; charset=" + charset.encode(),
                    subject=b"Subject: =?"
                    + charset.encode()
                    + b"?B?"
                    + _base64(japanese.encode(charset)).strip()
                    + b"?=",
                ),
            )
            for charset in ("iso-2022-jp", "shift_jis", "euc-jp")
        ],
        ("unknown-charset", _typed(b"text/plain; charset=x-unknown", b"\x80\x81\xfe\r\n")),
        (
            "quoted-printable-soft-breaks",
            _typed(
                b"text/plain; charset=utf-8",
                _lines(b"A line that goes on=20=", b" and on =C3=A4=", b"", b"=3D the end"),
                b"quoted-printable",
            ),
        ),
        ("base64-binary", _typed(b"application/octet-stream", _base64(_PIXELS), b"base64")),
        (
            "format-flowed",
            _typed(
                b"text/plain; charset=utf-8; format=flowed; delsp=yes",
                _lines(b"> quoted ", b"> more", b"", b"flowing ", b"on", b"-- ", b"Anne"),
            ),
        ),
        (
            "html-only",
            _typed(b"text/html; charset=utf-8", _lines(b"<html><body>", b"<p>Hi</p>", b"</body></html>")),
        ),
    ]


def _bodies() -> list[tuple[str, bytes]]:
    """What can be odd about a body as octets."""
    return [
        ("no-body", _mail(b"")),
        ("one-empty-line", _mail(b"\r\n")),
        ("blank-lines-at-the-end", _mail(_lines(b"text", b"", b"", b""))),
        ("blank-lines-at-the-start", _mail(_lines(b"", b"", b"text"))),
        ("trailing-white-space", _mail(_lines(b"text  ", b"tab\t", b"  \t ", b"in  side\t\tof"))),
        ("no-final-line-end", _mail(b"text\r\nwithout an end")),
        ("dots-alone", _mail(_lines(b".", b"..", b".hidden", b"...", b"."))),
        ("long-body-line", _mail(_lines(b"y" * 5000, b"short", b"z " * 2500))),
        ("looks-like-a-header", _mail(_lines(b"Subject: not a field", b"X-Evil: neither", b"", b"text"))),
        (
            "from-at-line-start",
            _mail(_lines(b"From the beginning", b">From quoted", b"From anne@example.com Tue")),
        ),
        ("signature-separator", _mail(_lines(b"text", b"-- ", b"Anne", b"_" * 47))),
        ("form-feed-and-controls", _mail(_lines(b"page\x0c", b"\x1b[1mbold\x07", b"\x7f"))),
    ]


def _structures() -> list[tuple[str, bytes]]:
    """MIME."""
    original = _mail(_lines(b"The forwarded text."), b"DKIM-Note: inner")
    calendar = _lines(b"BEGIN:VCALENDAR", b"METHOD:REQUEST", b"BEGIN:VEVENT", b"END:VEVENT", b"END:VCALENDAR")
    pgp_text = _part(b"text/plain; charset=us-ascii", _lines(b"signed text  ", b"- -- "))
    pgp = _part(
        b'application/pgp-signature; name="signature.asc"',
        _lines(b"-----BEGIN PGP SIGNATURE-----", b"", b"iQE=", b"-----END PGP SIGNATURE-----"),
    )
    smime = _part(
        b'application/pkcs7-signature; name="smime.p7s"',
        _base64(_PIXELS[:300]),
        b"Content-Transfer-Encoding: base64",
    )
    image = _part(
        b"image/png",
        _base64(_PIXELS),
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: attachment;\r\n filename*=utf-8''%E5%9B%B3.png",
    )
    return [
        ("multipart-mixed", _in_parts(b"multipart/mixed", _TEXT, image)),
        ("multipart-alternative", _in_parts(b"multipart/alternative", _TEXT, _HTML)),
        ("multipart-nested", _in_parts(b"multipart/mixed", _part(_NESTED_TYPE, _NESTED_BODY), image)),
        (
            "multipart-preamble",
            _mail(
                b"This is a message in parts.\r\n" + _multipart(b"", _TEXT)[1] + b"An epilogue\r\n",
                b"MIME-Version: 1.0",
                b"Content-Type: " + _multipart(b"multipart/mixed")[0],
            ),
        ),
        (
            "multipart-never-closed",
            _mail(
                b"--" + _BOUNDARY + b"\r\n" + _TEXT,
                b"MIME-Version: 1.0",
                b"Content-Type: " + _multipart(b"multipart/mixed")[0],
            ),
        ),
        ("multipart-without-boundary", _typed(b"multipart/mixed", _lines(b"text"), b"7bit")),
        (
            "pgp-mime-signed",
            _in_parts(
                b'multipart/signed; micalg=pgp-sha256;\r\n protocol="application/pgp-signature"',
                pgp_text,
                pgp,
            ),
        ),
        (
            "smime-signed",
            _in_parts(
                b'multipart/signed; micalg=sha-256;\r\n protocol="application/pkcs7-signature"', _TEXT, smime
            ),
        ),
        (
            "pgp-encrypted",
            _in_parts(
                b'multipart/encrypted; protocol="application/pgp-encrypted"',
                _part(b"application/pgp-encrypted", _lines(b"Version: 1")),
                _part(
                    b"application/octet-stream",
                    _lines(b"-----BEGIN PGP MESSAGE-----", b"", b"hQEM", b"-----END PGP MESSAGE-----"),
                ),
            ),
        ),
        (
            "smime-enveloped",
            _typed(
                b'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
                _base64(_PIXELS[:600]),
                b"base64",
            ),
        ),
        ("message-rfc822", _in_parts(b"multipart/mixed", _TEXT, _part(b"message/rfc822", original))),
        ("message-rfc822-alone", _typed(b"message/rfc822", original, b"7bit")),
        (
            "calendar",
            _in_parts(
                b"multipart/alternative",
                _TEXT,
                _part(b"text/calendar; method=REQUEST; charset=utf-8", calendar),
            ),
        ),
        (
            "delivery-report",
            _in_parts(
                b"multipart/report; report-type=delivery-status",
                _TEXT,
                _part(
                    b"message/delivery-status",
                    _lines(
                        b"Reporting-MTA: dns; mx.example",
                        b"",
                        b"Final-Recipient: rfc822; x@y.example",
                        b"Action: failed",
                        b"Status: 5.1.1",
                    ),
                ),
            ),
        ),
    ]


def _histories() -> list[tuple[str, bytes]]:
    """What earlier hosts and lists left behind."""
    body = _lines(b"A short text.")
    received = [
        b"Received: from mx%d.example (mx%d.example [192.0.2.%d])\r\n\tby mx%d.example (Postfix) with ESMTPS"
        b" id 4%dA\r\n\tfor <ant@lists.example.org>; Tue, 14 Nov 2023 22:13:20 +0000 (UTC)"
        % (n, n, n, n + 1, n)
        for n in range(40)
    ]
    return [
        ("many-received", _lines(*received) + _mail(body)),
        (
            "from-another-list",
            _mail(
                body,
                b"List-Id: Another list <bee.lists.example.net>",
                b"List-Post: <mailto:bee@lists.example.net>",
                b"List-Unsubscribe: <mailto:bee-leave@lists.example.net>",
                b"Precedence: list",
                b"X-BeenThere: bee@lists.example.net",
                subject=b"Subject: [Bee] Re: [Ant] a thread",
            ),
        ),
        (
            "automatic-reply",
            _mail(
                body, b"Auto-Submitted: auto-replied", b"Precedence: bulk", subject=b"Subject: Out of office"
            ),
        ),
        (
            "reply-in-thread",
            _mail(
                body,
                b"In-Reply-To: <p@example.com>",
                b"References: <o@example.com>\r\n\t<p@example.com>",
                subject=b"Subject: Re: Re: AW: thread",
            ),
        ),
        (
            "reply-to-and-cc",
            _mail(
                body,
                b"Reply-To: other@example.com",
                b"Cc: Bart <bart@example.com>,\r\n ant@lists.example.org",
                b"Sender: desk@example.com",
            ),
        ),
    ]
