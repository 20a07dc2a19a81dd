"""The names of texts and what is filled in in each."""

import pytest

from mlcore.base.errors import BadInput
from mlcore.texts.names import COMMON, FILES, GENERIC_FOOTER, HELP, TEMPLATES, alternative, template


def test_there_are_those_that_web_clients_know() -> None:
    assert len(TEMPLATES) == 28
    assert set(FILES) - set(TEMPLATES) == {GENERIC_FOOTER, HELP}
    assert all(name == one.name for name, one in FILES.items())


def test_all_but_one_can_be_those_of_a_list() -> None:
    assert [one.name for one in FILES.values() if not one.for_lists] == ["domain:admin:notice:new-list"]


@pytest.mark.parametrize(
    ("name", "placeholder", "known"),
    [
        ("list:user:notice:hold", "reasons", True),
        ("list:user:notice:hold", "sender", True),
        ("list:user:notice:hold", "token", False),
        ("list:user:notice:post", "listname", True),
        ("list:user:action:invite", "contact_address", True),
        ("list:member:regular:footer", "hyperkitty_url", True),
        ("list:member:regular:footer", "user_delivered_to", True),
        ("list:member:digest:footer", "hyperkitty_url", False),
        ("list:member:digest:footer", "user_delivered_to", False),
        (GENERIC_FOOTER, "hyperkitty_url", True),
        ("list:member:regular:footer", "_url", False),
    ],
)
def test_values_that_are_filled_in(name: str, placeholder: str, known: bool) -> None:
    assert FILES[name].knows(placeholder) is known


def test_every_text_gets_what_is_common() -> None:
    assert all(one.knows(placeholder) for one in FILES.values() for placeholder in COMMON)


def test_when_lines_are_broken() -> None:
    by_wrap = {wrap: sum(one.wrap == wrap for one in TEMPLATES.values()) for wrap in ("before", "after", "")}
    assert by_wrap == {"before": 2, "after": 10, "": 16}
    assert TEMPLATES["list:user:notice:welcome"].wrap == "before"


def test_footers_have_a_text_that_stands_in() -> None:
    assert alternative("list:member:regular:footer") == GENERIC_FOOTER
    assert alternative("list:member:digest:footer") == GENERIC_FOOTER
    assert not alternative("list:member:regular:header")


def test_an_unknown_name_is_refused_with_the_way_to_the_others() -> None:
    assert template(HELP).name == HELP
    with pytest.raises(BadInput, match="No such text: list:welcome: `mlcore templates list --names`"):
        template("list:welcome")
