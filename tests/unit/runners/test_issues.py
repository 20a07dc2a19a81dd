"""Issues of digests become mail once: durable and asleep, then known to the database, then awake."""

import asyncio
import errno
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection

from mlcore.actions import digests as actions
from mlcore.base.durable import Place
from mlcore.base.errors import DiskTrouble, SpoolLost, StoreTrouble
from mlcore.lists.digests import compose
from mlcore.lists.model import DeliveryMode, Member
from mlcore.mail.envelope import Notice
from mlcore.mail.fields import split
from mlcore.runners.issues import Issues, KeptFields, names_of
from mlcore.spool.recovery import fill, recover
from mlcore.store import digests, lists, members
from mlcore.store.digests import DigestPost, StoredIssue
from support.workshop import LIST_ID, POST, Workshop, failing, until

PLAIN = "plain@example.org"
MIME = "mime@example.org"
_NUMBERS = count(1)


def service(shop: Workshop, **more: Any) -> Issues:
    return Issues(shop.work, KeptFields(("Subject", "From"), ("Subject", "From")), **more)


async def subscribe(shop: Workshop, **modes: DeliveryMode) -> None:
    people = [Member(address=f"{name}@example.org", delivery_mode=mode) for name, mode in modes.items()]
    await shop.store.write(members.add_many, LIST_ID, people, 1.0)


async def both(shop: Workshop) -> None:
    await subscribe(shop, plain=DeliveryMode.PLAINTEXT_DIGESTS, mime=DeliveryMode.MIME_DIGESTS)


async def issue(shop: Workshop, posts: int = 2, list_id: str = LIST_ID) -> StoredIssue:
    """One that waits to be handed over."""
    now = shop.clock.time()
    entry = shop.ids.new()

    def make(conn: Connection) -> StoredIssue | None:
        policy = lists.get(conn, list_id)
        assert policy is not None
        for _ in range(posts):
            number = next(_NUMBERS)
            digests.keep(conn, list_id, DigestPost(f"{number:021x}.d", number, POST, now))
        return actions.send(conn, policy, entry, now)

    made = await shop.store.write(make)
    assert made is not None
    return made


async def left(shop: Workshop) -> int:
    return len(await shop.store.read(digests.open_issues))


@pytest.fixture
def writes(shop: Workshop) -> Iterator[Callable[[BaseException | None], None]]:
    """Lets what the database is told of handing over fail."""
    real = shop.store.write

    def fail_with(error: BaseException | None) -> None:
        def write(fn: Any, *arguments: Any) -> "asyncio.Future[Any]":
            if error is not None and fn is digests.hand_over:
                raise error
            return real(fn, *arguments)

        shop.store.write = write  # type: ignore[method-assign, assignment]  # for one test

    yield fail_with
    shop.store.write = real  # type: ignore[method-assign]


async def test_both_forms_go_to_those_who_want_them(shop: Workshop) -> None:
    await both(shop)
    await subscribe(shop, summary=DeliveryMode.SUMMARY_DIGESTS)
    made = await issue(shop)
    assert await service(shop).hand_over() == 1
    plain, mime = names_of(made)
    assert shop.files() == {"virgin": sorted([plain, mime])}
    shown = {name: shop.show("virgin", name).entry for name in (plain, mime)}
    assert shown[plain].addresses == (PLAIN,)
    assert shown[mime].addresses == (MIME, "summary@example.org")
    for entry in shown.values():
        envelope = entry.envelope
        assert isinstance(envelope, Notice)
        assert (envelope.kind, envelope.list_id) == ("digest", LIST_ID)
        assert envelope.reverse_path == "ant-bounces@example.com"
        assert (split(entry.octets)[0].first("subject") or b"").endswith(b"Digest, Vol 1, Issue 1")
    assert b"multipart/digest" in shown[mime].octets
    assert b"multipart" not in shown[plain].octets
    assert sorted(shop.spool.queues["virgin"].names()) == sorted([plain, mime])
    assert await left(shop) == 0
    assert await shop.store.read(digests.posts_of, made.key) == []
    (line,) = shop.log.named("digest sent")
    assert (line["posts"], line["plain"], line["mime"]) == (2, 1, 2)
    shop.consistent()


async def test_a_form_that_nobody_wants_is_not_made(shop: Workshop) -> None:
    await subscribe(shop, plain=DeliveryMode.PLAINTEXT_DIGESTS)
    made = await issue(shop)
    await service(shop).hand_over()
    assert shop.names("virgin") == [names_of(made)[0]]


async def test_an_issue_that_nobody_wants_is_over(shop: Workshop) -> None:
    await issue(shop)
    assert await service(shop).hand_over() == 1
    assert (shop.files(), await left(shop)) == ({}, 0)


async def test_an_issue_without_posts_is_over(shop: Workshop) -> None:
    await both(shop)
    made = await issue(shop)
    await shop.store.write(digests.make, LIST_ID, 1, 9, shop.ids.new(), [], made.made_at)
    assert await service(shop).hand_over() == 2
    assert (len(shop.names("virgin")), await left(shop)) == (2, 0)


async def test_the_same_issue_has_the_same_octets(shop: Workshop) -> None:
    await both(shop)
    made = await issue(shop)
    found = []
    for _ in range(2):
        content = await shop.store.read(actions.content, made)
        policy = await shop.work.cache.policy(LIST_ID)
        assert policy is not None
        found.append([one.entry.octets for one in service(shop)._composer(made, policy, content)()])
        shop.clock.advance(3_600.0)
    assert found[0] == found[1]


async def test_who_gets_his_last_digest_gets_this_one_alone(shop: Workshop) -> None:
    await subscribe(shop, anne=DeliveryMode.REGULAR)
    await both(shop)
    await shop.store.write(digests.keep, LIST_ID, DigestPost("f.d", 1, POST, 1.0))
    await shop.store.write(
        digests.remember_last, LIST_ID, "anne@example.org", "anne@example.org", DeliveryMode.MIME_DIGESTS
    )
    first = await issue(shop)
    await service(shop).hand_over()
    second = await issue(shop)
    await service(shop).hand_over()
    assert shop.show("virgin", first.entry).entry.addresses == ("anne@example.org", MIME)
    assert shop.show("virgin", second.entry).entry.addresses == (MIME,)


# -- trouble ------------------------------------------------------------------------------------------------


async def test_entries_sleep_until_the_database_knows(shop: Workshop, writes: Callable[..., None]) -> None:
    await both(shop)
    made = await issue(shop)
    sender = service(shop)
    writes(StoreTrouble("locked"))
    for _ in range(2):
        with pytest.raises(StoreTrouble):
            await sender.hand_over()
        assert shop.names("virgin") == sorted(names_of(made))
        assert len(shop.spool.queues["virgin"]) == 0
        assert await shop.spool.scan() == []  # nor does a scan wake them
    writes(None)
    assert await sender.hand_over() == 1
    assert sorted(shop.spool.queues["virgin"].names()) == sorted(names_of(made))
    assert await left(shop) == 0
    shop.consistent()


async def test_a_commit_whose_answer_was_lost_wakes_them(shop: Workshop, writes: Callable[..., None]) -> None:
    await both(shop)
    made = await issue(shop)
    sender = service(shop)
    writes(StoreTrouble("connection lost"))
    with pytest.raises(StoreTrouble):
        await sender.hand_over()
    writes(None)
    await shop.store.write(digests.hand_over, made, (), 1.0)
    assert await sender.hand_over() == 1
    assert sorted(shop.spool.queues["virgin"].names()) == sorted(names_of(made))


async def test_entries_of_a_list_that_goes_meanwhile_go_too(
    shop: Workshop, writes: Callable[..., None]
) -> None:
    await both(shop)
    await issue(shop)
    sender = service(shop)
    writes(StoreTrouble("locked"))
    with pytest.raises(StoreTrouble):
        await sender.hand_over()
    writes(None)
    await shop.store.write(lists.remove, LIST_ID)
    assert await sender.hand_over() == 0
    assert shop.files() == {}
    assert not shop.spool.unsure
    shop.consistent()


async def test_an_issue_that_nobody_wants_of_a_list_that_goes_meanwhile(
    shop: Workshop, writes: Callable[..., None]
) -> None:
    await issue(shop)
    sender = service(shop)
    writes(StoreTrouble("locked"))
    with pytest.raises(StoreTrouble):
        await sender.hand_over()
    writes(None)
    await shop.store.write(lists.remove, LIST_ID)
    assert await sender.hand_over() == 0


async def test_a_list_that_nobody_knows_any_more_is_left_out(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await both(shop)
    await issue(shop)

    async def nothing(_: str) -> None:
        return None

    monkeypatch.setattr(shop.work.cache, "policy", nothing)
    assert await service(shop).hand_over() == 0
    assert shop.files() == {}


@pytest.mark.parametrize("call", ["rename", "sync"])
async def test_a_disk_in_trouble_leaves_nothing_and_the_issue_waits(shop: Workshop, call: str) -> None:
    await both(shop)
    await issue(shop)
    sender = service(shop)
    broken = iter([OSError(errno.ENOSPC, "full")])

    def fault(what: str, directory: str, _: str) -> OSError | None:
        return next(broken, None) if (what, directory) == (call, "virgin") else None

    with failing(shop.disk, fault), pytest.raises(DiskTrouble):
        await sender.hand_over()
    assert (shop.files(), shop.spool.unsure, await left(shop)) == ({}, set(), 1)
    assert await sender.hand_over() == 1
    shop.consistent()


async def test_a_full_spool_takes_no_digest(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    await both(shop)
    await issue(shop)
    monkeypatch.setattr(shop.spool, "room", lambda: DiskTrouble("full", full=True))
    with pytest.raises(DiskTrouble):
        await service(shop).hand_over()
    assert shop.files() == {}


async def test_an_issue_with_a_defect_keeps_no_other_waiting(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await both(shop)
    bad, good = await issue(shop), await issue(shop)
    real = compose.mime

    def mime(*arguments: Any, root: str, **more: Any) -> bytes:
        if root == bad.entry:
            raise ValueError("a defect")
        return real(*arguments, root=root, **more)

    monkeypatch.setattr(compose, "mime", mime)
    sender = service(shop, rest_s=60.0)
    assert await sender.hand_over() == 1
    assert shop.names("virgin") == sorted(names_of(good))
    (line,) = shop.log.named("crashed")
    assert line["queue_id"] == bad.entry
    monkeypatch.undo()
    assert await sender.hand_over() == 0
    shop.clock.advance(61.0)
    assert await sender.hand_over() == 1


async def test_a_spool_that_is_lost_is_no_defect_of_an_issue(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await both(shop)
    await issue(shop)

    async def lost(*_: Any) -> None:
        raise SpoolLost("gone")

    monkeypatch.setattr("mlcore.runners.issues.make_children", lost)
    with pytest.raises(SpoolLost):
        await service(shop).hand_over()


# -- after a crash ------------------------------------------------------------------------------------------


async def test_what_was_never_awake_is_removed_at_the_start_and_made_again(
    shop: Workshop, writes: Callable[..., None]
) -> None:
    await both(shop)
    made = await issue(shop)
    other = await shop.notice()
    writes(StoreTrouble("locked"))
    with pytest.raises(StoreTrouble):
        await service(shop).hand_over()
    writes(None)
    # another process starts
    shop.spool.unsure.clear()
    fill(shop.spool.queues, recover(shop.disk))
    assert len(shop.spool.queues["virgin"]) == 3
    sender = service(shop)
    assert await sender.reconcile() == 2
    assert shop.names("virgin") == [other]
    shop.consistent()
    assert await sender.hand_over() == 1
    assert shop.names("virgin") == sorted([other, *names_of(made)])
    assert await service(shop).reconcile() == 0
    assert len(shop.names("virgin")) == 3


async def test_one_form_of_two_is_removed_too(shop: Workshop, writes: Callable[..., None]) -> None:
    await both(shop)
    made = await issue(shop)
    writes(StoreTrouble("locked"))
    with pytest.raises(StoreTrouble):
        await service(shop).hand_over()
    shop.disk.unlink(Place("virgin", made.entry))  # a power cut has taken it
    fill(shop.spool.queues, recover(shop.disk))
    assert await service(shop).reconcile() == 1
    assert shop.files() == {}


async def test_a_start_on_a_disk_in_trouble_fails(shop: Workshop, writes: Callable[..., None]) -> None:
    await both(shop)
    await issue(shop)
    writes(StoreTrouble("locked"))
    with pytest.raises(StoreTrouble):
        await service(shop).hand_over()
    writes(None)
    fill(shop.spool.queues, recover(shop.disk))

    def fault(call: str, directory: str, _: str) -> OSError | None:
        return OSError(errno.EIO, "broken") if (call, directory) == ("sync", "virgin") else None

    with failing(shop.disk, fault), pytest.raises(DiskTrouble):
        await service(shop).reconcile()


# -- the service --------------------------------------------------------------------------------------------


async def test_it_looks_when_it_is_rung_and_ends_when_it_is_told(shop: Workshop) -> None:
    await both(shop)
    sender = service(shop, look_s=60.0)
    running = asyncio.create_task(sender.run())
    await asyncio.sleep(0.01)
    await issue(shop)
    sender.changed()
    await until(lambda: len(shop.names("virgin")) == 2)
    sender.stop()
    await asyncio.wait_for(running, 5)


async def test_it_looks_by_itself_and_survives_trouble(shop: Workshop, writes: Callable[..., None]) -> None:
    await both(shop)
    await issue(shop)
    writes(StoreTrouble("locked"))
    sender = service(shop, look_s=0.001)
    running = asyncio.create_task(sender.run())
    await until(lambda: len(shop.log.named("waiting")) > 1)
    writes(None)
    await until(lambda: len(shop.spool.queues["virgin"]) == 2)
    sender.stop()
    await asyncio.wait_for(running, 5)


async def test_posts_that_are_on_their_way_go_first(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlcore.runners.issues.BACKLOG", 2)
    await both(shop)
    await issue(shop)
    names = [await shop.outgoing("anne@example.org") for _ in range(2)]
    sending = asyncio.create_task(service(shop, pause_s=0.001).hand_over())
    await asyncio.sleep(0.02)
    assert shop.names("virgin") == []
    shop.spool.queues["out"].forget(names[0])
    assert await asyncio.wait_for(sending, 5) == 1


async def test_where_they_do_not_get_on_a_digest_follows_all_the_same(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlcore.runners.issues.BACKLOG", 1)
    await both(shop)
    await issue(shop)
    await shop.outgoing("anne@example.org")
    assert await service(shop, pause_s=0.001, patience_s=0.01).hand_over() == 1


async def test_a_stop_is_heard_between_issues(shop: Workshop) -> None:
    await both(shop)
    await issue(shop)
    sender = service(shop)
    sender.stop()
    assert await sender.hand_over() == 0
    assert await left(shop) == 1
    await sender.run()
