"""command/: what a mail with commands comes to, and what its sender hears."""

import email
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any, Literal

import msgspec
import pytest
from sqlalchemy import Connection, func, select

from mlcore.actions import lists as list_actions
from mlcore.actions.subscriptions import Office
from mlcore.base import passwords
from mlcore.base.errors import StoreTrouble
from mlcore.lists import tokens
from mlcore.lists.addressing import SiteNames
from mlcore.lists.command_answers import Results
from mlcore.lists.model import Preferences, ResponseAction, Role, SubscriptionPolicy
from mlcore.lists.subscriptions import Lives
from mlcore.mail.envelope import Arrived, Command, Notice, Rendered
from mlcore.runners.command import Commands, purge_job
from mlcore.spool.entry import Entry
from mlcore.store import (
    addresses,
    command_results,
    held,
    lists,
    memberships,
    preferences,
    requests,
    users,
)
from mlcore.store.held import HeldPost
from mlcore.store.schema import automatic_mail
from mlcore.store.schema import command_results as command_results_table
from support.subscriptions import sent
from support.workshop import LIST_ID, POST, Workshop, failing, until

EVE, ANNE, OLGA = "eve@example.net", "anne@example.org", "olga@example.org"
TOKEN = "a" * 40
Kind = Literal["join", "leave", "confirm", "request", "owner", "discard"]


class Post:
    """A post office: the queue command with its runner."""

    def __init__(self, shop: Workshop) -> None:
        self.shop = shop
        self.queued = 0
        self.decided = 0
        self.names = SiteNames("mailman", "noreply", "root@example.com")
        self.trouble: Exception | None = None
        self.office = Office(shop.work.site_key, Lives())
        self.step = Commands(
            shop.work, self.office, lambda: self.names, queued=self._queued, decided=self._decided
        )
        shop.runner("command", self.step)

    def _queued(self) -> None:
        self.queued += 1

    async def _decided(self) -> None:
        self.decided += 1
        if self.trouble is not None:
            raise self.trouble

    async def mail(
        self,
        subject: str = "",
        text: str = "",
        *more: str,
        sender: str = EVE,
        command: Kind = "request",
        **envelope: Any,
    ) -> str:
        """Puts a mail into the queue."""
        fields = [f"From: Eve <{sender}>", f"Subject: {subject}", "Message-ID: <1@example.net>", *more]
        octets = "\r\n".join([*fields, "", text]).encode()
        given = {
            "list_id": LIST_ID,
            "recipient": f"ant-{command}@example.com",
            "command": command,
            "reverse_path": sender,
            "arrived_at": self.shop.clock.time(),
        }
        return await self.shop.put("command", Entry(Command(**{**given, **envelope}), (), octets))

    async def site_mail(self, *parts: str, **envelope: Any) -> str:
        given = {"list_id": "", "mail_host": "example.com", "recipient": "mailman@example.com"}
        return await self.mail(*parts, **{**given, **envelope})

    async def work(self) -> list[EmailMessage]:
        """Runs the queue empty; the answers that lie in virgin/ then."""
        self.shop.runner("command", self.step)  # one that has stopped does not begin again
        await self.shop.drain("command")
        await self.shop.spool.rest()
        return [self.answer(name) for name in self.shop.names("virgin")]

    def answer(self, name: str) -> EmailMessage:
        entry = self.shop.show("virgin", name).entry
        assert isinstance(entry.envelope, Notice)
        assert entry.envelope.reverse_path == ""
        read = email.message_from_bytes(entry.octets, policy=SMTP)
        assert read["Auto-Submitted"] == "auto-replied"
        assert read["To"] == ", ".join(entry.addresses)
        return read

    async def run(self, *parts: str, **more: Any) -> list[EmailMessage]:
        await self.mail(*parts, **more)
        return await self.work()

    async def rows(self) -> list[str]:
        return await self.shop.store.write(sent)

    def discarded(self) -> list[str]:
        return [values["reason"] for values in self.shop.log.named("discarded")]


@pytest.fixture
def post(shop: Workshop) -> Post:
    return Post(shop)


def text_of(answer: EmailMessage) -> str:
    return str(answer.get_content()).replace("\r\n", "\n")


async def kept(shop: Workshop, table: Any) -> int:
    return await shop.store.read(
        lambda conn: conn.execute(select(func.count()).select_from(table)).scalar_one()
    )


@pytest.mark.row("mail: results")
async def test_commands_are_answered_by_one_mail(shop: Workshop, post: Post) -> None:
    (answer,) = await post.run("", "echo\nlists\nfrobnicate\n")
    assert answer["Subject"] == "The results of your email commands"
    assert answer["To"] == EVE
    assert answer["From"] == "ant-bounces@example.com"
    assert answer["In-Reply-To"] == "<1@example.net>"
    text = text_of(answer)
    assert "- Results:\n\n    echo\n        Your mail has reached this list server.\n" in text
    assert "ant@example.com" in text
    assert "frobnicate" not in text
    assert "Lines that are not a command: 1" in text
    assert text.rstrip().endswith("- Done.")
    assert shop.files()["virgin"] == [f"{name}" for name in shop.names("virgin")]
    (line,) = shop.log.named("commands")
    assert (line["sender"], line["commands"], line["answer"]) == (EVE, "echo;lists", "results")
    assert await kept(shop, command_results_table) == 0


@pytest.mark.row("command: help")
async def test_help_explains_all_commands(post: Post) -> None:
    (answer,) = await post.run("help")
    text = text_of(answer)
    assert "ant-request@example.com" in text
    assert "subscribe" in text
    assert "$" not in text


async def test_a_sender_is_answered_in_his_language(shop: Workshop, post: Post) -> None:
    await shop.store.write(preferences.set_of_address, ANNE, Preferences(preferred_language="ja"))
    (answer,) = await post.run("help", sender=ANNE)
    assert "メーリングリスト" in text_of(answer)


async def test_p19_a_join_is_answered_by_the_question_alone(shop: Workshop, post: Post) -> None:
    for command in ("join", "request"):
        assert await post.run("join", command=command) == []
    assert await post.rows() == [f"confirm-join {EVE}"]
    assert post.queued == 2
    assert [line["answer"] for line in shop.log.named("commands")] == ["none", "none"]


async def test_a_token_in_the_address_confirms(shop: Workshop, post: Post) -> None:
    await post.run(command="join")
    (request,) = await shop.store.read(requests.rows)
    token = post.office.token(request)
    assert await post.run("Re: your confirmation", "yes", command="confirm", detail=token.upper()) == []
    found = await shop.store.read(memberships.on_list, LIST_ID, Role.MEMBER, [EVE])
    assert [one.address for one in found] == [EVE]
    assert await post.rows() == [f"welcome {EVE}"]
    (answer,) = await post.run(command="confirm", detail=token)
    assert "Confirmation token did not match" in text_of(answer)


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "List-Id: <x.example.org>",
        "Subject: Automatic reply: confirm",
    ],
)
@pytest.mark.parametrize("command", ["join", "leave", "request", "confirm"])
async def test_p18_a_program_is_not_answered_and_confirms_nothing(
    shop: Workshop, post: Post, field: str, command: Kind
) -> None:
    await post.run(command="join")
    (request,) = await shop.store.read(requests.rows)
    name, _, value = field.partition(": ")
    more = [] if name == "Subject" else [field]
    detail = post.office.token(request) if command == "confirm" else ""
    subject = value if name == "Subject" else "help"
    assert await post.run(subject, "", *more, command=command, detail=detail) == []
    assert post.discarded() == ["a program wrote it"]
    assert await shop.store.read(memberships.on_list, LIST_ID, Role.MEMBER, [EVE]) == []
    assert shop.files() == {}


async def test_p18_the_null_sender_confirms_nothing(shop: Workshop, post: Post) -> None:
    await post.run(command="join")
    (request,) = await shop.store.read(requests.rows)
    detail = post.office.token(request)
    assert await post.run(command="confirm", detail=detail, reverse_path="") == []
    assert await shop.store.read(memberships.on_list, LIST_ID, Role.MEMBER, [EVE]) == []


async def test_p18_our_own_addresses_get_no_answer(post: Post) -> None:
    for sender in ("ant@example.com", "ant-request@example.com", "mailman@example.com"):
        assert await post.run("help", sender=sender) == []


async def test_p18_mail_without_a_sender_is_discarded(shop: Workshop, post: Post) -> None:
    envelope = Command(
        list_id=LIST_ID,
        recipient="ant-join@example.com",
        command="join",
        reverse_path="<odd>",
        arrived_at=1.0,
    )
    await shop.put("command", Entry(envelope, (), b"Subject: x\r\n\r\n"))
    assert await post.work() == []
    assert post.discarded() == ["it has no valid sender"]


async def test_without_an_author_the_envelope_sender_is_answered(shop: Workshop, post: Post) -> None:
    envelope = Command(
        list_id=LIST_ID, recipient="x@example.com", command="request", reverse_path=EVE, arrived_at=1.0
    )
    await shop.put("command", Entry(envelope, (), b"Subject: echo\r\n\r\n"))
    (answer,) = await post.work()
    assert answer["To"] == EVE


async def test_p7_a_header_section_that_is_too_large_is_not_taken_apart(shop: Workshop, post: Post) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, max_header_bytes=1_000)
    assert await post.run("help", "", "X-Long: " + "x" * 2_000) == []
    assert post.discarded() == ["its header section is too large"]


async def test_p7_a_large_mail_is_read_from_its_beginning(post: Post) -> None:
    (answer,) = await post.run("", "echo\r\n" + "x" * 2_000_000)
    assert "has reached" in text_of(answer)


@pytest.mark.row("mail: no_more_today")
async def test_p19_after_ten_answers_there_is_one_notice(shop: Workshop, post: Post) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=2)
    for _ in range(5):
        await post.mail("echo")
        shop.clock.advance(1.0)
    answers = await post.work()
    assert sorted(answer["Subject"] for answer in answers) == [
        "Last autoresponse notification for today",
        "The results of your email commands",
        "The results of your email commands",
    ]
    assert [line["answer"] for line in shop.log.named("commands")].count("none") == 2


async def test_five_commands_at_most(post: Post) -> None:
    (answer,) = await post.run("", "echo\nshow\nwho\nlists\nhelp\nleave\njoin\n")
    assert "Commands that were too many for one mail: 2" in text_of(answer)
    assert await post.rows() == []


async def test_a_list_that_is_gone_sets_its_mail_aside(shop: Workshop, post: Post) -> None:
    name = await post.mail("help", list_id="bee.example.com")
    await post.work()
    assert shop.files() == {"shunt": [name]}


@pytest.mark.parametrize(
    "odd", [Arrived(list_id=LIST_ID, recipient="x@example.com", arrived_at=1.0), "owner"]
)
async def test_an_entry_of_another_stage_is_set_aside(shop: Workshop, post: Post, odd: Any) -> None:
    if odd == "owner":
        name = await post.mail(command="owner")
    else:
        name = await shop.put("command", Entry(odd, (), POST))
    await post.work()
    assert shop.files() == {"shunt": [name]}


# -- crashes ---------------------------------------------------------------------------------------------


async def test_a_step_that_is_done_again_does_nothing_twice(shop: Workshop, post: Post) -> None:
    """The disk fails once the commands were carried out."""

    def open_policy(conn: Connection) -> None:
        policy = list_actions.find(conn, LIST_ID)
        lists.change(
            conn,
            msgspec.structs.replace(
                policy, subscription_policy=SubscriptionPolicy.OPEN, send_welcome_message=False
            ),
        )
        users.ensure(conn, EVE, "", 1.0)
        addresses.verify(conn, EVE, 1.0)

    await shop.store.write(open_policy)
    await post.mail("", "join\nshow")
    fails = iter([True])
    with failing(
        shop.disk,
        lambda call, where, _: (
            OSError(5, "bad sector")
            if (call, where) == ("unlink", "command") and next(fails, False)
            else None
        ),
    ):
        (answer,) = await post.work()
    assert "You are now a member of this list." in text_of(answer)
    assert await kept(shop, automatic_mail) == 2  # the answer, and that he has joined by mail alone
    assert await kept(shop, command_results_table) == 0
    assert len(shop.log.named("commands")) == 1


async def test_results_that_a_crash_left_are_purged(shop: Workshop) -> None:
    now = shop.clock.time()
    await shop.store.write(command_results.put, "e1", Results(), now - 8 * 86_400)
    await shop.store.write(command_results.put, "e2", Results(), now)
    job = purge_job(shop.work)
    await job.do()
    assert await kept(shop, command_results_table) == 1


# -- held posts ------------------------------------------------------------------------------------------


async def hold(shop: Workshop, password: str = "") -> None:
    hash_ = passwords.hashed(password) if password else ""
    row = HeldPost(
        spool="here",
        entry="e.h",
        list_id=LIST_ID,
        sender=EVE,
        subject="offer",
        reasons=(),
        arrived_at=1.0,
        held_at=1.0,
        identity="x",
        token_hash=tokens.token_hash(TOKEN),
    )

    def write(conn: Connection) -> None:
        held.insert_if_absent(conn, row)
        policy = list_actions.find(conn, LIST_ID)
        lists.change(conn, msgspec.structs.replace(policy, moderator_password=hash_))

    await shop.store.write(write)


@pytest.mark.row("decision: reply with Approved")
@pytest.mark.row("decision: plain reply")
@pytest.mark.row("attribute: moderator_password")
@pytest.mark.row("command: confirm")
@pytest.mark.parametrize(
    ("parts", "decision", "said"),
    [
        (("Re: confirm " + TOKEN,), "discard", "The held message has been discarded."),
        (
            ("Re: confirm " + TOKEN, "", "Approved: open sesame"),
            "accept",
            "The held message has been accepted.",
        ),
        (
            ("Re: confirm " + TOKEN, "Approved: open sesame\r\n"),
            "accept",
            "The held message has been accepted.",
        ),
        (
            ("", f"Approved: open sesame\r\nconfirm {TOKEN}\r\n"),
            "accept",
            "The held message has been accepted.",
        ),
        (("Re: confirm " + TOKEN, "", "Approved: guess"), None, "Invalid Approved: password"),
    ],
)
async def test_a_reply_to_the_control_message_decides_about_a_held_post(
    shop: Workshop, post: Post, parts: tuple[str, ...], decision: str | None, said: str
) -> None:
    await hold(shop, "open sesame")
    (answer,) = await post.run(*parts, sender=OLGA)
    text = text_of(answer)
    assert said in text
    assert "sesame" not in text
    assert "guess" not in text
    (row,) = await shop.store.read(held.rows)
    assert row.decision == decision
    assert post.decided == (decision is not None)
    assert not any("sesame" in repr(event) for event in shop.log.events)


async def test_a_list_without_a_password_accepts_nothing_by_mail(shop: Workshop, post: Post) -> None:
    await hold(shop)
    (answer,) = await post.run("confirm " + TOKEN, "", "Approved: x", sender=OLGA)
    assert "Invalid Approved: password" in text_of(answer)


async def test_a_password_that_decides_about_nothing_is_not_compared(
    shop: Workshop, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a third of a second each time."""

    def never(*_: object) -> bool:
        raise AssertionError

    await hold(shop, "x")
    monkeypatch.setattr(passwords, "matches", never)
    for subject in ("confirm " + "b" * 40, "help"):
        await post.run(subject, "", "Approved: guess", sender=OLGA)
    assert len(shop.log.named("commands")) == 2


async def test_a_decision_that_cannot_be_carried_out_now_is_left_to_the_job(
    shop: Workshop, post: Post
) -> None:
    await hold(shop)
    post.trouble = StoreTrouble("down")
    (answer,) = await post.run("confirm " + TOKEN, sender=OLGA)
    assert "discarded" in text_of(answer)
    assert (await shop.store.read(held.rows))[0].decision == "discard"
    assert shop.names("command") == []


# -- the site --------------------------------------------------------------------------------------------


async def test_the_site_answers_help_and_lists(shop: Workshop, post: Post) -> None:
    await post.site_mail("", "help\nlists\njoin\n")
    (answer,) = await post.work()
    assert answer["From"] == "noreply@example.com"
    text = text_of(answer)
    assert "Mailing lists at example.com:" in text
    assert "        ant@example.com" in text
    assert "Send this command to the request address of a list." in text
    assert [line["list_id"] for line in shop.log.named("commands")] == [""]
    assert await post.rows() == []


async def test_p18_the_site_answers_no_address_of_its_own(shop: Workshop, post: Post) -> None:
    for sender in ("ant-request@example.com", "mailman-request@example.com"):
        await post.site_mail("help", sender=sender)
    await post.site_mail("help", "", "Precedence: bulk")
    assert await post.work() == []
    assert sorted(post.discarded()) == [
        "a program wrote it",
        *["it comes from an address of this site"] * 2,
    ]


async def test_p19_the_site_has_a_limit_too(shop: Workshop, post: Post) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=2)
    for _ in range(4):
        await post.site_mail("help")
    await post.site_mail("help", sender=ANNE)
    assert len(await post.work()) == 3
    assert post.discarded() == ["enough answers for today"] * 2
    shop.work.site = msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=0)
    await post.site_mail("help")
    assert len(await post.work()) == 4


async def test_p19_the_site_answers_a_mailbox_so_often_however_it_is_spelt(
    shop: Workshop, post: Post
) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=2)
    for number in range(4):
        await post.site_mail("help", sender=f"eve+{number}@example.net")
    assert len(await post.work()) == 2


async def test_p19_the_site_answers_no_more_than_a_hundred_mails_an_hour(
    shop: Workshop, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in the name of somebody else, who would get what a help command brings."""
    monkeypatch.setattr(post.step._answers._of_all, "_most", 3)
    for number in range(5):
        await post.site_mail("help", sender=f"victim{number}@example.net")
    assert len(await post.work()) == 3
    assert post.discarded() == ["enough answers for today"] * 2


async def test_an_answer_of_the_site_that_is_tried_again_counts_once(shop: Workshop, post: Post) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, max_autoresponses_per_day=1)
    await post.site_mail("help")
    fails = iter([True])
    with failing(
        shop.disk,
        lambda call, where, _: (
            OSError(5, "bad sector")
            if (call, where) == ("unlink", "command") and next(fails, False)
            else None
        ),
    ):
        assert len(await post.work()) == 1


@pytest.mark.parametrize("recipient", ["mailman@example.com", "mailman-owner@example.com"])
async def test_mail_to_the_site_owner_reaches_him_as_it_is(
    shop: Workshop, post: Post, recipient: str
) -> None:
    await post.site_mail("Help me", "Täglich\r\n", command="owner", recipient=recipient)
    await post.work()
    (name,) = shop.names("out")
    entry = shop.show("out", name).entry
    assert entry.addresses == ("root@example.com",)
    assert isinstance(entry.envelope, Rendered)
    assert entry.envelope.reverse_path == "mailman-bounces@example.com"
    assert (entry.envelope.list_id, entry.envelope.kind, entry.envelope.eight_bit) == ("", "owner", True)
    mark, _, rest = entry.octets.partition(b"\r\n")
    assert mark == b"Delivered-To: mailman@example.com"
    assert rest.startswith(b"From: Eve <eve@example.net>\r\nSubject: Help me\r\n")
    assert rest.endswith("Täglich\r\n".encode())


async def test_a_bounce_to_the_site_owner_reaches_him(shop: Workshop, post: Post) -> None:
    await post.site_mail("Undelivered", command="owner", reverse_path="")
    await post.work()
    assert len(shop.names("out")) == 1


@pytest.mark.parametrize(
    ("more", "reverse_path", "reason"),
    [
        (["Delivered-To: <x@y.example>"], EVE, ""),
        (["Delivered-To: Mailman@Example.com"], EVE, "it has been delivered to this address before"),
        (["Received: x"] * 51, EVE, "it has been through more than 50 hops"),
        ([], "mailman-bounces@example.com", "it comes from an address of the site itself"),
        ([], "mailman-bounces@example.org", ""),
        (["X-Long: " + "x" * 300_000], EVE, "The header section is larger than 262144 octets"),
    ],
)
async def test_p21_loops_over_the_site_owner_end(
    shop: Workshop, post: Post, more: list[str], reverse_path: str, reason: str
) -> None:
    await post.site_mail("x", "", *more, command="owner", reverse_path=reverse_path)
    await post.work()
    assert len(shop.names("out")) == (not reason)
    assert post.discarded() == [reason] * bool(reason)


@pytest.mark.parametrize("owner", ["", "ant@example.com", "noreply@example.com"])
async def test_p21_a_site_owner_who_is_nobody_gets_no_mail(shop: Workshop, post: Post, owner: str) -> None:
    shop.work.site = msgspec.structs.replace(shop.work.site, site_owner=owner)
    post.names = post.names._replace(owner=owner)
    if owner.startswith("noreply"):  # another name for the same mailbox, read by us
        post.names = post.names._replace(owner="")
        shop.work.site = msgspec.structs.replace(shop.work.site, site_owner="")
    await post.site_mail("x", command="owner")
    await post.work()
    assert shop.files() == {}
    assert post.discarded() == ["site_owner is nobody who could read it"]


@pytest.mark.parametrize("recipient", ["noreply@example.com", "mailman-bounces@example.com"])
async def test_what_nobody_reads_ends_with_a_log_line(shop: Workshop, post: Post, recipient: str) -> None:
    await post.site_mail("x", command="discard", recipient=recipient, reverse_path="")
    await post.work()
    assert shop.files() == {}
    (line,) = shop.log.named("discarded")
    assert (line["reason"], line["recipient"]) == ("nobody reads this address", recipient)


async def test_answers_go_out(shop: Workshop, post: Post) -> None:
    shop.all_runners()
    await post.mail("echo")
    await shop.drain("command", "virgin", "out")
    await until(lambda: shop.copies() == {EVE: 1})
    assert shop.files() == {}


# -- what the list answers by itself ------------------------------------------------------------------------


async def answering(shop: Workshop, action: ResponseAction) -> None:
    def change(conn: Connection) -> None:
        policy = lists.get(conn, LIST_ID)
        assert policy is not None
        words = "Write to $owneremail instead."
        lists.change(
            conn,
            msgspec.structs.replace(policy, autorespond_requests=action, autoresponse_request_text=words),
        )

    await shop.store.write(change)
    shop.work.cache.invalidate()


@pytest.mark.row("attribute: autorespond_requests")
async def test_a_list_answers_mail_to_request_and_does_what_it_says(shop: Workshop, post: Post) -> None:
    await answering(shop, ResponseAction.RESPOND_AND_CONTINUE)
    results, automatic = await post.run("echo")
    assert results["Subject"] == "The results of your email commands"
    assert automatic["Subject"] == 'Auto-response for your message to the "Ant" mailing list'
    assert text_of(automatic) == "Write to ant-owner@example.com instead.\n"
    assert [name.rpartition(".")[2] for name in shop.names("virgin")] == ["n1", "n9"]


@pytest.mark.row("attribute: autorespond_requests")
async def test_or_answers_and_does_not_read_it(shop: Workshop, post: Post) -> None:
    await answering(shop, ResponseAction.RESPOND_AND_DISCARD)
    (automatic,) = await post.run("leave", sender=ANNE)
    assert str(automatic["Subject"]).startswith("Auto-response")
    assert await post.rows() == []
    assert post.discarded() == ["the list answers such mail, and does not read it"]
    # within the time of grace too
    assert len(await post.run("leave", sender=ANNE)) == 1
    assert await post.rows() == []
    assert shop.names("command") == []


@pytest.mark.parametrize("command", ["join", "leave", "confirm"])
async def test_other_addresses_take_commands_all_the_same(shop: Workshop, post: Post, command: Kind) -> None:
    """Where mail to -request is not read, people must still be able to leave."""
    await answering(shop, ResponseAction.RESPOND_AND_DISCARD)
    sender = EVE if command == "join" else ANNE
    found = await post.run(command=command, sender=sender, detail=TOKEN if command == "confirm" else "")
    assert not any(str(answer["Subject"]).startswith("Auto-response") for answer in found)
    assert found or await post.rows()


async def test_p10_a_crash_before_the_end_answers_once(
    shop: Workshop, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answering(shop, ResponseAction.RESPOND_AND_CONTINUE)
    tries = 0
    advance = shop.spool.advance

    async def stumbling(*arguments: Any, **more: Any) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise StoreTrouble("down")
        await advance(*arguments, **more)

    monkeypatch.setattr(shop.spool, "advance", stumbling)
    found = await post.run("echo")
    assert tries == 2
    assert [str(one["Subject"]).partition(" ")[0] for one in found] == ["The", "Auto-response"]
