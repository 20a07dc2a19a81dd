"""What a row of a notice comes to: whom it still concerns, in which language, and what its mail needs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from mlcore.actions import moderation
from mlcore.actions.moderation import Pending
from mlcore.lists import tokens
from mlcore.lists.addressing import candidates, site_candidate, site_names
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import (
    DeliveryMode,
    DeliveryStatus,
    ListPolicy,
    Membership,
    Role,
    UnrecognizedBounces,
)
from mlcore.lists.notices import phrases
from mlcore.lists.notices.bounces import Evidence
from mlcore.lists.notices.letters import Person
from mlcore.mail.address import BadAddress, key_of
from mlcore.runners import evidence
from mlcore.store import domains, lists, members, memberships, notices, people, requests
from mlcore.store.notices import QueuedNotice

_TO_OWNERS: Final = frozenset(
    {"admin-subscribe", "admin-unsubscribe", "request-join", "request-leave", "pending"}
    | {"bounce-increment", "bounce-disable", "bounce-removal", "bounce-unrecognized", "complaint"}
)
_WITH_EVIDENCE: Final = frozenset(
    {"bounce-increment", "bounce-disable", "bounce-unrecognized", "complaint", "probe"}
)
_TO_MEMBERS: Final = frozenset({"welcome", "bounce-warning", "probe"})
_WITH_REQUEST: Final = frozenset({"confirm-join", "confirm-leave", "invite", "request-join", "request-leave"})


class Prepared(NamedTuple):
    """One row with what its mail needs. recipients: none where nothing is to be sent, for the reason
    `dropped`; person: whom it is for or about; token: that of its request or probe; asked: what was refused,
    a phrase; pending: what a reminder tells; evidence: of a failed delivery."""

    row: QueuedNotice
    policy: ListPolicy
    base_url: str
    person: Person
    recipients: tuple[str, ...] = ()
    dropped: str = ""
    digest: bool = False
    token: str = ""
    asked: str = ""
    pending: Pending | None = None
    evidence: Evidence | None = None


def prepare(conn: Connection, limit: int, site: SiteFacts, key: bytes, now: float) -> list[Prepared]:
    """The oldest rows, at most `limit`, with what their mail needs, in order. key: of the site, for tokens;
    now: Unix seconds.

    A welcome goes only to who still is a member, a warning only as long as bounces keep posts from him, and
    what is about a request or a probe only as long as that is open. What is for the owners goes to owners and
    moderators, else to the site owner. Nothing goes to an address of
    this site (P18): a list or its owners' address would pass it on, perhaps in a circle."""
    rows = notices.take(conn, limit)
    return list(_Desk(conn, site, key, now, rows).prepared(rows))


class _OfList(NamedTuple):
    """What is asked once for each list."""

    policy: ListPolicy
    base_url: str
    members: Mapping[str, Membership]
    owners: Mapping[str, Membership]


class _Desk:
    """Prepares some rows."""

    def __init__(
        self, conn: Connection, site: SiteFacts, key: bytes, now: float, rows: Sequence[QueuedNotice]
    ) -> None:
        self._conn = conn
        self._site = site
        self._key = key
        self._now = now
        self._ours = _Ours(conn, site)
        self._keys = {row.address: key_of(row.address) for row in rows if row.address not in self._ours}
        self._languages = people.languages_of(conn, self._keys.values())
        self._lists: dict[str, _OfList | None] = {}
        self._administrators: dict[str, tuple[str, ...]] = {}

    def prepared(self, rows: Sequence[QueuedNotice]) -> Iterator[Prepared]:
        """Each that has a list."""
        for row in rows:
            if row.list_id not in self._lists:
                self._lists[row.list_id] = self._of_list(row.list_id)
            of_list = self._lists[row.list_id]
            if of_list is not None:
                yield self._one(row, of_list)

    def _one(self, row: QueuedNotice, of_list: _OfList) -> Prepared:
        person = self._person(row, of_list)
        blank = Prepared(row, of_list.policy, of_list.base_url, person)
        if row.kind in _WITH_REQUEST:
            blank = self._with_request(blank)
        if blank.dropped:
            return blank
        key = self._keys.get(row.address, "")
        if row.kind in _WITH_EVIDENCE:
            blank = blank._replace(evidence=evidence.of_row(self._conn, row, key))
        if row.kind in _TO_OWNERS:
            return self._to_owners(blank)
        if not key:
            return blank._replace(dropped="an address of this site, or none at all")
        membership = of_list.members.get(key)
        if row.kind in _TO_MEMBERS:
            if membership is None:
                return blank._replace(dropped="no member any more")
            blank = self._to_member(blank, key, membership)
        elif row.kind == "refuse":
            # who is a member has asked to leave
            asked = phrases.JOIN_REQUEST if membership is None else phrases.LEAVE_REQUEST
            blank = blank._replace(asked=asked)
        return blank if blank.dropped else blank._replace(recipients=(row.address,))

    def _to_member(self, blank: Prepared, key: str, membership: Membership) -> Prepared:
        now = membership.effective
        if blank.row.kind == "welcome":
            return blank._replace(digest=now.delivery_mode is not DeliveryMode.REGULAR)
        if blank.row.kind == "probe":
            token = evidence.probe_token(self._conn, self._key, blank.policy.list_id, key, self._now)
            return blank._replace(token=token, dropped="" if token else "the probe is over")
        is_disabled = now.delivery_status is DeliveryStatus.BY_BOUNCES
        return blank._replace(dropped="" if is_disabled else "bounces do not disable delivery any more")

    def _to_owners(self, blank: Prepared) -> Prepared:
        list_id = blank.policy.list_id
        if blank.row.kind == "pending":
            found = moderation.pending(self._conn, self._now, [blank.policy])
            if not found:
                return blank._replace(dropped="nothing waits any more")
            blank = blank._replace(pending=found[0])
        if blank.row.kind == "bounce-unrecognized":
            wanted = blank.policy.forward_unrecognized_bounces_to
            if wanted is UnrecognizedBounces.DISCARD:
                return blank._replace(dropped="the list wants none of them")
            if wanted is UnrecognizedBounces.SITE_OWNER:
                return blank._replace(recipients=self._site_owner(), dropped="nobody to tell")
        if list_id not in self._administrators:
            self._administrators[list_id] = self._readers(list_id)
        return blank._replace(recipients=self._administrators[list_id], dropped="nobody to tell")

    def _with_request(self, blank: Prepared) -> Prepared:
        number = blank.row.request
        request = None if number is None else requests.by_id(self._conn, number)
        if request is None or request.expires_at <= self._now:
            return blank._replace(dropped="the request is over")
        token = tokens.token(self._key, request.kind, request.list_id, request.address_key, request.identity)
        person = blank.person
        if request.language:
            person = Person(person.address, person.name, request.language, person.member)
        return blank._replace(token=token, person=person)

    def _person(self, row: QueuedNotice, of_list: _OfList) -> Person:
        key = self._keys.get(row.address, "")
        role = of_list.owners if row.kind == "new-list" else of_list.members
        membership = role.get(key)
        language = None if membership is None else membership.effective.preferred_language
        return Person(
            address=row.address,
            name=row.display_name,
            language=language or self._languages.get(key, ""),
            member=key in of_list.members,
        )

    def _of_list(self, list_id: str) -> _OfList | None:
        policy = lists.get(self._conn, list_id)
        if policy is None:
            return None
        domain = domains.get(self._conn, policy.mail_host)
        return _OfList(
            policy,
            "" if domain is None else domain.base_url,
            self._by_key(list_id, Role.MEMBER),
            self._by_key(list_id, Role.OWNER),
        )

    def _by_key(self, list_id: str, role: Role) -> dict[str, Membership]:
        """The memberships of the people in the rows, by the key of the address that their mail goes to."""
        found = memberships.on_list(self._conn, list_id, role, self._keys.values())
        # the membership of an address comes before that of its user: the last one of a key is kept
        return {key_of(one.address): one for one in sorted(found, key=lambda one: not one.as_user)}

    def _readers(self, list_id: str) -> tuple[str, ...]:
        found = [one.address for one in members.administrators(self._conn, list_id)]
        told = tuple([address for address in found if address not in self._ours])
        return told or self._site_owner()

    def _site_owner(self) -> tuple[str, ...]:
        site_owner = self._site.site_owner
        return (site_owner,) if site_owner and site_owner not in self._ours else ()


class _Ours:
    """The addresses that mail must not be sent to: those of this site and its lists, and what is no
    address."""

    def __init__(self, conn: Connection, site: SiteFacts) -> None:
        self._conn = conn
        self._delimiter = site.delimiter
        self._names = site_names(site.site_name, site.noreply, site.site_owner)
        self._hosts = lists.hosts(conn)

    def __contains__(self, address: str) -> bool:
        try:
            host = key_of(address).rpartition("@")[2]
        except BadAddress:
            return True
        if host not in self._hosts:
            return False
        return site_candidate(address, self._names, self._delimiter) is not None or any(
            lists.find(self._conn, f"{one.list_name}@{one.mail_host}") is not None
            for one in candidates(address, self._delimiter)
        )
