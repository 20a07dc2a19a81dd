"""What stands in a copy: the same text as if the post had been decorated for its reader alone."""

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlcore.lists import personal
from mlcore.lists.draft import Draft
from mlcore.lists.facts import RenderFacts
from mlcore.lists.handlers import decorate, dmarc
from mlcore.lists.insertions import places
from mlcore.lists.model import Addressee, DmarcAction, ListPolicy, Personalization
from mlcore.lists.patterns import Patterns
from mlcore.mail import fields, lines, mime, transfer
from mlcore.mail.mime import Part
from mlcore.mail.slots import Slot
from support.copies import copies, facts_for
from support.odd_messages import mail, odd_messages
from support.posts import policy
from support.shapes import shapes

ODD = [(name, octets) for name, octets in [*odd_messages(), *shapes()] if not name.startswith("parts-")]
INDIVIDUAL = policy(personalize=Personalization.INDIVIDUAL, include_rfc2369_headers=False)
ANNE = "anne@example.org"
PEOPLE = {
    ANNE: Addressee(name="Anne", language="en"),
    "hanako@example.jp": Addressee(name="山田花子", language="ja", user_address="h@example.jp"),
    "no-name@example.net": Addressee(),
    "odd@example.net": Addressee(name='-- "x" <b>  $user_name %s --'),
}


def _message(octets: bytes) -> Part:
    return mime.parse(*fields.split(octets))


def _texts(octets: bytes) -> list[str]:
    return [part.text() for part in _message(octets).walk(deep=True) if part.type == "text/plain"]


def _for_one(text: str, address: str, one: Addressee) -> str:
    """The template with the values of one member in it, as a template for everybody."""
    stored = {"name": one.name, "language": one.language or "en", "user_address": one.user_address}
    for name in ("member", "user_address", "user_email", "user_language", "user_name", "user_name_or_email"):
        value = personal.filler("${" + name + "}")(address, stored)
        text = text.replace("${" + name + "}", value.replace("$", "$$"))
    return text


def _alone(octets: bytes, settings: ListPolicy, facts: RenderFacts) -> bytes:
    draft = decorate.handler(Draft.post(octets), settings, facts)
    return dmarc.handler(draft, settings, facts, Patterns()).octets()


def check(
    octets: bytes,
    people: Mapping[str, Addressee],
    header: str,
    footer: str,
    settings: ListPolicy = INDIVIDUAL,
) -> list[Part]:
    """The copies; of each the text parts were compared with those of a post decorated for its reader."""
    found = copies(octets, settings, people, header, footer)
    for made, (address, one) in zip(found, people.items(), strict=True):
        facts = facts_for(people, _for_one(header, address, one), _for_one(footer, address, one))
        expected = _texts(_alone(octets, settings, facts))
        # A part of its own stays, though this reader sees nothing in it.
        assert [text for text in _texts(made) if text] == [text for text in expected if text]
        assert lines.is_clean(made)
        assert not transfer.has_long_line(made) or transfer.has_long_line(octets)
        assert made.isascii() or not octets.isascii()
    return [_message(made) for made in found]


def _post(body: str, charset: str, encoding: str, more: str = "", *, newline: str = "\r\n") -> bytes:
    octets = body.replace("\n", newline).encode(charset)
    kind = f"Content-Type: text/plain; charset={charset}{more}"
    return mail(
        kind.encode(),
        f"Content-Transfer-Encoding: {encoding}".encode(),
        body=transfer.encode(octets, encoding),
    )


HEADER, FOOTER = "To ${user_name_or_email}:", "____\n${user_name} <${user_email}> ($user_language)"
FOOTER = FOOTER.replace("$user_language", "${user_language}")


@pytest.mark.parametrize(
    ("header", "footer"), [("", FOOTER), (HEADER, ""), (HEADER, FOOTER), ("h", FOOTER), (HEADER, "f")]
)
@pytest.mark.parametrize(
    "body", ["", "text", "text\n", "お茶は四時です。\n", "お茶は四時です。", "ab\n" * 60]
)
@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "8bit"), ("utf-8", "quoted-printable"), ("utf-8", "base64"), ("iso-2022-jp", "7bit"),
        ("iso-2022-jp", "base64"), ("iso-2022-jp", "quoted-printable"), ("euc-jp", "8bit"),
        ("shift_jis", "base64"), ("utf-16", "base64"),
    ],
)  # fmt: skip
def test_copies_of_plain_text(charset: str, encoding: str, body: str, header: str, footer: str) -> None:
    for part in check(_post(body, charset, encoding), PEOPLE, header, footer):
        assert part.type == "text/plain"
        assert max(map(len, part.body.split(b"\r\n"))) <= (76 if part.encoding == "base64" else 998)


def test_ascii_stays_7bit_where_all_values_are() -> None:
    people = {ANNE: Addressee(name="Anne"), "b@example.com": Addressee(name="Bob")}
    found = check(mail(body=b"text\r\n"), people, "", "-- \nfor ${user_name}")
    assert [part.body for part in found] == [
        b"text\r\n-- \r\nfor Anne\r\n",
        b"text\r\n-- \r\nfor Bob\r\n",
    ]
    assert {(part.encoding, part.content_type.charset) for part in found} == {("", "us-ascii")}


def test_one_name_beyond_the_charset_decides_for_all() -> None:
    people = {ANNE: Addressee(name="Anne"), "b@example.com": Addressee(name="Bob \U0001f375")}
    found = check(_post("お茶です。\n", "iso-2022-jp", "7bit"), people, "", FOOTER)
    assert {part.content_type.charset for part in found} == {"utf-8"}
    japanese = {ANNE: Addressee(name="杏"), "b@example.com": Addressee(name="Bob")}
    found = check(_post("お茶です。\n", "iso-2022-jp", "7bit"), japanese, "", FOOTER)
    assert {(part.content_type.charset, part.encoding) for part in found} == {("iso-2022-jp", "7bit")}


def test_the_author_who_left_out_the_last_escape() -> None:
    body = "お茶です。".encode("iso-2022-jp").removesuffix(b"\x1b(B")
    for encoding in ("7bit", "base64", "quoted-printable"):
        octets = mail(
            b"Content-Type: text/plain; charset=iso-2022-jp",
            b"Content-Transfer-Encoding: " + encoding.encode(),
            body=transfer.encode(body, encoding),
        )
        check(octets, PEOPLE, "", FOOTER)
        check(octets, PEOPLE, HEADER, FOOTER)


def test_a_soft_break_at_the_end() -> None:
    for body in (b"text=", b"text =\r\n", b"text"):
        octets = mail(
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-Transfer-Encoding: quoted-printable",
            body=body,
        )
        check(octets, PEOPLE, HEADER, FOOTER)


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_format_flowed_holds_for_each_copy(encoding: str) -> None:
    people = {
        ANNE: Addressee(name="> Anne"),
        "b@example.com": Addressee(name="From Bob"),
        "c@example.com": Addressee(),
    }
    for body in ("flows \nto the end \n", "fixed\n"):
        check(
            _post(body, "utf-8", encoding, "; format=flowed"),
            people,
            "${user_name} x",
            "Dear ${user_name}\n${user_name}",
        )


def test_long_values_make_no_long_lines() -> None:
    people = {ANNE: Addressee(name="x" * 300), "b@example.com": Addressee(name="花" * 254)}
    footer = "${user_name}" * 9
    for octets in (
        mail(body=b"text\r\n"),
        _post("お茶\n", "iso-2022-jp", "7bit"),
        _post("お茶\n", "utf-8", "8bit"),
    ):
        check(octets, people, footer, footer)
    check(mail(b"Content-Type: text/html", body=b"<p>"), people, footer, footer)


@pytest.mark.parametrize("size", [60_000, 70_000])
def test_base64_behind_a_personal_header(size: int) -> None:
    """What is long is not carried by the envelope."""
    for part in check(_post("お茶\n" * (size // 8), "utf-8", "base64"), PEOPLE, HEADER, FOOTER):
        assert part.encoding == ("base64" if size < 1 << 16 else "quoted-printable")
    bare = _post("お茶\n" * (size // 7), "utf-8", "base64", newline="\n")
    made = _message(copies(bare, INDIVIDUAL, PEOPLE, HEADER, FOOTER)[0])
    assert made.type == ("text/plain" if size < 1 << 16 else "multipart/mixed")
    assert "To Anne:\n" in "".join(_texts(made.octets()))


@pytest.mark.parametrize("octets", [pytest.param(octets, id=name) for name, octets in ODD])
@pytest.mark.parametrize(("header", "footer"), [(HEADER, FOOTER), ("h", "${user_name}")])
def test_copies_of_every_odd_message(octets: bytes, header: str, footer: str) -> None:
    found = copies(octets, INDIVIDUAL, PEOPLE, header, footer)
    for made, (address, one) in zip(found, PEOPLE.items(), strict=True):
        assert lines.is_clean(made)
        texts = _unstuffed("".join(_texts(made)))
        for text in (header, footer):
            facts = facts_for(PEOPLE, _for_one(text, address, one))
            whole = _alone(mail(body=b""), INDIVIDUAL, facts)
            assert _unstuffed("".join(_texts(whole))).strip() in texts


def _unstuffed(text: str) -> str:
    return "\n".join([line.strip() for line in text.split("\n")])


@pytest.mark.parametrize("notice", ["", "Wrapped.\n"])
@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/plain; charset=utf-8"])
def test_copies_of_a_wrapped_message(kind: str, notice: str) -> None:
    settings = policy(
        personalize=Personalization.INDIVIDUAL,
        dmarc_mitigate_action=DmarcAction.WRAP_MESSAGE,
        dmarc_mitigate_unconditionally=True,
        dmarc_wrapped_message_text=notice,
    )
    octets = mail(b"Content-Type: " + kind.encode(), body=b"<p>text\r\n")
    for part in check(octets, PEOPLE, HEADER, FOOTER, settings):
        assert "message/rfc822" in [found.type for found in part.walk(deep=True)]


@pytest.mark.parametrize(
    ("boundary", "footer"),
    [
        ("-", "${user_name}"),
        ('-- "x" <b>', "${user_name}"),
        ("Anne", "--${user_name}\nContent-Type: text/html\n\n<p>"),
        ("x--", "--x--\n${user_email}"),
        ("x", "----x\n--${user_email}"),
        ("x", "花 --x ${user_email}"),
    ],
)  # fmt: skip
def test_p9_no_line_of_a_copy_is_a_delimiter(boundary: str, footer: str) -> None:
    octets = mail(
        b'Content-Type: multipart/mixed; boundary="%b"' % boundary.replace('"', '\\"').encode(),
        body=b"--%b\r\n\r\ntext\r\n--%b--\r\n" % (boundary.encode(), boundary.encode()),
    )
    for part in check(octets, PEOPLE, "", footer):
        assert [child.type for child in part.children] == ["text/plain", "text/plain"]


def test_a_part_of_its_own_is_7bit_if_it_can_be() -> None:
    people = {ANNE: Addressee(name="Anne"), "b@example.com": Addressee(name="Bob")}
    octets = mail(
        b"Content-Type: multipart/mixed; boundary=x", body=b"a\r\n--x\r\n\r\ntext\r\n--x--\r\nb\r\n"
    )
    first = check(octets, people, HEADER, FOOTER)[0]
    assert (first.preamble, first.epilogue) == (b"a\r\n", b"\r\nb\r\n")
    assert first.children[0].octets() == (
        b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n"
        b"Content-Disposition: inline\r\n\r\nTo Anne:\r\n"
    )
    assert first.children[-1].text().startswith("____\nAnne <")
    for footer, encoding in (("--=x${user_name}", "7bit"), ("--=_${user_name}", "base64")):
        for part in check(mail(b"Content-Type: text/html", body=b"<p>"), people, "", footer):
            assert part.children[-1].encoding == encoding


def test_a_shared_text_beside_a_personal_one() -> None:
    octets = mail(b"Content-Type: text/html", body=b"<p>")
    for part in check(octets, PEOPLE, "shared", FOOTER):
        assert part.children[0].text() == "shared\n"
    check(octets, PEOPLE, HEADER, "shared")
    check(octets, PEOPLE, HEADER, "")
    check(octets, PEOPLE, "", FOOTER)


_NAMES = st.text(st.sampled_from("Aé花\U0001f375> -$%{}\x0b\n\u00a0\u2028"), max_size=12)
_BODIES = st.text(st.sampled_from("aé花>- =.\n"), max_size=30)
_TEXTS = st.lists(
    st.sampled_from(
        ["${user_name}", "${user_email}", "${member}", "a", "é", "花", "-", "> ", " ", "\n", "$$", "."]
    ),
    max_size=6,
).map("".join)


@given(
    _BODIES,
    st.sampled_from(["utf-8", "iso-2022-jp", "shift_jis", "euc-jp", "iso-8859-1", "us-ascii", "utf-16"]),
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
    st.sampled_from(["", "; format=flowed", "; format=flowed; delsp=yes"]),
    st.sampled_from(["\r\n", "\n"]),
    _TEXTS,
    _TEXTS,
    st.lists(_NAMES, min_size=1, max_size=3),
)
@example("a", "us-ascii", "base64", "", "\n", "${user_name}", "${user_name}", ["", "花", "A"])
def test_the_text_of_each_copy_is_that_of_a_post_for_its_reader(
    body: str,
    charset: str,
    encoding: str,
    more: str,
    newline: str,
    header: str,
    footer: str,
    names: list[str],
) -> None:
    try:
        body.encode(charset)
    except UnicodeEncodeError:
        return
    if encoding != "base64":
        newline = "\r\n"
        if charset == "utf-16":
            return
    people = {f"a{number}@example.org": Addressee(name=name) for number, name in enumerate(names)}
    check(_post(body, charset, encoding, more, newline=newline), people, header, footer)


# -- places that are made by hand --------------------------------------------------------------------------


def _inserted(*slots: Slot, address: str = ANNE, smtputf8: bool = False, **stored: str) -> list[bytes]:
    found = places(slots, smtputf8=smtputf8, token=lambda key: f"<{key}>")
    return [place.insert(address, stored) for place in found]


@pytest.mark.row("attribute: personalize")
@pytest.mark.row("field: To")
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("", b"To: anne@example.org\r\n"),
        ("Anne", b"To: Anne <anne@example.org>\r\n"),
        ("A, B", b'To: "A, B" <anne@example.org>\r\n'),
        ("花", b"To: =?utf-8?b?6Iqx?= <anne@example.org>\r\n"),
        ("A\r\nBcc: x", b'To: "A Bcc: x" <anne@example.org>\r\n'),
    ],
)
def test_the_field_to(name: str, wanted: bytes) -> None:
    assert _inserted(Slot(at=0, kind="to"), name=name) == [wanted]


def test_an_address_beyond_ascii_stands_in_a_header_of_utf_8_alone() -> None:
    slot = Slot(at=0, kind="to", before=b"To: all\r\n")
    assert _inserted(slot, address="ü@example.org") == [b"To: all\r\n"]
    assert _inserted(slot, address="ü@example.org", smtputf8=True) == ["To: ü@example.org\r\n".encode()]


@pytest.mark.row("field: X-Mailman-Copy")
def test_the_mark_of_a_copy() -> None:
    slot = Slot(at=0, kind="copy")
    assert _inserted(slot) == [b""]
    assert _inserted(slot, copy="1") == [b"X-Mailman-Copy: yes\r\n"]


def test_the_token_is_that_of_the_address_key() -> None:
    slot = Slot(at=0, kind="unsubscribe", text="mailto:x+{token}@example.com")
    assert _inserted(slot, address="Anne@Example.org") == [
        b"List-Unsubscribe: <mailto:x+<anne@example.org>@example.com>\r\n"
    ]
    assert _inserted(slot, address="none") == [b"List-Unsubscribe: <mailto:x+<>@example.com>\r\n"]


def test_a_charset_that_nobody_knows_is_utf_8_and_nothing_raises() -> None:
    assert _inserted(Slot(at=0, kind="text", text="é", charset="x-unknown")) == ["é\r\n".encode()]
    assert _inserted(Slot(at=0, kind="text", text="é", charset="us-ascii")) == [b"?\r\n"]
