"""Mail to owners and moderators, addressed to -owner and in the language of the list."""

from collections.abc import Sequence
from typing import Final

import msgspec

from mlcore.lists.model import ListPolicy
from mlcore.lists.notices import phrases
from mlcore.lists.notices.composition import Sheet, attachment, letter
from mlcore.lists.notices.desk import LONGEST, OWNER_COLUMNS, Desk, Voice, each_once, named
from mlcore.lists.notices.letters import Letter, Person
from mlcore.lists.placeholders import block
from mlcore.lists.plain import one_line
from mlcore.lists.reasons import Reason
from mlcore.mail import compose
from mlcore.mail.mime import Part

_INDENT: Final = "    "


class ToOwners(Desk):
    """Each method gives a whole mail. recipients: the addresses of owners and moderators, or whoever stands
    in for them; identity and now: as in `ToPeople`. Raises BadAddress where an address is none."""

    def new_list(self, policy: ListPolicy, person: Person, *, identity: str, now: float) -> Letter:
        """To an owner of a list that was just made."""
        voice = self.voice(policy, person.language)
        more = {
            "requestaddr": policy.sub_address("request"),
            "siteowner": voice.values["site_email"],
        }
        sheet = Sheet(
            kind="new-list",
            author=f"{one_line(self.site.noreply, LONGEST)}@{policy.mail_host}",
            to=((person.name, person.address),),
            subject=self.subject(voice, "new-list"),
            text=self.template("domain:admin:notice:new-list", policy, voice, more),
            charset=voice.charset,
        )
        return letter(sheet, policy, self.site, policy.mail_host, identity, now)

    def subscribed(
        self, policy: ListPolicy, recipients: Sequence[str], about: Person, *, identity: str, now: float
    ) -> Letter:
        """Somebody is a member now."""
        sheet = self._news("admin-subscribe", "list:admin:notice:subscribe", policy, about)
        return self._to_owners(sheet, policy, recipients, identity, now)

    def unsubscribed(
        self, policy: ListPolicy, recipients: Sequence[str], about: Person, *, identity: str, now: float
    ) -> Letter:
        """Somebody is no member any more."""
        sheet = self._news("admin-unsubscribe", "list:admin:notice:unsubscribe", policy, about)
        return self._to_owners(sheet, policy, recipients, identity, now)

    def request_join(
        self, policy: ListPolicy, recipients: Sequence[str], about: Person, *, identity: str, now: float
    ) -> Letter:
        """A subscription waits for a moderator."""
        sheet = self._request("request-join", "list:admin:action:subscribe", policy, about)
        return self._to_owners(sheet, policy, recipients, identity, now)

    def request_leave(
        self, policy: ListPolicy, recipients: Sequence[str], about: Person, *, identity: str, now: float
    ) -> Letter:
        """The end of a subscription waits for a moderator."""
        sheet = self._request("request-leave", "list:admin:action:unsubscribe", policy, about)
        return self._to_owners(sheet, policy, recipients, identity, now)

    def held_owners(
        self,
        policy: ListPolicy,
        recipients: Sequence[str],
        sender: str,
        subject: str,
        reasons: Sequence[Reason],
        token: str,
        original: bytes,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """A post waits for a moderator. sender, subject: of the post, may be empty; token: what decides about
        it by mail; original: the post. Three parts: the text, the post, and a message to reply to."""
        voice = self.voice(policy)
        shown = one_line(sender, LONGEST) or self.say(voice, phrases.NO_SENDER)
        more = {
            "subject": one_line(subject, LONGEST) or self.say(voice, phrases.NO_SUBJECT),
            "sender_email": shown,
            "sender": shown,
            "reasons": self.reasons(voice, reasons, OWNER_COLUMNS),
        }
        text = self.template("list:admin:action:post", policy, voice, more)
        part, whole = attachment(original)
        sheet = Sheet(
            kind="held-owners",
            author=policy.sub_address("owner"),
            subject=self.subject(voice, "held-owners", sender=shown),
            text=text if whole else f"{text}\n{self.paragraph(voice, phrases.CUT)}\n",
            charset=voice.charset,
            attached=(part, self._control(policy, voice, token, identity, now)),
        )
        return self._to_owners(sheet, policy, recipients, identity, now)

    def filtered(
        self, policy: ListPolicy, recipients: Sequence[str], original: bytes, *, identity: str, now: float
    ) -> Letter:
        """A post of which the content filter left nothing, for information."""
        voice = self.voice(policy)
        part, whole = attachment(original)
        said = [phrases.FILTERED] if whole else [phrases.FILTERED, phrases.CUT]
        sheet = Sheet(
            kind="filtered",
            author=self._site_owner(policy),
            subject=self.subject(voice, "filtered"),
            text="\n\n".join([self.paragraph(voice, phrase) for phrase in said]) + "\n",
            charset=voice.charset,
            attached=(part,),
        )
        return self._to_owners(sheet, policy, recipients, identity, now)

    def pending(
        self,
        policy: ListPolicy,
        recipients: Sequence[str],
        count: int,
        data: str,
        *,
        identity: str,
        now: float,
    ) -> Letter:
        """Reminds of what waits. count: of all that waits; data: lines about it
        (`waiting.described`)."""
        voice = self.voice(policy)
        shown = block(data)
        sheet = Sheet(
            kind="pending",
            author=self._site_owner(policy),
            subject=self.subject(voice, "pending", n=str(count)),
            text=self.template(
                "list:admin:notice:pending", policy, voice, {"count": str(count), "data": shown}
            ),
            charset=voice.charset,
        )
        return self._to_owners(sheet, policy, recipients, identity, now)

    # -- in common ---------------------------------------------------------------------------------------

    def _news(self, kind: str, name: str, policy: ListPolicy, about: Person) -> Sheet:
        voice = self.voice(policy)
        return Sheet(
            kind=kind,
            author=self._site_owner(policy),
            subject=self.subject(voice, kind),
            text=self.template(name, policy, voice, {"member": named(about)}),
            charset=voice.charset,
        )

    def _request(self, kind: str, name: str, policy: ListPolicy, about: Person) -> Sheet:
        voice = self.voice(policy)
        address = one_line(about.address, LONGEST)
        # A name that a stranger has chosen stays out of the subject, where it could pass for ours.
        more = {"member": named(about), "email": address, "mailing_list": policy.posting_address}
        return Sheet(
            kind=kind,
            author=policy.sub_address("owner"),
            subject=self.subject(voice, kind, email=address),
            text=self.template(name, policy, voice, more),
            charset=voice.charset,
        )

    def _control(self, policy: ListPolicy, voice: Voice, token: str, identity: str, now: float) -> Part:
        """The message to reply to: its subject is a command, its author takes commands."""
        said = [self.paragraph(voice, phrases.CONTROL_REPLY)]
        if policy.moderator_password:
            said += [
                self.paragraph(voice, phrases.CONTROL_ACCEPT),
                f"{_INDENT}Approved: PASSWORD",
                self.paragraph(voice, phrases.CONTROL_DISCARD),
            ]
        else:
            said.append(self.paragraph(voice, phrases.CONTROL_DISCARD_ONLY))
        sheet = Sheet(
            kind="control",
            author=policy.sub_address("request"),
            to=(("", policy.sub_address("owner")),),
            subject=phrases.CONTROL_SUBJECT.format(token=token),
            text="\n\n".join(said) + "\n",
            charset=voice.charset,
            bulk=False,
        )
        inner = letter(sheet, policy, self.site, policy.mail_host, f"{identity}.control", now)
        return compose.message(inner.octets)

    def _site_owner(self, policy: ListPolicy) -> str:
        return self.site.site_owner or policy.sub_address("owner")

    def _to_owners(
        self, sheet: Sheet, policy: ListPolicy, recipients: Sequence[str], identity: str, now: float
    ) -> Letter:
        shown = (("", policy.sub_address("owner")),)
        addressed = msgspec.structs.replace(sheet, to=shown, recipients=each_once(recipients))
        return letter(addressed, policy, self.site, policy.mail_host, identity, now)
