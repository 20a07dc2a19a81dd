"""Texts that say something of their reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists import personal
from mlcore.lists.model import Addressee
from mlcore.lists.personal import Words
from mlcore.mail.slots import Slot

ANNE = "anne@example.org"
STORED = {"name": "Anne Person", "language": "ja", "user_address": "a.person@example.org"}


@pytest.mark.parametrize(
    ("name", "known", "unknown"),
    [
        ("member", f"Anne Person <{ANNE}>", ANNE),
        ("user_address", "a.person@example.org", ANNE),
        ("user_delivered_to", ANNE, ANNE),
        ("user_email", ANNE, ANNE),
        ("user_language", "Japanese", ""),
        ("user_name", "Anne Person", ""),
        ("user_name_or_address", "Anne Person", ANNE),
        ("user_name_or_email", "Anne Person", ANNE),
    ],
)
def test_what_stands_for_each_placeholder(name: str, known: str, unknown: str) -> None:
    for written in (f"<${name}>", f"<${{{name}}}>"):
        assert personal.is_personal(written)
        fill = personal.filler(written)
        assert fill(ANNE, STORED) == f"<{known}>"
        assert fill(ANNE, {}) == f"<{unknown}>"


def test_an_address_that_was_stored_comes_first_and_an_unknown_language_is_its_code() -> None:
    assert personal.filler("$user_email")("x@example.com", {"email": ANNE}) == ANNE
    assert personal.filler("$user_language")(ANNE, {"language": "tlh"}) == "tlh"


def test_other_texts_are_not_personal() -> None:
    for text in ("", "user_name", "$listname", "$$user_name", "$ user_name", "$USER_NAME"):
        assert not personal.is_personal(text)
    assert not Words("text").is_personal
    assert Words("text").sample == "text"


def test_the_values_of_the_list_are_filled_in_first() -> None:
    made = personal.template(
        "$list ${user_name} $$5 $ $unknown ${other}\r\n$info\n\n", {"list": "A $user_email", "info": "a\rb\0"}
    )
    assert made == "A $$user_email ${user_name} $$5 $$ $$unknown $${other}\na\nb"
    assert personal.filler(made)(ANNE, STORED) == "A $user_email Anne Person $5 $ $unknown ${other}\na\nb"


def test_p9_values_are_pieces_of_one_line() -> None:
    stored = {"name": "A\r\nBcc: x\0\x1b[1m\udc80" + "x" * 999, "language": "e\nn"}
    filled = personal.filler("$user_name|$user_language")(ANNE, stored)
    assert filled.startswith("A Bcc: x[1m\ufffdxxx")
    assert filled.endswith("|e n")
    assert len(filled) == personal.LONGEST + 4


def test_nothing_to_see_is_nothing() -> None:
    assert personal.filler("\n$user_name \n")(ANNE, {}) == ""
    assert personal.filler("100 %\n$user_name")(ANNE, {}) == "100 %"


def test_what_slots_need() -> None:
    assert personal.needs("$user_email") == frozenset()
    assert personal.needs("$user_email $user_name_or_address $user_language $x") == {
        "name", "user_address", "language",
    }  # fmt: skip


PEOPLE = {ANNE: Addressee(name="Anne"), "b@example.com": Addressee(name="花子", language="ja")}


def test_a_sample_has_every_character_and_the_longest_lines() -> None:
    words = personal.words("${user_name}:", PEOPLE, PEOPLE)
    assert words.is_personal
    assert words.characters == "子花"
    assert len(words.longest) > len("花子".encode("iso-2022-jp"))
    assert "花" in words.sample
    plain = personal.words("${user_email}", PEOPLE, PEOPLE)
    assert plain.sample.isascii()
    assert len(plain.longest) >= len(ANNE)
    assert personal.words("${user_name}", (), {}).is_personal


NAMES = st.text(st.sampled_from("aé花\U0001f375 -\n\0"), max_size=300)


@given(
    st.lists(NAMES, max_size=4),
    st.sampled_from(["${user_name}", "a ${member}!", "${user_language}\n-${user_name}"]),
)
def test_no_copy_is_longer_or_of_other_characters_than_the_sample(names: list[str], text: str) -> None:
    people = {f"a{number}@example.org": Addressee(name=name) for number, name in enumerate(names)}
    words = personal.words(text, people, people)
    fill = personal.filler(text)
    for address, one in people.items():
        made = fill(address, {"name": one.name})
        assert set(made) <= set(words.sample) | {chr(code) for code in range(128)}
        for charset in ("utf-8", "iso-2022-jp"):
            lines = zip(made.split("\n"), words.longest.split("\n"), strict=False)
            assert all(len(line.encode(charset, "replace")) <= len(most) for line, most in lines)
        for line in made.split("\n"):
            assert not line.startswith("-") or words.may_hold_line("-")


@pytest.mark.parametrize(
    ("text", "dashes", "may"),
    [
        ("--x", False, True),
        ("--xy", False, True),
        ("--", False, False),
        ("a\n--x", False, True),
        ("a --x", False, False),
        ("-${user_name}", False, True),
        ("--y${user_name}", False, False),
        ("${user_name}", False, False),
        ("${user_name}", True, True),
        ("${user_name}--x", False, True),
        ("${user_name}${user_email}-${user_name}", False, True),
        ("a${user_name}", True, False),
    ],
)
def test_whether_a_line_may_be_a_delimiter(text: str, dashes: bool, may: bool) -> None:
    assert Words(text, longest="x", dashes=dashes).may_hold_line("--x") is may


def test_slots_of_the_body_are_shifted() -> None:
    copy, text = Slot(at=0, kind="copy"), Slot(at=5, kind="text")
    assert personal.shifted((copy, text), 10) == (copy, Slot(at=15, kind="text"))
