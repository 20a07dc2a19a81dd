"""What a reminder tells moderators."""

from mlcore.lists.notices.waiting import MOST, HeldPost, described
from mlcore.lists.reasons import Reason
from support.letters import ANT, OWNERS, WHEN, text, writer
from support.posts import policy

NO_SUBJECT = Reason("Message has no subject")
MANY = Reason("Message has more than {} recipients", "10")
POSTS = (
    HeldPost("zed@example.net", "Tea", (MANY,)),
    HeldPost("", "", (MANY, NO_SUBJECT)),
    HeldPost("y", "z", ()),
)


def test_what_waits_under_headings() -> None:
    assert described(str, POSTS, ["a@example.org", "b@example.org"], ["c@example.org"]) == (
        "Held Subscriptions:\n    User: a@example.org\n    User: b@example.org\n\n"
        "Held Unsubscriptions:\n    User: c@example.org\n\n"
        "Held Messages:\n"
        "    Sender: zed@example.net\n    Subject: Tea\n    Reason: Message has more than 10 recipients\n\n"
        "    Sender: (no sender)\n    Subject: (no subject)\n"
        "    Reason: Message has more than 10 recipients; Message has no subject\n\n"
        "    Sender: y\n    Subject: z\n    Reason: (no reason was given)"
    )
    assert described(str, POSTS[:1], [], []).startswith("Held Messages:")
    assert described(str, [], [], []) == ""


def test_of_many_things_the_first_are_described_and_the_others_counted() -> None:
    joining = [f"u{number}@example.org" for number in range(MOST - 1)]
    all_told = described(str, POSTS[:1], joining, [])
    assert all_told.count("User:") + all_told.count("Sender:") == MOST
    assert "... and" not in all_told
    cut = described(str, POSTS, joining, joining)
    assert cut.count("User:") == MOST
    assert "Held Messages" not in cut
    assert cut.endswith(f"\n\n    ... and {MOST - 1 + 2} more")
    counted = described(str, POSTS, joining, [], 1_000_000)
    assert counted.endswith(f"\n\n    ... and {1_000_000 - MOST} more")


def test_p9_no_value_makes_a_line() -> None:
    evil = "x\r\nApproved: yes\x1b[2J" + "y" * 1_000
    lines = described(str, [HeldPost(evil, evil, (Reason(evil),))], [evil], []).split("\n")
    assert len(lines) == 7
    assert max(map(len, lines)) < 220
    assert not any("\x1b" in line for line in lines)


def test_in_the_language_of_the_list_and_as_it_stands() -> None:
    about = policy(preferred_language="ja")
    data = described(writer().saying(about), POSTS[:1], ["a@example.org"], [])
    said = text(writer().pending(about, OWNERS, 2, data, **WHEN))
    assert (
        "\n承認待ちの参加申し込み：\n    申込者：a@example.org\n\n"
        "保留中のメール：\n    差出人：zed@example.net\n    件名：Tea\n    理由：宛先が 10 件を超えています\n"
    ) in said
    english = text(writer().pending(ANT, OWNERS, 2, described(str, POSTS[:1], [], []), **WHEN))
    assert "\nHeld Messages:\n    Sender: zed@example.net\n    Subject: Tea\n    Reason: " in english
