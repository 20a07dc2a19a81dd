"""Mail about deliveries that failed."""

import msgspec
import pytest

from mlcore.lists.notices.bounces import REPORT_SHOWN, Evidence
from mlcore.lists.notices.letters import Person
from mlcore.mail import verp
from mlcore.mail.lines import is_clean
from support.letters import (
    ANNE,
    ANT,
    EVIDENCE,
    OWNERS,
    REPORT,
    TOKEN,
    WHEN,
    header,
    letter,
    message,
    text,
    writer,
)
from support.posts import policy

SITE_OWNER = "root@example.com"
OWNER = "ant-owner@example.com"
PROBE = f"ant-bounces+{TOKEN}@example.com"
WITH_REPORT = ("probe", "bounce_increment", "bounce_disable", "bounce_unrecognized", "complaint")
SAID = msgspec.structs.replace(EVIDENCE, report=b"")
ARGUMENTS = {
    "probe": (ANNE, TOKEN),
    "bounce_increment": (OWNERS, ANNE),
    "bounce_disable": (OWNERS, ANNE),
    "bounce_unrecognized": (OWNERS,),
    "complaint": (OWNERS, ANNE),
}


@pytest.mark.parametrize(
    ("method", "kind", "subject"),
    [
        pytest.param(
            "bounce_increment",
            "bounce-increment",
            "Anne@Example.org's bounce score incremented on Ant lovers",
            marks=[
                pytest.mark.row("mail: bounce_increment"),
                pytest.mark.row("template: list:admin:notice:increment"),
            ],
            id="increment",
        ),
        pytest.param(
            "bounce_disable",
            "bounce-disable",
            "Anne@Example.org's subscription disabled on Ant lovers",
            marks=[
                pytest.mark.row("mail: bounce_disable"),
                pytest.mark.row("template: list:admin:notice:disable"),
            ],
            id="disable",
        ),
        pytest.param(
            "bounce_removal",
            "bounce-removal",
            "Anne@Example.org unsubscribed from Ant lovers mailing list due to bounces",
            marks=[
                pytest.mark.row("mail: bounce_removal"),
                pytest.mark.row("template: list:admin:notice:removal"),
            ],
            id="removal",
        ),
        pytest.param(
            "bounce_unrecognized",
            "bounce-unrecognized",
            "Uncaught bounce notification",
            marks=[
                pytest.mark.row("mail: bounce_unrecognized"),
                pytest.mark.row("template: list:admin:notice:unrecognized"),
            ],
            id="unrecognized",
        ),
        pytest.param(
            "complaint",
            "complaint",
            "Anne@Example.org has complained about mail of Ant lovers",
            marks=pytest.mark.row("mail: complaint"),
            id="complaint",
        ),
    ],
)
def test_owners_are_told(method: str, kind: str, subject: str) -> None:
    written = letter(method)
    assert (written.kind, written.recipients, written.list_id) == (kind, OWNERS, "ant.example.com")
    assert written.reverse_path == "ant-bounces@example.com"
    assert (header(written, "From"), header(written, "To")) == (SITE_OWNER, OWNER)
    assert header(written, "Subject") == subject
    assert header(written, "Precedence") == "bulk"
    assert header(written, "Auto-Submitted") == "auto-generated"
    if method != "bounce_unrecognized":
        assert "    Anne Person <Anne@Example.org>\n" in text(written)


@pytest.mark.row("mail: probe")
@pytest.mark.row("template: list:user:notice:probe")
def test_a_probe_comes_back_to_its_own_address() -> None:
    written = letter("probe")
    assert (written.kind, written.recipients) == ("probe", ("Anne@Example.org",))
    assert written.reverse_path == PROBE == verp.probe("ant", "example.com", TOKEN)
    assert (header(written, "From"), header(written, "To")) == (PROBE, "Anne@Example.org")
    assert header(written, "Subject") == "Ant lovers mailing list probe message"
    assert header(written, "Precedence") is None
    assert header(written, "Auto-Submitted") == "auto-generated"
    assert "Anne@Example.org" in text(written)


def test_a_probe_of_a_list_with_a_long_name_has_a_sender_that_servers_take() -> None:
    """RFC 5321 4.5.3.1.1: 64 octets before the @. What refuses the sender would look like a dead address."""
    for length, is_own in ((15, True), (16, True), (23, True), (24, False)):
        name = "a" * length
        about = policy(list_name=name, list_id=f"{name}.example.com")
        written = writer().probe(about, ANNE, TOKEN, None, **WHEN)
        own = verp.probe(name, "example.com", TOKEN)
        assert (written.reverse_path == own) is is_own
        assert len(written.reverse_path.partition("@")[0]) <= 64
        assert header(written, "From") == written.reverse_path


@pytest.mark.row("mail: bounce_warning")
@pytest.mark.row("template: list:user:notice:warning")
def test_a_member_is_warned() -> None:
    written = letter("bounce_warning")
    assert (written.kind, written.recipients) == ("bounce-warning", ("Anne@Example.org",))
    assert written.reverse_path == header(written, "From") == "ant-bounces@example.com"
    assert header(written, "To") == "Anne@Example.org"
    assert header(written, "Subject") == "Your subscription for Ant lovers mailing list has been disabled"
    said = text(written)
    for shown in (
        "    Anne@Example.org\n",
        "    ant-request@example.com\n",
        f"    {OWNER}\n",
        "set delivery on",
    ):
        assert shown in said


@pytest.mark.parametrize("method", ["probe", "bounce_warning"])
def test_a_member_is_written_to_in_his_language(method: str) -> None:
    hana = Person("hana@example.org", "", "ja", member=True)
    given = (hana, TOKEN, None) if method == "probe" else (hana,)
    assert "メーリングリスト" in text(getattr(writer(), method)(ANT, *given, **WHEN))


# -- what tells of the failure ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", WITH_REPORT)
def test_the_report_is_attached(method: str) -> None:
    _, report = message(letter(method)).get_payload()
    assert report.get_content_type() == "message/rfc822"
    assert report.get_payload(0).as_bytes().replace(b"\n", b"\r\n") == REPORT


@pytest.mark.parametrize("method", WITH_REPORT)
def test_without_a_report_it_is_said_what_is_known(method: str) -> None:
    written = getattr(writer(), method)(ANT, *ARGUMENTS[method], SAID, **WHEN)
    _, said = message(written).get_payload()
    assert said.get_content_type() == "text/plain"
    assert said.get_payload() == (
        "Address: Anne@Example.org\r\nTime: Tue, 14 Nov 2023 22:13:20 +0000\r\nStatus: 5.1.1\r\n"
        "Answer of the server: 550 no such mailbox\r\n"
    )


@pytest.mark.parametrize("method", WITH_REPORT)
def test_nothing_is_attached_where_nothing_is_known(method: str) -> None:
    written = getattr(writer(), method)(ANT, *ARGUMENTS[method], None, **WHEN)
    assert not message(written).is_multipart()


def test_what_is_not_known_is_left_out() -> None:
    evidence = Evidence(address="anne@example.org")
    _, said = message(writer().probe(ANT, ANNE, TOKEN, evidence, **WHEN)).get_payload()
    assert [line.partition(":")[0] for line in said.get_payload().splitlines()] == ["Address", "Time"]


def test_p9_a_hostile_answer_is_one_line() -> None:
    evidence = msgspec.structs.replace(SAID, diagnostic="550 no\r\nBcc: x@example.net\x1b[2J" + "x" * 600)
    _, said = message(writer().bounce_increment(ANT, OWNERS, ANNE, evidence, **WHEN)).get_payload()
    assert len(said.get_payload().splitlines()) == 4
    assert "\x1b" not in said.get_payload()
    assert len(said.get_payload()) < 700


def test_of_a_long_report_whole_lines_are_attached() -> None:
    long = REPORT + b"0123456789\r\n" * 10_000
    written = writer().bounce_unrecognized(ANT, OWNERS, Evidence(report=long), **WHEN)
    _, report = message(written).get_payload()
    shown = report.get_payload(0).get_payload()
    assert REPORT_SHOWN - 200 < len(shown) <= REPORT_SHOWN
    assert shown.splitlines()[-1] == "0123456789"


def test_p4_bare_line_ends_of_a_report_are_mended() -> None:
    written = writer().bounce_unrecognized(ANT, OWNERS, Evidence(report=b"a: b\n\nx\ry\0\n.\n"), **WHEN)
    assert is_clean(written.octets)


def test_p19_a_name_is_not_in_the_subject() -> None:
    pills = Person("zed@example.net", "Cheap pills", member=True)
    for method in ("bounce_increment", "bounce_disable", "complaint"):
        written = getattr(writer(), method)(ANT, OWNERS, pills, None, **WHEN)
        assert "pills" not in (header(written, "Subject") or "")
        assert "Cheap pills <zed@example.net>" in text(written)


def test_a_complaint_says_what_followed() -> None:
    gone = Person("anne@example.org")
    nobody = Person("")
    assert "it is no member any" in text(writer().complaint(ANT, OWNERS, gone, None, **WHEN))
    assert "nothing proves" in text(letter("complaint"))
    written = writer().complaint(ANT, OWNERS, nobody, None, **WHEN)
    assert "nothing proves" in text(written)
    assert "    (nobody in particular)\n" in text(written)
    assert header(written, "Subject") == "(nobody in particular) has complained about mail of Ant lovers"


def test_without_a_site_owner_the_list_writes() -> None:
    alone = writer(site_owner="")
    for method in ("bounce_increment", "bounce_unrecognized", "complaint"):
        assert header(letter(method, by=alone), "From") == OWNER


def test_a_probe_has_the_delimiter_of_the_site() -> None:
    """With a plus sign it never came back to a site that has another, and each probe counted as arrived."""
    assert letter("probe", by=writer(delimiter="=")).reverse_path == PROBE.replace("+", "=")
