"""JSON Lines."""

import json

import pytest

from mlcore.cli.jsonlines import moment, shown_membership, write_lines
from mlcore.lists.model import Action, Membership, Role


def test_one_object_a_line_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    values = [{"a": "one\ntwo\u2028"}, {"a": "蟻"}, {"a": "\ud800"}]
    write_lines(iter(values))
    text = capsys.readouterr().out
    assert "蟻" in text
    assert [json.loads(line)["a"] for line in text.split("\n")[:-1]] == ["one\ntwo\u2028", "蟻", "?"]


def test_times() -> None:
    assert moment(1_700_000_000) == moment(1_700_000_000.4) == "2023-11-14T22:13:20Z"
    assert moment(None) is None


def test_a_membership_by_user() -> None:
    shown = shown_membership(
        Membership(
            member_id="m",
            list_id="ant.example.com",
            role=Role.OWNER,
            address="anne@example.org",
            user_id="u",
            as_user=True,
            moderation_action=Action.ACCEPT,
            subscribed_at=1_700_000_000.0,
        )
    )
    assert (shown["role"], shown["subscription_mode"], shown["user_id"]) == ("owner", "as_user", "u")
    assert (shown["moderation_action"], shown["subscribed_at"]) == ("accept", "2023-11-14T22:13:20Z")
