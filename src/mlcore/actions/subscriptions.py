"""Joining and leaving by consent: requests, confirmations, and what moderators decide about them.

Each call is one step: its rows and the notices about it are in the transaction of the caller. A request is a
row, and neither a user nor an address; those are made when it comes to a membership, so what is refused or
expires leaves nothing behind."""

from typing import Literal

import msgspec
from sqlalchemy import Connection

from mlcore.actions import consented, quotas
from mlcore.actions.members import Person
from mlcore.config.site import MailmanSettings
from mlcore.lists import tokens, unsubscribe
from mlcore.lists.model import DeliveryMode, DeliveryStatus, ListPolicy
from mlcore.lists.subscriptions import Lives, Outcome, Step, join_step, leave_step
from mlcore.mail.address import key_of
from mlcore.store import addresses, notices, requests
from mlcore.store.automatic import Kind as MailKind
from mlcore.store.requests import Kind, Owner, Request

Decision = Literal["accept", "reject", "discard"]


class Office:
    """Where everybody joins and leaves. key: of the site (`base.sitekey`); invite_only: whether nobody
    becomes a member by the will of others alone."""

    def __init__(self, key: bytes, lives: Lives, *, invite_only: bool = False) -> None:
        self._key = key
        self._lives = lives
        self.invite_only = invite_only

    @classmethod
    def of(cls, key: bytes, settings: MailmanSettings) -> "Office":
        """As configured."""
        lives = Lives(
            subscriber_s=settings.pending_request_life.total_seconds(),
            moderator_s=settings.moderator_request_life.total_seconds(),
            confirmations_per_day=settings.confirmations_per_day,
        )
        return cls(key, lives, invite_only=settings.mass_subscription == "invite")

    def join(
        self,
        conn: Connection,
        policy: ListPolicy,
        person: Person,
        *,
        mode: DeliveryMode = DeliveryMode.REGULAR,
        status: DeliveryStatus = DeliveryStatus.ENABLED,
        as_user: bool = False,
        verified: bool = False,
        confirmed: bool = False,
        approved: bool = False,
        invitation: bool = False,
        welcome: bool | None = None,
        language: str = "",
        cause: str,
        now: float,
    ) -> Outcome:
        """Makes `person` a member, or asks whoever has to consent first.

        as_user: the user who prefers this address is to be the member; verified, confirmed, approved,
        invitation: see `lists.subscriptions.join_step`; an invitation is answered in any case. welcome: None:
        as the list has it; language: that he wants from this list, empty: none of his own. cause: what asked
        for it, such as the spool entry of a mail. now: Unix seconds. Raises NoSuchList.

        Where the person was asked before and can still answer, nothing is sent (PENDING)."""
        request = _request(
            policy,
            "subscription",
            person.address,
            person.key,
            now,
            display_name=person.name,
            as_user=as_user,
            invitation=invitation,
            pre_approved=approved,
            delivery_mode=mode,
            delivery_status=status,
            language=language,
            welcome=welcome,
        )
        is_known = consented.is_verified(conn, person.address)
        step = join_step(
            policy,
            verified=verified or is_known,
            confirmed=confirmed and not invitation,
            approved=approved,
            invitation=invitation,
        )
        return self._go_on(conn, policy, request, step, stranger=not is_known, cause=cause, now=now)

    def leave(
        self,
        conn: Connection,
        policy: ListPolicy,
        address: str,
        *,
        confirmed: bool = False,
        approved: bool = False,
        goodbye: bool | None = None,
        cause: str,
        now: float,
    ) -> Outcome:
        """Ends the membership of `address`, or asks whoever has to consent first; the rest as in `join`.

        It may be the membership of another address of the same user, if `address` is verified: then the mail
        goes to the one that is the member. What is no address is no member."""
        member = consented.member_to_leave(conn, policy, address)
        if member is None:
            return Outcome.NOT_MEMBER
        his = member.address or address  # the user may prefer none any more
        request = _request(
            policy,
            "unsubscription",
            his,
            key_of(his),
            now,
            display_name=member.display_name,
            as_user=member.as_user,
            pre_approved=approved,
            welcome=goodbye,
        )
        step = leave_step(policy, confirmed=confirmed, approved=approved)
        return self._go_on(conn, policy, request, step, stranger=False, cause=cause, now=now)

    def is_way_out(self, list_id: str, address_key: str, token: str, now: float) -> bool:
        """Whether `token` is that of a copy which this address got of late (`lists.unsubscribe`): whoever has
        it need not be asked once more."""
        return bool(token) and unsubscribe.verify(token, self._key, list_id, address_key, now)

    def confirm(
        self, conn: Connection, policy: ListPolicy, token: str, now: float, *, name: str | None = None
    ) -> Outcome | None:
        """The person has sent the token back that only he has got; None: nothing that is open on this list
        has this token. It is of no use any more then, whatever the outcome.

        Bans and memberships are looked at again, and the policy counts that holds now. name: what he calls
        himself, in place of what the request says, which anybody may have written; None: he has not said."""
        if not tokens.is_token(token):
            return None
        request = requests.by_token_hash(conn, tokens.token_hash(token))
        if (
            request is None
            or request.owner != "subscriber"
            or request.list_id != policy.list_id
            or request.expires_at <= now
            or not tokens.fits(token, self.token(request))
        ):
            return None
        requests.remove(conn, request)
        if name is not None:
            request = msgspec.structs.replace(request, display_name=name)
        quotas.answered(conn, policy.list_id, request.address_key)
        if request.kind == "unsubscription":
            if not consented.memberships_to_end(conn, policy, request):
                return Outcome.NOT_MEMBER
            step = leave_step(policy, confirmed=True, approved=request.pre_approved)
        else:
            if addresses.get(conn, request.address) is not None:
                addresses.verify(conn, request.address, now)
            step = join_step(
                policy,
                verified=True,
                confirmed=True,
                approved=request.pre_approved,
                invitation=request.invitation,
            )
        return self._go_on(conn, policy, request, step, stranger=False, cause="", now=now)

    def decide(
        self,
        conn: Connection,
        policy: ListPolicy,
        request: Request,
        decision: Decision,
        reason: str,
        now: float,
    ) -> Outcome | None:
        """A moderator has decided; None: the request is not open any more. reason: for the person who is
        refused, may be empty.

        To accept what waits for the person himself is to consent in his place: then nobody is asked any more,
        but where everybody is to be asked nothing happens (PENDING). A refusal goes to nobody who has not
        shown that the address is his."""
        current = requests.by_id(conn, request.id)
        if current is None or current.identity != request.identity or current.expires_at <= now:
            return None
        wants_own_answer = current.kind == "subscription" and current.owner == "subscriber"
        if decision == "accept" and wants_own_answer and self.invite_only:
            return Outcome.PENDING
        requests.remove(conn, current)
        if decision == "accept":
            refused = consented.refusal(conn, policy, current) if current.kind == "subscription" else None
            return refused or consented.carry_out(conn, policy, current, now)
        if decision == "discard":
            return Outcome.DISCARDED
        if current.owner == "moderator" or consented.is_verified(conn, current.address):
            person = (current.address, current.display_name)
            notices.queue(conn, "refuse", policy.list_id, [person], now, detail=reason)
        return Outcome.REJECTED

    def pending(
        self,
        conn: Connection,
        list_id: str | None,
        kind: Kind | None = None,
        owner: Owner | None = None,
        *,
        now: float | None = None,
    ) -> list[Request]:
        """What is open (of one list, one kind, that waits for `owner`), oldest first; now: without what has
        expired then."""
        return requests.rows(conn, list_id, kind=kind, owner=owner, now=now)

    def find(self, conn: Connection, list_id: str | None, token_or_id: str | int) -> Request | None:
        """What a token, or the number that moderators use, stands for (on this list)."""
        text = str(token_or_id)
        if tokens.is_token(text):
            found = requests.by_token_hash(conn, tokens.token_hash(text))
        else:
            found = requests.by_id(conn, int(text)) if text.isascii() and text.isdigit() else None
        return found if found is not None and list_id in {None, found.list_id} else None

    def token(self, request: Request) -> str:
        """The token that is open for a request: 40 hex digits."""
        return tokens.token(self._key, request.kind, request.list_id, request.address_key, request.identity)

    def _go_on(
        self,
        conn: Connection,
        policy: ListPolicy,
        request: Request,
        step: Step,
        *,
        stranger: bool,
        cause: str,
        now: float,
    ) -> Outcome:
        """Does what comes next; `request` is no row, or no longer one.

        Limits are looked at first: they cost least, and hold off whoever asks ten thousand times."""
        before = requests.get(conn, request.list_id, request.address_key, request.kind)
        if before is not None and before.expires_at > now and step is not Step.DO:
            return Outcome.PENDING
        kind: MailKind = "invitation" if request.invitation else "confirmation" if stranger else "known"
        if step is Step.CONFIRM and not quotas.may_ask(
            conn, policy.list_id, request.address_key, kind, self._lives.confirmations_per_day, now
        ):
            return Outcome.TOO_MANY
        if request.kind == "subscription":
            refused = consented.refusal(conn, policy, request)
            if refused is not None:
                return refused
        if before is not None:
            requests.remove(conn, before)
        if step is Step.DO:
            return consented.carry_out(conn, policy, request, now)
        if step is Step.CONFIRM:
            return self._ask(conn, request, kind, cause, now)
        self._refer(conn, policy, request, now)
        return Outcome.WAITS_FOR_MODERATOR

    def _ask(self, conn: Connection, request: Request, kind: MailKind, cause: str, now: float) -> Outcome:
        row = self._open(conn, request, "subscriber", now + self._lives.subscriber_s)
        # the identity makes each mail another cause: one mail with commands may ask the same person twice
        quotas.asked(conn, row.list_id, row.address_key, kind, f"{cause} {row.identity}", now)
        people = [(row.address, row.display_name)]
        if row.invitation:
            notices.queue(conn, "invite", row.list_id, people, now, request=row.id)
        elif row.kind == "subscription":
            notices.queue(conn, "confirm-join", row.list_id, people, now, request=row.id)
        else:
            notices.queue(conn, "confirm-leave", row.list_id, people, now, request=row.id)
        return Outcome.INVITED if row.invitation else Outcome.CONFIRMATION_SENT

    def _refer(self, conn: Connection, policy: ListPolicy, request: Request, now: float) -> None:
        row = self._open(conn, request, "moderator", now + self._lives.moderator_s)
        if policy.admin_immed_notify and quotas.may_tell_moderators(conn, row.list_id, row.identity, now):
            people = [(row.address, row.display_name)]
            if row.kind == "subscription":
                notices.queue(conn, "request-join", row.list_id, people, now, request=row.id)
            else:
                notices.queue(conn, "request-leave", row.list_id, people, now, request=row.id)

    def _open(self, conn: Connection, request: Request, owner: Owner, expires_at: float) -> Request:
        """A row with a new identity: a token that was given for an earlier step is void."""
        row = msgspec.structs.replace(
            request, owner=owner, identity=tokens.new_identity(), expires_at=expires_at, id=0
        )
        return requests.insert(
            conn, msgspec.structs.replace(row, token_hash=tokens.token_hash(self.token(row)))
        )


def _request(
    policy: ListPolicy, kind: Kind, address: str, address_key: str, now: float, **more: object
) -> Request:
    """Not a row yet."""
    plain = Request(
        list_id=policy.list_id,
        kind=kind,
        owner="subscriber",
        address=address,
        address_key=address_key,
        identity="",
        token_hash="",
        created_at=now,
        expires_at=now,
    )
    return msgspec.structs.replace(plain, **more)
