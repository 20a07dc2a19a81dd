"""Delivery status notifications (RFC 3464, 6533). What servers send stands in the corpus."""

import pytest

from mlcore.mail import dsn, mime
from mlcore.mail.fields import split
from mlcore.mail.report import Recognised


def read(*groups: str, kind: str = "message/delivery-status") -> Recognised | None:
    octets = f"Content-Type: {kind}\n\n" + "\n".join(groups)
    return dsn.read(mime.parse(*split(octets.replace("\n", "\r\n").encode())))


def group(address: str = "anne@example.org", action: str = "failed", *more: str) -> str:
    return "\n".join((f"Final-Recipient: rfc822; {address}", f"Action: {action}", *more, ""))


def found(*groups: str) -> Recognised:
    result = read(*groups)
    assert result is not None
    return result


def test_a_message_without_a_status_is_none() -> None:
    assert read(group(), kind="text/plain") is None


def test_a_status_without_recipients_tells_nothing() -> None:
    assert found("Reporting-MTA: dns; x\n").kind == "unknown"


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("failed", "failure"),
        ("Failed (unknown recipient)", "failure"),
        ("error", "failure"),
        ("delayed", "delayed"),
        ("delivered", "success"),
        ("relayed", "success"),
        ("expanded", "success"),
        ("wondered", "unknown"),
    ],
)
def test_the_action_decides(action: str, kind: str) -> None:
    assert found(group(action=action)).kind == kind


@pytest.mark.parametrize(
    ("status", "kind"), [("5.1.1", "failure"), ("4.2.2", "delayed"), ("2.0.0", "success"), ("x", "unknown")]
)
def test_without_one_the_class_of_the_status_does(status: str, kind: str) -> None:
    assert found(f"Final-Recipient: rfc822; anne@example.org\nStatus: {status}\n").kind == kind


def test_a_failure_outweighs_a_delay_of_the_same_address() -> None:
    result = found(group(action="delayed"), group(), group(action="delayed"))
    assert [each.permanent for each in result.findings] == [True]
    assert result.kind == "failure"


def test_the_envelope_id_is_told() -> None:
    assert found("Original-Envelope-Id: e 1\n", group()).envid == "e 1"


def test_the_type_of_a_diagnostic_is_no_part_of_it() -> None:
    (one,) = found(group("anne@example.org", "failed", "Diagnostic-Code: X-Postfix; no route")).findings
    assert one.diagnostic == "no route"
    (other,) = found(group("anne@example.org", "failed", "Diagnostic-Code: no route; gave up")).findings
    assert other.diagnostic == "no route; gave up"


def test_the_actual_recipient_is_the_last_resort() -> None:
    more = "X-Actual-Recipient: rfc822; anne@example.org"
    (one,) = found(group("x", "failed", more)).findings
    assert one.address == "anne@example.org"


def test_at_most_a_thousand_are_collected() -> None:
    result = found(*(group(f"a{number}@example.org") for number in range(1_100)))
    assert len(result.findings) == 1_000


def test_a_diagnostic_is_one_clean_line() -> None:
    (one,) = found(
        group("anne@example.org", "failed", "Diagnostic-Code: smtp; 550\x07 no\n\tsuch\x00 user")
    ).findings
    assert one.diagnostic == "550 no such user"


def test_a_failure_of_no_address_of_mail_is_still_one() -> None:
    result = found("Final-Recipient: x400; /S=Anne\nAction: failed\n")
    assert (result.kind, result.findings) == ("failure", ())
