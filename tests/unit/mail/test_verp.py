"""`mail.verp`: the table of envelope senders."""

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.mail import address, verp

_KEY = b"0123456789abcdef"
_NOW = 1_700_000_000.0  # 14 November 2023: the fourth quarter
_DAY = 86_400
_TOKEN = "0123456789abcdef0123456789abcdef01234567"


def _detail(sender: str) -> str:
    return sender.partition("+")[2].rpartition("@")[0]


def _tagged(recipient: str, *, key: bytes = _KEY, now: float = _NOW) -> str:
    return verp.tagged("ant", "example.org", recipient, key=key, now=now)


def _verified(detail: str, *, list_name: str = "ant", key: bytes = _KEY, now: float = _NOW) -> str | None:
    return verp.verify(detail, list_name, "example.org", key=key, now=now)


def test_the_table() -> None:
    assert verp.bounces("ant", "example.org") == "ant-bounces@example.org"
    assert verp.verp("ant", "example.org", "anne@example.com") == "ant-bounces+anne=example.com@example.org"
    assert verp.probe("ant", "example.org", _TOKEN) == f"ant-bounces+{_TOKEN}@example.org"
    head, _, tag = _tagged("anne@example.com").partition("@")[0].rpartition("=")
    assert head == "ant-bounces+anne=example.com"
    assert len(tag) == 8


@pytest.mark.parametrize("recipient", ['"a b"@example.com', "a@[192.0.2.1]", "nobody"])
def test_a_recipient_that_no_dot_atom_holds_gets_the_shared_sender(recipient: str) -> None:
    assert verp.verp("ant", "example.org", recipient) == "ant-bounces@example.org"
    assert _tagged(recipient) == "ant-bounces@example.org"


@given(
    st.from_regex(r"[a-z0-9=+_-]{1,12}(\.[a-z0-9=]{1,5})?", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,6}\.(com|example|museum)", fullmatch=True),
)
def test_what_is_written_is_read(local_part: str, domain: str) -> None:
    recipient = f"{local_part}@{domain}"
    assert verp.decode_verp(_detail(verp.verp("ant", "example.org", recipient))) == recipient
    tagged = _tagged(recipient)
    assert address.parse(tagged)
    assert verp.decode_verp(_detail(tagged)) == recipient
    assert _verified(_detail(tagged)) == recipient
    assert _verified(_detail(tagged).upper()) == recipient.upper()


@pytest.mark.parametrize(
    "detail", ["", "=", "anne", "anne=", "=example.com", _TOKEN, "a b=example.com", "a=b\r\n", "a=b c"]
)
def test_what_names_no_address_gives_none(detail: str) -> None:
    assert verp.decode_verp(detail) is None
    assert _verified(detail) is None


def test_a_tag_is_this_lists_this_addresss_and_this_keys() -> None:
    detail = _detail(_tagged("anne@example.com"))
    assert _verified(detail) == "anne@example.com"
    assert _verified(detail, list_name="bee") is None
    assert _verified(detail, key=b"f" * 16) is None
    assert _verified(detail.replace("anne", "bart")) is None
    wrong = "a" if detail[-1] != "a" else "b"
    assert _verified(detail[:-1] + wrong) is None
    assert _verified("anne=example.com") is None
    assert _verified(" =example.com=aaaaaaaa") is None


def test_a_tag_holds_for_its_quarter_and_the_next() -> None:
    detail = _detail(_tagged("anne@example.com"))
    assert _verified(detail, now=_NOW + 40 * _DAY) == "anne@example.com"
    assert _verified(detail, now=_NOW + 138 * _DAY) == "anne@example.com"
    assert _verified(detail, now=_NOW + 139 * _DAY) is None
    assert _verified(detail, now=_NOW - 60 * _DAY) is None


def test_a_tag_only_within_64_octets() -> None:
    at_most = "x" * (64 - len("ant-bounces+=example.com=12345678")) + "@example.com"
    local_part = _tagged(at_most).rpartition("@")[0]
    assert len(local_part) == 64
    assert _verified(_detail(_tagged(at_most))) == at_most
    longer = "x" + at_most
    assert _tagged(longer) == verp.verp("ant", "example.org", longer)


def test_a_sender_of_more_than_64_octets_is_the_shared_one() -> None:
    """Servers refuse longer local parts, at MAIL or when they report; our own LMTP does."""
    shared = verp.bounces("ant", "example.org")
    room = verp.room(shared)
    at_most = "x" * (room - len("@example.com")) + "@example.com"
    assert len(_tagged(at_most).rpartition("@")[0]) == 64
    assert verp.decode_verp(_detail(_tagged(at_most))) == at_most
    assert _tagged("x" + at_most) == shared
    wide = "あ" * (room // 3 - 3) + "@example.com"
    assert _tagged(wide) == shared


def test_keys_are_long_enough_and_may_be_longer() -> None:
    with pytest.raises(ValueError, match="at least 16"):
        _tagged("anne@example.com", key=b"short")
    long_key = b"k" * 100
    assert _verified(_detail(_tagged("anne@example.com", key=long_key)), key=long_key)


def test_probe_tokens() -> None:
    assert verp.probe_token(_TOKEN.upper()) == _TOKEN
    assert verp.probe_token("anne=example.com") is None
    assert verp.probe_token(_TOKEN + "0") is None
    with pytest.raises(ValueError, match="40 hex"):
        verp.probe("ant", "example.org", "x")


@given(st.binary(min_size=1, max_size=40))
def test_base32_is_that_of_the_standard(octets: bytes) -> None:
    assert verp.base32(octets) == base64.b32encode(octets).decode().lower().rstrip("=")


@pytest.mark.parametrize(
    "recipient",
    ["anne@example.com", "Anne.P@Example.com", "ü@example.com", "x" * 40 + "@example.com", '"a b"@x.y'],
)
def test_senders_of_many_recipients_are_those_of_each(recipient: str) -> None:
    senders = verp.Senders("Ant", "example.org", key=_KEY, now=_NOW)
    assert senders.of(recipient) == verp.tagged("Ant", "example.org", recipient, key=_KEY, now=_NOW)
    assert senders.of(recipient).startswith(verp.verp("Ant", "example.org", recipient).rpartition("@")[0])


def test_a_sender_for_what_is_no_address() -> None:
    with pytest.raises(address.BadAddress):
        verp.Senders("ant", "example.org", key=_KEY, now=_NOW).of("a b@example.com")


def test_senders_are_made_fast() -> None:
    senders = verp.Senders("ant", "example.org", key=_KEY, now=_NOW)
    started = time.process_time()
    for number in range(2_000):
        senders.of(f"member{number}@example.com")
    assert time.process_time() - started < 2_000 / 20_000


@pytest.mark.parametrize(("name", "length"), [("ant", 40), ("a" * 15, 40), ("a" * 16, 32), ("a" * 23, 32)])
def test_the_probe_of_a_list_with_a_long_name_fits_into_64_octets(name: str, length: int) -> None:
    token = "0123456789abcdef0123456789abcdef01234567"
    local_part, _, host = verp.probe(name, "example.com", token).partition("@")
    detail = local_part.partition("+")[2]
    assert host == "example.com"
    assert len(detail) == length
    assert len(local_part) <= 64
    assert verp.probe_token(detail) == token
    assert verp.probe_token(detail.upper()) == token


def test_senders_have_the_delimiter_of_the_site() -> None:
    """With a plus sign nothing came back to a site whose recipient_delimiter is another."""
    token = "0123456789abcdef0123" * 2
    senders = verp.Senders("ant", "example.org", key=_KEY, now=_NOW, delimiter="#")
    name, _, detail = senders.of("anne@example.com").partition("@")[0].partition("#")
    assert name == "ant-bounces"
    assert _verified(detail) == "anne@example.com"
    assert verp.probe("ant", "example.org", token, delimiter="=") == f"ant-bounces={token}@example.org"
    assert verp.verp("ant", "example.org", "a@b.c", delimiter="~") == "ant-bounces~a=b.c@example.org"
