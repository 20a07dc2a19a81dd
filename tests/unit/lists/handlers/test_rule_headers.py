"""What the rules found, in the header."""

import pytest

from mlcore.lists.handlers.rule_headers import handler
from mlcore.mail.fields import split
from support.posts import draft, policy, render_facts

POST = draft("From: a@example.org", "X-Mailman-Rule-Hits: forged", "X-Mailman-Approved-At: forged")


@pytest.mark.row("field: X-Mailman-Rule-Hits")
@pytest.mark.row("field: X-Mailman-Rule-Misses")
@pytest.mark.row("field: X-Mailman-Approved-At")
@pytest.mark.row("handler: rule-headers")
def test_hits_misses_and_the_time_of_the_decision_stand_on_top() -> None:
    facts = render_facts(rule_hits=("max-size", "no-subject"), rule_misses=("loop",), approved_at=0.0)
    made = handler(POST, policy(), facts)
    assert made.fields.octets() == (
        b"X-Mailman-Rule-Hits: max-size; no-subject\r\n"
        b"X-Mailman-Rule-Misses: loop\r\n"
        b"X-Mailman-Approved-At: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
        b"From: a@example.org\r\n"
    )
    assert made.body is POST.body


def test_p8_nothing_to_say_changes_nothing() -> None:
    assert handler(POST, policy(), render_facts()) is POST
    made = handler(POST, policy(), render_facts(rule_misses=("loop",)))
    assert made.fields.octets() == b"X-Mailman-Rule-Misses: loop\r\n" + POST.fields.octets()


def test_p9_many_names_are_folded_and_none_adds_a_field() -> None:
    names = tuple(f"header-match-ant.example.com-{number}" for number in range(50))
    made = handler(POST, policy(), render_facts(rule_hits=(*names, "x\r\nBcc: evil@example.net")))
    fields, _ = split(made.octets())
    assert fields.names() == ("x-mailman-rule-hits", "from", "x-mailman-approved-at")
    assert max(map(len, fields.octets().split(b"\r\n"))) <= 78
    assert (fields.text("x-mailman-rule-hits") or "").startswith("; ".join(names))
