"""Errors that know nothing of languages, told in one."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.errors import BadInput, ConfigError, DiskTrouble
from mlcore.cli.language import catalogue
from mlcore.cli.spoken_errors import Phrases, in_words, joined, template

JAPANESE = catalogue("ja")
SOME = Phrases(
    [
        ("No such list: {spec}", "リスト {spec} はありません。"),
        ("No such file or directory", "ファイルがありません。"),
        ("{path} cannot be read ({*strerror})", "{path} を読めません（{strerror}）。"),
        ("{path} is no entry: {*error}", "{path} はエントリーではありません（{error}）。"),
        ("look again", "もう一度ご覧ください。"),
        ("write {found}", "{found} と書いてください。"),
        ("write yes or no", "yes または no と書いてください。"),
        ("writing {path}", "{path} への書き込み"),
        ("{name} has {count} lists", "{name} には {count} 個のリストがあります。"),
        ("[mta] {one}{two} is {three}", "[mta] {one}{two} は {three} です。"),
    ]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("look again", "もう一度ご覧ください。"),
        ("No such list: ant", "リスト ant はありません。"),
        ("No such list: a: b", "リスト a: b はありません。"),
        ("No such list: ant: look again", "リスト ant はありません。もう一度ご覧ください。"),
        ("/x cannot be read (No such file or directory)", "/x を読めません（ファイルがありません）。"),
        ("/x cannot be read (Odd)", "/x を読めません（Odd）。"),
        (
            "/x is no entry: /y cannot be read (Odd)",
            "/x はエントリーではありません（/y を読めません（Odd））。",
        ),
        ("writing /x: No such file or directory", "/x への書き込み: ファイルがありません。"),
        ("F [mta] port: look again: write 7", "F [mta] port: もう一度ご覧ください。7 と書いてください。"),
        ("write yes or no", "yes または no と書いてください。"),
        ("ant has 3 lists", "ant には 3 個のリストがあります。"),
        ("[mta] a is b", "[mta] a は b です。"),
        ("has lists", "has lists"),
        ("something else", "something else"),
        ("this: that", "this: that"),
        ("", ""),
        (": ", ": "),
        (": : look again", ": : もう一度ご覧ください。"),
    ],
)
def test_a_text_is_told_as_far_as_it_is_known(text: str, said: str) -> None:
    assert SOME.say(text) == said


def test_what_stands_in_a_hole_is_nobodys_text() -> None:
    """A list may be called like an error; paths and addresses are never translated."""
    assert SOME.say("No such list: look again") == "リスト look again はありません。"
    assert SOME.say("look again has 3 lists") == "look again には 3 個のリストがあります。"
    assert SOME.say("No such list: {count} {spec}") == "リスト {count} {spec} はありません。"


def test_errors_within_errors_come_to_an_end() -> None:
    text = "x is no entry: " * 20 + "look again"

    assert SOME.say(text).startswith("x はエントリーではありません（")


@pytest.mark.parametrize(
    "text",
    [
        "a: " * 2_000,
        "x is no entry: " * 500,
        "x cannot be read (" * 400 + ")" * 400,
        " has " * 1_500 + " lists",
        "write " * 1_000,
        "No such list: x: " * 400,
        "[mta] " + " is " * 1_500,
        "x" * 100_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    """With the templates of the catalogue."""
    in_words("once", JAPANESE)  # reads it
    began = time.process_time()
    said = in_words(text, JAPANESE)

    assert time.process_time() - began < 2
    assert said


PIECES = st.sampled_from([*"ab:() ", "has", "is no entry: ", "look again", "lists", "No such list: "])


@given(st.lists(PIECES).map("".join))
def test_any_text_has_an_answer(text: str) -> None:
    assert SOME.say(text) or not text


def test_text_and_remedy() -> None:
    assert in_words(BadInput("No such list: x"), JAPANESE) == "リスト x はありません。"
    error = BadInput("No such held post: 7", "`mlcore held list` shows those there are")
    assert in_words(error, JAPANESE) == (
        "番号 7 の保留中の投稿はありません。`mlcore held list` で一覧を確認できます。"
    )
    trouble = DiskTrouble.of(OSError(28, "No space left on device"), "writing x")
    assert in_words(trouble, JAPANESE) == "x への書き込み: デバイスに空き領域がありません。"


def test_the_place_of_an_error_of_the_configuration_stays() -> None:
    error = ConfigError("this is no size", "write yes or no", file="is.cfg", section="mta", key="port")
    assert in_words(error, JAPANESE) == (
        "is.cfg [mta] port: サイズではありません。yes または no と書いてください。"
    )
    bare = ConfigError("there is no such key", "write x", file="f")
    assert in_words(bare, JAPANESE) == "f: そのようなキーはありません。x と書いてください。"
    assert in_words(str(error), JAPANESE) == in_words(error, JAPANESE)


def test_sentences_are_joined() -> None:
    assert joined("A。", "B。") == "A。B。"
    assert joined("A", "B。") == "A: B。"


def test_a_template_without_holes_fits_itself_alone() -> None:
    assert template("look", "見る").values("look") == ()
    assert template("look", "見る").values("looks") is None
    assert template("{a} b {c}", "").values("b") is None
