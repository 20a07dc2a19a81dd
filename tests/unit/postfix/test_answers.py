"""What the socketmap service answers."""

from collections.abc import Sequence

import pytest

from mlcore.base.clock import FakeClock
from mlcore.base.errors import LocalTrouble, StoreTrouble
from mlcore.postfix.answers import Answers, UnknownMap
from mlcore.postfix.routes import Route, RouteCache

TARGET = "lmtp:[127.0.0.1]:8024"
ROUTES = [
    Route("ant", "example.com"),
    Route("bee", "example.org", "mail.example.org"),
    Route("茶", "xn--bcher-kva.example"),
]


class Lists:
    def __init__(self) -> None:
        self.routes = list(ROUTES)
        self.number = 0
        self.asked = 0
        self.error: LocalTrouble | None = None
        self.clock = FakeClock()

    async def load(self, known: int | None) -> tuple[int, Sequence[Route] | None]:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.number, None if known == self.number else list(self.routes)

    def answers(self) -> Answers:
        return Answers(RouteCache(self.load, self.clock), lambda: TARGET)


@pytest.fixture
def lists() -> Lists:
    return Lists()


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("transport", "ant@example.com", TARGET),
        ("transport", "ANT-Bounces+Bob=example.net@Example.COM", TARGET),
        ("transport", "bee-owner@mail.example.org", TARGET),
        ("transport", "bee@example.org", TARGET),
        ("transport", "example.com", None),
        ("transport", ".example.com", None),
        ("transport", "*", None),
        ("transport", "", None),
        ("transport", "<>", None),
        ("transport", "anne@example.net", None),
        ("recipients", "ant@example.com", "ant@example.com"),
        ("recipients", "ant-request@example.com", "ant@example.com"),
        ("recipients", "bee-join@mail.example.org", "bee@example.org"),
        ("recipients", "@example.com", None),
        ("recipients", "ant", None),
        ("recipients", "ant@", None),
        ("recipients", "ant-nosuch@example.com", None),
        ("recipients", "two words@example.com", None),
        ("recipients", "茶@xn--bcher-kva.example", "茶@xn--bcher-kva.example"),
        ("recipients", "茶@bücher.example", "茶@xn--bcher-kva.example"),
        ("domains", "example.com", "example.com"),
        ("domains", "EXAMPLE.com", "example.com"),
        ("domains", "bücher.example", "xn--bcher-kva.example"),
        ("domains", "mail.example.org", "mail.example.org"),
        ("domains", "example.org", None),
        ("domains", "sub.example.com", None),
        ("domains", ".example.com", None),
        ("domains", "com", None),
        ("domains", "", None),
        ("domains", "[127.0.0.1]", None),
        ("aliases", "bee@example.org", "bee@mail.example.org"),
        ("aliases", "bee-bounces+Anne=x.example@example.org", "bee-bounces+Anne=x.example@mail.example.org"),
        ("aliases", "bee@mail.example.org", None),
        ("aliases", "ant@example.com", None),
        ("aliases", "nobody@example.org", None),
        ("aliases", "@example.org", None),
        ("aliases", "bee", None),
    ],
)
async def test_answers(lists: Lists, name: str, key: str, value: str | None) -> None:
    assert await lists.answers().answer(name, key) == value


async def test_a_list_made_a_moment_ago_is_there_at_once(lists: Lists) -> None:
    answers = lists.answers()
    assert await answers.answer("recipients", "new@example.com") is None
    lists.routes.append(Route("new", "example.com"))
    lists.number += 1
    assert await answers.answer("recipients", "new@example.com") == "new@example.com"


async def test_mail_to_members_asks_no_database(lists: Lists) -> None:
    answers = lists.answers()
    for number in range(1000):
        assert await answers.answer("transport", f"member-{number}@example.net") is None
    assert lists.asked == 1


async def test_p3_trouble_is_never_a_no(lists: Lists) -> None:
    answers = lists.answers()
    lists.error = StoreTrouble("down")
    for name, key in (("transport", "ant@example.com"), ("domains", "a.b"), ("recipients", "x@example.com")):
        with pytest.raises(StoreTrouble):
            await answers.answer(name, key)


async def test_another_map_is_unknown(lists: Lists) -> None:
    with pytest.raises(UnknownMap, match="transport, recipients, domains, aliases"):
        await lists.answers().answer("nosuch", "ant@example.com")
