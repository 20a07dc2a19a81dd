"""What the commands in a mail do: rows, notices and results, in one transaction.

The mail proves nothing about who wrote it. So nothing that a stranger asks for in another's name goes
further than a question to that other one, answers go to him alone, and they are counted (P19)."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection

from mlcore.actions import consented, held, lists, preferences, quotas
from mlcore.actions.members import Person
from mlcore.actions.subscriptions import Office
from mlcore.lists import command_answers as answers
from mlcore.lists import command_requests as requests
from mlcore.lists.addressing import NO_SITE, SiteNames, candidates, site_candidate
from mlcore.lists.command_answers import Result, Results
from mlcore.lists.command_requests import Request
from mlcore.lists.commands import Parsed
from mlcore.lists.model import ListPolicy, Role, RosterVisibility, SenderStanding, SubscriptionPolicy
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.lists.subscriptions import DAY_S, Outcome, mailbox_key
from mlcore.mail.address import key_of
from mlcore.store import addresses, automatic, command_results, people, shown_members, standings
from mlcore.store import lists as list_store

_Answer = Literal["results", "limit", "none"]
_Change = Literal["joined", "left"]
_ADMINISTRATORS: Final = frozenset({Role.OWNER, Role.MODERATOR})
_LONGEST_NAME: Final = 60
_LONGEST_DESCRIPTION: Final = 200
_ANSWERED_BY_MAIL: Final = frozenset(
    {Outcome.CONFIRMATION_SENT, Outcome.INVITED, Outcome.PENDING, Outcome.TOO_MANY, Outcome.OF_LIST}
)
"""What nobody is told of: another mail says it, or has said it, or must not be sent once more."""
_STRICTER: Final = {
    SubscriptionPolicy.OPEN: SubscriptionPolicy.CONFIRM,
    SubscriptionPolicy.MODERATE: SubscriptionPolicy.CONFIRM_THEN_MODERATE,
}
"""Policies by which the person himself is asked in any case."""
_SAID: Final = {
    Outcome.SUBSCRIBED: answers.SUBSCRIBED,
    Outcome.UNSUBSCRIBED: answers.UNSUBSCRIBED,
    Outcome.CONFIRMATION_SENT: answers.CONFIRMATION_SENT,
    Outcome.WAITS_FOR_MODERATOR: answers.WAITS,
    Outcome.ALREADY_MEMBER: answers.ALREADY_MEMBER,
    Outcome.NOT_MEMBER: answers.NOT_MEMBER,
    Outcome.BANNED: answers.BANNED,
    Outcome.PENDING: answers.PENDING,
    Outcome.TOO_MANY: answers.TOO_MANY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is known of a mail with commands. entry: its name in the spool; sender: who seems to have written
    it; approved: whether a password that came with it is the moderators', None: there was none; now: Unix
    seconds; most: answers in 24 hours, 0: no limit; site: names of the site's own addresses."""

    entry: str
    sender: Person
    approved: bool | None = None
    now: float
    most: int = 10
    site: SiteNames = NO_SITE
    delimiter: str = "+"


def carry_out(conn: Connection, office: Office, policy: ListPolicy, mail: Mail, parsed: Parsed) -> Results:
    """Does what a mail to a list asks for, and says what came of it; the same again, and nothing twice, for
    an entry whose results are still kept. Raises NoSuchList."""
    known = command_results.get(conn, mail.entry)
    if known is not None:
        return known
    if is_ours(conn, mail.sender.key, mail.site, mail.delimiter):
        return Results()
    desk = _Desk(conn, office, policy, mail)
    spent = desk.answers_so_far()
    is_silent = 0 < mail.most <= spent or desk.is_crowded
    done = [desk.do(request) for request in parsed.requests if not is_silent or _goes_on(request)]
    # Greetings and signatures are lines too: that they are no commands is told beside other results alone.
    is_due = not done or any(result.due for result in done) or bool(parsed.ignored)
    results = Results(
        results=tuple(done),
        unknown=parsed.unknown,
        ignored=parsed.ignored,
        unprocessed=parsed.unprocessed,
        other_parts=parsed.other_parts,
        language=desk.language,
        member=Role.MEMBER in desk.standing.roles,
        answer=desk.answer(spent) if is_due else "none",
        count=spent,
        decided=desk.decided,
    )
    command_results.put(conn, mail.entry, results, mail.now)
    return results


def of_site(conn: Connection, mail_host: str, parsed: Parsed) -> Results:
    """What a mail to the site gets as an answer; it changes nothing."""
    return Results(
        results=tuple(_site_result(conn, mail_host, request) for request in parsed.requests),
        unknown=parsed.unknown,
        ignored=parsed.ignored,
        unprocessed=parsed.unprocessed,
        other_parts=parsed.other_parts,
        answer="results",
    )


def is_ours(conn: Connection, key: str, site: SiteNames = NO_SITE, delimiter: str = "+") -> bool:
    """Whether mail to the address `key` (`mail.address.key_of`) comes back to this site: it gets no answer
    (P18)."""
    hosts = list_store.hosts(conn)
    if key.rpartition("@")[2] not in hosts:
        return False
    if site_candidate(key, site, delimiter) is not None:
        return True
    return any(
        list_store.find(conn, f"{one.list_name}@{one.mail_host}") is not None
        for one in candidates(key, delimiter)
    )


def _goes_on(request: Request) -> bool:
    """Whether a request is carried out though nobody can be told of it any more today: a way out of the list
    must not be shut, and has limits of its own."""
    return isinstance(request, requests.Confirm | requests.Join | requests.Leave)


class _Desk:
    """Carries out the requests of one mail to one list."""

    def __init__(self, conn: Connection, office: Office, policy: ListPolicy, mail: Mail) -> None:
        self._conn = conn
        self._office = office
        self._policy = policy
        self._mail = mail
        key = mail.sender.key
        self.standing = standings.of_senders(conn, policy.list_id, [key]).get(key, SenderStanding())
        self.language = self.standing.language or people.languages_of(conn, [key]).get(key, "")
        self.decided = False
        self._is_known = consented.is_verified(conn, mail.sender.address)
        self.is_crowded = not self._is_known and not quotas.may_answer_strangers(
            conn, policy.list_id, "command", mail.now
        )
        """Whether strangers together have had as many answers as they may."""
        self._rows_left = answers.MOST_ROWS

    # -- counting --------------------------------------------------------------------------------------

    def answers_so_far(self) -> int:
        """Of the last 24 hours: about this list; for a stranger about all lists, so that whoever writes in
        another's name does not get a day's worth out of each."""
        list_id = self._policy.list_id if self._is_known else None
        return automatic.count(self._conn, self._mailbox, "command", self._mail.now - DAY_S, list_id=list_id)

    def answer(self, spent: int) -> _Answer:
        """What may still be sent, which is noted then. spent: answers before this one."""
        mail = self._mail
        if 0 < mail.most < spent or self.is_crowded:
            return "none"
        if mail.most:
            automatic.note(self._conn, self._mailbox, "command", mail.entry, self._policy.list_id, mail.now)
        return "limit" if 0 < mail.most == spent else "results"

    @property
    def _mailbox(self) -> str:
        return mailbox_key(self._mail.sender.key)

    # -- one request -----------------------------------------------------------------------------------

    def do(self, request: Request) -> Result:
        """One request, carried out."""
        name = requests.name_of(request)
        match request:
            case requests.Join():
                return self._join(request)
            case requests.Leave():
                return self._told(name, self._leave(request), welcome=self._policy.send_goodbye_message)
            case requests.Confirm():
                return self._confirm(request)
            case requests.Who():
                return self._who(request)
            case requests.Set() | requests.Show():
                return self._membership(name, request)
            case requests.Lists():
                return self._counted(_lists(self._conn, self._policy.mail_host, self._rows_left))
            case _:
                return _plain(request, of_site=False)

    def _join(self, request: requests.Join) -> Result:
        sender, policy = self._mail.sender, self._policy
        if not policy.digests_enabled and request.mode != requests.Join().mode:
            return Result("join", (Reason(answers.OPTION_NO_DIGESTS),))
        key = key_of(request.address) if request.address else sender.key
        if key == sender.key:
            outcome = self._ask_to_join(self._steady(policy, "joined"), self._author(), request)
            if outcome is Outcome.SUBSCRIBED:
                self._count("joined")
            return self._told("join", outcome, welcome=policy.send_welcome_message)
        # Somebody else's: he is asked in any case, and who names him learns nothing about him.
        self._ask_to_join(_stricter(policy), Person(0, "", request.address, key), request)
        return Result("join", (Reason(answers.OTHER_ASKED),))

    def _ask_to_join(self, policy: ListPolicy, person: Person, request: requests.Join) -> Outcome:
        return self._office.join(
            self._conn, policy, person, mode=request.mode, cause=self._mail.entry, now=self._mail.now
        )

    def _leave(self, request: requests.Leave) -> Outcome:
        mail, policy = self._mail, self._policy
        is_shown = self._office.is_way_out(policy.list_id, mail.sender.key, request.token, mail.now)
        if not is_shown:
            policy = self._steady(policy, "left")
            if not self._is_known:  # nobody has ever shown that this address is his
                policy = _stricter(policy)
        outcome = self._office.leave(
            self._conn, policy, mail.sender.address, confirmed=is_shown, cause=mail.entry, now=mail.now
        )
        if outcome is Outcome.UNSUBSCRIBED:
            self._count("left")
        return outcome

    def _author(self) -> Person:
        """Who seems to have written. Of somebody who is known here and may not be asked any more nothing is
        taken from the mail: what others call him would stand in his welcome (P19)."""
        sender = self._mail.sender
        known = addresses.get(self._conn, sender.address) if self._is_known else None
        return sender if known is None else msgspec.structs.replace(sender, name=known.display_name)

    def _steady(self, policy: ListPolicy, kind: _Change) -> ListPolicy:
        """The policy; where mail alone has made changes enough today the person is asked, or mail in his name
        could have him welcomed and seen off all day long. Of joining all lists count together; each list can
        be left."""
        list_id = policy.list_id if kind == "left" else None
        key, now = self._mail.sender.key, self._mail.now
        return policy if quotas.may_change(self._conn, list_id, key, kind, now) else _stricter(policy)

    def _count(self, kind: _Change) -> None:
        mail = self._mail
        quotas.changed(self._conn, self._policy.list_id, mail.sender.key, kind, mail.entry, mail.now)

    def _confirm(self, request: requests.Confirm) -> Result:
        mail = self._mail
        outcome = self._office.confirm(
            self._conn, self._policy, request.token, mail.now, name=mail.sender.name
        )
        if outcome is None:
            return self._decide(request.token)
        if outcome is Outcome.SUBSCRIBED or outcome is Outcome.UNSUBSCRIBED:
            told = self._policy.send_welcome_message
            if outcome is Outcome.UNSUBSCRIBED:
                told = self._policy.send_goodbye_message
            return Result("confirm", (Reason(answers.CONFIRMED),), due=not told)
        return self._told("confirm", outcome, welcome=False)

    def _decide(self, token: str) -> Result:
        """About a held post: whoever has its token may discard it, and accept it with the password."""
        post = held.by_token(self._conn, self._policy.list_id, token)
        if post is None:
            return Result("confirm", (Reason(answers.NO_MATCH),))
        if self._mail.approved is False:
            return Result("confirm", (Reason(answers.INVALID_APPROVED),))
        accepts = self._mail.approved is True
        held.decide(self._conn, [post.id], "accept" if accepts else "discard", now=self._mail.now)
        self.decided = True
        return Result("confirm", (Reason(answers.HELD_ACCEPTED if accepts else answers.HELD_DISCARDED),))

    def _told(self, name: str, outcome: Outcome, *, welcome: bool) -> Result:
        """An outcome in words. welcome: whether a mail of its own tells of the change."""
        is_done = outcome in {Outcome.SUBSCRIBED, Outcome.UNSUBSCRIBED}
        due = not welcome if is_done else outcome not in _ANSWERED_BY_MAIL
        text = _SAID.get(outcome, answers.BANNED)
        return Result(name, (Reason(text, self._mail.sender.address if "{}" in text else ""),), due=due)

    # -- what is there ---------------------------------------------------------------------------------

    def _who(self, request: requests.Who) -> Result:
        roles = self.standing.roles
        is_administrator = not _ADMINISTRATORS.isdisjoint(roles)
        match self._policy.member_roster_visibility:
            case RosterVisibility.PUBLIC:
                allowed = True
            case RosterVisibility.MEMBERS:
                allowed = Role.MEMBER in roles
            case _:
                allowed = False
        if not is_administrator and (not allowed or self.standing.restricted):
            return Result("who", (Reason(answers.ROSTER_CLOSED),))
        found = shown_members.shown(
            self._conn,
            self._policy.list_id,
            enabled=request.enabled,
            digest=request.digest,
            hidden_too=is_administrator,
            most=self._rows_left,
        )
        rows = [_shown(one) for one in found.members]
        counts = (
            (answers.ROSTER_HEAD, len(rows) + found.more),
            (answers.ROSTER_CUT, found.more),
            (answers.ROSTER_HIDDEN, found.hidden),
        )
        said = [Reason(text, str(count)) for text, count in counts if count or text is answers.ROSTER_HEAD]
        return self._counted(Result("who", tuple(said), tuple(rows)))

    def _counted(self, result: Result) -> Result:
        """Several commands of one mail share the lines of its answer."""
        self._rows_left -= len(result.rows)
        return result

    def _membership(self, name: str, request: requests.Set | requests.Show) -> Result:
        member = consented.member_to_leave(self._conn, self._policy, self._mail.sender.address)
        if member is None:
            return Result(name, (Reason(answers.NOT_MEMBER),))
        if isinstance(request, requests.Set):
            return Result(name, (preferences.change(self._conn, self._policy, member, request),))
        return Result(name, preferences.listed(self._conn, self._policy, member))


def _stricter(policy: ListPolicy) -> ListPolicy:
    """The same, but that the person himself is asked in any case."""
    join, leave = policy.subscription_policy, policy.unsubscription_policy
    return msgspec.structs.replace(
        policy,
        subscription_policy=_STRICTER.get(join, join),
        unsubscription_policy=_STRICTER.get(leave, leave),
    )


def _shown(member: shown_members.ShownMember) -> str:
    name = one_line(member.display_name, _LONGEST_NAME)
    return f"{name} <{member.address}>" if name else member.address


def _plain(request: Request, *, of_site: bool) -> Result:
    """What needs no look at anything."""
    name = requests.name_of(request)
    match request:
        case requests.Help(about="") if not of_site:
            return Result(name, help=True)
        case requests.Help():
            return Result(name, answers.explanation(request.about, of_site=of_site))
        case requests.Echo():
            return Result(name, (Reason(answers.ECHOED),))
        case requests.Wrong():
            return Result(name, (Reason(answers.WRONG_ARGUMENTS),))
        case _:
            return Result(name, (Reason(answers.FOR_LISTS),))


def _site_result(conn: Connection, mail_host: str, request: Request) -> Result:
    if isinstance(request, requests.Lists):
        return _lists(conn, mail_host, answers.MOST_ROWS)
    return _plain(request, of_site=True)


def _lists(conn: Connection, mail_host: str, most: int) -> Result:
    """The advertised lists of one domain."""
    found = lists.matching(conn, [mail_host], advertised=True)
    rows = [_row(policy) for policy in found[:most]]
    return Result(
        "lists", (Reason(answers.LISTS_HEAD if found else answers.LISTS_NONE, mail_host),), tuple(rows)
    )


def _row(policy: ListPolicy) -> str:
    description = one_line(policy.description, _LONGEST_DESCRIPTION)
    return f"{policy.posting_address}  {description}".rstrip()
