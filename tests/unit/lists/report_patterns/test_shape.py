"""How a format is read that is described as a shape."""

from mlcore.lists.report_patterns import notice
from mlcore.lists.report_patterns.notice import Notice
from mlcore.lists.report_patterns.shape import BARE, QSBMF, find, shape, valid
from mlcore.mail import mime
from mlcore.mail.fields import split

FORM = shape("x", "it failed", recipient=QSBMF, until="end")
A, B = "anne@example.org", "bart@example.org"


def told(*lines: str, sender: str = "postmaster@example.net") -> Notice:
    octets = "\r\n".join((f"From: {sender}", "Content-Type: text/plain; charset=utf-8", "", *lines)).encode()
    return notice.read(mime.parse(*split(octets)))


def test_nothing_without_the_mark() -> None:
    assert find(FORM, told(f"<{A}>: no")) == ()


def test_a_mark_may_be_broken_over_lines() -> None:
    assert [found.address for found in find(FORM, told("so it", "failed", f"<{A}>: no"))] == [A]


def test_what_stands_before_the_mark_or_behind_the_end_does_not_count() -> None:
    found = find(FORM, told(f"<{B}>: no", "it failed", "end", f"<{A}>: no", "End of it", f"<{B}>: no"))
    assert [each.address for each in found] == [A]


def test_recipients_in_a_row_share_a_reason() -> None:
    form = shape("x", "it failed", recipient=BARE)
    found = find(form, told("it failed", A, B, "550 5.1.1 no", "really"))
    assert [(each.address, each.code) for each in found] == [(A, "5.1.1"), (B, "5.1.1")]


def test_those_with_reasons_of_their_own_keep_them() -> None:
    found = find(FORM, told("it failed", f"<{A}>: 550 5.1.1 no", f"<{B}>: 552 5.2.2 full", "really full"))
    assert [each.diagnostic for each in found] == ["550 5.1.1 no", "552 5.2.2 full really full"]


def test_a_reason_before_its_recipients() -> None:
    form = shape("x", "it failed", recipient=BARE, is_reason_first=True)
    found = find(form, told("it failed", "5.1.1 unknown", "", A, "5.2.2 full", B))
    assert [(each.address, each.diagnostic) for each in found] == [
        (A, "it failed 5.1.1 unknown"),
        (B, "5.2.2 full"),
    ]


def test_the_alias_counts_not_what_it_became() -> None:
    form = shape("x", "it failed", recipient=BARE)
    found = find(form, told("it failed", B, f"(expanded from: <{A}>)", "550 5.1.1 no"))
    assert [(each.address, each.code) for each in found] == [(A, "5.1.1")]


def test_an_alias_that_is_no_address_does_not_count() -> None:
    form = shape("x", "it failed", recipient=BARE)
    found = find(form, told("it failed", B, "(generated from a..b@example.org) why"))
    assert [(each.address, each.diagnostic) for each in found] == [(B, "why")]


def test_nobody_is_named_twice() -> None:
    found = find(FORM, told("it failed", f"<{A}>: one", f"<{A}>: two"))
    assert [each.diagnostic for each in found] == ["one"]


def test_a_long_reason_is_cut() -> None:
    found = find(FORM, told("it failed", f"<{A}>:", *["word " * 60] * 40))
    assert len(found[0].diagnostic) <= 500


def test_a_format_of_one_sender() -> None:
    form = shape("x", "it failed", recipient=QSBMF, senders=("@example.net",))
    lines = ("it failed", f"<{A}>: no")
    assert find(form, told(*lines))
    assert find(form, told(*lines, sender="postmaster@example.com")) == ()


def test_what_the_format_means_where_it_does_not_say() -> None:
    form = shape("x", "it failed", recipient=QSBMF, code="5.2.2", policy=True)
    (one,) = find(form, told("it failed", f"<{A}>: sorry"))
    assert (one.code, one.policy) == ("5.2.2", True)
    (other,) = find(form, told("it failed", f"<{A}>: user unknown"))
    assert not other.policy


def test_a_warning_in_words_is_no_failure() -> None:
    (one,) = find(FORM, told("it failed", f"<{A}>: no", "No action is required on your part."))
    assert not one.permanent


def test_programs_are_no_recipients() -> None:
    assert valid("MAILER-DAEMON@example.org") == ""
    assert valid("anne@example.org", "anne@example.org") == ""
    assert valid("'anne@example.org'.") == "anne@example.org"
    assert valid("no address") == ""
    assert valid("anne@cut") == ""
    assert valid("a..b@example.org") == ""
