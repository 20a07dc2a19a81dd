"""Mail to members, to those who want to be members, and to authors of posts."""

from collections.abc import Sequence
from typing import Final

from mlcore.lists.model import ListPolicy
from mlcore.lists.notices import phrases
from mlcore.lists.notices.composition import Sheet, attachment, letter, whole_message
from mlcore.lists.notices.desk import AUTHOR_COLUMNS, LONGEST, Desk, answered_by, each_once
from mlcore.lists.notices.letters import Answered, Letter, Person
from mlcore.lists.placeholders import block
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.texts.expand import expand
from mlcore.texts.fill import fill

_LONGEST_LOCAL_PART: Final = 64
_NOTHING: Final = Answered()
_MOST_RESULTS: Final = 2_000
"""Lines of an answer to commands (a roster may be long), and of what a list answers by itself."""


class ToPeople(Desk):
    """Each method gives a whole mail. identity: letters, digits, dots and hyphens, for the Message-ID; now:
    Unix seconds; answered: the message it answers. Raises BadAddress where an address is none."""

    # -- about a membership ----------------------------------------------------------------------------

    def welcome(
        self, policy: ListPolicy, person: Person, digest: bool = False, *, identity: str, now: float
    ) -> Letter:
        """To a new member. digest: whether posts come to him in digests."""
        voice = self.voice(policy, person.language)
        posting = self.paragraph(voice, phrases.POSTING if policy.allow_list_posts else phrases.ANNOUNCES)
        if policy.allow_list_posts:
            posting = f"{posting}\n\n    {policy.posting_address}"
        more = _about(policy, person) | {
            "delivery": self.paragraph(voice, phrases.DIGEST if digest else phrases.REGULAR),
            "posting": posting,
        }
        subject = self.subject(voice, "welcome")
        sheet = Sheet(
            kind="welcome",
            author=policy.sub_address("request"),
            to=((person.name, person.address),),
            subject=subject + self.say(voice, phrases.DIGEST_MARK) if digest else subject,
            text=self.template("list:user:notice:welcome", policy, voice, more),
            charset=voice.charset,
            more={"X-No-Archive": b"yes"},
        )
        return self._of_list(sheet, policy, identity, now)

    def goodbye(self, policy: ListPolicy, person: Person, *, identity: str, now: float) -> Letter:
        """To who has ceased to be a member."""
        voice = self.voice(policy, person.language)
        more = _about(policy, person)
        sheet = Sheet(
            kind="goodbye",
            author=policy.sub_address("bounces"),
            to=((person.name, person.address),),
            subject=self.subject(voice, "goodbye"),
            text=self.template("list:user:notice:goodbye", policy, voice, more),
            charset=voice.charset,
        )
        return self._of_list(sheet, policy, identity, now)

    def confirm_join(
        self, policy: ListPolicy, person: Person, token: str, *, identity: str, now: float
    ) -> Letter:
        """Asks whether he wants to be a member. Replying as it is means yes, doing nothing means no."""
        return self._question("confirm-join", "subscribe", policy, person, token, identity, now)

    def confirm_leave(
        self, policy: ListPolicy, person: Person, token: str, *, identity: str, now: float
    ) -> Letter:
        """Asks whether he wants to cease to be a member; as `confirm_join`."""
        return self._question("confirm-leave", "unsubscribe", policy, person, token, identity, now)

    def invite(self, policy: ListPolicy, person: Person, token: str, *, identity: str, now: float) -> Letter:
        """Asks whom an owner would like to be a member; as `confirm_join`."""
        return self._question("invite", "invite", policy, person, token, identity, now)

    # -- about a message ---------------------------------------------------------------------------------

    def held_author(
        self,
        policy: ListPolicy,
        person: Person,
        subject: str,
        reasons: Sequence[Reason],
        *,
        identity: str,
        now: float,
        answered: Answered = _NOTHING,
    ) -> Letter:
        """To the author of a post that waits for a moderator. subject: of the post, decoded."""
        voice = self.voice(policy, person.language)
        more = _sender(person) | {
            "subject": self.shown_subject(voice, person, subject),
            "reasons": self.reasons(voice, reasons, AUTHOR_COLUMNS),
        }
        sheet = Sheet(
            kind="held-author",
            author=policy.sub_address("bounces"),
            to=_unnamed(person),
            subject=self.subject(voice, "held-author"),
            text=self.template("list:user:notice:hold", policy, voice, more),
            charset=voice.charset,
            answers=answered,
        )
        return self._of_list(sheet, policy, identity, now)

    def no_more_today(
        self,
        policy: ListPolicy,
        person: Person,
        count: int,
        *,
        identity: str,
        now: float,
        answered: Answered = _NOTHING,
    ) -> Letter:
        """The last of `count` answers for today."""
        voice = self.voice(policy, person.language)
        more = _sender(person) | {"count": str(count), "owneremail": policy.sub_address("owner")}
        sheet = Sheet(
            kind="no-more-today",
            author=policy.sub_address("owner"),
            to=_unnamed(person),
            subject=self.subject(voice, "no-more-today"),
            text=self.template("list:user:notice:no-more-today", policy, voice, more),
            charset=voice.charset,
            answers=answered,
        )
        return self._of_list(sheet, policy, identity, now)

    def rejected(
        self,
        policy: ListPolicy,
        person: Person,
        subject: str,
        reasons: Sequence[Reason],
        text: str,
        original: bytes,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """To the author of a post that a rule rejects. text: the list's own words instead of the reasons,
        empty: none. A member gets his message back with it, others are told which one it is by its
        Message-ID alone."""
        voice = self.voice(policy, person.language)
        columns = AUTHOR_COLUMNS
        said = self.written(voice, text, columns) if text else self.reasons(voice, reasons, columns)
        more = _sender(person) | {"reasons": said, "listname": voice.values["display_name"]}
        words = self.template("list:user:notice:rejected", policy, voice, more)
        parts = []
        if person.member:
            part, whole = attachment(original)
            parts.append(part)
            words = words if whole else f"{words}\n{self.paragraph(voice, phrases.CUT)}\n"
        sheet = Sheet(
            kind="rejected",
            author=policy.sub_address("owner"),
            to=_unnamed(person),
            subject=self.shown_subject(voice, person, subject)
            if person.member
            else self.subject(voice, "rejected"),
            text=words,
            charset=voice.charset,
            answers=answered_by(original),
            attached=tuple(parts),
        )
        return self._of_list(sheet, policy, identity, now)

    def refused(
        self,
        policy: ListPolicy,
        person: Person,
        request: str,
        reason: str,
        *,
        identity: str,
        now: float,
        subject: str = "",
        answered: Answered = _NOTHING,
    ) -> Letter:
        """To whose post or request a moderator has refused. request: what was asked, an English phrase of
        `phrases` (`POST_REQUEST_TITLED` names `subject`, which only a member is shown); reason: what the
        moderator wrote, may be empty."""
        voice = self.voice(policy, person.language)
        if request == phrases.POST_REQUEST_TITLED and not person.member:
            request = phrases.POST_REQUEST
        title = {"subject": self.shown_subject(voice, person, subject)}
        more = {
            "request": one_line(self.say(voice, request, title), LONGEST),
            "reason": block(reason) or self.say(voice, phrases.NO_REASON),
            "adminaddr": policy.sub_address("owner"),
        }
        sheet = Sheet(
            kind="refused",
            author=policy.sub_address("bounces"),
            to=_unnamed(person),
            subject=self.subject(voice, "refuse"),
            text=self.template("list:user:notice:refuse", policy, voice, more),
            charset=voice.charset,
            answers=answered,
        )
        return self._of_list(sheet, policy, identity, now)

    def acknowledged(
        self,
        policy: ListPolicy,
        person: Person,
        subject: str,
        *,
        identity: str,
        now: float,
        answered: Answered = _NOTHING,
    ) -> Letter:
        """To a member whose post went to the list."""
        voice = self.voice(policy, person.language)
        more = {
            "subject": one_line(subject, LONGEST) or self.say(voice, phrases.NO_SUBJECT),
            "list_name": voice.values["display_name"],
        }
        sheet = Sheet(
            kind="acknowledged",
            author=policy.sub_address("bounces"),
            to=_unnamed(person),
            subject=self.subject(voice, "acknowledged"),
            text=self.template("list:user:notice:post", policy, voice, more),
            charset=voice.charset,
            answers=answered,
        )
        return self._of_list(sheet, policy, identity, now)

    def forwarded(
        self, policy: ListPolicy, addresses: Sequence[str], original: bytes, *, identity: str, now: float
    ) -> Letter:
        """A held post passed on by a moderator, whole, in a message of the list."""
        voice = self.voice(policy)
        sheet = Sheet(
            kind="forwarded",
            author=policy.sub_address("bounces"),
            to=tuple([("", address) for address in each_once(addresses)]),
            subject=self.subject(voice, "forwarded"),
            charset=voice.charset,
            alone=whole_message(original),
        )
        return self._of_list(sheet, policy, identity, now)

    def results(
        self,
        policy: ListPolicy | None,
        person: Person,
        host: str,
        answered: Answered,
        body: str,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """What came of commands. policy: None for those to the site; host: whose addresses were written to;
        body: the results, in the language of the person, lines of any length."""
        voice = self.voice(policy, person.language)
        author = f"{one_line(self.site.noreply, LONGEST)}@{host}"
        sheet = Sheet(
            kind="results",
            author=author if policy is None else policy.sub_address("bounces"),
            to=_unnamed(person),
            subject=self.subject(voice, "results"),
            text=block(body, most_lines=_MOST_RESULTS) + "\n",
            charset=voice.charset,
            answers=answered,
        )
        return letter(sheet, policy, self.site, host, identity, now)

    def autoresponse(
        self,
        policy: ListPolicy,
        person: Person,
        text: str,
        *,
        identity: str,
        now: float,
        answered: Answered = _NOTHING,
    ) -> Letter:
        """What the list answers by itself to whoever writes to it. text: the list's own, with placeholders,
        in its language; nothing of the mail that it answers is in it (P19)."""
        voice = self.voice(policy)
        more = {
            "requestemail": policy.sub_address("request"),
            "owneremail": policy.sub_address("owner"),
        }
        filled = fill(expand(text, {**voice.values, **more}))
        sheet = Sheet(
            kind="autoresponse",
            author=policy.sub_address("bounces"),
            to=_unnamed(person),
            subject=self.subject(voice, "autoresponse"),
            text=block(filled, most_lines=_MOST_RESULTS) + "\n",
            charset=voice.charset,
            answers=answered,
            more={"X-Mailer": b"mlcore", "X-Ack": b"No"},
        )
        return self._of_list(sheet, policy, identity, now)

    # -- in common ---------------------------------------------------------------------------------------

    def _question(
        self,
        kind: str,
        what: str,
        policy: ListPolicy,
        person: Person,
        token: str,
        identity: str,
        now: float,
    ) -> Letter:
        """A mail that a plain reply answers with yes. Of the person it holds the address alone: anybody may
        have made up the rest (P19)."""
        voice = self.voice(policy, person.language)
        by_address = f"{policy.list_name}-confirm{self.site.delimiter}{token}"
        is_plain = not self.site.verp_confirmations or len(by_address.encode()) > _LONGEST_LOCAL_PART
        author = policy.sub_address("request") if is_plain else f"{by_address}@{policy.mail_host}"
        command = phrases.CONTROL_SUBJECT.format(token=token)
        subject = command if is_plain else self.subject(voice, kind)
        more = {
            "token": token,
            "subject": subject,
            "confirm_email": author,
            "user_email": person.address,
            "confirm_address": author,
            "email_address": person.address,
            "domain_name": policy.mail_host,
            "contact_address": policy.sub_address("owner"),
        }
        sheet = Sheet(
            kind=kind,
            author=author,
            to=_unnamed(person),
            subject=subject,
            text=self.template(f"list:user:action:{what}", policy, voice, more),
            charset=voice.charset,
            bulk=False,
        )
        return self._of_list(sheet, policy, identity, now)

    def _of_list(self, sheet: Sheet, policy: ListPolicy, identity: str, now: float) -> Letter:
        return letter(sheet, policy, self.site, policy.mail_host, identity, now)


def _about(policy: ListPolicy, person: Person) -> dict[str, str]:
    """The placeholders of welcome and goodbye."""
    address = one_line(person.address, LONGEST)
    return {
        "user_name": one_line(person.name, LONGEST),
        "user_email": address,
        "user_address": address,
        "list_name": one_line(policy.display_name, LONGEST),
        "list_requests": policy.sub_address("request"),
    }


def _sender(person: Person) -> dict[str, str]:
    """The placeholders of who has written."""
    address = one_line(person.address, LONGEST)
    return {"sender_email": address, "sender": address}


def _unnamed(person: Person) -> tuple[tuple[str, str]]:
    """The address alone: the name may be whatever a stranger made of it (P19)."""
    return (("", person.address),)
