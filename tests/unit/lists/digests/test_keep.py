"""Fields that a post keeps within a digest."""

from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.digests.keep import kept, shown
from mlcore.mail.fields import Fields, split
from mlcore.texts.fill import width
from support.digest_mails import KEPT, SHOWN, post

FIELDS = split(
    b"Received: by example.org\r\n"
    b"DKIM-Signature: v=1\r\n"
    b"subject :  Tea\r\n at four\r\n"
    b"From: =?utf-8?b?5bGx55Sw?= <taro@example.jp>\r\n"
    b"Message: 99\r\n"
    b"Keywords: tea\r\n"
    b"Keywords: cakes\r\n"
    b"Cc:\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n"
    b"Content-Language: ja\r\n"
    b"X-Other: x\r\n"
    b"\r\n"
)[0]


def test_a_mime_digest_keeps_octets_and_order() -> None:
    assert kept(FIELDS, KEPT, 3).raw == (
        b"subject :  Tea\r\n at four\r\n",
        b"From: =?utf-8?b?5bGx55Sw?= <taro@example.jp>\r\n",
        b"Keywords: tea\r\n",
        b"Keywords: cakes\r\n",
        b"Cc:\r\n",
        b"MIME-Version: 1.0\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n",
        b"Content-Language: ja\r\n",
        b"Message: 3\r\n",
    )


def test_what_says_what_the_content_is_stays_in_any_case() -> None:
    assert kept(FIELDS, (), 3).names() == ("mime-version", "content-type", "content-language")


def test_a_plain_digest_shows_fields_in_the_order_of_the_setting() -> None:
    assert shown(FIELDS, SHOWN, 3, "utf-8").split("\n") == [
        "Message: 3",
        "From: 山田 <taro@example.jp>",
        "Subject: Tea at four",
        "Keywords: tea",
        "Keywords: cakes",
        'Content-Type: text/plain; charset="utf-8"',
    ]


def test_what_was_said_about_the_content_as_it_came_is_not_shown() -> None:
    names = ("MIME-Version", "Content-Transfer-Encoding", "Content-Language", "x-other")
    assert shown(FIELDS, names, 3, "utf-8") == "x-other: x"


def test_a_field_is_folded_where_it_has_a_blank() -> None:
    value = ", ".join(f"member{number}@example.org" for number in range(12))
    lines = shown(post(f"To: {value}").fields, ("To",), 1, "utf-8").split("\n")
    assert len(lines) == 4
    assert all(len(line) <= 75 for line in lines)
    assert "".join(lines) == f"To: {value}"


def test_japanese_is_not_folded_where_there_is_no_blank() -> None:
    value = "来週のお茶会は、四時からです。" * 8
    assert shown(post(f"Subject: Re: {value}").fields, ("Subject",), 1, "utf-8") == f"Subject: Re: {value}"


def test_only_the_beginning_of_what_is_huge_is_shown() -> None:
    fields = post("To: " + "a@example.org, " * 20_000, *["Keywords: tea"] * 1_000).fields
    lines = shown(fields, ("To", "Keywords"), 1, "utf-8")
    assert len(lines) < 9_000
    assert lines.count("Keywords: tea") == 20


@given(st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_p9_no_value_adds_a_field_or_ends_the_header(value: bytes) -> None:
    fields = Fields(()).append("Subject", value).append("From", b"anne@example.org")
    written = shown(fields, ("Subject", "From"), 1, "utf-8")
    lines = written.split("\n")
    assert all(line.strip() for line in lines)
    starts = [line for line in lines if not line.startswith(" ")]
    assert [line.partition(":")[0] for line in starts] in (["Subject", "From"], ["From"])
    # A program unfolds it to what it was.
    said = fields.beginning("subject", 8_192).strip()
    unfolded = written.replace("\n ", " ").split("\n")
    assert (f"Subject: {said}" in unfolded) or not said


@given(st.text(alphabet="あa ー。", max_size=200))
def test_a_line_is_too_wide_only_if_it_cannot_be_folded(value: str) -> None:
    written = shown(post(f"Subject: {value}").fields, ("Subject",), 1, "utf-8")
    for line in written.split("\n"):
        assert width(line) <= 75 or any(width(word) > 40 for word in line.split(" ")) or "  " in line
