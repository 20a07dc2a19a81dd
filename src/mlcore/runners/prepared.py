"""What a row of a notice comes to: whom it still concerns, in which language, and the mail it becomes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection

from mlcore.actions import moderation
from mlcore.actions.moderation import Pending
from mlcore.lists import tokens
from mlcore.lists.addressing import candidates, site_candidate, site_names
from mlcore.lists.facts import SiteFacts
from mlcore.lists.model import DeliveryMode, ListPolicy, Membership, Role
from mlcore.lists.notices import phrases
from mlcore.lists.notices.letters import Letter, Person
from mlcore.lists.notices.waiting import HeldPost, described
from mlcore.lists.notices.writer import Writer
from mlcore.mail.address import BadAddress, key_of
from mlcore.store import domains, lists, members, memberships, notices, people, requests
from mlcore.store.notices import QueuedNotice

_TO_OWNERS: Final = frozenset(
    {"admin-subscribe", "admin-unsubscribe", "request-join", "request-leave", "pending"}
)
_WITH_REQUEST: Final = frozenset({"confirm-join", "confirm-leave", "invite", "request-join", "request-leave"})


class Prepared(NamedTuple):
    """One row with what its mail needs. recipients: none where nothing is to be sent, for the reason
    `dropped`; person: whom it is for or about; token: that of its request; asked: what was refused, a phrase;
    pending: what a reminder tells."""

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


def prepare(conn: Connection, limit: int, site: SiteFacts, key: bytes, now: float) -> list[Prepared]:
    """The oldest rows, at most `limit`, with what their mail needs, in order. key: of the site, for tokens;
    now: Unix seconds.

    A welcome goes only to who still is a member, and what is about a request only as long as it is open. What
    is for the owners goes to owners and moderators, else to the site owner. Nothing goes to an address of
    this site (P18): a list or its owners' address would pass it on, perhaps in a circle."""
    rows = notices.take(conn, limit)
    return list(_Desk(conn, site, key, now, rows).prepared(rows))


def written(writer: Writer, one: Prepared) -> Letter:
    """The mail. The same row always has the same Message-ID, so that a mailbox can know a second copy. Raises
    BadAddress."""
    row, policy, person, token = one.row, one.policy, one.person, one.token
    told = one.recipients
    waiting = one.pending
    methods: Mapping[str, Callable[..., Letter]] = {
        "new-list": partial(writer.new_list, policy, person),
        "welcome": partial(writer.welcome, policy, person, one.digest),
        "goodbye": partial(writer.goodbye, policy, person),
        "confirm-join": partial(writer.confirm_join, policy, person, token),
        "confirm-leave": partial(writer.confirm_leave, policy, person, token),
        "invite": partial(writer.invite, policy, person, token),
        "refuse": partial(writer.refused, policy, person, one.asked, row.detail),
        "admin-subscribe": partial(writer.subscribed, policy, told, person),
        "admin-unsubscribe": partial(writer.unsubscribed, policy, told, person),
        "request-join": partial(writer.request_join, policy, told, person),
        "request-leave": partial(writer.request_leave, policy, told, person),
    }
    identity = f"notice.{row.number}.{row.created_at * 1000:.0f}"
    if waiting is not None:
        data = _data(writer, waiting)
        return writer.pending(policy, told, waiting.count, data, identity=identity, now=row.created_at)
    return methods[row.kind](identity=identity, now=row.created_at)


def _data(writer: Writer, waiting: Pending) -> str:
    """What waits, in the language of the list."""
    posts = [HeldPost(post.sender, post.subject, post.reasons) for post in waiting.posts]
    joining = [request.address for request in waiting.joining]
    leaving = [request.address for request in waiting.leaving]
    return described(writer.saying(waiting.policy), posts, joining, leaving, waiting.count)


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
        if row.kind in _TO_OWNERS:
            return self._to_owners(blank)
        key = self._keys.get(row.address)
        if key is None:
            return blank._replace(dropped="an address of this site, or none at all")
        membership = of_list.members.get(key)
        if row.kind == "welcome":
            if membership is None:
                return blank._replace(dropped="no member any more")
            mode = membership.effective.delivery_mode
            blank = blank._replace(digest=mode is not DeliveryMode.REGULAR)
        elif row.kind == "refuse":
            # who is a member has asked to leave
            asked = phrases.JOIN_REQUEST if membership is None else phrases.LEAVE_REQUEST
            blank = blank._replace(asked=asked)
        return blank._replace(recipients=(row.address,))

    def _to_owners(self, blank: Prepared) -> Prepared:
        list_id = blank.policy.list_id
        if blank.row.kind == "pending":
            found = moderation.pending(self._conn, self._now, [blank.policy])
            if not found:
                return blank._replace(dropped="nothing waits any more")
            blank = blank._replace(pending=found[0])
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
        site_owner = self._site.site_owner
        return told or ((site_owner,) if site_owner and site_owner not in self._ours else ())


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
