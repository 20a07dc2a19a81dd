"""The grammar of a list's addresses."""

from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.lists.addressing import (
    PURPOSES,
    Candidate,
    SiteNames,
    candidates,
    site_candidate,
    site_names,
)

HOST = "example.com"


def read(local_part: str, delimiter: str = "+") -> list[tuple[str, str, str]]:
    """Candidates without their host."""
    return [(one.list_name, one.purpose, one.detail) for one in candidates(f"{local_part}@{HOST}", delimiter)]


@pytest.mark.parametrize(
    ("local_part", "wanted"),
    [
        ("ant", [("ant", "post", "")]),
        ("ANT", [("ant", "post", "")]),
        ("red-ant", [("red-ant", "post", "")]),
        ("ant+detail", [("ant", "post", "")]),
        ("ant-bounces", [("ant-bounces", "post", ""), ("ant", "bounces", "")]),
        ("ant-owner", [("ant-owner", "post", ""), ("ant", "owner", "")]),
        ("ant-request", [("ant-request", "post", ""), ("ant", "request", "")]),
        ("ant-join", [("ant-join", "post", ""), ("ant", "join", "")]),
        ("ant-subscribe", [("ant-subscribe", "post", ""), ("ant", "join", "")]),
        ("ant-leave", [("ant-leave", "post", ""), ("ant", "leave", "")]),
        ("ant-unsubscribe", [("ant-unsubscribe", "post", ""), ("ant", "leave", "")]),
        ("ant-leave+AbC", [("ant-leave", "post", ""), ("ant", "leave", "AbC")]),
        ("Ant-Confirm+AbC", [("ant-confirm", "post", ""), ("ant", "confirm", "AbC")]),
        ("red-ant-owner", [("red-ant-owner", "post", ""), ("red-ant", "owner", "")]),
    ],
)
def test_grammar(local_part: str, wanted: list[tuple[str, str, str]]) -> None:
    assert read(local_part) == wanted


@pytest.mark.parametrize("tail", ["admin", "post", "posts", "bounce", "confirmed", ""])
def test_other_tails_have_no_meaning(tail: str) -> None:
    assert read(f"ant-{tail}") == [(f"ant-{tail}", "post", "")]


def test_verp_keeps_the_spelling_of_the_member() -> None:
    assert read("ant-bounces+Bob.Person=Example.NET")[1] == ("ant", "bounces", "Bob.Person=Example.NET")


def test_cut_is_at_the_first_delimiter_before_hyphens_count() -> None:
    assert read("ant-bounces+a+b-owner=x")[1] == ("ant", "bounces", "a+b-owner=x")
    assert read("ant+x-owner") == [("ant", "post", "")]


@pytest.mark.parametrize("purpose", sorted(set(PURPOSES) - {"bounces", "confirm", "leave", "unsubscribe"}))
def test_detail_is_accepted_and_ignored_where_it_means_nothing(purpose: str) -> None:
    assert read(f"ant-{purpose}+detail")[1] == ("ant", PURPOSES[purpose], "")


def test_head_must_not_be_empty() -> None:
    assert read("-owner") == [("-owner", "post", "")]
    assert read("+detail") == []


def test_delimiter_is_the_sites() -> None:
    assert read("ant-confirm=T", "=")[1] == ("ant", "confirm", "T")
    assert read("ant-confirm--T", "--")[1] == ("ant", "confirm", "T")
    assert read("ant-confirm+T", "") == [("ant-confirm+t", "post", "")]


def test_domain_is_lower_case_and_in_a_labels() -> None:
    assert candidates("ant@Example.COM")[0].mail_host == "example.com"
    assert candidates("ant@bücher.example") == candidates("ant@XN--BCHER-KVA.example")


@pytest.mark.parametrize(
    "address",
    ["", "@", "ant", "ant@", "@example.com", "a b@example.com", "ant@example.com\n", "ant@-x.com", "<a@b.c>"],
)
def test_bad_syntax_has_no_candidates(address: str) -> None:
    assert candidates(address) == ()


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    for one in candidates(text):
        assert one.list_name
        assert one.mail_host


WORD = st.text(ascii_letters + digits, min_size=1, max_size=20)


@given(WORD, st.sampled_from(sorted(PURPOSES)), WORD, st.booleans())
def test_what_is_put_together_is_taken_apart(name: str, purpose: str, detail: str, upper: bool) -> None:
    tail = purpose.upper() if upper else purpose
    whole, part = candidates(f"{name}-{tail}+{detail}@{HOST}")
    kept = detail if PURPOSES[purpose] in {"bounces", "confirm", "leave"} else ""
    assert whole == Candidate(f"{name}-{purpose}".lower(), HOST, "post", "")
    assert part == Candidate(name.lower(), HOST, PURPOSES[purpose], kept)


SITE = site_names("Mailman", "NoReply", "Root@Example.com")


@pytest.mark.parametrize(
    ("local_part", "purpose"),
    [
        ("mailman", "owner"),
        ("Mailman-Owner", "owner"),
        ("mailman-request", "request"),
        ("mailman-request+x", "request"),
        ("mailman-bounces", "discard"),
        ("noreply", "discard"),
        ("NOREPLY+x", "discard"),
    ],
)
def test_addresses_of_the_site(local_part: str, purpose: str) -> None:
    found = site_candidate(f"{local_part}@{HOST}", SITE)
    assert found == ("", HOST, purpose, "")


@pytest.mark.parametrize(
    "address",
    [
        "mailman-join@example.com",
        "mailman-admin@example.com",
        "mail@example.com",
        "noreply-owner@a.b",
        "x",
        "",
    ],
)
def test_p20_the_site_has_no_other_addresses(address: str) -> None:
    assert site_candidate(address, SITE) is None


def test_without_a_delimiter_nothing_is_cut() -> None:
    assert site_candidate(f"mailman+x@{HOST}", SITE, "") is None
    assert site_candidate(f"no+reply@{HOST}", SiteNames("m", "no+reply")) is not None


def test_p21_mail_to_the_site_owner_does_not_come_back_to_us() -> None:
    """If site_owner is called as an address of the site is, somebody else has to take that address."""
    names = site_names("mailman", "noreply", "Mailman@Example.com")
    assert site_candidate("mailman@example.com", names) is None
    assert site_candidate("mailman@example.org", names) is not None
    assert site_candidate("mailman-owner@example.com", names) is not None


def test_a_site_without_names_has_no_addresses() -> None:
    assert site_names("", "", "") == SiteNames()
    assert SiteNames().addresses(HOST) == {}


def test_names_that_no_list_may_have() -> None:
    reserved = site_names("mailman", "noreply", "mailman@example.com").reserved
    assert reserved == {"mailman", "mailman-owner", "mailman-request", "mailman-bounces", "noreply"}
