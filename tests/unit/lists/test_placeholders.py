"""What stands for placeholders in texts about a list."""

import unicodedata

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.placeholders import block, of_list
from mlcore.texts.names import COMMON
from support.posts import SITE, policy

ANT = policy(
    display_name="Ant lovers",
    description="All about ants",
    info="Line one\n\n  * two",
    preferred_language="ja",
)
DECORATION = {
    "fqdn_listname",
    "list_name",
    "mail_host",
    "display_name",
    "request_address",
    "description",
    "info",
}


def test_every_common_one_is_there() -> None:
    values = of_list(ANT, SITE, "https://lists.example.com", "en")
    assert set(values) == COMMON | DECORATION
    assert values == {
        "listname": "ant@example.com",
        "fqdn_listname": "ant@example.com",
        "list_id": "ant.example.com",
        "display_name": "Ant lovers",
        "short_listname": "ant",
        "list_name": "ant",
        "domain": "example.com",
        "mail_host": "example.com",
        "description": "All about ants",
        "info": "Line one\n\n  * two",
        "request_email": "ant-request@example.com",
        "request_address": "ant-request@example.com",
        "owner_email": "ant-owner@example.com",
        "site_email": "root@example.com",
        "language": "en",
        "base_url": "https://lists.example.com",
        "domain_url": "https://lists.example.com/domains/example.com",
        "mailinglist_url": "https://lists.example.com/lists/ant.example.com",
        "held_message_url": "https://lists.example.com/lists/ant.example.com/held_messages",
        "pending_subscriptions_url": (
            "https://lists.example.com/lists/ant.example.com/subscription_requests"
        ),
        "pending_unsubscriptions_url": (
            "https://lists.example.com/lists/ant.example.com/unsubscription_requests"
        ),
    }


def test_without_pages_their_placeholders_stay_open() -> None:
    values = of_list(ANT, SITE)
    assert not [name for name in values if name.endswith("_url")]
    assert values["language"] == "ja"


def test_without_a_site_owner_the_owners_are_asked() -> None:
    assert of_list(ANT, msgspec.structs.replace(SITE, site_owner=""))["site_email"] == "ant-owner@example.com"


def test_p9_values_are_one_line_but_for_the_long_description() -> None:
    evil = policy(display_name="A\r\nB\x1b\0", description="c\nd", info="e\r\n\x07f\u2028g  \n\n")
    values = of_list(evil, SITE, "https://x/\n/")
    assert values.pop("info") == "e\nf\ng"
    assert values["display_name"] == "A B"
    assert all("\n" not in value and "\r" not in value and "\x1b" not in value for value in values.values())


def test_a_block_keeps_its_indentation() -> None:
    assert block("\n  one\n\n two \nthree\n", indent="> ") == ">   one\n\n>  two\n> three"
    assert block("one\ntwo\nthree", most_lines=2) == "one\ntwo"
    assert block(" \n\t\n") == ""
    assert block("x" * 2_000) == "x" * 1_000


@given(st.text())
def test_p9_a_block_holds_lines_only(text: str) -> None:
    assert not any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in block(text).replace("\n", ""))
