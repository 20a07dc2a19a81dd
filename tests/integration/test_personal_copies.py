"""Personal copies from LMTP to the relay and back: each member reads his own name, and leaves by the address
in his own copy."""

import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from mlcore.lists.model import Personalization
from mlcore.store import members
from mlcore.store.cache import MAX_AGE_S
from mlcore.store.engine import open_sync
from support.exchange import KeepingRelay, change_list, codes, mark, message, post
from support.server import RunningServer, wait_until

LIST_ID = "ant.example.com"
ANNE, BART, HANAKO = "anne@example.com", "bart@example.org", "hanako@example.jp"
PEOPLE = [f"Anne <{ANNE}>", BART, f"山田花子 <{HANAKO}>"]
FOOTER = "____\n$user_name_or_email, you get this as $user_email.\n"
PAGE = "https://lists.example.com/out"


@pytest.fixture
def relay() -> Iterator[KeepingRelay]:
    with KeepingRelay() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path, relay: KeepingRelay) -> Iterator[RunningServer]:
    config = {
        "mta": {"verp_personalized_deliveries": "yes"},
        "mailman": {"one_click_url": PAGE},
    }
    with RunningServer(tmp_path, smtp_port=relay.port, config=config) as made:
        made.make_list("ant", PEOPLE)
        footer = Path(made.settings.paths.template_dir, "site", "en", "list:member:regular:footer.txt")
        footer.write_text(FOOTER, "utf-8")
        change_list(made, LIST_ID, personalize=Personalization.FULL, send_goodbye_message=False)
        made.start()
        yield made


def _copies(relay: KeepingRelay, token: str) -> dict[str, tuple[str, EmailMessage]]:
    """Envelope sender and copy of each recipient."""
    found = {}
    for taken, octets in relay.accepted(mark(token)):
        made = message_from_bytes(octets, policy=policy.default)
        assert isinstance(made, EmailMessage)
        (recipient,) = taken.recipients
        found[recipient] = (taken.reverse_path, made)
    return found


@pytest.mark.row("attribute: personalize")
def test_each_member_gets_a_copy_of_his_own(relay: KeepingRelay, server: RunningServer) -> None:
    octets = message("first", to=f"ant@example.com, {BART}")
    assert codes(post(server.lmtp_port, octets)) == [250]
    assert relay.wait_copies(3, mark("first")) == {ANNE: 1, BART: 1, HANAKO: 1}
    found = _copies(relay, "first")

    names = {ANNE: "Anne", BART: BART, HANAKO: "山田花子"}
    for address, (sender, made) in found.items():
        lines = ["This is first.", "____", f"{names[address]}, you get this as {address}."]
        assert made.get_content().splitlines() == lines
        (to,) = made["To"].addresses
        assert (to.addr_spec, to.display_name) == (address, "" if address == BART else names[address])
        assert made["X-Mailman-Copy"] == ("yes" if address == BART else None)
        assert sender.startswith(f"ant-bounces+{address.replace('@', '=')}=")
        assert made["List-Unsubscribe"].startswith(f"<{PAGE}?list={LIST_ID}&address=")
        assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "ant@example.com" in str(made["Cc"])
    assert len({made["List-Unsubscribe"] for _, made in found.values()}) == 3
    assert len({sender for sender, _ in found.values()}) == 3

    # Bart answers to the address in his copy, and is gone without a question.
    way_out = found[BART][1]["List-Unsubscribe"].rpartition("<mailto:")[2].partition("?")[0]
    assert way_out.startswith("ant-leave+")
    asked = f"From: {BART}\r\nTo: {way_out}\r\nSubject: unsubscribe\r\nMessage-ID: <m@x>\r\n\r\n".encode()
    assert codes(post(server.lmtp_port, asked, way_out, sender=BART)) == [250]
    wait_until(lambda: _members(server) == {ANNE, HANAKO})
    # In another's name it is of no use.
    stolen = asked.replace(BART.encode(), ANNE.encode())
    assert codes(post(server.lmtp_port, stolen, way_out, sender=ANNE)) == [250]

    time.sleep(MAX_AGE_S + 0.1)  # as old may the members be that a post goes to
    assert codes(post(server.lmtp_port, message("second"))) == [250]
    assert relay.wait_copies(2, mark("second")) == {ANNE: 1, HANAKO: 1}
    server.wait_drained()
    assert server.spool() == {}
    assert _members(server) == {ANNE, HANAKO}


def _members(server: RunningServer) -> set[str]:
    with open_sync(server.settings.database.url) as connection:
        return {one.address for one in members.recipients(connection, LIST_ID)}
