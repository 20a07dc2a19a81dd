"""What rules and handlers may know of a post, gathered from memory and database before they are asked."""

from collections.abc import Mapping
from functools import partial
from typing import Protocol

from mlcore.base.ids import root_of
from mlcore.lists import siblings
from mlcore.lists.bans import BanTest
from mlcore.lists.draft import Draft
from mlcore.lists.facts import PostFacts, RenderFacts, SenderFacts
from mlcore.lists.model import (
    Addressee,
    DmarcAction,
    ListPolicy,
    Personalization,
    Recipient,
    Role,
    SenderStanding,
    TopicChoice,
)
from mlcore.lists.stages import Examined
from mlcore.lists.verdict import Trail
from mlcore.mail.address import key_of
from mlcore.mail.envelope import Arrived
from mlcore.runners.approval import Approval
from mlcore.runners.recent import RecentPosts
from mlcore.runners.turns import Turn
from mlcore.runners.work import Work
from mlcore.store import members, numbers, standings, topics
from mlcore.texts import languages

_AT_HOME = frozenset({Role.MEMBER, Role.OWNER, Role.MODERATOR})


class DmarcPolicies(Protocol):
    """What domains ask of those who get mail in their name (RFC 7489)."""

    async def policy_of(self, domain: str) -> str:
        """none, quarantine or reject; empty where there is none, or it is not known."""
        ...


class NoDmarc:
    """Asks nobody."""

    async def policy_of(self, domain: str) -> str:  # noqa: ARG002  (the protocol's)
        """Nothing is known."""
        return ""


class Gatherer:
    """The facts of both passes. Every method raises StoreTrouble."""

    def __init__(self, work: Work, recent: RecentPosts, dmarc: DmarcPolicies) -> None:
        self._work = work
        self._recent = recent
        self._dmarc = dmarc
        self._approval = Approval(work)

    async def post(
        self,
        name: str,
        arrived: Arrived,
        policy: ListPolicy,
        examined: Examined,
        *,
        moderator_approved: bool = False,
    ) -> PostFacts:
        """For the rules and the first pass. name: of the entry."""
        work = self._work
        approved = await self._approved(policy, examined.passwords, root_of(name))
        return PostFacts(
            site=work.site,
            entry=name,
            now=work.clock.time(),
            reverse_path=arrived.reverse_path,
            purpose=arrived.purpose,
            alias_domain=work.cache.alias_domains.get(policy.mail_host, ""),
            senders=await self._senders(policy, examined),
            size_bytes=examined.size_bytes,
            approved=approved,
            moderator_approved=moderator_approved,
            dmarc_policy=await self._dmarc_policy(policy, examined.from_domain),
            # What goes to the owners as well is no copy of the post.
            duplicate_of=(
                ""
                if moderator_approved or arrived.purpose != "post"
                else self._recent.begin(policy.list_id, name, examined.content_key, approved=approved is True)
            ),
        )

    async def rendering(
        self,
        facts: PostFacts,
        policy: ListPolicy,
        examined: Examined,
        draft: Draft,
        trail: Trail,
        *,
        approved_at: float | None = None,
        turn: Turn | None = None,
    ) -> RenderFacts:
        """For the second pass; takes the number of a post. turn: ends when the number is asked for, so that
        numbers follow the order of arrival."""
        work = self._work
        is_post = facts.purpose == "post"
        if is_post:
            number, recipients = await self._numbered(facts, policy, examined, draft, turn)
            excluded = await self._excluded(facts, policy, examined, draft)
        else:
            number, recipients, excluded = None, await self._administrators(policy), frozenset[str]()
        spoken = languages.chain(policy.preferred_language, work.site.default_language)
        find = partial(
            work.texts.template, list_id=policy.list_id, mail_host=policy.mail_host, languages=spoken
        )
        return RenderFacts(
            post=facts,
            number=number,
            recipients=recipients,
            excluded=excluded,
            topic_choices=await self._topic_choices(policy) if is_post else {},
            digest_readers=await self._digest_readers(policy),
            addressees=await self._addressees(policy, draft) if is_post else {},
            base_url=work.cache.base_urls.get(policy.mail_host, ""),
            header=find("list:member:regular:header") if is_post else "",
            footer=find("list:member:regular:footer") if is_post else "",
            no_subject=work.texts.say(spoken, "(no subject)"),
            rule_hits=trail.hits,
            rule_misses=trail.misses,
            approved_at=approved_at,
        )

    # -- first pass -------------------------------------------------------------------------------------

    async def _senders(self, policy: ListPolicy, examined: Examined) -> tuple[SenderFacts, ...]:
        work, list_id, senders = self._work, policy.list_id, examined.senders
        keys = [sender.key for sender in senders]
        known = await self._standings(list_id, keys, examined.silent)
        patterns = work.cache.bans(list_id)
        # one try: a crafted From has fifty senders, and this is the loop
        is_banned = BanTest(patterns, most_timeouts=1) if patterns else None
        named = _lists_named(policy)
        found = []
        for sender in senders:
            standing = known.get(sender.key, SenderStanding())
            subscribed: frozenset[str] = frozenset()
            if named and _AT_HOME.isdisjoint(standing.roles):
                subscribed = await work.store.read(standings.lists_of, sender.key, named)
            found.append(
                SenderFacts(
                    address=str(sender),
                    key=sender.key,
                    banned=is_banned is not None and is_banned(sender.key),
                    standing=standing,
                    vouches=sender.key not in examined.silent,
                    posts_today=self._recent.posts_of(list_id, sender.key),
                    lists=subscribed,
                )
            )
        return tuple(found)

    async def _standings(
        self, list_id: str, keys: list[str], silent: frozenset[str]
    ) -> Mapping[str, SenderStanding]:
        """From memory where that knows the first and it vouches: then it does not matter what others are as
        nonmembers. A stranger may have joined just now, so the database is asked."""
        if not keys:
            return {}
        roster = await self._work.rosters.of(list_id)
        if roster is not None and keys[0] in roster.standings and keys[0] not in silent:
            return roster.standings
        return await self._work.store.read(standings.of_senders, list_id, keys)

    async def _approved(self, policy: ListPolicy, found: tuple[str, ...], queue_id: str) -> bool | None:
        if not found or not policy.moderator_password:
            return None
        return await self._approval.is_right(policy, found[0], queue_id)

    async def _dmarc_policy(self, policy: ListPolicy, domain: str) -> str:
        if policy.dmarc_mitigate_action is DmarcAction.NO_MITIGATION or policy.anonymous_list or not domain:
            return ""
        return await self._dmarc.policy_of(domain)

    # -- second pass ------------------------------------------------------------------------------------

    async def _numbered(
        self, facts: PostFacts, policy: ListPolicy, examined: Examined, draft: Draft, turn: Turn | None
    ) -> tuple[int, tuple[Recipient, ...]]:
        work = self._work
        post = numbers.Post(
            sender_key=facts.senders[0].key if facts.senders else "",
            message_key=examined.message_key,
            content_key=examined.content_key,
        )
        if turn is not None:
            await turn.wait()
        # Submitted, not awaited: the writer keeps the order, so the next post of the list can follow at once.
        number = work.store.write(numbers.take, facts.entry, policy.list_id, work.clock.time(), post)
        if turn is not None:
            turn.end()
        try:
            recipients = await self._recipients(policy, draft)
        except BaseException:
            if not number.cancel() and not number.cancelled():
                number.exception()  # heard, though nobody waits for it any more
            raise
        taken = await number
        self._recent.note(
            policy.list_id, facts.entry, sender_key=post.sender_key, content_key=examined.content_key
        )
        return taken, recipients

    async def _recipients(self, policy: ListPolicy, draft: Draft) -> tuple[Recipient, ...]:
        found = await self._members(policy.list_id)
        for address in siblings.included(draft, policy):
            other = await self._list_at(address)
            if other is not None:
                found += await self._members(other.list_id)
        return found

    async def _members(self, list_id: str) -> tuple[Recipient, ...]:
        roster = await self._work.rosters.of(list_id)
        if roster is not None:
            return roster.recipients
        return await self._work.store.read(members.recipients, list_id)

    async def _digest_readers(self, policy: ListPolicy) -> bool:
        """To look at every member of a large list would take longer than to keep the post."""
        if not policy.digests_enabled:
            return False
        roster = await self._work.rosters.of(policy.list_id)
        return roster is None or roster.digest_readers

    async def _addressees(self, policy: ListPolicy, draft: Draft) -> Mapping[str, Addressee]:
        """For personal copies; of two lists by which somebody gets the post, this one counts."""
        if policy.personalize is Personalization.NONE:
            return {}
        read, found = self._work.store.read, dict[str, Addressee]()
        for address in siblings.included(draft, policy):
            other = await self._list_at(address)
            if other is not None:
                found |= await read(members.addressees, other.list_id)
        return found | await read(members.addressees, policy.list_id)

    async def _administrators(self, policy: ListPolicy) -> tuple[Recipient, ...]:
        found = await self._work.store.read(members.administrators, policy.list_id)
        if not found and self._work.site.site_owner:
            return (Recipient(self._work.site.site_owner),)
        return found

    async def _excluded(
        self, facts: PostFacts, policy: ListPolicy, examined: Examined, draft: Draft
    ) -> frozenset[str]:
        """Who gets the post by way of another list: one that stands beside this one in To or Cc, or one by
        which this very message has gone already (an umbrella above this list, or another list below it)."""
        list_ids: dict[str, None] = {}
        for address in siblings.excluded(draft, policy):
            other = await self._list_at(address)
            if other is not None:
                list_ids[other.list_id] = None
        if await self._any_list(examined.came_through):
            known = await self._work.store.read(
                numbers.taken_before, facts.entry, policy.list_id, examined.message_key
            )
            list_ids.update(dict.fromkeys(known))
        keys: set[str] = set()
        for list_id in list_ids:
            other = await self._work.cache.policy(list_id)
            # a member of a list with topics may have got nothing there
            if other is not None and not other.topics_enabled:
                keys.update(key_of(one.address) for one in await self._members(list_id))
        return frozenset(keys)

    async def _any_list(self, keys: tuple[str, ...]) -> bool:
        """Asked all at once: fifty addresses that are no lists must not cost fifty looks."""
        hosts = self._work.cache.hosts()
        parted = [key.rpartition("@") for key in keys]
        names = [(list_name, host) for list_name, _, host in parted if host in hosts]
        return bool(names) and await self._work.cache.first_of(names) is not None

    async def _list_at(self, address: str) -> ListPolicy | None:
        list_name, _, host = address.rpartition("@")
        if host not in self._work.cache.hosts():
            return None
        return await self._work.cache.by_posting(list_name, host)

    async def _topic_choices(self, policy: ListPolicy) -> Mapping[str, TopicChoice]:
        if not policy.topics_enabled or not policy.topics:
            return {}
        return await self._work.store.read(topics.choices, policy.list_id)


def _lists_named(policy: ListPolicy) -> tuple[tuple[str, str], ...]:
    """(list_name, mail_host) of each `@list` in accept_these_nonmembers."""
    found = []
    for entry in policy.accept_these_nonmembers:
        if entry.startswith("@"):
            list_name, _, mail_host = entry[1:].rpartition("@")
            found.append((list_name, mail_host))
    return tuple(found)
