"""The life of a member whose mail comes back: some days on which it is counted, a probe, no posts any more,
warnings, and the end; in the language of the list."""

import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import pytest

from mlcore.actions import bounce_history
from mlcore.lists.model import DeliveryStatus
from mlcore.store.bounce_history import Standing
from mlcore.store.bounces import BounceEvent
from mlcore.store.cache import MAX_AGE_S
from mlcore.store.engine import open_sync
from support.exchange import KeepingRelay, codes, mark, message, post
from support.japanese import english_in, is_japanese
from support.launch_ahead import AHEAD_S
from support.reports import report
from support.server import wait_until
from support.wrapped import WrappedServer

ANNE, BART, OLGA = "anne@example.jp", "bart@example.org", "olga@example.org"
LIST: Final = "ari@example.com"
_DAY_S: Final = 86_400
_NOON: Final = (time.time() // _DAY_S + 1.5) * _DAY_S
_COMMAND: Final = "set delivery on"
_SUBJECTS: Final = {
    "en": {
        "probe": "Ari mailing list probe message",
        "increment": f"{ANNE}'s bounce score incremented on Ari",
        "disable": f"{ANNE}'s subscription disabled on Ari",
        "warning": "Your subscription for Ari mailing list has been disabled",
        "goodbye": "You have been unsubscribed from the Ari mailing list",
        "removal": f"{ANNE} unsubscribed from Ari mailing list due to bounces",
    },
    "ja": {
        "probe": "メーリングリスト「蟻の会」からの配送確認",
        "increment": f"蟻の会：{ANNE} の配送エラーを記録しました",
        "disable": f"蟻の会：{ANNE} への配送を停止しました",
        "warning": "メーリングリスト「蟻の会」の配送が停止されています",
        "goodbye": "メーリングリスト「蟻の会」からの退会が完了しました",
        "removal": f"蟻の会：{ANNE} を配送エラーのため退会させました",
    },
}
_SAID: Final = {
    "en": {
        "probe": ("came back several times", "you need not do anything", ANNE),
        "increment": ("came back, and was counted", ANNE),
        "disable": ("posts are no longer sent", ANNE),
        "warning": ("no more posts are sent to you", "ari-request@example.com", _COMMAND, ANNE),
        "goodbye": ("no longer a member", ANNE, "ari-owner@example.com"),
        "removal": ("its membership has ended", ANNE),
    },
    "ja": {
        "probe": ("繰り返し配送エラー", "お手続きは必要ありません", ANNE),
        "increment": ("配送エラーとして記録", ANNE),
        "disable": ("の配送を停止しました", ANNE),
        "warning": ("投稿の配送を停止しています", "ari-request@example.com", _COMMAND, ANNE),
        "goodbye": ("退会しました", ANNE, "ari-owner@example.com"),
        "removal": ("メンバーから削除しました", ANNE),
    },
}


class Life:
    """A list and its next hop, and the server that has taken Anne's mail and returns what it wants to."""

    def __init__(self, server: WrappedServer, relay: KeepingRelay, language: str) -> None:
        self.server = server
        self.relay = relay
        self.language = language

    def on_day(self, day: float) -> None:
        """Starts the server, again if it runs, so many days after the first."""
        self.server.restart(**{AHEAD_S: str(_NOON + day * _DAY_S - time.time())})

    def send(self, token: str) -> None:
        """A post, which reaches those who still get posts."""
        octets = message(token, author=BART, to=LIST)
        assert codes(post(self.server.lmtp_port, octets, LIST, sender=BART)) == [250]
        self.relay.wait_copies(1, mark(token))
        self.server.wait_drained()

    def goes_back(self, octets: bytes) -> None:
        """What was sent comes back, with the words of a Japanese server and without a sender."""
        ((taken, _),) = self.relay.accepted(octets)
        answer = report("japanese-unknown").octets
        assert ANNE.encode() in answer
        assert codes(post(self.server.lmtp_port, answer, taken.reverse_path, sender="")) == [250]
        self.server.wait_drained()

    def fails(self, token: str) -> None:
        """A post to everybody, of which Anne's copy comes back."""
        self.send(token)
        assert self.relay.copies(mark(token))[ANNE] == 1
        self.goes_back(mark(token))

    def events(self) -> list[BounceEvent]:
        with open_sync(self.server.settings.database.url, read_only=True) as connection:
            return list(bounce_history.history(connection, ANNE).events)

    def effects(self) -> list[str]:
        return [one.effect for one in self.events()]

    def standing(self, address: str = ANNE) -> Standing | None:
        with open_sync(self.server.settings.database.url, read_only=True) as connection:
            found = bounce_history.history(connection, address).standings
        return found[0] if found else None

    def status(self) -> tuple[int, int, str] | None:
        """Score, warnings, delivery status; None: no member."""
        one = self.standing()
        return None if one is None else (one.score, one.warnings_sent, one.delivery_status.value)

    def mails(self, address: str) -> list[EmailMessage]:
        """What is not a post, in the order of its coming."""
        found = []
        for taken, octets in self.relay.accepted():
            if address in taken.recipients and b"\r\nThis is " not in octets:
                read = message_from_bytes(octets, policy=policy.default)
                assert isinstance(read, EmailMessage)
                found.append(read)
        return found

    def gets(self, address: str, *kinds: str) -> EmailMessage:
        """The last mail to an address, once these and no others have come."""
        subjects = [_SUBJECTS[self.language][kind] for kind in kinds]

        def come() -> list[str]:
            return [str(one["Subject"]) for one in self.mails(address)]

        wait_until(lambda: len(come()) >= len(kinds), 20.0, lambda: f"{come()}\n{self.server.tail()}")
        self.server.wait_drained()
        assert come() == subjects
        last = self.mails(address)[-1]
        self.read(last, kinds[-1])
        return last

    def read(self, mail: EmailMessage, kind: str) -> None:
        """It says what it has to, in the language of the list alone."""
        body = mail.get_body(("plain",))
        assert body is not None
        text = body.get_content().replace("\r\n", "\n")
        joined = " ".join(text.split()) if self.language == "en" else text.replace("\n", "")
        assert [words for words in _SAID[self.language][kind] if words not in joined] == [], text
        if self.language == "ja":
            assert body.get_content_charset() == "iso-2022-jp"
            assert is_japanese(text)
            assert english_in(text.replace(_COMMAND, "")) == []
        assert [part.defects for part in mail.walk() if part.defects] == []


@pytest.fixture(params=[pytest.param("en", marks=pytest.mark.soak), "ja"])
def life(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Life]:
    with (
        KeepingRelay() as relay,
        WrappedServer(tmp_path, module="support.launch_ahead", smtp_port=relay.port) as server,
    ):
        server.make_list(LIST, [ANNE, BART], owners=[OLGA])
        made = Life(server, relay, request.param)
        settings = [
            "bounce_score_threshold=3",
            "bounce_you_are_disabled_warnings=2",
            "bounce_you_are_disabled_warnings_interval=7d",
            "bounce_notify_owner_on_bounce_increment=yes",
        ]
        if made.language == "ja":
            settings += ["preferred_language=ja", "charset=iso-2022-jp", "display_name=蟻の会"]
        done = server.mlcore("settings", LIST, *settings)
        assert done.returncode == 0, done.stderr.decode()
        made.on_day(0)
        yield made
        assert server.events("crashed") == []
        assert server.stop() == 0
        assert server.spool() == {}


def to_the_probe(life: Life) -> EmailMessage:
    """Three days with failures; the probe."""
    life.fails("day 0")
    life.fails("day 0 again")
    assert life.effects() == ["counted", "same-day"]
    assert life.status() == (1, 0, "enabled")
    increment = life.gets(OLGA, "increment")
    assert [part.get_content_type() for part in increment.iter_parts()] == ["text/plain", "message/rfc822"]
    life.on_day(1)
    life.fails("day 1")
    assert life.status() == (2, 0, "enabled")
    assert life.mails(ANNE) == []
    life.on_day(2)
    life.fails("day 2")
    assert life.effects() == ["counted", "same-day", "counted", "probe-sent"]
    probe = life.gets(ANNE, "probe")
    # What anybody may have written is not carried to her.
    assert b"User unknown" not in bytes(probe)
    life.gets(OLGA, "increment", "increment")
    assert life.status() == (3, 0, "enabled")
    return probe


def to_the_first_warning(life: Life) -> None:
    """The probe comes back as well."""
    probe = to_the_probe(life)
    life.goes_back(f"Message-ID: {probe['Message-ID']}".encode())
    event = life.events()[-1]
    assert (event.effect, event.source, event.proof) == ("disabled", "probe", True)
    assert life.status() == (0, 0, "by_bounces")
    told = life.gets(OLGA, "increment", "increment", "disable")
    *_, attached = told.iter_parts()
    assert report("japanese-unknown").octets.splitlines()[-2] in bytes(attached)
    time.sleep(MAX_AGE_S + 0.1)  # as old may the members be that a post goes to
    life.send("without her")
    assert life.relay.copies(mark("without her")) == {BART: 1}
    life.on_day(2.1)
    life.gets(ANNE, "probe", "warning")
    assert life.status() == (0, 1, "by_bounces")


@pytest.mark.row("mail: probe")
@pytest.mark.row("mail: bounce_increment")
@pytest.mark.row("mail: bounce_disable")
@pytest.mark.row("mail: bounce_warning")
@pytest.mark.row("mail: bounce_removal")
@pytest.mark.row("attribute: bounce_score_threshold")
@pytest.mark.row("attribute: bounce_you_are_disabled_warnings")
@pytest.mark.row("attribute: bounce_you_are_disabled_warnings_interval")
def test_from_the_first_failure_to_the_end_of_the_membership(life: Life) -> None:
    to_the_first_warning(life)
    # What is on its way still comes back, and the server starts often: nobody hears of it.
    life.goes_back(mark("day 1"))
    assert life.effects()[-1] == "residual"
    life.on_day(9)
    assert life.status() == (0, 1, "by_bounces")
    life.on_day(9.2)
    life.gets(ANNE, "probe", "warning", "warning")
    assert life.status() == (0, 2, "by_bounces")
    life.on_day(16.3)
    life.gets(ANNE, "probe", "warning", "warning", "goodbye")
    assert life.status() is None
    told = life.gets(OLGA, "increment", "increment", "disable", "removal")
    assert not told.is_multipart()
    life.on_day(30)
    life.goes_back(mark("day 2"))
    life.send("the end")
    assert life.relay.copies(mark("the end")) == {BART: 1}
    assert len(life.mails(ANNE)) == 4
    assert len(life.mails(OLGA)) == 4
    assert len(life.events()) == 6, "who is no member any more is nobody's business"
    bart = life.standing(BART)
    assert bart is not None
    assert (bart.score, bart.last_bounce_at) == (0, None)
    assert life.mails(BART) == []


@pytest.mark.row("mail: bounce_warning")
def test_who_does_what_the_warning_says_gets_posts_again(life: Life) -> None:
    to_the_first_warning(life)
    octets = (
        f"From: {ANNE}\r\nTo: ari-request@example.com\r\nSubject: {_COMMAND}\r\n"
        "Message-ID: <again@example.jp>\r\n\r\n"
    ).encode()
    assert codes(post(life.server.lmtp_port, octets, "ari-request@example.com", sender=ANNE)) == [250]
    life.server.wait_drained()
    standing = life.standing()
    assert standing is not None
    assert (standing.score, standing.delivery_status) == (0, DeliveryStatus.ENABLED)
    time.sleep(MAX_AGE_S + 0.1)
    life.send("welcome back")
    assert life.relay.copies(mark("welcome back")) == {ANNE: 1, BART: 1}
    before = len(life.mails(ANNE))
    life.on_day(30)
    life.fails("much later")
    assert life.effects()[-1] == "stale-restart"
    standing = life.standing()
    assert standing is not None
    assert standing.score == 1
    life.gets(OLGA, "increment", "increment", "disable", "increment")
    assert len(life.mails(ANNE)) == before


@pytest.mark.row("mail: probe")
def test_a_probe_of_which_nothing_comes_back_forgives(life: Life) -> None:
    to_the_probe(life)
    life.on_day(12.5)
    wait_until(lambda: life.status() == (0, 0, "enabled"), 20.0, life.server.tail)
    assert len(life.mails(ANNE)) == 1
    assert len(life.mails(OLGA)) == 2
