"""Complaints (RFC 5965). What providers send stands in the corpus."""

from mlcore.mail import arf, mime
from mlcore.mail.fields import split
from mlcore.mail.report import Complaint


def read(*parts: str, head: str = "From: fbl@example.net") -> Complaint | None:
    octets = f'{head}\nContent-Type: multipart/report; boundary="b"\n\n'
    octets += "".join(f"--b\n{part}\n" for part in parts) + "--b--\n"
    return arf.read(mime.parse(*split(octets.replace("\n", "\r\n").encode())))


REPORT = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: anne@example.org\n"


def test_other_mail_is_none() -> None:
    assert read("Content-Type: text/plain\n\nHello") is None


def test_mail_of_outlook_that_is_no_complaint_is_none() -> None:
    assert read("Content-Type: text/plain\n\nHello", head="From: staff@hotmail.com\nSubject: Hello") is None


def test_a_complaint_without_the_mail() -> None:
    found = read(REPORT)
    assert found == Complaint(feedback_type="abuse", recipients=("anne@example.org",))


def test_a_complaint_whose_type_is_missing_is_one_about_abuse() -> None:
    found = read("Content-Type: message/feedback-report\n\nVersion: 1\n")
    assert found is not None
    assert found.feedback_type == "abuse"


def test_the_enclosed_mail_may_be_encoded() -> None:
    part = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
    part += "TWVzc2FnZS1JRDogPG9uZUBleGFtcGxlPg0KDQo=\n"
    found = read(REPORT, part)
    assert found is not None
    assert found.message_id == "<one@example>"


def test_a_thousand_recipients_are_the_most() -> None:
    many = "".join(f"Original-Rcpt-To: a{number}@example.org\n" for number in range(1_100))
    found = read(f"Content-Type: message/feedback-report\n\n{many}")
    assert found is not None
    assert len(found.recipients) == 1_000


def test_who_complains_and_who_does_not() -> None:
    assert arf.is_of_a_person(Complaint(feedback_type="abuse"))
    assert arf.is_of_a_person(Complaint(feedback_type="opt-out"))
    assert not arf.is_of_a_person(Complaint(feedback_type="not-spam"))


def test_outlook_encloses_the_mail_and_names_who_got_it_there() -> None:
    part = "Content-Type: message/rfc822\n\n"
    part += "X-HmXmrOriginalRecipient: anne@example.org\nMessage-ID: <one@example>\n"
    found = read(part, head="From: <staff@hotmail.com>\nSubject: complaint about message from 192.0.2.9")
    assert found == Complaint(
        feedback_type="abuse", recipients=("anne@example.org",), message_id="<one@example>"
    )
