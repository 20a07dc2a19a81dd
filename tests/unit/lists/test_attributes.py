"""The table of attributes against what a list is made of, and against the source that acts on it."""

import re
from pathlib import Path

import msgspec
import pytest

import mlcore
from mlcore.base.errors import BadInput
from mlcore.lists import attributes, styles
from mlcore.lists.attributes import ATTRIBUTES
from mlcore.lists.model import ListPolicy, ListState, SubscriptionPolicy

ANT = styles.new_policy("legacy-default", "ant", "example.com")
STATE = ListState(
    created_at=1_700_000_000.0,
    post_id=7,
    last_post_at=1_700_000_001.0,
    digest_last_sent_at=None,
    volume=2,
    next_digest_number=3,
    style="legacy-default",
)
SETTINGS = {name for name, one in ATTRIBUTES.items() if one.writable}


def test_every_setting_of_a_list_is_an_attribute() -> None:
    names = set(ListPolicy.__struct_fields__) - {"list_id", "list_name", "mail_host"}
    assert names - set(attributes.RECORDS) == SETTINGS
    assert list(ATTRIBUTES) == sorted(ATTRIBUTES)
    assert (len(ATTRIBUTES), len(SETTINGS)) == (106, 89)


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_the_value_of_a_new_list_is_one_that_could_be_written(name: str) -> None:
    one = ATTRIBUTES[name]
    value = one.read(ANT, STATE)

    assert one.parse(one.kind.show(value)) == value
    assert type(one.parse(one.kind.show(value))) is type(value)


def test_all_shown_settings_can_be_read_back() -> None:
    full = msgspec.structs.replace(
        ANT,
        info="one\ntwo",
        dmarc_addresses=("^a,b", "a@b.example"),
        accept_these_nonmembers=("@b@b.example",),
    )
    shown = attributes.shown(full, STATE)

    assert attributes.changed(ANT, {name: shown[name] for name in SETTINGS}) == full


def test_what_is_shown_and_cannot_be_set() -> None:
    shown = attributes.shown(ANT, STATE)

    assert {name: shown[name] for name in ATTRIBUTES if name not in SETTINGS} == {
        "bounces_address": "ant-bounces@example.com",
        "created_at": "2023-11-14T22:13:20Z",
        "digest_last_sent_at": "",
        "fqdn_listname": "ant@example.com",
        "join_address": "ant-join@example.com",
        "last_post_at": "2023-11-14T22:13:21Z",
        "leave_address": "ant-leave@example.com",
        "list_name": "ant",
        "mail_host": "example.com",
        "next_digest_number": "3",
        "no_reply_address": "noreply@example.com",
        "owner_address": "ant-owner@example.com",
        "post_id": "7",
        "posting_address": "ant@example.com",
        "request_address": "ant-request@example.com",
        "usenet_watermark": "",
        "volume": "2",
    }
    for name in set(ATTRIBUTES) - SETTINGS:
        with pytest.raises(BadInput, match=f"^{name} cannot be set"):
            attributes.changed(ANT, {name: shown[name]})


def test_json_has_plain_values() -> None:
    plain = attributes.plain(ANT, STATE)

    assert msgspec.json.decode(msgspec.json.encode(plain)) == plain
    assert plain["advertised"] is True
    assert plain["autoresponse_grace_period"] == "90d"
    assert plain["acceptable_aliases"] == []
    assert plain["digest_last_sent_at"] is None
    assert plain["post_id"] == 7


def test_several_are_changed() -> None:
    changed = attributes.changed(
        ANT, {"subscription_policy": "moderate", "max_message_size": "0", "description": ""}
    )

    assert changed == msgspec.structs.replace(
        ANT, subscription_policy=SubscriptionPolicy.MODERATE, max_message_size=0
    )


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("description", "a\nb", "description: This value must be a single line: a …: write one line"),
        ("advertised", "perhaps", "advertised: this is neither yes nor no: write yes or no"),
        (
            "posting_pipeline",
            "x",
            (
                "posting_pipeline: Unknown pipeline: x: write one of: default-posting-pipeline,"
                " default-owner-pipeline"
            ),
        ),
        ("advertized", "no", "a list has no attribute 'advertized': did you mean advertised?"),
        ("x", "no", "a list has no attribute 'x': `mlcore settings --describe` shows those there are"),
    ],
)
def test_errors_name_the_setting_and_what_to_write(name: str, text: str, error: str) -> None:
    with pytest.raises(BadInput) as caught:
        attributes.changed(ANT, {name: text})
    assert str(caught.value) == error


def test_each_says_what_it_means() -> None:
    for one in ATTRIBUTES.values():
        assert re.fullmatch(r"[A-Z%][^\n]{15,250}\.", one.doc), one.name
        assert "\n" not in one.values


def test_what_is_said_to_be_in_force_is_what_the_source_acts_on() -> None:
    """A setting that nothing reads must not look as if it did something: its owner would rely on it."""
    source = Path(mlcore.__file__).parent
    tables = {source / "lists" / name for name in ("attributes.py", "model.py", "styles.py")}
    text = "\n".join(path.read_text("utf-8") for path in source.rglob("*.py") if path not in tables)
    read = {name for name in SETTINGS if re.search(rf"policy\.{name}\b", text)}

    assert {name for name in SETTINGS if ATTRIBUTES[name].in_force} == read
