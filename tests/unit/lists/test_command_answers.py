"""How the results of commands are told."""

import pytest

from mlcore.lists import command_answers
from mlcore.lists.command_answers import EXPLAINED, OF_SITE, Result, Results, compose, explanation
from mlcore.lists.command_requests import WORDS, Option
from mlcore.lists.reasons import Reason


def body(results: Results, help_text: str = "") -> str:
    return compose(results, str.upper, lambda text, indent: [indent + text], help_text=help_text)


def test_what_came_of_each_command() -> None:
    results = Results(
        (
            Result("join", (Reason(command_answers.CONFIRMATION_SENT, "anne@example.org"),)),
            Result("who", (Reason(command_answers.ROSTER_HEAD, "2"),), rows=("a@b.example", "c@d.example")),
        )
    )
    assert body(results) == (
        "- RESULTS:\n\n    join\n        CONFIRMATION EMAIL SENT TO anne@example.org\n\n"
        "    who\n        MEMBERS FOUND: 2\n        a@b.example\n        c@d.example\n\n- DONE.\n"
    )


def test_p19_what_was_no_command_is_counted_and_not_repeated() -> None:
    assert body(Results(unknown=3, ignored=1, unprocessed=2, other_parts=True)) == (
        "- RESULTS:\n\n"
        "    NO COMMAND WAS FOUND IN YOUR MAIL. SEND THE COMMAND HELP TO LEARN WHICH THERE ARE.\n\n"
        "- UNPROCESSED:\n    LINES AFTER THE LAST COMMAND: 2\n\n"
        "- IGNORED:\n    LINES THAT ARE NOT A COMMAND: 3\n    COMMANDS THAT WERE TOO MANY FOR ONE MAIL: 1\n"
        "    IGNORING NON-TEXT/PLAIN MIME PARTS\n\n- DONE.\n"
    )


def test_help_is_the_text_of_the_list() -> None:
    text = body(Results((Result("help", help=True),)), "This is\nhow.\n\n")
    assert text == "- RESULTS:\n\n    help\n\nThis is\nhow.\n\n- DONE.\n"


def test_each_command_is_explained() -> None:
    assert set(EXPLAINED) == set(WORDS.values())
    assert explanation("who", of_site=False) == (Reason(EXPLAINED["who"]),)
    assert len(explanation("", of_site=True)) == 1 + len(OF_SITE)
    assert len(explanation("", of_site=False)) == 1 + len(EXPLAINED)


def test_each_option_can_be_shown() -> None:
    assert set(command_answers.SHOWN) == {option.value for option in Option}


@pytest.mark.parametrize(
    "text", [*EXPLAINED.values(), *command_answers.SHOWN.values(), command_answers.LISTS_HEAD]
)
def test_a_text_has_room_for_one_value_at_most(text: str) -> None:
    assert text.count("{}") <= 1
