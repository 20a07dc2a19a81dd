"""What a list answers by itself: once, to people, and never to itself."""

import email
from email.message import EmailMessage
from email.policy import default
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.base.errors import StoreTrouble
from mlcore.lists.autoresponse import Kind
from mlcore.lists.model import ListPolicy, ResponseAction
from mlcore.lists.notices.letters import Letter
from mlcore.mail.fields import split
from mlcore.runners import replybot
from mlcore.runners.letters import notice_child
from mlcore.runners.replybot import Replybot, purge_job
from mlcore.spool.claim import Claim
from mlcore.store import lists
from mlcore.store.schema import autoresponses
from support.texts import texts
from support.workshop import LIST_ID, Workshop

ZED = "zed@example.net"
WORDS = "Mail to $display_name is read on Mondays; ask $requestemail or $owneremail."
DAY = 86_400.0
CONTINUE = ResponseAction.RESPOND_AND_CONTINUE


class Bot:
    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.bot = Replybot(shop.work)
        self.policy = ListPolicy(list_id="", list_name="", mail_host="", display_name="")
        self.claim: Claim | None = None

    async def set(self, **settings: Any) -> None:
        def change(conn: Connection) -> ListPolicy:
            policy = lists.get(conn, LIST_ID)
            assert policy is not None
            changed = msgspec.structs.replace(policy, **settings)
            lists.change(conn, changed)
            return changed

        self.policy = await self.shop.store.write(change)

    async def take(self) -> Claim:
        """A new entry of in/."""
        name = await self.shop.post()
        assert self.shop.spool.queues["in"].take_this(name)
        self.claim = await self.shop.spool.claim("in", name)
        assert self.claim is not None
        return self.claim

    async def ask(
        self,
        *lines: str,
        kind: Kind = "owner",
        sender: str = f"Zed <{ZED}>",
        reverse_path: str = ZED,
        claim: Claim | None = None,
    ) -> tuple[Letter | None, bool]:
        head = [f"From: {sender}", "Subject: Buy", "Message-ID: <9@example.net>", *lines]
        fields, _ = split("".join(f"{line}\r\n" for line in head).encode())
        claim = claim or await self.take()
        return await self.bot.answer(claim, self.policy, kind, fields, reverse_path, self.shop.clock.time())

    async def answered(self, *lines: str, **more: Any) -> bool:
        letter, _ = await self.ask(*lines, **more)
        return letter is not None


@pytest.fixture
async def bot(shop: Workshop) -> Bot:
    """Of a list that answers mail to its owners, and to -request."""
    bot = Bot(shop)
    await bot.set(
        autorespond_owner=CONTINUE,
        autoresponse_owner_text=WORDS,
        autorespond_requests=ResponseAction.RESPOND_AND_DISCARD,
        autoresponse_request_text="Nobody reads this.",
    )
    return bot


def read(letter: Letter | None) -> EmailMessage:
    assert letter is not None
    found = email.message_from_bytes(letter.octets, policy=default)
    assert isinstance(found, EmailMessage)
    return found


@pytest.mark.row("mail: autoresponse")
@pytest.mark.row("attribute: autorespond_owner")
@pytest.mark.row("attribute: autoresponse_owner_text")
async def test_the_list_answers_in_its_own_words(bot: Bot) -> None:
    letter, ends = await bot.ask()
    found = read(letter)
    assert not ends
    assert letter is not None
    assert (letter.kind, letter.recipients, letter.reverse_path) == ("autoresponse", (ZED,), "")
    assert found["Subject"] == 'Auto-response for your message to the "Ant" mailing list'
    assert (found["From"], found["To"]) == ("ant-bounces@example.com", ZED)
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["Precedence"] == "bulk"
    assert (found["X-Mailer"], found["X-Ack"]) == ("mlcore", "No")
    assert found["In-Reply-To"] == "<9@example.net>"
    assert found.get_content().replace("\r\n", "\n") == (
        "Mail to Ant is read on Mondays; ask ant-request@example.com or\nant-owner@example.com.\n"
    )


@pytest.mark.row("attribute: autorespond_postings")
@pytest.mark.row("attribute: autoresponse_postings_text")
@pytest.mark.row("attribute: autorespond_requests")
@pytest.mark.row("attribute: autoresponse_request_text")
@pytest.mark.parametrize(
    ("kind", "action", "setting", "text"),
    [
        ("owner", "autorespond_owner", "autoresponse_owner_text", "To the owners."),
        ("postings", "autorespond_postings", "autoresponse_postings_text", "To all."),
        ("requests", "autorespond_requests", "autoresponse_request_text", "To the program."),
    ],
)
async def test_each_kind_has_its_own_switch_and_words(
    bot: Bot, kind: Kind, action: str, setting: str, text: str
) -> None:
    off = dict.fromkeys(
        ("autorespond_owner", "autorespond_postings", "autorespond_requests"), ResponseAction.NONE
    )
    await bot.set(**off)
    assert await bot.ask(kind=kind) == (None, False)
    await bot.set(**{**off, action: CONTINUE, setting: text})
    letter, ends = await bot.ask(kind=kind)
    assert (read(letter).get_content().strip(), ends) == (text, False)
    await bot.set(**{action: ResponseAction.RESPOND_AND_DISCARD})
    letter, ends = await bot.ask(kind=kind, sender="bo@example.net")
    assert (letter is not None, ends) == (True, True)
    # the mail ends there whether it is answered or not
    assert await bot.ask("Precedence: bulk", kind=kind) == (None, True)
    assert await bot.ask(kind=kind, sender="bo@example.net") == (None, True)


async def test_p19_nothing_of_the_mail_is_repeated(bot: Bot) -> None:
    letter, _ = await bot.ask("Comments: Cheap pills", sender=f"Cheap pills <{ZED}>")
    assert letter is not None
    assert b"pills" not in letter.octets
    assert b"Buy" not in letter.octets


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        (("Auto-Submitted: auto-generated",), {}),
        (("Precedence: list",), {}),
        (("X-Ack: no",), {}),
        (("List-Id: <x.example.org>",), {}),
        ((), {"reverse_path": ""}),
        ((), {"sender": "ant@example.com"}),
        ((), {"sender": "ANT-request@Example.com"}),
        ((), {"sender": "noreply@example.com"}),
        ((), {"sender": "nobody", "reverse_path": "not an address"}),
    ],
)
async def test_p18_who_gets_no_answer(bot: Bot, lines: tuple[str, ...], more: dict[str, Any]) -> None:
    assert not await bot.answered(*lines, **more)


async def test_without_an_author_the_envelope_sender_is_answered(bot: Bot) -> None:
    letter, _ = await bot.ask(sender="nobody")
    assert letter is not None
    assert letter.recipients == (ZED,)


# -- how often -------------------------------------------------------------------------------------------


@pytest.mark.row("attribute: autoresponse_grace_period")
async def test_nobody_gets_it_twice_within_the_time_of_grace(shop: Workshop, bot: Bot) -> None:
    await bot.set(autoresponse_grace_period=int(7 * DAY))
    assert await bot.answered()
    for _ in range(6):
        shop.clock.advance(DAY)
        assert not await bot.answered()
    assert await bot.answered(sender="bo@example.net")
    shop.clock.advance(DAY)
    assert await bot.answered()


async def test_all_spellings_of_a_mailbox_are_one(bot: Bot) -> None:
    assert await bot.answered()
    assert not await bot.answered(sender="ZED+list@Example.net")


async def test_other_kinds_have_a_grace_of_their_own(bot: Bot) -> None:
    assert await bot.answered()
    assert await bot.answered(kind="requests")
    assert not await bot.answered(kind="requests")


async def test_whoever_asks_for_it_is_answered_again(bot: Bot) -> None:
    assert await bot.answered()
    assert not await bot.answered()
    assert await bot.answered("X-Ack: yes")
    assert await bot.answered("X-Ack: yes", "Precedence: bulk")


@pytest.mark.row("attribute: autoresponse_grace_period")
async def test_p19_without_grace_there_is_a_limit_all_the_same(shop: Workshop, bot: Bot) -> None:
    """Anybody can write in the name of another, and say that he wants an answer in any case."""
    await bot.set(autoresponse_grace_period=0)
    most = shop.work.site.max_autoresponses_per_day
    for lines in ((), ("X-Ack: yes",)):
        found = [await bot.answered(*lines, sender=f"{len(lines)}@example.net") for _ in range(most + 3)]
        assert found.count(True) == most
    shop.clock.advance(DAY)
    assert await bot.answered(sender="0@example.net")
    shop.work.site = msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=0)
    assert all([await bot.answered(sender="0@example.net") for _ in range(most + 3)])


async def test_p19_strangers_together_have_a_limit(
    shop: Workshop, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.actions.quotas.ANSWERS_PER_LIST_AND_HOUR", 3)
    found = [await bot.answered(sender=f"{number}@example.net") for number in range(5)]
    assert found == [True, True, True, False, False]
    shop.clock.advance(3_601)
    assert await bot.answered(sender="5@example.net")


async def test_p10_the_same_entry_has_the_same_answer(bot: Bot) -> None:
    letter, _ = await bot.ask()
    again, _ = await bot.ask(claim=bot.claim)
    assert letter is not None
    assert again == letter
    assert not await bot.answered()


async def test_p10_the_letter_is_a_child_of_its_entry(shop: Workshop, bot: Bot) -> None:
    letter, _ = await bot.ask()
    claim = bot.claim
    assert letter is not None
    assert claim is not None
    child = notice_child(shop.work, claim, letter, replybot.NUMBER)
    assert (child.queue, child.name) == ("virgin", f"{claim.name}.n9")
    assert f"<{child.name}@example.com>".encode() in letter.octets
    await shop.spool.advance(claim, [child])
    assert shop.names("virgin") == [child.name]


async def test_p15_database_trouble_is_no_answer_yet(
    shop: Workshop, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = await bot.take()

    def fail(*_: object) -> Any:
        raise StoreTrouble("down")

    with monkeypatch.context() as patch:
        patch.setattr(shop.store, "write", fail)
        with pytest.raises(StoreTrouble):
            await bot.ask(claim=claim)
    assert await bot.answered(claim=claim)


async def test_in_the_language_of_the_list(shop: Workshop, bot: Bot) -> None:
    shop.work.texts = texts()
    await bot.set(preferred_language="ja", autoresponse_owner_text="$display_name のご案内です。")
    found = read((await bot.ask())[0])
    assert "自動応答" in found["Subject"]
    assert found.get_content().strip() == "Ant のご案内です。"


async def test_p9_hostile_words_of_a_list(bot: Bot) -> None:
    await bot.set(autoresponse_owner_text="one\r\n.\r\n\x00\x1b[2Jtwo\n\n    " + "x" * 5_000)
    letter, _ = await bot.ask()
    assert letter is not None
    assert b"\x1b" not in letter.octets
    assert b"\x00" not in letter.octets


async def test_what_is_over_is_forgotten(shop: Workshop, bot: Bot) -> None:
    async def rows() -> int:
        return await shop.store.read(
            lambda conn: conn.execute(select(func.count()).select_from(autoresponses)).scalar_one()
        )

    await bot.set(autoresponse_grace_period=int(7 * DAY))
    await bot.ask()
    job = purge_job(shop.work)
    shop.clock.advance(7 * DAY)
    await job.do()
    assert await rows() == 1
    shop.clock.advance(DAY)
    await job.do()
    assert await rows() == 0
