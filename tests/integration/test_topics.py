"""Topics from their definition to the copies: only those who want a topic get its posts."""

from pathlib import Path

import pytest

from mlcore.store import memberships, topic_choices
from mlcore.store.engine import open_sync
from support.exchange import KeepingRelay, mark, message, post
from support.server import RunningServer

ANT = "ant@example.com"
ANNE, BART, CATE = "anne@example.com", "bart@example.org", "cate@example.net"


@pytest.mark.row("attribute: topics")
@pytest.mark.row("attribute: topics_enabled")
def test_posts_go_to_those_who_want_their_topics(tmp_path: Path) -> None:
    with KeepingRelay() as relay, RunningServer(tmp_path, smtp_port=relay.port) as server:
        server.make_list("ant", [ANNE, BART, CATE], plain=False)
        server.start()
        for command in (
            ("topics", ANT, "add", "Tea", r"\btea\b"),
            ("topics", ANT, "add", "Ants", "^ants"),
            ("settings", ANT, "topics_enabled=yes"),
        ):
            assert server.mlcore(*command).returncode == 0
        _choose(server, BART, "Tea")
        _choose(server, CATE, "Ants", nonmatching=True)

        for token, subject in (("first", "Tea at four"), ("second", "Ants"), ("third", "Coffee")):
            (reply,) = post(server.lmtp_port, message(token, subject=subject))
            assert reply.code == 250
        assert relay.wait_copies(2, mark("first")).keys() == {ANNE, BART}
        assert relay.wait_copies(2, mark("second")).keys() == {ANNE, CATE}
        assert relay.wait_copies(2, mark("third")).keys() == {ANNE, CATE}
        ((_, tea),) = relay.accepted(mark("first"))
        assert b"\r\nX-Topics: Tea\r\n" in tea

        assert server.mlcore("topics", ANT, "remove", "Ants").returncode == 0
        post(server.lmtp_port, message("fourth", subject="Tea again"))
        assert relay.wait_copies(3, mark("fourth")).keys() == {ANNE, BART, CATE}
        server.wait_drained()
        assert server.spool() == {}


def _choose(server: RunningServer, address: str, *names: str, nonmatching: bool = False) -> None:
    with open_sync(server.settings.database.url) as connection:
        (found,) = memberships.memberships_of_address(connection, address)
        topic_choices.set_of_member(connection, found.member_id, names)
        memberships.change(connection, found.member_id, nonmatching_topics=nonmatching)
