"""URIs of texts: what is allowed, what they mean for a list, what has to be asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.errors import BadInput
from mlcore.texts.uris import (
    LONGEST,
    SITE,
    Address,
    Own,
    Place,
    Record,
    addresses,
    checked,
    contexts,
    expanded,
    file_path,
    is_web,
    own,
    places_of,
    wanted,
)

ANT = Place("ant.example.com", "ant@example.com", "example.com")
BEE = Place("bee.example.com", "bee@example.com", "example.com")
FOX = Place("fox.example.org", "fox@example.org", "example.org")
ALL = (ANT, BEE, FOX)
WELCOME = "list:user:notice:welcome"


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8000/postorius/api/templates/list/ant.example.com/list:user:notice:welcome",
        "https://texts.example.com/$list_id/${language}?of=$listname",
        "https://$domain_name/welcome.txt",
        "https://[2001:db8::1]/x",
        "file:///srv/texts/$listname.txt",
        "file://localhost/srv/texts/テキスト.txt",
        "mailman:///welcome.txt",
        "mailman:///ja/welcome.txt",
        "mailman:///$list_id/ja/welcome.txt",
        "http://host/price$$",
    ],
)
def test_allowed(uri: str) -> None:
    assert checked(f"  {uri}\n") == uri


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "not a URI"),
        ("https://a/b c", "not a URI"),
        ("https://a/b\x1bc", "not a URI"),
        ("https://a/" + "x" * LONGEST, "longer than"),
        ("https://a/" + "文" * (LONGEST // 2), "longer than"),
        ("welcome.txt", "only http, https, file and mailman"),
        ("ftp://a/b", "only http, https, file and mailman"),
        ("HTTP:///b", "only http, https"),
        ("http:///b", "names no host"),
        ("http://a:99999/", "Port out of range"),
        ("http://a:x/", "could not be cast"),
        ("http://[::1/", "Invalid IPv6 URL"),
        ("https://anne:secret@a/b", "name and password are not written into it"),
        ("https://@a/b", "name and password are not written into it"),
        ("https://a/b#c", "behind #"),
        ("https://a/$token", r"unknown in a URI: \$token"),
        ("file:///", "absolute path"),
        ("file://elsewhere/x", "absolute path"),
        ("file:x.txt", "absolute path"),
        ("file:///a%00b", "absolute path"),
        ("mailman:///welcome", "no text file"),
        ("mailman:///../welcome.txt", "no text file"),
        ("mailman:///a%2Fb/welcome.txt", "no text file"),
        ("mailman:///a/b/c/welcome.txt", "no text file"),
        ("mailman://host/welcome.txt", "no text file"),
        ("mailman:///", "no text file"),
        ("mailman:", "no text file"),
    ],
)
def test_refused(uri: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        checked(uri)


@given(st.text())
def test_whatever_is_written_is_a_uri_or_refused(text: str) -> None:
    try:
        uri = checked(text)
    except BadInput:
        return
    assert is_web(uri) or file_path(uri) or own(uri)


def test_values_are_written_as_a_uri_has_them() -> None:
    odd = Place("a/b?c#d%.example.com", "a+b&c@example.com", "example.com")
    uri = "https://h/$list_id?x=$listname&d=$domain_name&l=$language&$other"
    assert expanded(uri, odd, "pt_BR") == (
        "https://h/a%2Fb%3Fc%23d%25.example.com?x=a%2Bb%26c@example.com&d=example.com&l=pt_BR&$other"
    )
    assert expanded("https://h/x", odd, "ja") == "https://h/x"


def test_contexts_from_near_to_far() -> None:
    assert contexts(ANT.list_id, ANT.mail_host) == ("ant.example.com", "@example.com", SITE)
    assert contexts("", "example.com") == ("@example.com", SITE)
    assert contexts("", "") == (SITE,)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("mailman:///welcome.txt", Own("welcome.txt")),
        ("mailman:///ja/welcome.txt", Own("welcome.txt", language="ja")),
        ("mailman:///ant@example.com/welcome.txt", Own("welcome.txt", list_spec="ant@example.com")),
        ("mailman:///ant.example.com/welcome.txt", Own("welcome.txt", list_spec="ant.example.com")),
        ("mailman:///ant.example.com/ja/welcome.txt", Own("welcome.txt", "ja", "ant.example.com")),
        ("mailman:///list%3Auser%3Anotice%3Awelcome.txt", Own("list:user:notice:welcome.txt")),
        ("mailman:///a/b/c/d.txt", None),
        ("https://h/welcome.txt", None),
    ],
)
def test_texts_of_this_site(uri: str, expected: Own | None) -> None:
    assert own(uri) == expected


def test_paths() -> None:
    assert file_path("file:///srv/a%20b.txt") == "/srv/a b.txt"
    assert not file_path("https://h/x")


def asked(context: str, uri: str, languages: tuple[str, ...] = ("en", "ja")) -> list[str]:
    record = Record(WELCOME, context, uri, "anne")
    found = list(dict.fromkeys(addresses(record, ALL, languages)))
    assert all(address.username == "anne" for address in found)
    return [address.uri for address in found]


def test_a_uri_without_placeholders_is_asked_for_once() -> None:
    assert asked(SITE, "https://h/x") == ["https://h/x"]


def test_a_text_of_a_list() -> None:
    assert asked(ANT.list_id, "https://h/$list_id") == ["https://h/ant.example.com"]
    assert asked(ANT.list_id, "https://h/$list_id/$language") == [
        "https://h/ant.example.com/en",
        "https://h/ant.example.com/ja",
    ]


def test_a_text_of_a_domain_is_asked_for_for_each_of_its_lists() -> None:
    assert asked("@example.com", "https://h/$listname") == [
        "https://h/ant@example.com",
        "https://h/bee@example.com",
    ]
    assert asked("@example.com", "https://h/$domain_name") == ["https://h/example.com"]
    assert asked("@example.net", "https://h/$domain_name") == ["https://h/example.net"]


def test_a_text_of_the_site() -> None:
    assert asked(SITE, "https://h/$domain_name") == ["https://h/example.com", "https://h/example.org"]
    assert len(asked(SITE, "https://h/$list_id")) == 3
    assert asked(SITE, "https://h/$language") == ["https://h/en", "https://h/ja"]


def test_an_address_that_long_names_make_too_long_for_an_index_is_not_asked_for() -> None:
    long = Place("a" * 200 + ".example.com", "b@example.com", "example.com")
    record = Record(WELCOME, SITE, "https://h/" + "$list_id/" * 10)
    found = [address.uri for address in addresses(record, (ANT, long), ("en",))]
    assert found == ["https://h/" + "ant.example.com/" * 10]


def test_texts_of_this_site_are_not_asked_for() -> None:
    assert asked(SITE, "mailman:///welcome.txt") == []


def test_the_lists_that_a_record_is_for_and_their_domains() -> None:
    assert list(places_of(Record(WELCOME, "@example.org", "x"), ALL)) == [FOX, Place("", "", "example.org")]
    assert list(places_of(Record(WELCOME, "gone.example.com", "x"), ALL)) == []


def test_all_that_has_to_be_asked_for_each_once() -> None:
    one = Record(WELCOME, SITE, "https://h/$list_id")
    two = Record("list:user:notice:hold", ANT.list_id, "https://h/ant.example.com")
    found = wanted([one, two], ALL, ("en",), 10)
    assert found[Address("https://h/ant.example.com", "")] is one
    assert len(found) == 3
    assert len(wanted([one, two], ALL, ("en",), 2)) == 2


def test_a_password_is_in_no_repr() -> None:
    assert "secret" not in repr(Record(WELCOME, SITE, "https://h/", "anne", "secret"))
