"""The words of notices."""

from typing import Any, get_args

import pytest

from mlcore.lists.notice_texts import Text, text_of
from mlcore.lists.notices import Kind
from support.posts import policy

_KINDS: tuple[Kind, ...] = get_args(Kind)


def _text(kind: str, **given: Any) -> Text:
    values: dict[str, Any] = {
        "policy": policy(),
        "address": "anne@example.org",
        "display_name": "Anne",
        "digest": False,
        "site_owner": "root@example.net",
    }
    values |= given
    return text_of(kind, values.pop("policy"), **values)


@pytest.mark.parametrize("kind", _KINDS)
def test_there_are_words_for_each_kind(kind: Kind) -> None:
    text = _text(kind)
    assert text.body.endswith("\n")
    assert "{" not in text.subject + text.body
    assert max(map(len, text.body.splitlines())) <= 78
    assert "\n\n\n" not in text.body


@pytest.mark.parametrize("kind", _KINDS)
def test_p9_a_value_is_no_template(kind: Kind) -> None:
    text = _text(kind, policy=policy(display_name="{owner_email} $listname %s"), display_name="{site_email}")
    assert "root@example.net" not in text.body or kind == "new-list"
    assert "ant-owner@example.com $listname" not in text.subject + text.body


def test_p9_a_name_stays_on_its_line() -> None:
    text = _text("admin-subscribe", display_name="Anne\n\nYou have won\r\n")
    assert text.body.splitlines()[0] == "Anne You have won <anne@example.org>"


def test_an_unknown_kind_is_an_error_of_the_caller() -> None:
    with pytest.raises(KeyError):
        _text("birthday")
