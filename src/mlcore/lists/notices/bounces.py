"""Mail about deliveries that failed: to the member who does not get posts, and to owners."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mlcore.lists.model import ListPolicy
from mlcore.lists.notices import phrases
from mlcore.lists.notices.composition import Sheet, letter
from mlcore.lists.notices.desk import LONGEST, Voice, named
from mlcore.lists.notices.letters import Letter, Person
from mlcore.lists.notices.to_owners import ToOwners
from mlcore.lists.plain import one_line
from mlcore.mail import compose, date, verp
from mlcore.mail.lines import normalise
from mlcore.mail.mime import Part

REPORT_SHOWN: Final = 65_536
"""Octets of a report that are attached."""
_LONGEST_LOCAL_PART: Final = 64
_LONGEST_ANSWER: Final = 500
_INDENT: Final = "    "


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What tells of a failure. report: the message that did, or its beginning; empty: there was none (the
    server that took the mail from us said it at once), or it is not to be shown. Without it the rest is said:
    address; at: Unix seconds; code: enhanced status or SMTP code; diagnostic: what the server said. All but
    `at` may be empty."""

    report: bytes = b""
    address: str = ""
    at: float = 0.0
    code: str = ""
    diagnostic: str = ""


class AboutBounces(ToOwners):
    """Each method gives a whole mail; arguments as in `ToPeople` and `ToOwners`. evidence: what tells of the
    failure, None: nothing is known of it any more. Raises BadAddress."""

    def probe(
        self,
        policy: ListPolicy,
        person: Person,
        token: str,
        evidence: Evidence | None,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """To a member whose mail came back: whether it does once more, and is returned to the sender of this
        very mail. token: 40 hex digits, of which that address is made.

        No local part has more than 64 octets (RFC 5321 4.5.3.1.1): where the name of the list is too long for
        the token, the mail has the sender that all mail of the list has, and its return proves nothing."""
        voice = self.voice(policy, person.language)
        name, host = policy.list_name, policy.mail_host
        author = verp.probe(name, host, token, delimiter=self.site.delimiter)
        if len(author.rpartition("@")[0].encode()) > _LONGEST_LOCAL_PART:
            author = policy.sub_address("bounces")
        address = one_line(person.address, LONGEST)
        owner = policy.sub_address("owner")
        more = {"sender_email": address, "address": address, "email": address, "owneraddr": owner}
        sheet = Sheet(
            kind="probe",
            author=author,
            reverse_path=author,
            to=(("", person.address),),
            subject=self.subject(voice, "probe"),
            text=self.template("list:user:notice:probe", policy, voice, more),
            charset=voice.charset,
            bulk=False,  # servers may drop what says that it went to many, and that would prove nothing
            attached=self._attached(voice, evidence),
        )
        return letter(sheet, policy, self.site, policy.mail_host, identity, now)

    def bounce_warning(self, policy: ListPolicy, person: Person, *, identity: str, now: float) -> Letter:
        """To a member who gets no posts any more, since mail to him came back."""
        voice = self.voice(policy, person.language)
        address = one_line(person.address, LONGEST)
        sheet = Sheet(
            kind="bounce-warning",
            author=policy.sub_address("bounces"),
            to=(("", person.address),),
            subject=self.subject(voice, "bounce-warning"),
            text=self.template("list:user:notice:warning", policy, voice, {"sender_email": address}),
            charset=voice.charset,
        )
        return letter(sheet, policy, self.site, policy.mail_host, identity, now)

    def bounce_increment(
        self,
        policy: ListPolicy,
        recipients: Sequence[str],
        about: Person,
        evidence: Evidence | None,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """Mail to a member came back, and was counted."""
        sheet = self._failure("bounce-increment", "increment", policy, about, evidence)
        return self._to_owners(sheet, policy, recipients, identity, now)

    def bounce_disable(
        self,
        policy: ListPolicy,
        recipients: Sequence[str],
        about: Person,
        evidence: Evidence | None,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """A member gets no posts any more."""
        sheet = self._failure("bounce-disable", "disable", policy, about, evidence)
        return self._to_owners(sheet, policy, recipients, identity, now)

    def bounce_removal(
        self, policy: ListPolicy, recipients: Sequence[str], about: Person, *, identity: str, now: float
    ) -> Letter:
        """A membership has ended, since its address takes no mail."""
        sheet = self._failure(
            "bounce-removal",
            "removal",
            policy,
            about,
            None,
            {"mlist": one_line(policy.display_name, LONGEST)},
        )
        return self._to_owners(sheet, policy, recipients, identity, now)

    def bounce_unrecognized(
        self,
        policy: ListPolicy,
        recipients: Sequence[str],
        evidence: Evidence | None,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """Something came to -bounces of which nobody knows what it is."""
        voice = self.voice(policy)
        sheet = Sheet(
            kind="bounce-unrecognized",
            author=self._site_owner(policy),
            subject=self.subject(voice, "bounce-unrecognized"),
            text=self.template("list:admin:notice:unrecognized", policy, voice, {}),
            charset=voice.charset,
            attached=self._attached(voice, evidence),
        )
        return self._to_owners(sheet, policy, recipients, identity, now)

    def complaint(
        self,
        policy: ListPolicy,
        recipients: Sequence[str],
        about: Person,
        evidence: Evidence | None,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """Somebody calls mail of the list unwanted. about: who, the address may be empty; whether he is a
        member now says what followed."""
        voice = self.voice(policy)
        shown = one_line(about.address, LONGEST) or self.say(voice, phrases.NO_MEMBER)
        followed = phrases.COMPLAINT_NOTED if about.member or not about.address else phrases.COMPLAINT_ENDED
        said = [
            self.paragraph(voice, phrases.COMPLAINT),
            _INDENT + (named(about) or shown),
            self.paragraph(voice, followed),
        ]
        sheet = Sheet(
            kind="complaint",
            author=self._site_owner(policy),
            subject=self.subject(voice, "complaint", member=shown),
            text="\n\n".join(said) + "\n",
            charset=voice.charset,
            attached=self._attached(voice, evidence),
        )
        return self._to_owners(sheet, policy, recipients, identity, now)

    # -- in common ---------------------------------------------------------------------------------------

    def _failure(
        self,
        kind: str,
        what: str,
        policy: ListPolicy,
        about: Person,
        evidence: Evidence | None,
        more: Mapping[str, str] | None = None,
    ) -> Sheet:
        voice = self.voice(policy)
        return Sheet(
            kind=kind,
            author=self._site_owner(policy),
            # the address alone: a name may be whatever its owner made of it
            subject=self.subject(voice, kind, member=one_line(about.address, LONGEST)),
            text=self.template(
                f"list:admin:notice:{what}", policy, voice, {"member": named(about), **(more or {})}
            ),
            charset=voice.charset,
            attached=self._attached(voice, evidence),
        )

    def _attached(self, voice: Voice, evidence: Evidence | None) -> tuple[Part, ...]:
        if evidence is None:
            return ()
        if evidence.report:
            return (_report(evidence.report),)
        said = [
            self.say(voice, phrase, {"value": one_line(value, _LONGEST_ANSWER)})
            for phrase, value in (
                (phrases.BOUNCE_ADDRESS, evidence.address),
                (phrases.BOUNCE_TIME, date.format(evidence.at)),
                (phrases.BOUNCE_STATUS, evidence.code),
                (phrases.BOUNCE_ANSWER, evidence.diagnostic),
            )
            if value
        ]
        return (compose.text("\n".join(said) + "\n", charset=voice.charset),)


def _report(octets: bytes) -> Part:
    """The report, of a longer one the lines that fit, as a part that a mail program shows and does not take
    for the mail itself."""
    clean = normalise(octets[:REPORT_SHOWN])
    if len(octets) > REPORT_SHOWN:
        clean = b"".join(clean.rpartition(b"\r\n")[:2])
    return compose.message(clean)
