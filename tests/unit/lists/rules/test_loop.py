"""P21: loops stop."""

import pytest

from mlcore.lists.reasons import Reason
from mlcore.lists.rules.loop import rule
from mlcore.lists.verdict import Hit
from support.posts import draft, policy, post_facts

AUTHOR = "From: Anne <anne@example.org>"


def _hit(*lines: str, reverse_path: str = "anne@example.org", purpose: str = "post") -> Hit | None:
    return rule(draft(*lines), policy(), post_facts(reverse_path=reverse_path, purpose=purpose))


def test_a_post_of_somebody_passes() -> None:
    assert _hit(AUTHOR) is None


@pytest.mark.row("rule: loop")
@pytest.mark.parametrize(
    "mark", ["ant@example.com", "Ant@EXAMPLE.com", " <ant@example.com> ", "\r\n\tant@example.com"]
)
def test_p21_own_delivered_to_is_a_loop(mark: str) -> None:
    hit = _hit("Delivered-To: bee@example.com", "Delivered-To:" + mark, AUTHOR)
    assert hit == Hit("loop", Reason("The message has been delivered to this address before"), "discard")


@pytest.mark.parametrize(
    "mark", ["bee@example.com", "ant-owner@example.com", "ant@example.org", "giant@example.com"]
)
def test_delivered_to_of_others_is_no_loop(mark: str) -> None:
    assert _hit("Delivered-To: " + mark, AUTHOR) is None


def test_p21_owner_mail_loops_through_the_owner_address() -> None:
    assert _hit("Delivered-To: ant-owner@example.com", AUTHOR, purpose="owner") is not None


def test_a_member_may_pass_a_post_on_to_the_owners() -> None:
    assert _hit("Delivered-To: ant@example.com", AUTHOR, purpose="owner") is None


def test_p21_over_fifty_hops_is_a_loop() -> None:
    hops = ["Received: by mx.example.org"]
    assert _hit(*hops * 50, AUTHOR) is None
    hit = _hit(*hops * 51, AUTHOR)
    assert hit == Hit("loop", Reason("The message has been through more than {} hops", "50"), "discard")


OWN = [
    "ant@example.com",
    "ANT@Example.COM",
    "ant-owner@example.com",
    "ant-bounces@example.com",
    "ant-bounces+anne=example.org@example.com",
    "ant-confirm+0123456789@example.com",
    "ant-join@example.com",
    "ant-subscribe@example.com",
    "ant-leave@example.com",
    "ant-unsubscribe@example.com",
    "ant-request@example.com",
    "ant+detail@example.com",
]
OTHERS = [
    "ant@example.org",
    "giant@example.com",
    "ant-hill@example.com",
    "ants@example.com",
    "ant-owner-x@example.com",
    "ant.example.com@example.org",
    "antony@example.com",
    "",
    "ant",
]


@pytest.mark.parametrize("address", OWN)
@pytest.mark.parametrize("purpose", ["post", "owner"])
def test_p21_the_list_itself_as_sender_is_a_loop(address: str, purpose: str) -> None:
    for hit in (
        _hit(AUTHOR, reverse_path=address, purpose=purpose),
        _hit(f"From: Anne via Ant <{address}>", purpose=purpose),
    ):
        assert hit == Hit("loop", Reason("The message comes from an address of the list itself"), "discard")


@pytest.mark.parametrize("address", OTHERS)
def test_others_with_the_name_of_the_list_are_no_loop(address: str) -> None:
    assert _hit(AUTHOR, reverse_path=address) is None
    assert _hit(f"From: <{address}>") is None


def test_p21_the_list_at_its_alias_domain_as_sender_is_a_loop() -> None:
    facts = post_facts(alias_domain="mail.example.net")
    for address in ("ant@mail.example.net", "ant-bounces+x@Mail.Example.net"):
        assert rule(draft(f"From: {address}"), policy(), facts) is not None
        assert rule(draft(f"From: {address}"), policy(), post_facts()) is None


def test_a_list_name_with_a_plus_and_one_beyond_ascii_are_known() -> None:
    plus = policy(list_name="c++", list_id="c++.example.com")
    assert rule(draft("From: c++-owner@example.com"), plus, post_facts()) is not None
    kana = policy(list_name="あり", list_id="あり.example.com")
    assert rule(draft("From: あり@example.com"), kana, post_facts()) is not None
    assert rule(draft(AUTHOR), kana, post_facts()) is None


@pytest.mark.row("rule: loop")
@pytest.mark.parametrize(
    "posted",
    [
        "<mailto:ant@example.com>",
        "<MAILTO:Ant@EXAMPLE.com?subject=x>",
        "<mailto:ant%40example.com>",
        "<mailto:\r\n ant@example.com>",
        "<https://example.com/post>, <mailto:ant@example.com> (members only)",
        "<ant@example.com>",
        "ant@example.com",
    ],
)
def test_p21_own_list_post_is_a_loop(posted: str) -> None:
    """Some systems drop Delivered-To. The incumbent looked for a form that it did not write itself."""
    hit = _hit("List-Post: " + posted, AUTHOR)
    assert hit == Hit("loop", Reason("Message has already been posted to this list"), "discard")
    assert _hit("List-Post: " + posted, AUTHOR, purpose="owner") is None


@pytest.mark.parametrize(
    "posted",
    [
        "NO",
        "<mailto:bee@example.com>",
        "<mailto:giant@example.com>",
        "<mailto:>",
        "<https://ant@example.com>",
        "",
    ],
)
def test_list_post_of_others_is_no_loop(posted: str) -> None:
    assert _hit("List-Post: " + posted, AUTHOR) is None
