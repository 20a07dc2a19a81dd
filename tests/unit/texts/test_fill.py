"""Lines by the columns they take: words kept whole, Japanese by its own rules."""

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.texts.fill import fill, width, wrap

NOT_FIRST = "、。，．・：；？！）］｝〉》」』】ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々〜…｡｣ﾞ"
NOT_LAST = "（［｛〈《「『【｢"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("日本語", 6),
        ("ﾆﾎﾝ", 3),
        ("か\u3099", 2),
        ("e\u0301", 1),
        ("a\tb\x1b", 2),
        ("日\x1b本", 4),
        ("한국어", 6),
    ],
)
def test_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_words_are_kept_whole() -> None:
    assert wrap("one two three four", 9) == ["one two", "three", "four"]
    assert wrap("see https://example.com/a/very/long/path now", 12) == [
        "see",
        "https://example.com/a/very/long/path",
        "now",
    ]


def test_blanks_between_words_are_one() -> None:
    assert wrap("  one \t two   three ", 70) == ["one two three"]
    assert wrap(" \t ", 70) == []
    assert wrap("", 70) == []


def test_an_indentation_counts() -> None:
    assert wrap("one two three", 11, "    ") == ["    one two", "    three"]
    assert wrap("あいう", 2, "    ") == ["    あ", "    い", "    う"]


def test_japanese_is_broken_between_characters() -> None:
    assert wrap("あいうえおかきくけこ", 8) == ["あいうえ", "おかきく", "けこ"]
    assert wrap("ｱｲｳｴｶｷ", 4) == ["ｱｲｳｴ", "ｶｷ"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("あいうえ。おか", ["あいう", "え。おか"]),
        ("あいうえ、おか", ["あいう", "え、おか"]),
        ("あいう「えお」", ["あいう", "「えお」"]),
        ("あいうえ」おか", ["あいう", "え」おか"]),
        ("あいうサーバー", ["あいう", "サーバー"]),
        ("ああああー", ["あああ", "あー"]),
        ("あいうっか", ["あいうっ", "か"]),
        ("あああちゃん", ["あああ", "ちゃん"]),
        ("あいうえ……お", ["あいう", "え……お"]),
        ("あいうえ。」お", ["あいう", "え。」お"]),
    ],
)
def test_kinsoku(text: str, expected: list[str]) -> None:
    lines = wrap(text, 8)
    assert "".join(lines) == text
    assert lines == expected
    assert not any(line[0] in NOT_FIRST for line in lines[1:])
    assert not any(line[-1] in NOT_LAST for line in lines)


@given(st.text(alphabet=f"あ漢カ字{NOT_FIRST[:8]}{NOT_LAST[:4]}a ", max_size=60), st.integers(24, 40))
def test_no_line_begins_or_ends_with_what_must_not(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for before, after in itertools.pairwise(lines):
        # only what holds together for longer than a line is cut all the same
        held = width(before) + width(after) > columns
        assert (after[0] not in NOT_FIRST and before[-1] not in NOT_LAST) or held
    assert all(width(line) <= columns for line in lines if " " in line or "a" not in line)


def test_what_holds_together_for_longer_than_a_line_is_cut() -> None:
    assert wrap("ー" * 6, 4) == ["ーー", "ーー", "ーー"]
    assert wrap("「" * 3 + "https://example.com/a/b" + "」", 8) == ["「「「", "https://example.com/a/b", "」"]


def test_wide_letters_and_figures_are_words_too() -> None:
    assert wrap("あいＡＢＣ１２３う", 12) == ["あい", "ＡＢＣ１２３", "う"]


def test_latin_and_japanese_may_part_beside_each_other() -> None:
    assert wrap("一覧ant@example.comへ送る", 16) == ["一覧", "ant@example.com", "へ送る"]
    assert wrap('名前は"ant"です', 10) == ["名前", 'は"ant"で', "す"]


def test_a_blank_before_a_japanese_mark_is_no_place_to_part() -> None:
    assert wrap("あい 、う", 6) == ["あ", "い 、", "う"]
    assert wrap("a （ b", 4) == ["a", "（ b"]


def test_marks_stay_with_their_letter() -> None:
    assert wrap("か\u3099き\u3099く\u3099", 4) == ["か\u3099き\u3099", "く\u3099"]
    family = "👨\u200d👩\u200d👧"
    assert wrap(family * 3, 4) == [family * 2, family]


def test_korean_is_broken_at_its_blanks() -> None:
    assert wrap("한국어 목록 안내", 7) == ["한국어", "목록", "안내"]
    assert wrap("안내문목록", 4) == ["안내문목록"]


def test_paragraphs_are_filled_apart() -> None:
    assert fill("one\ntwo\n\nthree\nfour\n", 70) == "one two\n\nthree four\n"
    assert fill("one\r\ntwo", 70) == "one two"
    assert fill("\n\n", 70) == "\n\n"
    assert fill("", 70) == ""


def test_what_is_laid_out_stays() -> None:
    text = "Said he:\n  indented stays\n\ttoo\n> quoted\n| a | table |\n＞引用\n-- \n________\nOne\ntwo"
    assert fill(text, 9) == (
        "Said he:\n  indented stays\n\ttoo\n> quoted\n| a | table |\n＞引用\n-- \n________\nOne two"
    )


def test_all_lines_but_blank_ones_are_indented() -> None:
    assert fill("one two\n\n> three", 7, "  ") == "  one\n  two\n\n  > three"


def test_lines_of_japanese_are_joined_without_a_blank() -> None:
    assert (
        fill("これは\n日本語です。\nMailman を\n使います。", 70) == "これは日本語です。Mailman を使います。"
    )
    assert fill("見出し\n「引用」\n続き", 70) == "見出し「引用」続き"
    assert fill("Mailman\n「引用」", 70) == "Mailman「引用」"
    assert fill("한국어\n안내", 70) == "한국어 안내"
    assert fill("か\u3099\nき", 70) == "か\u3099き"


def test_a_japanese_paragraph_begins_with_its_blank() -> None:
    assert fill("　これは\n一つ。\n　これは\n二つ。", 70) == "　これは一つ。\n　これは二つ。"
    assert fill("\u3000\nあ", 70) == "\nあ"


@given(st.text(alphabet="ab >\n-"))
def test_filling_twice_is_filling_once(text: str) -> None:
    once = fill(text, 20)
    assert fill(once, 20) == once


@given(st.text(), st.integers(1, 80))
def test_nothing_is_lost_and_nothing_raises(text: str, columns: int) -> None:
    filled = fill(text, columns)
    assert "".join(filled.split()) == "".join(text.split())


@pytest.mark.parametrize("unit", ["a ", "あ", "ー", " 、", "「", "か\u3099", "👩\u200d", "aあ"])
def test_time_is_linear(unit: str) -> None:
    def took(count: int) -> float:
        begun = time.process_time()
        fill(unit * count)
        return time.process_time() - begun

    took(1_000)
    assert took(40_000) < 40 * max(took(4_000), 0.005)
