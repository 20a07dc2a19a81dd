"""To whom a post says it goes."""

from typing import Any

import pytest

from mlcore.lists.patterns import Patterns
from mlcore.lists.reasons import Reason
from mlcore.lists.rules import implicit_dest, max_recipients
from mlcore.lists.verdict import Hit
from support.posts import SITE, draft, policy, post_facts

IMPLICIT = Hit("implicit-dest", Reason("Message has implicit destination"))


def _implicit(*lines: str, **settings: Any) -> Hit | None:
    from_usenet = settings.pop("from_usenet", False)
    facts = post_facts(from_usenet=from_usenet)
    return implicit_dest.rule(draft(*lines), policy(**settings), facts, Patterns())


@pytest.mark.parametrize(
    "line",
    [
        "To: ant@example.com",
        "To: Ant <Ant@EXAMPLE.com>",
        "Cc: x@example.org,ant@example.com",
        "To: giant@example.com, ant@example.com",
        'To: "Ant, the list" <ant@example.com>, x@example.org',
        "To: ant+tag@example.com",
        'To: "ant"@example.com',
        "Resent-To: ant@example.com",
        "Resent-Cc: <ant@example.com>",
        "To: friends: x@example.org,\r\n ant@example.com;",
    ],
)
def test_the_list_is_named(line: str) -> None:
    assert _implicit(line) is None


@pytest.mark.row("rule: implicit-dest")
@pytest.mark.row("attribute: require_explicit_destination")
@pytest.mark.parametrize(
    "line",
    [
        "X-A: b",
        "To: undisclosed-recipients:;",
        "To: bee@example.com",
        "To: giant@example.com",
        "To: ant@example.com.evil.example",
        "To: ant@example.community",
        "To: ant-owner@example.com",
        "Bcc: ant@example.com",
    ],
)
def test_the_list_is_not_named(line: str) -> None:
    assert _implicit(line) == IMPLICIT
    assert _implicit(line, require_explicit_destination=False) is None
    assert _implicit(line, from_usenet=True) is None


def test_an_address_at_the_alias_domain_names_the_list() -> None:
    made = draft("To: x@example.org, Ant+tag <Ant+tag@Mail.Example.net>")
    facts = post_facts(alias_domain="mail.example.net")
    assert implicit_dest.rule(made, policy(), facts, Patterns()) is None
    assert implicit_dest.rule(made, policy(), post_facts(), Patterns()) == IMPLICIT
    other = draft("To: bee@mail.example.net, ant@example.net")
    assert implicit_dest.rule(other, policy(), facts, Patterns()) == IMPLICIT


@pytest.mark.row("attribute: acceptable_aliases")
@pytest.mark.parametrize("alias", ["old@example.org", "^old", "^.*@EXAMPLE\\.org"])
def test_aliases_name_it_too(alias: str) -> None:
    aliases = ("zebra@example.org", "^zebra", alias)
    assert _implicit("To: x@example.net, Old@Example.org", acceptable_aliases=aliases) is None
    assert _implicit("To: x@example.net", acceptable_aliases=aliases) == IMPLICIT


def test_without_a_delimiter_an_address_has_no_detail() -> None:
    facts = post_facts(site=type(SITE)(version="0", site_owner="root@example.com", delimiter=""))
    made = draft("To: ant+tag@example.com")
    assert implicit_dest.rule(made, policy(), facts, Patterns()) == IMPLICIT
    assert implicit_dest.rule(draft('To: "ant"@example.com'), policy(), facts, Patterns()) is None


def _crowd(count: int) -> str:
    return ", ".join(f"u{number}@example.org" for number in range(count))


@pytest.mark.row("rule: max-recipients")
@pytest.mark.row("attribute: max_num_recipients")
def test_too_many_recipients() -> None:
    hit = Hit("max-recipients", Reason("Message has more than {} recipients", "10"))
    full = draft(f"To: {_crowd(4)}", f"Cc: {_crowd(6)}")
    assert max_recipients.rule(full, policy(), post_facts()) == hit
    assert max_recipients.rule(full, policy(max_num_recipients=0), post_facts()) is None
    assert max_recipients.rule(full, policy(max_num_recipients=11), post_facts()) is None
    few = draft(f"To: {_crowd(4)}", f"Cc: {_crowd(5)}", f"Bcc: {_crowd(9)}")
    assert max_recipients.rule(few, policy(), post_facts()) is None
    names = draft('To: "@@@@@@@@@@" <ant@example.com>')
    assert max_recipients.rule(names, policy(), post_facts()) is None


def test_p7_a_thousand_addresses_are_looked_at() -> None:
    crowd = draft(f"To: {_crowd(1_500)}, ant@example.com")
    assert max_recipients.rule(crowd, policy(max_num_recipients=1_000), post_facts()) is not None
    assert max_recipients.rule(crowd, policy(max_num_recipients=1_001), post_facts()) is None
    hidden = draft(f'To: {_crowd(1_500)}, "ant"@example.com')
    assert implicit_dest.rule(hidden, policy(), post_facts(), Patterns()) == IMPLICIT
