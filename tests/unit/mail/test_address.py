"""`mail.address`: mailboxes, and lists of them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.base.errors import BadInput
from mlcore.mail import address, words
from mlcore.mail.address import Address, BadAddress

_atoms = st.text(st.sampled_from("abcXYZ019!#$%&'*+/=?^_`{|}~-üß日"), min_size=1, max_size=5)
_locals = st.one_of(
    st.lists(_atoms, min_size=1, max_size=3).map(".".join),
    st.text(st.sampled_from('ab .@<>(),;:日"\\'), max_size=8).map(
        lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    ),
)
_labels = st.from_regex(r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,5}[a-zA-Z0-9])?", fullmatch=True)
_domains = st.one_of(
    st.lists(st.one_of(_labels, st.sampled_from(["exämple", "例え", "ΣΑΣ"])), min_size=1, max_size=3).map(
        ".".join
    ),
    st.ip_addresses(v=4).map(lambda ip: f"[{ip}]"),
    st.ip_addresses(v=6).map(lambda ip: f"[IPv6:{ip}]"),
)


@given(_locals, _domains)
def test_parse_and_str_keep_the_spelling(local_part: str, domain: str) -> None:
    found = address.parse(f"{local_part}@{domain}")
    assert found == Address(local_part, domain)
    assert str(found) == f"{local_part}@{domain}"
    assert found.is_ascii == str(found).isascii()


@given(_locals, _domains)
def test_a_key_is_its_own_key_and_knows_no_case(local_part: str, domain: str) -> None:
    key = address.key_of(f"{local_part}@{domain}")
    assert address.key_of(key) == key
    assert address.key_of(f"{local_part}@{domain.upper()}") == key


@given(st.text())
def test_parse_raises_nothing_else(text: str) -> None:
    try:
        found = address.parse(text)
    except BadAddress:
        return
    assert str(found) == text
    assert found.key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Anne@Example.COM", "anne@example.com"),
        ("anne+tag@example.com", "anne+tag@example.com"),
        ('"Anne"@example.com', "anne@example.com"),
        ('"a\\n ne"@example.com', '"an ne"@example.com'),
        ('"a\\"b"@example.com', '"a\\"b"@example.com'),
        ("STRASSE@example.com", "strasse@example.com"),
        ("straße@example.com", "strasse@example.com"),
        ("u\u0308@example.com", "ü@example.com"),
        ("a@EXÄMPLE.com", "a@xn--exmple-cua.com"),
        ("a@xn--exmple-cua.com", "a@xn--exmple-cua.com"),
        ("a@exa\u0308mple.com", "a@xn--exmple-cua.com"),
        ("a@ｅｘａｍｐｌｅ.com", "a@example.com"),
        ("a@straße.de", "a@xn--strae-oqa.de"),
        ("a@[192.0.2.1]", "a@[192.0.2.1]"),
        ("a@[IPv6:2001:DB8:0::1]", "a@[ipv6:2001:db8::1]"),
        ("root@localhost", "root@localhost"),
        ("x" * 64 + "@example.com", "x" * 64 + "@example.com"),
    ],
)
def test_keys(text: str, key: str) -> None:
    assert address.key_of(text) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anne",
        "@example.com",
        "anne@",
        "anne @example.com",
        " anne@example.com",
        "anne@example.com\n",
        "a\0nne@example.com",
        '"a\r\nb"@example.com',
        "anne\u200b@example.com",
        "an\u00a0ne@example.com",
        ".anne@example.com",
        "an..ne@example.com",
        "anne.@example.com",
        "an@ne@example.com",
        '"an"ne"@example.com',
        '"anne@example.com',
        "<anne@example.com>",
        "anne@example..com",
        "anne@example.com.",
        "anne@-example.com",
        "anne@exam_ple.com",
        "anne@ex ample.com",
        "anne@" + "x" * 64 + ".com",
        "anne@" + "ü" * 63 + ".com",
        "anne@-ü.com",
        "anne@ü-.com",
        "anne@\u0308a.com",
        "anne@ü。com",
        "anne@☃.com",
        "anne@[192.0.2.256]",
        "anne@[192.0.2.1",
        "anne@[IPv6:2001:db8::g]",
        "anne@[IPv6:fe80::1%eth0]",
        "anne@[tag:content]",
        "x" * 65 + "@example.com",
        "ü" * 33 + "@example.com",
        "anne@" + "x.ü" * 80,
        "anne@" + ("x" * 60 + ".") * 4 + "example",
        "an\ud800ne@example.com",
    ],
)
def test_p9_what_is_no_address_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadAddress) as caught:
        address.parse(text)
    assert isinstance(caught.value, BadInput)
    assert caught.value.remedy
    assert words.one_line(str(caught.value)) == str(caught.value)


@pytest.mark.parametrize(
    ("line", "name", "mailbox"),
    [
        ("anne@example.com", "", "anne@example.com"),
        ("  <anne@example.com> \n", "", "anne@example.com"),
        ("Anne Person <anne@example.com>", "Anne Person", "anne@example.com"),
        ("Person, Anne Q. <anne@example.com>", "Person, Anne Q.", "anne@example.com"),
        ('"Person, \\"Anne\\"" <anne@example.com>', 'Person, "Anne"', "anne@example.com"),
        ('" <anne@example.com>', '"', "anne@example.com"),
        ("anne@example.com (Anne)", "Anne", "anne@example.com"),
        ("=?utf-8?q?J=C3=B6rg?= <j@example.com>", "Jörg", "j@example.com"),
        ("日本 <日本@例え.jp>", "日本", "日本@例え.jp"),
    ],
)
def test_parse_line(line: str, name: str, mailbox: str) -> None:
    assert address.parse_line(line) == (name, address.parse(mailbox))


@pytest.mark.parametrize(
    "line",
    ["", "Anne", "Anne <anne>", "anne@example.com>", "Anne <a@b.example> x", "(a@b.example)", "a@b.example)"],
)
def test_a_line_without_address_is_refused(line: str) -> None:
    with pytest.raises(BadAddress):
        address.parse_line(line)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("", []),
        (",, ;", []),
        ("a@b.example", ["a@b.example"]),
        (b"A <a@b.example>,\r\n\tc@d.example", ["A <a@b.example>", "c@d.example"]),
        ('"Person, Anne" <a@b.example>', ["Person, Anne <a@b.example>"]),
        ('"The \\"first\\"" <a@b.example>', ['The "first" <a@b.example>']),
        (b"=?utf-8?q?Person=2C_J=C3=B6rg?= <a@b.example>", ["Person, Jörg <a@b.example>"]),
        (b'"=?utf-8?q?J=C3=B6?=\r\n =?utf-8?q?rg?=" <a@b.example>', ["Jörg <a@b.example>"]),
        ("Jörg <a@b.example>".encode(), ["Jörg <a@b.example>"]),
        ("J\xf6rg <a@b.example>".encode("latin-1"), ["Jörg <a@b.example>"]),
        ("a@b.example (Anne (the) Person)", ["Anne (the) Person <a@b.example>"]),
        ("<a@b.example> (Anne) (again)", ["Anne <a@b.example>"]),
        ("a(x)@(y)b.example", ["x <a@b.example>"]),
        ("a @ b . example", ["a@b.example"]),
        ('" a b " @b.example', ['" a b "@b.example']),
        ("a@b.example <c@d.example>", ["a@b.example <c@d.example>"]),
        (
            "Team: a@b.example, C <c@d.example>; e@f.example",
            ["a@b.example", "C <c@d.example>", "e@f.example"],
        ),
        ("undisclosed-recipients:;", []),
        ("<@x.example,@y.example:a@b.example>, c@d.example", ["a@b.example", "c@d.example"]),
        ("a@[192.0.2.1], <b@[IPv6:::1]>", ["a@[192.0.2.1]", "b@[IPv6:::1]"]),
        ("bad one@b.example, <>, no, <x>, ok@b.example", ["ok@b.example"]),
        ("Anne, Inc. <a@b.example>", ["Inc. <a@b.example>"]),
        ("<a@b.example", ["a@b.example"]),
        ("<<a@b.example>>", ["a@b.example"]),
        ("<a@b.example, c@d.example", ["a@b.example", "c@d.example"]),
        ("A <a@b.example> rest, c@d.example", ["A <a@b.example>", "c@d.example"]),
        ('c@d.example, "never closed <a@b.example>', ["c@d.example"]),
        ("c@d.example (never \\) closed", ["never \\) closed <c@d.example>"]),
        ("c@d.example, \\", ["c@d.example"]),
        ("a@b.example; c@d.example", ["a@b.example", "c@d.example"]),
    ],
)
def test_parse_list(body: str | bytes, found: list[str]) -> None:
    assert [f"{name} <{one}>" if name else str(one) for name, one in address.parse_list(body)] == found


@given(st.one_of(st.binary(), st.text(), st.text(st.sampled_from('ab@.,;:<>()[]"\\ \r\n='), max_size=40)))
def test_p9_parse_list_never_raises_and_names_are_one_line(body: str | bytes) -> None:
    for name, one in address.parse_list(body):
        assert words.one_line(name) == name
        assert address.parse(str(one)) == one


@given(st.lists(st.tuples(st.text(st.sampled_from('ab ,"\\.ü日<>@()=?'), max_size=40), _locals), max_size=4))
def test_what_phrase_writes_parse_list_reads(mailboxes: list[tuple[str, str]]) -> None:
    body = b", ".join(words.phrase(name) + f" <{local}@b.example>".encode() for name, local in mailboxes)
    wanted = [(words.one_line(name).strip(" "), f"{local}@b.example") for name, local in mailboxes]
    assert [(name, str(one)) for name, one in address.parse_list(body)] == wanted


def test_parse_list_is_bounded() -> None:
    body = ", ".join(f"m{number}@example.com" for number in range(1200))
    assert len(address.parse_list(body)) == 1000
    assert len(address.parse_list(body, limit=3)) == 3
    assert len(address.parse_list("bad one@b.example, " + body, limit=3)) == 2
    assert len(address.parse_list("word " * 100 + "<a@b.example>", limit=3)) == 0
    assert len(address.parse_list("word " * 100 + "<a@b.example>", limit=10)) == 1
    assert address.parse_list(body, limit=0) == []


@pytest.mark.parametrize(
    "body",
    [
        "(" * 200_000,
        "<" * 100_000,
        '"' * 100_000,
        "[" * 100_000,
        "\\" * 100_000,
        "a " * 50_000,
        "@," * 50_000,
        ". " * 50_000,
    ],
)
def test_p7_a_hostile_list_takes_linear_time(body: str) -> None:
    started = time.process_time()
    assert address.parse_list(body) == []
    assert time.process_time() - started < 1.5
