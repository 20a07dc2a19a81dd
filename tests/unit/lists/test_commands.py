"""Which commands a mail holds."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.command_requests import (
    Confirm,
    Echo,
    Help,
    Join,
    Leave,
    Lists,
    Option,
    Request,
    Set,
    Show,
    Who,
    Wrong,
    name_of,
)
from mlcore.lists.commands import LARGEST, Limits, Parsed, parse
from mlcore.lists.draft import Draft
from mlcore.mail.envelope import Command

TOKEN = "0123456789abcdef0123456789abcdef01234567"
Kind = Literal["join", "leave", "confirm", "request"]


def to(command: Kind = "request", detail: str = "", list_id: str = "ant.example.com") -> Command:
    return Command(
        list_id=list_id,
        recipient=f"ant-{command}@example.com",
        command=command,
        detail=detail,
        arrived_at=1.0,
    )


def mail(subject: str = "", text: str = "", *more: str) -> Draft:
    fields = [f"Subject: {subject}", *more, "From: anne@example.org"]
    return Draft.post("\r\n".join([*fields, "", text]).replace("\r\n", "\n").replace("\n", "\r\n").encode())


def asked(subject: str = "", text: str = "") -> tuple[Request, ...]:
    return parse(mail(subject, text), to()).requests


@pytest.mark.parametrize(
    ("word", "request_"),
    [
        pytest.param("echo", Echo(), marks=pytest.mark.row("command: echo")),
        pytest.param("help", Help(), marks=pytest.mark.row("command: help")),
        pytest.param("join", Join(), marks=pytest.mark.row("command: join")),
        pytest.param("subscribe", Join(), marks=pytest.mark.row("command: subscribe")),
        pytest.param("leave", Leave(), marks=pytest.mark.row("command: leave")),
        pytest.param("unsubscribe", Leave(), marks=pytest.mark.row("command: unsubscribe")),
        pytest.param("who", Who(), marks=pytest.mark.row("command: who")),
        pytest.param("show", Show(), marks=pytest.mark.row("command: show")),
        pytest.param("lists", Lists(), marks=pytest.mark.row("command: lists")),
        pytest.param("set ack on", Set(Option.ACK, "on"), marks=pytest.mark.row("command: set")),
        pytest.param(f"confirm {TOKEN}", Confirm(TOKEN), marks=pytest.mark.row("command: confirm")),
    ],
)
def test_a_command_stands_in_the_subject_or_in_the_text(word: str, request_: Request) -> None:
    assert asked(word) == asked("", word) == asked("a question", f"\n{word}\n") == (request_,)
    assert name_of(request_) == {"subscribe": "join", "unsubscribe": "leave"}.get(
        word, word.split(maxsplit=1)[0]
    )


@pytest.mark.parametrize(
    ("kind", "request_"),
    [("join", Join()), ("leave", Leave()), ("leave", Leave(TOKEN)), ("confirm", Confirm(TOKEN))],
)
def test_the_address_says_it_all(kind: Kind, request_: Request) -> None:
    detail = TOKEN.upper() if isinstance(request_, Confirm | Leave) and request_.token else ""
    assert parse(mail("help", "who"), to(kind, detail)) == Parsed((request_,), by_address=True)


def test_mail_to_confirm_without_a_token_is_read() -> None:
    assert parse(mail(f"Re: confirm {TOKEN}"), to("confirm")).requests == (Confirm(TOKEN),)


@pytest.mark.parametrize(
    "subject",
    [
        "Re: confirm {}",
        "RE: Re: AW: confirm {}",
        "Antwort: confirm {}",
        "Re[2]: confirm {}",
        "Re^2: confirm {}",
        "返信: confirm {}",
        "返信： confirm {}",
        "ＲＥ：ｃｏｎｆｉｒｍ {}",
        "Re：confirm {}",
        "回复：confirm {}",
        "[EXTERN] Re: confirm {}",
        "【社外】Re: confirm {}",
        "Re: [Ant] confirm {}",
        "confirm: {}",
        "Confirm <{}>",
        "confirm　{}",
        '"confirm {}"',
        "=?iso-2022-jp?b?UkU6?= confirm {}",
    ],
)
def test_what_mailers_put_before_a_subject_is_no_part_of_it(subject: str) -> None:
    assert asked(subject.format(TOKEN)) == (Confirm(TOKEN),)


@pytest.mark.parametrize(
    "line", ["> confirm {}", ">> confirm {}", "| confirm {}", "anne> confirm {}", "＞ confirm {}"]
)
def test_a_quoted_command_counts(line: str) -> None:
    assert asked("", line.format(TOKEN)) == (Confirm(TOKEN),)


def test_full_width_letters_are_those_of_ascii() -> None:
    assert asked("ｊｏｉｎ　ｄｉｇｅｓｔ＝ｎｏ") == asked("", "ｓｕｂｓｃｒｉｂｅ") == (Join(),)


@pytest.mark.row("command: end")
@pytest.mark.row("command: stop")
@pytest.mark.parametrize("word", ["end", "STOP", "end."])
def test_what_follows_the_end_is_not_looked_at(word: str) -> None:
    assert parse(mail("", f"help\n{word}\nwho\nleave\n"), to()) == Parsed((Help(),), unprocessed=2)


def test_a_wish_that_begins_with_stop_is_no_end() -> None:
    found = parse(mail("", "Stop sending me this\nleave"), to())
    assert (found.requests, found.unknown) == ((Leave(),), 1)


def test_nothing_is_done_behind_a_confirmation() -> None:
    found = parse(mail("", f"confirm {TOKEN}\nleave\nBest wishes"), to())
    assert found == Parsed((Confirm(TOKEN),), unprocessed=2)


def test_a_signature_ends_the_text() -> None:
    assert parse(mail("", "help\n-- \nleave\n"), to()) == Parsed((Help(),))
    assert parse(mail("", "help\n--\nleave\n"), to()) == Parsed((Help(),))


def test_a_subject_that_is_a_command_is_all_there_is() -> None:
    assert parse(mail("help", "leave\nsome words"), to()) == Parsed((Help(),))


def test_commands_per_mail_are_limited() -> None:
    text = "echo\nhelp\nshow\nwho\nlists\njoin\nleave\n"
    found = parse(mail("", text), to(), Limits(commands=5))
    assert [name_of(request) for request in found.requests] == ["echo", "help", "show", "who", "lists"]
    assert found.ignored == 2


def test_the_same_command_twice_is_one() -> None:
    assert parse(mail("", "join\nsubscribe\nJOIN"), to()) == Parsed((Join(),))


def test_only_the_first_lines_are_looked_at_and_blank_ones_do_not_count() -> None:
    text = "\n\nhello\n\nhelp\n\nwho\n"
    assert parse(mail("", text), to(), Limits(lines=2)) == Parsed((Help(),), unknown=1)


def test_lines_without_a_command_are_counted() -> None:
    assert parse(mail("Hello", "how are you\nBye"), to()) == Parsed(unknown=2)
    assert parse(mail("Hello"), to()) == Parsed(unknown=1)
    assert parse(mail(), to()) == Parsed()
    assert parse(mail("?!"), to()) == Parsed(unknown=1)


def test_only_the_first_plain_text_is_read() -> None:
    text = (
        "--x\nContent-Type: text/html\n\n<p>leave</p>\n--x\nContent-Type: text/plain\n\nhelp\n"
        "--x\nContent-Type: text/plain\n\nleave\n--x--\n"
    )
    found = parse(mail("", text, "MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=x"), to())
    assert found == Parsed((Help(),), other_parts=True)


def test_html_alone_is_read_as_text() -> None:
    draft = mail("", "<p>Hello</p><p><b>help</b></p>", "Content-Type: text/html")
    assert parse(draft, to()) == Parsed((Help(),), unknown=1, other_parts=True)


@pytest.mark.parametrize("kind", ["image/png", "multipart/mixed; boundary=x", "application/pkcs7-mime"])
def test_mail_without_text_holds_no_command(kind: str) -> None:
    assert parse(mail("Hi", "help", f"Content-Type: {kind}"), to()) == Parsed(unknown=1, other_parts=True)


def test_p7_a_mail_of_too_many_parts_is_not_taken_apart() -> None:
    text = "--x\n\nhelp\n" * 1_001
    found = parse(mail("", text, "Content-Type: multipart/mixed; boundary=x"), to())
    assert found == Parsed(other_parts=True)


def test_p7_only_the_beginning_of_a_long_text_is_decoded() -> None:
    text = "help\n" + "x" * 100_000 + "\nwho\n"
    assert parse(mail("", text), to()).requests == (Help(),)
    assert len(text) <= LARGEST


def test_a_command_in_base64_is_read() -> None:
    draft = mail("", "aGVscAo=", "Content-Transfer-Encoding: base64", "Content-Type: text/plain")
    assert parse(draft, to()).requests == (Help(),)


def test_arguments_that_are_not_understood_are_no_request() -> None:
    assert asked("", "set everything") == (Wrong("set"),)
    assert name_of(Wrong("set")) == "set"


def test_p7_a_line_that_never_ends_takes_no_time() -> None:
    for text in (">" * 500_000, "a" * 500_000, "Re:" * 200_000, "[" * 500_000, "a>" * 200_000):
        parse(mail(text, text), to())


@given(st.text(max_size=60), st.text(max_size=200), st.sampled_from(["join", "leave", "confirm", "request"]))
def test_nothing_raises_and_the_limits_hold(subject: str, text: str, kind: Kind) -> None:
    draft = Draft.post(f"Subject: {subject}\r\n\r\n{text}".encode("utf-8", "replace"))
    found = parse(draft, to(kind, subject))
    assert len(found.requests) <= 5
