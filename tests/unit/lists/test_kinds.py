"""Text into values and back, one sort after the other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base import passwords
from mlcore.lists import kinds
from mlcore.lists.kinds import Kind
from mlcore.lists.model import SubscriptionPolicy


@pytest.mark.parametrize(
    ("kind", "text", "value", "shown"),
    [
        (kinds.boolean(), " Yes ", True, "yes"),
        (kinds.boolean(), "0", False, "no"),
        (kinds.number(), "40", 40, "40"),
        (kinds.decimal(), "30", 30.0, "30"),
        (kinds.decimal(), "2.5", 2.5, "2.5"),
        (kinds.span(), "90d", 7_776_000, "90d"),
        (kinds.span(), "1w1d12h", 734_400, "8d12h"),
        (kinds.span(), "0s", 0, "0s"),
        (
            kinds.choice(SubscriptionPolicy),
            "Confirm-then-moderate",
            SubscriptionPolicy.CONFIRM_THEN_MODERATE,
            "confirm_then_moderate",
        ),
        (kinds.line(), "[Ant %05d] ", "[Ant %05d] ", "[Ant %05d] "),
        (kinds.line(), "日本語\n", "日本語", "日本語"),
        (kinds.text(), "a\r\nb\rc\n\n", "a\nb\nc\n", "a\nb\nc\n"),
        (kinds.address(), " Desk@Example.com ", "Desk@Example.com", "Desk@Example.com"),
        (kinds.address(), "", "", ""),
        (kinds.newsgroup(), "Comp.Mail.misc", "comp.mail.misc", "comp.mail.misc"),
        (kinds.newsgroup(), "", "", ""),
        (kinds.language(), "pt_BR", "pt_BR", "pt_BR"),
        (kinds.one_of(("a", "b"), "Unknown"), "b", "b", "b"),
        (
            kinds.aliases(),
            "Desk@Example.com, ^Bee,x\n",
            ("desk@example.com", "^bee,x"),
            "desk@example.com\n^bee,x",
        ),
        (kinds.senders(), "A@b.example,,a@B.example , c@d.example", ("a@b.example", "c@d.example"), None),
        (kinds.senders(), "", (), ""),
        (kinds.senders(), "^.*@a{1,2}$\nc@d.example", ("^.*@a{1,2}$", "c@d.example"), None),
        (kinds.senders(lists=True), "@Bee@example.com", ("@bee@example.com",), "@bee@example.com"),
        (kinds.mime_types(), "Image, text/HTML", ("image", "text/html"), "image\ntext/html"),
        (kinds.extensions(), ".EXE\nbat", ("exe", "bat"), "exe\nbat"),
    ],
)
def test_text_to_value_and_back(kind: Kind, text: str, value: object, shown: str | None) -> None:
    found = kind.parse(text)

    assert found == value
    assert type(found) is type(value)
    if shown is not None:
        assert kind.show(value) == shown
    assert kind.parse(kind.show(value)) == (value if not isinstance(value, str) else kind.parse(value))


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        (kinds.boolean(), "perhaps", "neither yes nor no"),
        (kinds.number(), "-1", "no whole number"),
        (kinds.number(), "1.5", "no whole number"),
        (kinds.number(), "٣", "no whole number"),
        (kinds.number(10), "11", "too much"),
        (kinds.decimal(), "nan", "no number"),
        (kinds.decimal(), "1e3", "no number"),
        (kinds.decimal(10), "10.1", "too much"),
        (kinds.span(), "90", "no span of time"),
        (kinds.span(), "3651d", "too long"),
        (kinds.span(), "999999w999999d", "too long"),
        (kinds.choice(SubscriptionPolicy), "sometimes", "not offered"),
        (kinds.line(), "a\nb", "This value must be a single line: a …"),
        (kinds.line(), "a\x85b", "single line"),
        (kinds.line(), "a\u2028b", "single line"),
        (kinds.line(), "a\x00b", "control characters"),
        (kinds.line(), "a\x7fb", "control characters"),
        (kinds.line(), "a\udcffb", "control characters"),
        (kinds.line(), "a" * 1001, "too long"),
        (kinds.text(), "a\x00b", "cannot carry"),
        (kinds.text(), "a\udcff", "cannot carry"),
        (kinds.text(), "a" * (1 << 20) + "b", "too long"),
        (kinds.address(), "desk", "not an address"),
        (kinds.newsgroup(), "comp..mail", "no newsgroup"),
        (kinds.language(), "klingon", "Invalid language code: klingon"),
        (kinds.one_of(("a",), "Unknown pipeline"), "x", "Unknown pipeline: x"),
        (kinds.aliases(), "desk", "not an address"),
        (kinds.archivers(), "a/b", "this is no name of an archiver: a/b"),
        (kinds.senders(), "anne", "Expected a valid email address or regular expression, got anne"),
        (kinds.senders(), "@bee@example.com", "Expected a valid email address"),
        (kinds.senders(lists=True), "@bee", "not an address"),
        (kinds.senders(), "^(", "bad regular expression"),
        (kinds.senders(), "^a\tb\x00", "control characters"),
        (kinds.senders(), "^" + "a" * 1001, "too long"),
        (kinds.mime_types(), "text/", "no MIME type: text/"),
        (kinds.extensions(), "a/b", "no extension: a/b"),
        (kinds.extensions(), ",".join(f"e{number}" for number in range(10_001)), "too many"),
    ],
)
def test_what_is_refused(kind: Kind, text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        kind.parse(text)
    assert wrong in str(caught.value)


def test_json_has_plain_values() -> None:
    assert kinds.span().plain(90 * 86_400) == "90d"
    assert kinds.senders().plain(("a@b.c",)) == ["a@b.c"]
    assert type(kinds.choice(SubscriptionPolicy).plain(SubscriptionPolicy.OPEN)) is str
    assert kinds.moment().plain(None) is None
    assert kinds.moment().plain(1_700_000_000.9) == "2023-11-14T22:13:20Z"
    assert kinds.moment().show(None) == ""


@pytest.mark.parametrize("kind", [kinds.line(), kinds.text(), kinds.senders(), kinds.span(), kinds.aliases()])
@given(text=st.text())
def test_any_text_is_a_value_or_refused_and_a_value_comes_back(kind: Kind, text: str) -> None:
    try:
        value = kind.parse(text)
    except ValueError:
        return
    shown = kind.show(value)
    # one line end is dropped, so that files may end as text files do
    assert kind.parse(shown + "\n" if isinstance(value, str) else shown) == value


@pytest.mark.row("attribute: moderator_password")
def test_a_password_is_kept_as_a_hash_and_a_hash_as_it_is() -> None:
    kind = kinds.password()
    made = kind.parse("secret")
    assert isinstance(made, str)
    assert passwords.matches(made, "secret")
    assert kind.parse(kind.show(made)) == made
    assert (kind.parse(""), kind.plain(""), kind.plain(made)) == ("", None, made)
    with pytest.raises(ValueError, match="single line"):
        kind.parse("a\nb")


def test_charsets_that_mail_is_written_in() -> None:
    kind = kinds.charset()
    assert [kind.parse(text) for text in ("", "ISO-2022-JP", " utf-8 ")] == ["", "iso-2022-jp", "utf-8"]
    with pytest.raises(ValueError, match="not offered: utf-7"):
        kind.parse("utf-7")
    assert all("あ".encode(codec) for codec in ("iso-2022-jp", "euc-jp") if codec in kinds.CHARSETS)


def test_lines_about_header_fields() -> None:
    kind = kinds.header_lines()
    text = "# spam\r\nX-Spam-Flag: ^yes\n\nSubject: (?:sale|offer)"
    assert kind.parse(text) == text.replace("\r\n", "\n")
    assert kind.parse("") == ""
    for wrong in ("no field", ": x", "X Y: z"):
        with pytest.raises(ValueError, match="names no header field"):
            kind.parse(wrong)
    with pytest.raises(ValueError, match="regular expression"):
        kind.parse("Subject: (")


def test_numbers_below_nothing_only_where_they_mean_something() -> None:
    assert kinds.number(low=-1).parse("-1") == -1
    for kind, text in ((kinds.number(low=-1), "-2"), (kinds.number(), "-1"), (kinds.number(5), "6")):
        with pytest.raises(ValueError, match=r"number|too much"):
            kind.parse(text)


def test_names_of_archivers_keep_their_case() -> None:
    assert kinds.archivers().parse("hyperkitty, Mail-archive_2\nhyperkitty") == (
        "hyperkitty",
        "Mail-archive_2",
    )
    assert kinds.archivers().parse("") == ()


def test_posting_addresses_are_keys() -> None:
    assert kinds.posting_addresses().parse("Ant@Example.COM, bee@example.org") == (
        "ant@example.com",
        "bee@example.org",
    )


def test_a_number_that_may_be_missing() -> None:
    kind = kinds.optional_number()
    assert (kind.show(None), kind.show(5), kind.plain(None)) == ("", "5", None)
