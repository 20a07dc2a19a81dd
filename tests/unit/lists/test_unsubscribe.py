"""The way out of a list in each copy."""

import msgspec
import pytest

from mlcore.lists import unsubscribe
from mlcore.mail.fields import split
from support.posts import NOW, SITE, policy

KEY = b"0123456789abcdef"
ANT, ANNE = "ant.example.com", "anne@example.org"
DAY = 86_400
PAGE = msgspec.structs.replace(SITE, one_click_url="https://lists.example.org/out")


def _token(*, key: bytes = KEY, list_id: str = ANT, who: str = ANNE, now: float = NOW) -> str:
    return unsubscribe.token(key, list_id, who, now)


def test_a_token_is_this_lists_this_addresss_and_this_keys() -> None:
    """P23."""
    token = _token()
    assert len(token) == unsubscribe.LENGTH
    assert token == token.lower()
    assert unsubscribe.verify(token.upper(), KEY, ANT, ANNE, NOW)
    others = {
        token, _token(key=b"x" * 16), _token(list_id="bee.example.com"), _token(who="b@example.org"),
        _token(key=b"k" * 99),
    }  # fmt: skip
    assert len(others) == 5
    for other in others - {token}:
        assert not unsubscribe.verify(other, KEY, ANT, ANNE, NOW)
    assert unsubscribe.verify(_token(key=b"k" * 99), b"k" * 99, ANT, ANNE, NOW)
    for given in ("", "é", "\udc80", token[:-1], token + "a"):
        assert not unsubscribe.verify(given, KEY, ANT, ANNE, NOW)


def test_a_token_holds_for_its_quarter_and_the_next() -> None:
    token = _token()  # 14 November 2023
    assert unsubscribe.verify(token, KEY, ANT, ANNE, NOW + 138 * DAY)
    assert not unsubscribe.verify(token, KEY, ANT, ANNE, NOW + 139 * DAY)
    assert not unsubscribe.verify(token, KEY, ANT, ANNE, NOW - 60 * DAY)


@pytest.mark.row("field: List-Unsubscribe")
def test_an_address_alone() -> None:
    assert unsubscribe.fields(policy(), SITE, ANNE, "t0ken") == (
        b"List-Unsubscribe: <mailto:ant-leave+t0ken@example.com?subject=unsubscribe>\r\n"
    )


@pytest.mark.row("field: List-Unsubscribe-Post")
def test_with_a_page_one_click_is_enough() -> None:
    assert unsubscribe.fields(policy(), PAGE, ANNE, "t0ken") == (
        b"List-Unsubscribe: <https://lists.example.org/out?list=ant.example.com&address=anne%40example.org"
        b"&token=t0ken>,\r\n <mailto:ant-leave+t0ken@example.com?subject=unsubscribe>\r\n"
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    )
    query = msgspec.structs.replace(SITE, one_click_url="https://x.example/?a=b")
    assert b"<https://x.example/?a=b&list=ant" in unsubscribe.fields(policy(), query, ANNE, "t")


@pytest.mark.parametrize(
    ("name", "delimiter", "local_part"),
    [
        ("ant", "-", "ant-leave-t0ken"),
        ("ant", "", "ant-leave"),
        ("x" * 31, "+", "x" * 31 + "-leave+t0ken"),
        ("x" * 32, "+", "x" * 32 + "-leave"),
        ("a&b", "+", "a%26b-leave+t0ken"),
    ],
)
def test_a_token_only_where_an_address_holds_it(name: str, delimiter: str, local_part: str) -> None:
    site = msgspec.structs.replace(SITE, delimiter=delimiter)
    made = unsubscribe.fields(policy(list_name=name), site, ANNE, "t0ken")
    assert made == f"List-Unsubscribe: <mailto:{local_part}@example.com?subject=unsubscribe>\r\n".encode()


@pytest.mark.parametrize(
    "address",
    ["a>,<mailto:x@y>@example.com", '"a b\\""@example.com', "ü@bücher.example", "a\r\nBcc: x@y", "\udc80@x"],
)
def test_p9_no_address_adds_anything(address: str) -> None:
    made = unsubscribe.fields(policy(), PAGE, address, "t0ken")
    assert made.isascii()
    assert split(made)[0].names() == ("list-unsubscribe", "list-unsubscribe-post")
    assert made.count(b"<") == made.count(b">") == 2


def test_a_page_too_long_for_a_line_is_left_out() -> None:
    made = unsubscribe.fields(policy(), PAGE, "é" * 200 + "@example.org", "t0ken")
    assert made.startswith(b"List-Unsubscribe: <mailto:ant-leave+t0ken@")
    assert b"Post" not in made


def test_p9_what_is_configured_adds_nothing() -> None:
    site = msgspec.structs.replace(SITE, one_click_url="https://x.example/>\r\nBcc: {token} ,<a>")
    made = unsubscribe.fields(policy(), site, ANNE, "t0ken")
    assert split(made)[0].names() == ("list-unsubscribe", "list-unsubscribe-post")
    assert made.count(b"<") == 2
