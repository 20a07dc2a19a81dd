import pytest

from mlcore.base.errors import DiskTrouble
from mlcore.ingress.commands import Mail
from mlcore.ingress.transaction import Transaction
from mlcore.lists.directory import Destination
from mlcore.mail.envelope import Arrived
from mlcore.mail.reply import LOCAL_TROUBLE, NO_SPACE, TOO_BIG
from support.ingress import FakeLog, services


def opened(log: FakeLog) -> Transaction:
    transaction = Transaction(services(log), "192.0.2.1", Mail("anne@example.org", smtputf8=True))
    for name in ("ant", "bee", "cat"):
        transaction.recipients.append((f"{name}@example.com", Destination(f"{name}.example.com", "post")))
    return transaction


def test_entries_share_prefix_and_octets() -> None:
    octets = b"Subject: x\r\n\r\n"
    entries = opened(FakeLog()).entries(octets)
    first = entries[0].name
    assert [new.name for new in entries] == [first, f"{first}-2", f"{first}-3"]
    assert all(new.entry.octets is octets for new in entries)
    assert entries[1].entry.envelope == Arrived(
        list_id="bee.example.com",
        recipient="bee@example.com",
        reverse_path="anne@example.org",
        arrived_at=1_700_000_000.0,
        smtputf8=True,
        peer="192.0.2.1",
    )


def test_p2_each_result_is_a_reply_in_order() -> None:
    log = FakeLog()
    transaction = opened(log)
    entries = transaction.entries(b"12345")
    replies = transaction.settle(entries, [DiskTrouble("write", full=True), None, DiskTrouble("fsync")])
    assert replies[0] == NO_SPACE
    assert replies[1].line() == f"250 2.0.0 Ok: queued as {entries[1].name}"
    assert replies[2] == LOCAL_TROUBLE
    assert log.of("queued") == [
        {
            "queue_id": entries[1].name,
            "queue": "in",
            "list_id": "bee.example.com",
            "size_bytes": 5,
            "reverse_path": "anne@example.org",
            "recipient": "bee@example.com",
        }
    ]
    assert [values["recipient"] for values in log.of("refused")] == ["ant@example.com", "cat@example.com"]


def test_p2_too_few_results_are_nobodys_acceptance() -> None:
    log = FakeLog()
    transaction = opened(log)
    with pytest.raises(ValueError, match="1 results for 3 entries"):
        transaction.settle(transaction.entries(b""), [None])
    assert log.of("queued") == []


def test_refuse_answers_everybody() -> None:
    log = FakeLog()
    assert opened(log).refuse(TOO_BIG) == [TOO_BIG] * 3
    assert len(log.of("refused")) == 3
