"""Posts to measure with."""

import base64
import random

from load import post_octets

TEXT_OCTETS = 4096


def plain(address: str, number: int) -> bytes:
    """4 KiB of text. number: no other post of this run may have it."""
    return post_octets(address, number, TEXT_OCTETS)


def with_attachment(address: str, number: int, octets: int) -> bytes:
    """4 KiB of text and a picture, about `octets` in all."""
    head, _, text = post_octets(address, number, TEXT_OCTETS).partition(b"\r\n\r\n")
    content_type = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit"
    head = head.replace(content_type, b'Content-Type: multipart/mixed; boundary="=_benchmark_="')
    picture = base64.encodebytes(random.Random(number).randbytes((octets - TEXT_OCTETS) * 3 // 4))
    return b"\r\n".join(
        (
            head,
            b"",
            b"--=_benchmark_=",
            content_type,
            b"",
            text.rstrip(b"\r\n"),
            b"--=_benchmark_=",
            b'Content-Type: image/jpeg; name="picture.jpg"',
            b'Content-Disposition: attachment; filename="picture.jpg"',
            b"Content-Transfer-Encoding: base64",
            b"",
            picture.replace(b"\n", b"\r\n") + b"--=_benchmark_=--",
            b"",
        )
    )
