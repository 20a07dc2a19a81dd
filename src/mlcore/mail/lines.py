"""Line ends: what goes out holds CRLF, never a bare CR, a bare LF or NUL (RFC 5321 2.3.8; P4)."""


def is_clean(octets: bytes) -> bool:
    """Whether every CR and LF is part of a CRLF and there is no NUL. Some µs for 4 KiB."""
    pairs = octets.count(b"\r\n")
    return octets.count(b"\n") == pairs and octets.count(b"\r") == pairs and b"\0" not in octets


def has_8bit(octets: bytes) -> bool:
    """Whether an octet over 127 is among them, so that the peer has to offer 8BITMIME (RFC 6152)."""
    return not octets.isascii()


def normalise(octets: bytes) -> bytes:
    """`octets` without NUL, each bare CR or LF as CRLF; the very same object where nothing is to do.

    A second pass changes nothing. NUL goes first: it may stand between a CR and its LF."""
    if is_clean(octets):
        return octets
    lines = octets.replace(b"\0", b"").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return lines.replace(b"\n", b"\r\n")
