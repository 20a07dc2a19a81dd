"""Texts are kept at hand: files, the database, and other hosts, without anybody waiting for them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mlcore.actions import lists as list_actions
from mlcore.actions import site_texts
from mlcore.base.clock import FakeClock
from mlcore.base.errors import StoreTrouble
from mlcore.runners import texts as module
from mlcore.runners.texts import GONE, Pace, TextKeeper
from mlcore.sources.files import Files, Tree
from mlcore.sources.web import Unreachable, Web
from mlcore.store import generation, templates
from mlcore.store.engine import Store, open_sync
from mlcore.store.templates import Kept, State
from mlcore.store.upgrade import prepare
from mlcore.texts.book import Book
from mlcore.texts.texts import Texts
from mlcore.texts.uris import SITE, Address, Record
from support.workshop import RecordingLog, until

WELCOME = "list:user:notice:welcome"
ANT = "ant.example.com"
PACKAGED = Texts(Book({("en", f"{WELCOME}.txt"): "packaged"}), {})
LIFE_S = 1_000.0
QUICK = Pace(look_s=0.02, gap_s=0.005, reload_s=1e9, retry_s=100.0, tell_s=3_600.0)


class FakeWeb(Web):
    """Answers from a table: a text, None, or an error that is raised."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, str | Exception | None] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_once = 0
        self.most_at_once = 0
        self.closed = False

    async def fetch(self, uri: str, username: str = "", password: str = "") -> str | None:
        """See `Web.fetch`."""
        self.asked.append((uri, username, password))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.gate.wait()
        finally:
            self.at_once -= 1
        answer = self.answers.get(uri, Unreachable("no connection"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """See `Web.close`."""
        self.closed = True

    @property
    def uris(self) -> list[str]:
        """What was asked for, in order."""
        return [uri for uri, _, _ in self.asked]


class Bench:
    """A keeper with its surroundings."""

    def __init__(self, directory: Path, store: Store) -> None:
        self.directory = directory
        self.store = store
        self.web = FakeWeb()
        self.clock = FakeClock()
        self.log = RecordingLog()
        self.told: list[Texts] = []
        self.keeper = self.make()
        self._task: asyncio.Task[None] | None = None

    def make(self, pace: Pace = QUICK) -> TextKeeper:
        """Another keeper, as another start would make it."""
        self.keeper = TextKeeper(
            PACKAGED,
            Files(str(self.directory)),
            self.web,
            self.store,
            self.clock,
            self.log,
            cache_life_s=LIFE_S,
            default_language="en",
            tell=self.told.append,
            pace=pace,
        )
        return self.keeper

    def write(self, place: str, text: str | bytes) -> None:
        path = self.directory / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    async def put(self, uri: str, context: str = ANT, **login: str) -> Address:
        """A record, told of by the bell."""
        await self.store.write(templates.put, Record(WELCOME, context, uri, **login))
        address = Address(uri, login.get("username", ""))
        await self.store.write(templates.make_due, [address])
        self.keeper.changed()
        return address

    def text(self, *languages: str) -> str:
        """What a welcome says now."""
        return self.keeper.current.template(WELCOME, ANT, "example.com", languages or ("en",))

    async def becomes(self, text: str, *languages: str) -> None:
        await until(lambda: self.text(*languages) == text)

    async def state(self, address: Address) -> State | None:
        return (await self.store.read(templates.states)).get(address)

    def start(self) -> None:
        self._task = asyncio.create_task(self.keeper.run())

    async def stop(self) -> None:
        if self._task is not None:
            self.keeper.stop()
            await asyncio.wait_for(self._task, 5)
            self._task = None


@pytest.fixture
async def bench(tmp_path: Path, database_url: str) -> AsyncIterator[Bench]:
    prepare(database_url)
    with open_sync(database_url) as connection:
        list_actions.create(connection, "ant@example.com", now=1.0)
    store = Store(database_url)
    await store.start()
    bench = Bench(tmp_path / "templates", store)
    yield bench
    await bench.stop()
    await store.stop()


# -- files -------------------------------------------------------------------------------------------------


async def test_before_anything_is_read_there_are_the_texts_of_the_program(bench: Bench) -> None:
    assert bench.text() == "packaged"


async def test_the_first_mail_has_the_texts_of_the_site(bench: Bench) -> None:
    bench.write(f"site/en/{WELCOME}.txt", "site")
    await bench.keeper.prime()
    assert bench.text() == "site"
    assert bench.told == [bench.keeper.current]


async def test_files_are_looked_at_again(bench: Bench) -> None:
    bench.start()
    bench.write(f"site/en/{WELCOME}.txt", "one")
    await bench.becomes("one")
    bench.write(f"lists/{ANT}/en/{WELCOME}.txt", "two")
    await bench.becomes("two")
    assert bench.told[-1] is bench.keeper.current


async def test_nothing_is_made_anew_while_nothing_changes(bench: Bench) -> None:
    bench.write(f"site/en/{WELCOME}.txt", "one")
    bench.start()
    await bench.becomes("one")
    told = len(bench.told)
    await asyncio.sleep(0.1)
    assert len(bench.told) == told


async def test_a_reload_looks_at_once(bench: Bench) -> None:
    keeper = bench.make(Pace(look_s=600.0, gap_s=0.005))
    bench.start()
    await until(lambda: bench.told)
    bench.write(f"site/en/{WELCOME}.txt", "one")
    await asyncio.sleep(0.03)
    assert bench.text() == "packaged"
    keeper.look_again()
    await bench.becomes("one")


async def test_a_file_that_is_no_text_is_told_once_and_the_next_one_serves(bench: Bench) -> None:
    bench.write(f"lists/{ANT}/en/{WELCOME}.txt", b"\xff")
    bench.write(f"site/en/{WELCOME}.txt", "site")
    bench.start()
    await bench.becomes("site")
    await asyncio.sleep(0.08)
    (line,) = bench.log.named("text not usable")
    assert line == {"place": f"{bench.directory}/lists/{ANT}/en/{WELCOME}.txt", "reason": "not UTF-8"}
    bench.keeper.look_again()
    await until(lambda: len(bench.log.named("text not usable")) == 2)


async def test_a_thousand_bad_files_are_not_a_thousand_lines(bench: Bench) -> None:
    for number in range(100):
        bench.write(f"site/en/{number}.txt", b"\0")
    await bench.keeper.prime()
    assert len(bench.log.named("text not usable")) == module.MOST_LINES


async def test_a_file_under_a_uri(bench: Bench) -> None:
    bench.write("anywhere", "named")
    bench.start()
    await bench.put(f"file://{bench.directory}/anywhere")
    await bench.becomes("named")
    bench.write("anywhere", "changed!")
    await bench.becomes("changed!")
    (bench.directory / "anywhere").unlink()
    await bench.becomes("packaged")
    assert bench.web.asked == []


# -- the database ------------------------------------------------------------------------------------------


async def test_a_text_under_a_uri_of_this_site(bench: Bench) -> None:
    bench.write("site/en/my.txt", "mine")
    bench.start()
    await bench.put("mailman:///my.txt")
    await bench.becomes("mine")
    await bench.store.write(templates.remove, WELCOME, ANT)
    bench.keeper.changed()
    await bench.becomes("packaged")


async def test_without_a_database_files_serve(bench: Bench) -> None:
    await bench.store.stop()
    bench.write(f"site/en/{WELCOME}.txt", "site")
    bench.start()
    await bench.becomes("site")
    assert bench.log.named("waiting")[0]["reason"] == "the store is stopped"


async def test_a_database_that_hangs_does_not_keep_files_from_being_seen(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_arguments: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(bench.store, "read", hang)
    monkeypatch.setattr(module, "_DATABASE_S", 0.01)
    bench.write(f"site/en/{WELCOME}.txt", "site")
    await bench.keeper.prime()
    assert bench.text() == "site"
    assert bench.log.named("waiting")[0]["reason"] == "the database does not answer"


async def test_a_start_does_not_wait_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_arguments: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(bench.store, "read", hang)
    await bench.keeper.prime(0.01)
    assert bench.log.named("waiting")[0]["reason"] == "no texts of this site after 0.01 s"
    assert bench.text() == "packaged"


async def test_changes_of_lists_that_no_text_depends_on_make_nothing_anew(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "text"
    bench.start()
    await bench.put("https://h/a")
    await bench.becomes("text")
    await asyncio.sleep(0.03)
    told = len(bench.told)
    await bench.store.write(generation.raise_)
    bench.keeper.changed()
    await asyncio.sleep(0.05)
    assert len(bench.told) == told


async def test_the_languages_of_new_members_are_seen_after_a_while(bench: Bench) -> None:
    keeper = bench.make(Pace(look_s=0.02, gap_s=0.005, reload_s=60.0))
    bench.web.answers |= {"https://h/en": "english", "https://h/ja": "日本語"}
    bench.start()
    await bench.put("https://h/$language")
    await bench.becomes("english")
    await asyncio.sleep(0.5)  # what was fetched is saved, which is a change that is looked at once more
    with open_sync(bench.store.url) as connection:
        from mlcore.store.schema import users

        values = {"user_uuid": "u", "display_name": "", "created_at": 1.0, "is_server_owner": False}
        connection.execute(users.insert(), {**values, "preferred_language": "ja"})
    keeper.changed()
    await asyncio.sleep(0.05)
    assert bench.text("ja") == "packaged"
    bench.clock.advance(61)
    await bench.becomes("日本語", "ja")


async def test_a_new_default_language_is_asked_for(bench: Bench) -> None:
    bench.web.answers |= {"https://h/en": "english", "https://h/ja": "日本語"}
    bench.start()
    await bench.put("https://h/$language")
    await bench.becomes("english")
    bench.keeper.change(cache_life_s=LIFE_S, default_language="ja")
    await bench.becomes("日本語", "ja")
    assert bench.text() == "english"


# -- other hosts -------------------------------------------------------------------------------------------


async def test_a_text_is_fetched_in_the_background_and_kept(bench: Bench) -> None:
    bench.web.gate.clear()
    bench.web.answers["https://h/a"] = "fetched"
    bench.start()
    address = await bench.put("https://h/a", username="anne", password="secret")
    await until(lambda: bench.web.asked)
    assert bench.text() == "packaged"
    bench.web.gate.set()
    await bench.becomes("fetched")
    assert bench.web.asked == [("https://h/a", "anne", "secret")]
    now = bench.clock.time()
    await until(lambda: bench.log.named("text fetched"))
    assert await bench.state(address) == State(now, now, "")
    assert "secret" not in str(bench.log.events)


async def test_it_outlives_a_restart_without_the_other_host(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "fetched"
    bench.start()
    await bench.put("https://h/a")
    await bench.becomes("fetched")
    await bench.stop()
    bench.web.answers.clear()
    bench.clock.advance(LIFE_S * 2)
    keeper = bench.make()
    await keeper.prime()
    assert bench.text() == "fetched"
    bench.start()
    await until(lambda: bench.log.named("text not usable"))
    assert bench.text() == "fetched"


async def test_it_is_fetched_again_when_it_is_old(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "one"
    bench.start()
    await bench.put("https://h/a")
    await bench.becomes("one")
    bench.web.answers["https://h/a"] = "two"
    bench.clock.advance(LIFE_S - 1)
    bench.keeper._due.set()
    await asyncio.sleep(0.03)
    assert bench.text() == "one"
    bench.clock.advance(1)
    bench.keeper._due.set()
    await bench.becomes("two")
    assert bench.web.uris == ["https://h/a"] * 2


async def test_a_shorter_life_counts_at_once(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "one"
    bench.start()
    await bench.put("https://h/a")
    await bench.becomes("one")
    bench.web.answers["https://h/a"] = "two"
    bench.clock.advance(61)
    bench.keeper.change(cache_life_s=60.0, default_language="en")
    await bench.becomes("two")


async def test_setting_it_again_fetches_it_again(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "one"
    bench.start()
    await bench.put("https://h/a")
    await bench.becomes("one")
    await until(lambda: not bench.keeper._unsaved)
    bench.web.answers["https://h/a"] = "two"
    await bench.put("https://h/a")
    await bench.becomes("two")


async def test_a_failure_keeps_the_last_good_text_and_is_told_once_an_hour(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "good"
    bench.start()
    address = await bench.put("https://h/a")
    await bench.becomes("good")
    fetched_at = bench.clock.time()
    bench.web.answers["https://h/a"] = Unreachable("HTTP status 500")
    bench.clock.advance(LIFE_S)
    for times in range(2, 7):
        bench.keeper._due.set()
        await until(lambda times=times: len(bench.web.asked) == times)  # type: ignore[misc]
        await until(lambda: not bench.keeper._unsaved)
        bench.clock.advance(QUICK.retry_s)
    assert bench.text() == "good"
    (line,) = bench.log.named("text not usable")
    assert line == {"place": "https://h/a", "reason": "HTTP status 500"}
    state = await bench.state(address)
    assert state == State(fetched_at, bench.clock.time() - QUICK.retry_s, "HTTP status 500")
    bench.clock.advance(3_600.0)
    bench.keeper._due.set()
    await until(lambda: len(bench.log.named("text not usable")) == 2)


async def test_404_is_no_empty_text(bench: Bench) -> None:
    """Nor the old one: who runs that server has taken it away."""
    bench.write(f"site/en/{WELCOME}.txt", "site")
    bench.web.answers["https://h/a"] = "good"
    bench.start()
    address = await bench.put("https://h/a")
    await bench.becomes("good")
    bench.web.answers["https://h/a"] = None
    bench.clock.advance(LIFE_S)
    bench.keeper._due.set()
    await bench.becomes("site")
    await until(lambda: not bench.keeper._unsaved)
    state = await bench.state(address)
    assert state is not None
    assert (state.fetched_at, state.trouble) == (None, GONE)


async def test_one_that_never_came_falls_through(bench: Bench) -> None:
    bench.web.answers["https://h/site"] = "site"
    bench.start()
    await bench.put("https://h/none")
    await bench.put("https://h/site", SITE)
    await bench.becomes("site")


async def test_a_few_at_once(bench: Bench) -> None:
    with open_sync(bench.store.url) as connection:
        for number in range(30):
            list_actions.create(connection, f"l{number}@example.com", now=1.0)
    bench.web.gate.clear()
    bench.start()
    await bench.put("https://h/$list_id", SITE)
    await until(lambda: bench.web.at_once == 4)
    bench.web.gate.set()
    await until(lambda: len(bench.web.asked) == 31)
    assert bench.web.most_at_once == 4
    assert len(set(bench.web.uris)) == 31


async def test_what_nobody_wants_any_more_is_forgotten(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "text"
    bench.start()
    address = await bench.put("https://h/a")
    await bench.becomes("text")
    await until(lambda: not bench.keeper._unsaved)
    await bench.store.write(templates.remove, WELCOME, ANT)
    bench.keeper.changed()
    await bench.becomes("packaged")
    assert await bench.state(address) is None


async def test_a_text_of_another_s_password_is_not_this_one_s(bench: Bench) -> None:
    bench.web.answers["https://h/a"] = "text"
    bench.start()
    await bench.put("https://h/a", username="anne", password="x")
    await bench.becomes("text")
    bench.web.answers["https://h/a"] = Unreachable("HTTP status 401")
    await bench.put("https://h/a", username="bart", password="x")
    await bench.becomes("packaged")


async def test_what_cannot_be_written_down_is_used_and_written_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.web.answers["https://h/a"] = "one"
    bench.web.gate.clear()
    bench.start()
    address = await bench.put("https://h/a")
    await until(lambda: bench.web.asked)
    write = bench.store.write

    def fail(*_arguments: object) -> asyncio.Future[None]:
        raise StoreTrouble("database is locked")

    monkeypatch.setattr(bench.store, "write", fail)
    bench.web.gate.set()
    await bench.becomes("one")
    monkeypatch.setattr(bench.store, "write", write)
    assert await bench.state(address) is None
    assert bench.log.named("waiting")
    bench.clock.advance(LIFE_S)
    bench.keeper._due.set()
    await until(lambda: not bench.keeper._unsaved)
    assert await bench.state(address) is not None


async def test_a_clock_that_was_in_the_future_is_no_reason_to_wait(bench: Bench) -> None:
    future = bench.clock.time() + 1e8
    address = Address("https://h/a", "")
    await bench.store.write(templates.keep, {address: Kept("old", State(future, future, ""))})
    bench.web.answers["https://h/a"] = "new"
    await bench.store.write(templates.put, Record(WELCOME, ANT, "https://h/a"))
    bench.start()
    await bench.becomes("new")


async def test_there_is_an_end_to_how_many_are_asked_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ADDRESSES", 1)
    monkeypatch.setattr(site_texts, "MOST_ADDRESSES", 1)
    await bench.put("https://h/a")
    await bench.put("https://h/b", SITE)
    await bench.keeper.prime()
    (line,) = bench.log.named("text not usable")
    assert line["reason"] == "more than 1 texts: not all of them are fetched"


async def test_there_is_an_end_to_how_large_they_are_together(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TOGETHER", 5)
    bench.web.answers = {"https://h/a": "12345", "https://h/b": "1"}
    bench.start()
    await bench.put("https://h/a")
    await bench.becomes("12345")
    await bench.put("https://h/b", "@example.com")
    await until(lambda: bench.log.named("text not usable"))
    assert bench.log.named("text not usable")[0]["reason"] == "the texts of this site are too large together"
    bench.web.answers["https://h/a"] = "54321"
    await bench.put("https://h/a")
    await bench.becomes("54321")


async def test_what_was_told_is_forgotten_in_the_end(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ADDRESSES", 2)
    for number in range(9):
        bench.keeper._once(str(number), "x")
    assert len(bench.keeper._told) <= 4


# -- the service -------------------------------------------------------------------------------------------


async def test_a_stop_does_not_wait_for_another_host(bench: Bench) -> None:
    bench.web.gate.clear()
    bench.start()
    await bench.put("https://h/a")
    await until(lambda: bench.web.asked)
    await bench.stop()
    assert bench.web.closed


async def test_p17_a_defect_does_not_end_the_server(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_named: object) -> Tree:
        raise ZeroDivisionError

    look = bench.keeper._files.look
    monkeypatch.setattr(bench.keeper._files, "look", broken)
    bench.web.answers = {"https://h/a": ZeroDivisionError("oh"), "https://h/b": "text"}
    bench.start()
    await until(lambda: bench.log.named("crashed"))
    monkeypatch.setattr(bench.keeper._files, "look", look)
    address = await bench.put("https://h/a")
    await bench.put("https://h/b", SITE)
    await bench.becomes("text")
    await until(lambda: not bench.keeper._unsaved)
    state = await bench.state(address)
    assert state is not None
    assert state.trouble == "ZeroDivisionError('oh')"


async def test_p17_a_defect_of_a_batch_does_not_end_the_server(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_batch: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(bench.keeper, "_fetch", broken)
    bench.start()
    await bench.put("https://h/a")
    await until(lambda: bench.log.named("crashed"))
    await bench.stop()


async def test_times_that_hold_no_longer_are_corrected(bench: Bench) -> None:
    """What was fetched while all times were thought over anew has an old one."""
    address, gone = Address("https://h/a", ""), Address("https://h/gone", "")
    now = bench.clock.time()
    keeper = bench.keeper
    keeper._plan = site_texts.Plan({address: Record(WELCOME, ANT, "https://h/a")})
    keeper._times = [(0.0, address), (0.0, gone), (0.0, address)]
    assert keeper._batch() == [address]
    assert keeper._times == []
    keeper._kept = {address: Kept("text", State(now, now, ""))}
    keeper._times = [(0.0, address)]
    assert keeper._batch() == []
    assert keeper._times == [(now + LIFE_S, address)]
