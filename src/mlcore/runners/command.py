"""command/: mail to -request, -join, -leave and -confirm of a list, and to the addresses of the site.

What a mail asks for is read, carried out in one transaction under the name of its entry, and answered by one
mail, if an answer is due."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from mlcore.actions import held, mail_commands
from mlcore.actions.members import Person as Somebody
from mlcore.actions.subscriptions import Office
from mlcore.base import passwords
from mlcore.base.errors import LocalTrouble
from mlcore.base.ids import root_of
from mlcore.lists import command_answers, placeholders, robots
from mlcore.lists.addressing import SiteNames, site_candidate
from mlcore.lists.approved import take_out
from mlcore.lists.command_answers import Results
from mlcore.lists.command_requests import Confirm, name_of
from mlcore.lists.commands import LARGEST, Limits, Parsed, parse
from mlcore.lists.draft import Draft
from mlcore.lists.model import ListPolicy
from mlcore.lists.notices.letters import Answered, Letter, Person
from mlcore.lists.rules.header_limits import too_large
from mlcore.lists.subscriptions import ANSWERS_PER_LIST_AND_HOUR, HOUR_S, mailbox_key
from mlcore.mail import message_id
from mlcore.mail.envelope import Command, Rendered
from mlcore.mail.fields import Fields, header_size, join, split
from mlcore.mail.lines import has_8bit, normalise
from mlcore.runners import replybot
from mlcore.runners.budget import Budget
from mlcore.runners.errors import ListGone, unexpected
from mlcore.runners.letters import notice_child
from mlcore.runners.replybot import Replybot
from mlcore.runners.tasks import Job
from mlcore.runners.work import Work
from mlcore.spool.claim import Claim
from mlcore.spool.entry import Entry, NewEntry
from mlcore.store import command_results
from mlcore.texts import languages
from mlcore.texts.expand import expand
from mlcore.texts.fill import wrap
from mlcore.texts.names import HELP

MOST_COMMANDS: Final = 5
"""Carried out in one mail."""
_DAY_S: Final = 86_400.0
_KEPT_S: Final = 7 * _DAY_S
"""How long results are kept whose entry a crash has left nobody to ask for."""
_COLUMNS: Final = 70


class Commands:
    """The step of command/. office: changed when the configuration is read again; names: of the site's own
    addresses, as they are now. queued: called when notices may be waiting; decided: carries out what was
    decided about held posts."""

    def __init__(
        self,
        work: Work,
        office: Office,
        names: Callable[[], SiteNames],
        *,
        queued: Callable[[], None],
        decided: Callable[[], Awaitable[object]],
    ) -> None:
        self.office = office
        self._work = work
        self._names = names
        self._queued = queued
        self._decided = decided
        self._answers = _Answers(work)
        self._replybot = Replybot(work)

    async def __call__(self, claim: Claim) -> None:
        """One mail."""
        envelope = claim.entry.envelope
        if not isinstance(envelope, Command):
            raise unexpected(claim)
        match envelope.command, bool(envelope.list_id):
            case ("discard", _):
                await self._discard(claim, envelope, "nobody reads this address")
            case ("owner", False):
                await self._to_site_owner(claim, envelope)
            case (_, False):
                await self._to_site(claim, envelope)
            case ("owner", True):
                raise unexpected(claim)
            case _:
                await self._to_list(claim, envelope)

    # -- a list ----------------------------------------------------------------------------------------

    async def _to_list(self, claim: Claim, envelope: Command) -> None:
        work = self._work
        policy = await work.cache.policy(envelope.list_id)
        if policy is None:
            raise ListGone(envelope.list_id)
        mail = await self._read(claim, envelope)
        if mail is None:
            return
        draft, sender = mail
        automatic, ends = await self._automatic(claim, policy, envelope, draft)
        if ends:
            await self._discard(
                claim, envelope, "the list answers such mail, and does not read it", automatic
            )
            return
        draft, given = take_out(draft, look_into_body=True)
        parsed = self._parsed(draft, envelope)
        about = mail_commands.Mail(
            entry=claim.name,
            sender=sender,
            approved=await self._approved(policy, parsed, given),
            now=work.clock.time(),
            most=work.site.max_autoresponses_per_day,
            site=self._names(),
            delimiter=work.site.delimiter,
        )
        results = await work.store.write(mail_commands.carry_out, self.office, policy, about, parsed)
        letter = self._answers.of_list(policy, sender, results, claim, _answered(draft.fields))

        async def forget() -> None:
            await work.store.write(command_results.forget, claim.name)

        await work.spool.advance(claim, [*self._children(claim, letter), *automatic], after=forget)
        self._log(claim, envelope, sender, parsed, results)
        self._queued()
        if results.decided:
            with contextlib.suppress(LocalTrouble):  # a job does it soon
                await self._decided()

    async def _automatic(
        self, claim: Claim, policy: ListPolicy, envelope: Command, draft: Draft
    ) -> tuple[list[NewEntry], bool]:
        """What the list answers to any mail to -request, and whether the mail is not read then. Whoever
        writes to -join, -leave or -confirm wants that one thing, and gets it."""
        if envelope.command != "request":
            return [], False
        work = self._work
        letter, ends = await self._replybot.answer(
            claim, policy, "requests", draft.fields, envelope.reverse_path, work.clock.time()
        )
        return [] if letter is None else [notice_child(work, claim, letter, replybot.NUMBER)], ends

    async def _approved(self, policy: ListPolicy, parsed: Parsed, given: tuple[str, ...]) -> bool | None:
        """Whether the password that came along is the moderators'; None: there was none. It is compared only
        if it could decide about something, for that takes long."""
        if not given:
            return None
        for request in parsed.requests:
            if isinstance(request, Confirm):
                post = await self._work.store.read(held.by_token, policy.list_id, request.token)
                if post is not None:
                    return await asyncio.to_thread(passwords.matches, policy.moderator_password, given[0])
        return False

    # -- the site --------------------------------------------------------------------------------------

    async def _to_site(self, claim: Claim, envelope: Command) -> None:
        work = self._work
        mail = await self._read(claim, envelope)
        if mail is None:
            return
        draft, sender = mail
        site, delimiter = self._names(), work.site.delimiter
        if await work.store.read(mail_commands.is_ours, sender.key, site, delimiter):
            await self._discard(claim, envelope, "it comes from an address of this site")
            return
        if not self._answers.may_answer_for_site(claim.name, sender.key):
            await self._discard(claim, envelope, "enough answers for today")
            return
        parsed = self._parsed(draft, envelope)
        results = await work.store.read(mail_commands.of_site, envelope.mail_host, parsed)
        letter = self._answers.of_site(envelope.mail_host, sender, results, claim, _answered(draft.fields))
        await work.spool.advance(claim, self._children(claim, letter))
        self._answers.given(claim.name)
        self._log(claim, envelope, sender, parsed, results)

    async def _to_site_owner(self, claim: Claim, envelope: Command) -> None:
        """Passed on as it is, with the mark of a loop (P21). Whatever comes back is dropped: it goes to the
        bounces address of the site."""
        work, host = self._work, envelope.mail_host
        names = self._names()
        owner = work.site.site_owner
        octets = normalise(claim.entry.octets)
        reason = self._loop(envelope, octets, names)
        if not reason and (
            not owner or await work.store.read(mail_commands.is_ours, names.owner, names, work.site.delimiter)
        ):
            reason = "site_owner is nobody who could read it"
        if reason:
            await self._discard(claim, envelope, reason)
            return
        fields, body = split(octets)
        fields = fields.prepend("Delivered-To", _own(names, host).encode())
        rendered = Rendered(
            list_id="",
            reverse_path=f"{names.name}-bounces@{host}",
            message_id=message_id.of(fields),
            arrived_at=envelope.arrived_at,
            smtputf8=has_8bit(fields.octets()),
            eight_bit=has_8bit(body),
            kind="owner",
        )
        child = NewEntry("out", f"{claim.name}.o", Entry(rendered, (owner,), join(fields, body)))
        await work.spool.advance(claim, [child])
        work.log.info(
            "accepted",
            queue_id=root_of(claim.name),
            queue=claim.queue,
            list_id="",
            recipients=1,
            message_id=rendered.message_id,
        )

    def _loop(self, envelope: Command, octets: bytes, names: SiteNames) -> str:
        """Why this mail goes no further; empty: it does."""
        site = self._work.site
        large = too_large(header_size(octets), site)
        if large is not None:
            return large.reason.english if large.reason else large.rule
        fields, _ = split(octets[: header_size(octets) + 2])
        own = _own(names, envelope.mail_host)
        if any(mark.strip().lower() == own for mark in fields.texts("delivered-to")):
            return "it has been delivered to this address before"
        if len(fields.all("received")) > site.max_hops:
            return f"it has been through more than {site.max_hops} hops"
        path = site_candidate(envelope.reverse_path, names, site.delimiter)
        if path is not None and path.mail_host == envelope.mail_host:
            return "it comes from an address of the site itself"
        return ""

    # -- in common -------------------------------------------------------------------------------------

    async def _read(self, claim: Claim, envelope: Command) -> tuple[Draft, Somebody] | None:
        """The mail and who seems to have written it; None: it was discarded, since nobody is to be answered.

        An answering machine also confirms nothing, and decides about nothing."""
        octets = normalise(claim.entry.octets[:LARGEST])
        if too_large(header_size(octets), self._work.site) is not None:
            await self._discard(claim, envelope, "its header section is too large")
            return None
        draft = Draft.post(octets)
        if robots.is_robot(draft.fields, envelope.reverse_path):
            await self._discard(claim, envelope, "a program wrote it")
            return None
        sender = replybot.author(draft.fields, envelope.reverse_path)
        if sender is None:
            await self._discard(claim, envelope, "it has no valid sender")
            return None
        return draft, sender

    def _parsed(self, draft: Draft, envelope: Command) -> Parsed:
        return parse(draft, envelope, Limits(self._work.site.email_commands_max_lines, MOST_COMMANDS))

    def _children(self, claim: Claim, letter: Letter | None) -> list[NewEntry]:
        return [] if letter is None else [notice_child(self._work, claim, letter, 1)]

    async def _discard(
        self, claim: Claim, envelope: Command, reason: str, children: Sequence[NewEntry] = ()
    ) -> None:
        if children:
            await self._work.spool.advance(claim, children)
        else:
            await self._work.spool.finish(claim)
        self._work.log.info(
            "discarded",
            queue_id=root_of(claim.name),
            queue=claim.queue,
            list_id=envelope.list_id,
            recipient=envelope.recipient,
            reverse_path=envelope.reverse_path,
            reason=reason,
        )

    def _log(
        self, claim: Claim, envelope: Command, sender: Somebody, parsed: Parsed, results: Results
    ) -> None:
        self._work.log.info(
            "commands",
            queue_id=root_of(claim.name),
            queue=claim.queue,
            list_id=envelope.list_id,
            sender=sender.address,
            commands=";".join([name_of(request) for request in parsed.requests]),
            answer=results.answer,
        )


class _Answers:
    """Writes the answers, and counts those of the site, which belong to no list."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._of_all = Budget(ANSWERS_PER_LIST_AND_HOUR, HOUR_S)
        self._budget = Budget(1, _DAY_S)
        self._most = 0
        self._granted: set[str] = set()

    def of_list(
        self, policy: ListPolicy, sender: Somebody, results: Results, claim: Claim, answered: Answered
    ) -> Letter | None:
        """None: there is nothing to be said."""
        work, now = self._work, self._work.clock.time()
        if results.answer == "none":
            return None
        person = Person(sender.address, language=results.language, member=results.member)
        writer, identity = work.writer(), f"{claim.name}.n1"
        if results.answer == "limit":
            return writer.no_more_today(
                policy, person, results.count, identity=identity, now=now, answered=answered
            )
        spoken = languages.chain(results.language, policy.preferred_language, work.site.default_language)
        body = self._body(results, spoken, self._help(policy, spoken))
        return writer.results(policy, person, policy.mail_host, answered, body, identity=identity, now=now)

    def of_site(
        self, host: str, sender: Somebody, results: Results, claim: Claim, answered: Answered
    ) -> Letter:
        """The answer of the site itself."""
        work = self._work
        spoken = languages.chain(results.language, work.site.default_language)
        return work.writer().results(
            None,
            Person(sender.address, language=results.language),
            host,
            answered,
            self._body(results, spoken, ""),
            identity=f"{claim.name}.n1",
            now=work.clock.time(),
        )

    def may_answer_for_site(self, entry: str, key: str) -> bool:
        """Whether one more answer may go to the mailbox of an address, and to anybody: the site knows nobody
        here. An entry that is tried again counts once."""
        most = self._work.site.max_autoresponses_per_day
        if not most or entry in self._granted:
            return True
        if most != self._most:
            self._budget, self._most = Budget(most, _DAY_S), most
        now = self._work.clock.monotonic()
        if not self._budget.take(mailbox_key(key), now) or not self._of_all.take("", now):
            return False
        self._granted.add(entry)
        return True

    def given(self, entry: str) -> None:
        """The answer is on its way."""
        self._granted.discard(entry)

    def _body(self, results: Results, spoken: tuple[str, ...], help_text: str) -> str:
        texts = self._work.texts
        return command_answers.compose(
            results,
            lambda text: texts.say(spoken, text),
            lambda text, indent: wrap(text, _COLUMNS, indent),
            help_text=help_text,
        )

    def _help(self, policy: ListPolicy, spoken: tuple[str, ...]) -> str:
        work = self._work
        text = work.texts.template(HELP, policy.list_id, policy.mail_host, spoken)
        base_url = work.cache.base_urls.get(policy.mail_host, "")
        return expand(text, placeholders.of_list(policy, work.site, base_url, spoken[0]))


def purge_job(work: Work) -> Job:
    """Forgets results that nobody will ask for any more."""

    async def purge() -> None:
        await work.store.write(command_results.purge, work.clock.time() - _KEPT_S)

    return Job("purge command results", 3600.0, purge)


def _answered(fields: Fields) -> Answered:
    """Only which mail it was: what stood in it is not repeated (P19)."""
    return Answered(message_id=message_id.of(fields))


def _own(names: SiteNames, host: str) -> str:
    return f"{names.name}@{host}"
