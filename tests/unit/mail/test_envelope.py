"""`mail.envelope`: one record per stage, coded as tagged JSON."""

import msgspec
import pytest

from mlcore.mail.envelope import (
    Accepted,
    Arrived,
    Command,
    Envelope,
    Held,
    Notice,
    Rendered,
    Report,
    is_urgent,
    list_id_of,
)

_LIST = "ant.example.org"
_ARRIVED = Arrived(list_id=_LIST, recipient="Ant@example.org", arrived_at=1.5, reverse_path="a@b.example")
_RECORDS: list[Envelope] = [
    _ARRIVED,
    Held(arrived=_ARRIVED, reasons=("too big",)),
    Accepted(arrived=_ARRIVED, moderator_approved=True, approved_at=2.0),
    Rendered(list_id=_LIST, reverse_path="ant-bounces@example.org", arrived_at=1.5, number=7),
    Command(list_id=_LIST, recipient="ant-join@example.org", command="join", arrived_at=1.5),
    Report(list_id=_LIST, recipient="ant-bounces@example.org", detail="a=b.example", arrived_at=1.5),
]


@pytest.mark.parametrize("record", _RECORDS)
def test_a_record_comes_back_from_json_and_names_its_list(record: Envelope) -> None:
    again = msgspec.json.decode(msgspec.json.encode(record), type=Envelope)
    assert again == record
    assert list_id_of(again) == _LIST


def test_mail_of_the_site_names_no_list() -> None:
    assert list_id_of(Notice(kind="shunted", arrived_at=1.5)) == ""


def test_mail_to_an_address_of_the_site_names_no_list() -> None:
    record = Command(
        list_id="", recipient="mailman@example.org", command="owner", mail_host="example.org", arrived_at=1.5
    )
    assert msgspec.json.decode(msgspec.json.encode(record), type=Envelope) == record
    assert list_id_of(record) == ""


def test_a_command_written_before_there_were_addresses_of_the_site_is_read() -> None:
    old = (
        b'{"type":"command","list_id":"ant.example.org","recipient":"ant-join@example.org","command":"join",'
        b'"detail":"","reverse_path":"a@b.example","arrived_at":1.5,"smtputf8":false,"peer":"::1"}'
    )
    assert msgspec.json.decode(old, type=Envelope) == Command(
        list_id="ant.example.org",
        recipient="ant-join@example.org",
        command="join",
        reverse_path="a@b.example",
        arrived_at=1.5,
        peer="::1",
    )


def test_what_somebody_waits_for_is_urgent() -> None:
    notice = Notice(kind="confirm-join", arrived_at=1.0, urgent=True)
    assert is_urgent(notice)
    assert not is_urgent(msgspec.structs.replace(notice, urgent=False))
    rendered = Rendered(list_id="ant.example.com", reverse_path="", arrived_at=1.0, urgent=True)
    assert is_urgent(rendered)
    assert not is_urgent(Arrived(list_id="ant.example.com", recipient="a@b", arrived_at=1.0))
