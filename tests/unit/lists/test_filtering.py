"""`lists.filtering`: which parts stay."""

import pytest

from mlcore.lists import filtering
from mlcore.lists.draft import Draft
from mlcore.lists.filtering import Filtered
from mlcore.lists.model import ListPolicy
from mlcore.lists.reasons import Reason
from mlcore.mail import fields, mime
from mlcore.mail.mime import Part
from support.odd_messages import (
    HTML,
    IMAGE,
    ORIGINAL,
    PROGRAM,
    SIGNATURE,
    SIGNED,
    SMIME,
    TEXT,
    mail,
    multipart,
    odd_messages,
    part,
    whole,
)
from support.posts import policy
from support.shapes import shapes

MIXED = b"multipart/mixed"
PNG = "image/png"
HELD = ["multipart/mixed", "text/plain"]
RELATED = b"multipart/related"
ALTERNATIVE = multipart(b"multipart/alternative", TEXT, HTML, boundary=b"alternative")


def _policy(**settings: object) -> ListPolicy:
    return policy(**({"filter_content": True, "collapse_alternatives": False} | settings))


def _message(octets: bytes) -> Part:
    return mime.parse(*fields.split(octets))


def _left(octets: bytes, **settings: object) -> Filtered:
    result = filtering.apply(_message(octets), _policy(**settings))
    assert isinstance(result, Filtered)
    return result


def _types(octets: bytes, **settings: object) -> list[str]:
    """Types in what is left, as a reader of its octets sees them."""
    return [found.type for found in _message(_left(octets, **settings).part.octets()).walk(deep=True)]


@pytest.mark.parametrize(
    ("octets", "settings", "reason"),
    [
        (whole(HTML), {"filter_types": ("text/html",)}, filtering.TYPE_DISALLOWED),
        (whole(HTML), {"filter_types": ("text",)}, filtering.TYPE_DISALLOWED),
        (whole(HTML), {"pass_types": ("text/plain",)}, filtering.TYPE_NOT_ALLOWED),
        (whole(multipart(MIXED, TEXT)), {"pass_types": ("text",)}, filtering.TYPE_NOT_ALLOWED),
        (whole(PROGRAM), {"filter_extensions": ("exe",)}, filtering.EXTENSION_DISALLOWED),
        (whole(PROGRAM), {"pass_extensions": ("txt",)}, filtering.EXTENSION_NOT_ALLOWED),
        (whole(multipart(MIXED, HTML, HTML)), {"filter_types": ("text/html",)}, filtering.NOTHING_LEFT),
        (whole(multipart(MIXED, ALTERNATIVE)), {"filter_types": ("text",)}, filtering.NOTHING_LEFT),
    ],
)  # fmt: skip
def test_what_is_disposed_of(octets: bytes, settings: dict[str, object], reason: Reason) -> None:
    assert filtering.apply(_message(octets), _policy(**settings)) == reason


@pytest.mark.row("attribute: filter_types")
@pytest.mark.parametrize(
    ("filter_types", "types"),
    [
        ((), [MIXED.decode(), "text/plain", "text/html", PNG]),
        (("image",), [MIXED.decode(), "text/plain", "text/html"]),
        (("image/png",), [MIXED.decode(), "text/plain", "text/html"]),
        (("image/gif",), [MIXED.decode(), "text/plain", "text/html", PNG]),
        (("image", "text/html"), ["text/plain"]),
        (("text",), [PNG]),
    ],
)
def test_filter_types(filter_types: tuple[str, ...], types: list[str]) -> None:
    assert _types(whole(multipart(MIXED, TEXT, HTML, IMAGE)), filter_types=filter_types) == types


@pytest.mark.row("attribute: pass_types")
@pytest.mark.parametrize(
    ("pass_types", "types"),
    [
        (("multipart", "text"), [MIXED.decode(), "text/plain", "text/html"]),
        (("multipart/mixed", "text/plain"), ["text/plain"]),
        (("multipart", "text", "image/png"), [MIXED.decode(), "text/plain", "text/html", PNG]),
    ],
)
def test_pass_types(pass_types: tuple[str, ...], types: list[str]) -> None:
    assert _types(whole(multipart(MIXED, TEXT, HTML, IMAGE)), pass_types=pass_types) == types


@pytest.mark.row("attribute: filter_extensions")
@pytest.mark.parametrize(
    ("name", "stays"),
    [
        ("name-continued", False),
        ("name-continued-with-a-gap", True),
        ("name-continued-and-encoded", False),
        ("name-unquoted-with-blanks", False),
        ("name-turned-around", False),
        ("name-with-dots-behind", False),
        ("name-in-the-type-alone", False),
        ("name-of-controls", False),
        ("name-rfc2231", True),
        ("name-with-directories", True),
    ],
)
def test_filter_extensions(name: str, stays: bool) -> None:
    types = _types(dict(odd_messages())[name], filter_extensions=("exe",))
    assert types == (
        ["multipart/mixed", "text/plain", "application/octet-stream"] if stays else ["text/plain"]
    )


@pytest.mark.row("attribute: filter_extensions")
def test_each_name_of_a_file_counts() -> None:
    two = part(b"a/b; name=tea.EXE", b"", b"Content-Disposition: attachment; filename=tea.txt")
    assert _types(whole(multipart(MIXED, TEXT, two)), filter_extensions=("exe",)) == ["text/plain"]
    assert _types(whole(multipart(MIXED, TEXT, two)), pass_extensions=("txt",)) == ["text/plain"]


@pytest.mark.row("attribute: filter_types")
def test_each_type_of_a_part_counts() -> None:
    two = part(b"text/plain", b"<p>", b"Content-Type: text/html; name=tea.exe")
    octets = whole(multipart(MIXED, TEXT, two))
    assert _types(octets, filter_types=("text/html",)) == ["text/plain"]
    assert _types(octets, pass_types=("text/plain", "multipart")) == ["text/plain"]
    assert _types(octets, filter_extensions=("exe",)) == ["text/plain"]
    assert _types(octets, pass_types=("text", "multipart")) == ["multipart/mixed", "text/plain", "text/plain"]


@pytest.mark.row("attribute: pass_extensions")
@pytest.mark.parametrize(
    ("pass_extensions", "types"),
    [
        (("png",), ["multipart/mixed", "text/plain", PNG]),
        (("png", "exe"), ["multipart/mixed", "text/plain", "image/png", "application/x-msdownload"]),
        (("txt",), ["text/plain"]),
    ],
)
def test_pass_extensions_ask_of_parts_with_an_extension(
    pass_extensions: tuple[str, ...], types: list[str]
) -> None:
    assert _types(whole(multipart(MIXED, TEXT, IMAGE, PROGRAM)), pass_extensions=pass_extensions) == types


@pytest.mark.row("attribute: collapse_alternatives")
@pytest.mark.parametrize(
    ("octets", "kept", "collapsed"),
    [
        (whole(ALTERNATIVE), ["multipart/alternative", "text/plain", "text/html"], ["text/plain"]),
        (
            whole(multipart(MIXED, ALTERNATIVE, IMAGE)),
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", PNG],
            ["multipart/mixed", "text/plain", PNG],
        ),
        (
            whole(part(b"message/rfc822", whole(ALTERNATIVE))),
            ["message/rfc822", "multipart/alternative", "text/plain", "text/html"],
            ["message/rfc822", "text/plain"],
        ),
    ],
)  # fmt: skip
def test_collapse_alternatives(octets: bytes, kept: list[str], collapsed: list[str]) -> None:
    assert _types(octets) == kept
    assert _types(octets, collapse_alternatives=True) == collapsed
    assert _left(octets, collapse_alternatives=True).chosen == 1


@pytest.mark.row("attribute: convert_html_to_plaintext")
def test_convert_html_to_plaintext() -> None:
    octets = whole(multipart(MIXED, HTML, IMAGE))
    assert _left(octets).part.octets() == octets
    left = _left(octets, convert_html_to_plaintext=True)
    assert left.converted == 1
    text = _message(left.part.octets()).children[0]
    assert text.type == "text/plain"
    assert text.text() == "The meeting begins at four.\n"


@pytest.mark.row("attribute: convert_html_to_plaintext")
@pytest.mark.parametrize(
    ("charset", "label"),
    [("iso-2022-jp", "iso-2022-jp"), ("shift_jis", "shift_jis"), ("utf-8", "utf-8"), ("x-unknown", "utf-8")],
)
def test_converted_html_keeps_its_charset(charset: str, label: str) -> None:
    source = "<p>会議は四時からです。</p>".encode("utf-8" if charset == "x-unknown" else charset)
    octets = mail(
        b"Content-Type: text/html; charset=" + charset.encode(), b"Content-Disposition: inline", body=source
    )
    left = _left(octets, convert_html_to_plaintext=True).part
    assert left.content_type.charset == label
    assert left.text() == "会議は四時からです。\n"
    assert left.fields.names() == (
        "from", "to", "subject", "mime-version", "content-type", "content-transfer-encoding",
    )  # fmt: skip


@pytest.mark.row("attribute: convert_html_to_plaintext")
@pytest.mark.parametrize("source", [b"", b"<img src=x>", b"<p>x</p>" * 150_000])
def test_html_that_gives_no_text_stays(source: bytes) -> None:
    octets = mail(b"Content-Type: text/html", body=source)
    message = _message(octets)
    result = filtering.apply(message, _policy(convert_html_to_plaintext=True))
    assert result == Filtered(message)


def test_markup_does_not_become_structure() -> None:
    """Else what the filter has looked at would not be what members get."""
    octets = dict(odd_messages())["html-that-would-be-a-delimiter"]
    settings = {"convert_html_to_plaintext": True, "filter_types": ("application",)}
    assert _types(octets, **settings) == ["text/plain"]
    two = whole(multipart(MIXED, part(b"text/html", b"<pre>a\r\n--=_odd-4c1\r\nX: y\r\n</pre>"), IMAGE))
    evil = two.replace(b"--=_odd-4c1\r\nX", b"-&#45;=_odd-4c1\r\nX")
    assert _types(evil, **settings) == ["multipart/mixed", "text/plain", PNG]
    assert "--=_odd-4c1" in _message(_left(evil, **settings).part.octets()).children[0].text()


@pytest.mark.parametrize(
    ("octets", "types"),
    [
        (whole(multipart(MIXED, multipart(MIXED, TEXT, boundary=b"x"))), ["text/plain"]),
        (whole(multipart(MIXED, multipart(MIXED, TEXT, boundary=b"x"), IMAGE)), [*HELD, PNG]),
        (whole(multipart(MIXED, part(b"message/rfc822", ORIGINAL))), ["message/rfc822", "text/plain"]),
        (whole(multipart(MIXED, part(b"text/plain", b" \r\n"), IMAGE)), [PNG]),
        (whole(multipart(MIXED, part(b"text/html", b" \r\n"), IMAGE)), [HELD[0], "text/html", PNG]),
        (whole(multipart(MIXED, part(b"text/plain", b""), IMAGE, TEXT)), [*HELD, PNG, "text/plain"]),
        (whole(multipart(RELATED, part(b"text/plain", b""), IMAGE)), [RELATED.decode(), "text/plain", PNG]),
        (whole(multipart(MIXED, SIGNED)), ["multipart/signed", "text/plain", "application/pgp-signature"]),
        (whole(multipart(b"multipart/signed", TEXT)), ["multipart/signed", "text/plain"]),
    ],
)  # fmt: skip
def test_needless_containers_go(octets: bytes, types: list[str]) -> None:
    assert _types(octets) == types


def test_a_part_that_becomes_the_message_keeps_its_octets_and_fields() -> None:
    octets = mail(
        b'Content-Type: multipart/mixed; boundary="b"', b"Content-Language: de", b"X-Own: 1",
        body=multipart(MIXED, IMAGE, PROGRAM, boundary=b"b").partition(b"\r\n\r\n")[2],
    )  # fmt: skip
    left = _left(octets, filter_extensions=("exe",)).part
    head, _, body = IMAGE.partition(b"\r\n\r\n")
    assert left.body == body
    assert left.fields.octets().endswith(b"X-Own: 1\r\n" + head + b"\r\n")
    assert left.fields.first("content-language") is None
    assert left.fields.text("subject") == "Odd"


@pytest.mark.parametrize(
    ("octets", "types"),
    [
        (whole(multipart(b"multipart/digest", b"\r\n" + ORIGINAL)), ["message/rfc822", "text/plain"]),
        (
            whole(multipart(b"multipart/digest", multipart(MIXED, b"\r\nt", boundary=b"x"), part(b"a/b"))),
            ["multipart/digest", "text/plain", "a/b"],
        ),
        (whole(multipart(MIXED, b"\r\ntext")), ["text/plain"]),
    ],
)  # fmt: skip
def test_in_another_place_a_part_is_what_it_was(octets: bytes, types: list[str]) -> None:
    assert _types(octets) == types


def test_p8_what_stays_keeps_its_octets() -> None:
    octets = whole(multipart(MIXED, SIGNED, PROGRAM, SMIME, IMAGE, part(b"message/rfc822", ORIGINAL)))
    left = _left(octets, filter_extensions=("exe",))
    found = _message(left.part.octets()).children
    assert [child.octets() for child in found] == [SIGNED, SMIME, IMAGE, part(b"message/rfc822", ORIGINAL)]
    assert left.left_out == ("application/x-msdownload (tea.exe)",)


@pytest.mark.parametrize(
    "settings", [{"filter_types": ("application",)}, {"pass_types": ("multipart", "text")}]
)
@pytest.mark.parametrize("signed", [SIGNED, SMIME])
def test_a_signature_may_stay_with_what_it_signs(settings: dict[str, object], signed: bytes) -> None:
    for octets in (whole(signed), whole(multipart(MIXED, signed, PROGRAM, TEXT))):
        message = _message(_left(octets, **settings).part.octets())
        assert next(found for found in message.walk() if found.type == "multipart/signed").body in signed


@pytest.mark.parametrize(
    "signed",
    [
        multipart(
            b"multipart/signed", multipart(MIXED, TEXT, PROGRAM, boundary=b"m"), SIGNATURE, boundary=b"s"
        ),
        multipart(b"multipart/signed", TEXT, PROGRAM, boundary=b"s"),
        multipart(b"multipart/signed", TEXT, SIGNATURE, PROGRAM, boundary=b"s"),
        multipart(b"multipart/signed", TEXT, SIGNATURE.replace(b".asc", b".exe"), boundary=b"s"),
        multipart(b"multipart/signed", part(b"message/rfc822", whole(PROGRAM)), SIGNATURE, boundary=b"s"),
    ],
)
def test_what_is_signed_goes_as_a_whole(signed: bytes) -> None:
    settings = _policy(filter_extensions=("exe",))
    assert filtering.apply(_message(whole(signed)), settings) == filtering.NOTHING_LEFT
    result = filtering.apply(_message(whole(multipart(MIXED, TEXT, signed))), settings)
    assert isinstance(result, Filtered)
    assert (result.part.type, result.left_out) == ("text/plain", ("multipart/signed",))


def test_what_is_signed_is_not_changed() -> None:
    inside = multipart(
        b"multipart/signed", multipart(MIXED, ALTERNATIVE, boundary=b"m"), SIGNATURE, boundary=b"s"
    )
    message = _message(whole(inside))
    result = filtering.apply(message, _policy(collapse_alternatives=True, convert_html_to_plaintext=True))
    assert result == Filtered(message)


def test_attached_messages_are_looked_into() -> None:
    attached = part(b"message/rfc822", whole(multipart(MIXED, TEXT, PROGRAM, boundary=b"a")))
    left = _left(whole(multipart(MIXED, TEXT, attached)), filter_extensions=("exe",))
    inner = _message(left.part.octets()).children[1].children[0]
    assert (inner.type, inner.fields.text("subject")) == ("text/plain", "Odd")
    alone = part(b"message/rfc822", whole(PROGRAM))
    assert _types(whole(multipart(MIXED, TEXT, alone)), filter_extensions=("exe",)) == ["text/plain"]


_POLICIES = [
    _policy(collapse_alternatives=True, convert_html_to_plaintext=True),
    _policy(
        collapse_alternatives=True, filter_types=("image", "text/html"), filter_extensions=("exe", "dat")
    ),
    _policy(pass_types=("multipart", "text/plain", "message"), pass_extensions=("png",)),
    _policy(filter_types=("text/plain", "message/rfc822")),
]


@pytest.mark.parametrize(
    "octets", [pytest.param(octets, id=name) for name, octets in [*odd_messages(), *shapes()]]
)
@pytest.mark.parametrize("settings", _POLICIES)
def test_every_odd_message_is_decided_about(octets: bytes, settings: ListPolicy) -> None:
    message = Draft.post(octets).part()
    result = filtering.apply(message, settings)
    if isinstance(result, Reason):
        return
    kept = {found.type for found in result.part.walk(deep=True)}
    again = _message(result.part.octets())
    assert {found.type for found in again.walk(deep=True)} == kept
    assert result.part is message or again.fields.names()[:3] == message.fields.names()[:3]
    # What is left needs no filter any more.
    once_more = filtering.apply(again, settings)
    assert isinstance(once_more, Filtered)
    assert once_more.left_out == ()
