"""Row "database" of the budget: what the sender is to the list, post number, recipients."""

import asyncio

from load import make_list
from measure import at_once, place, processor_time
from mlcore.base.clock import SystemClock
from mlcore.config.loader import load
from mlcore.mail.address import key_of
from mlcore.store import numbers
from mlcore.store.engine import Store
from mlcore.store.rosters import RosterCache

POSTS = 3000


async def main() -> None:
    with place() as directory:
        config = f"{directory}/mlcore.cfg"
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"[mailman]\nlayout: bench\n[paths.bench]\nvar_dir: {directory}/var\n")
        settings = load(config)
        make_list(settings, 10)
        store = Store(settings.database.url)
        await store.start()
        list_id, sender = "bench0.example.com", key_of("member0@site0.example.net")

        rosters = RosterCache(store, SystemClock())

        async def one(number: int) -> None:
            roster = await rosters.of(list_id)
            assert roster is not None
            assert sender in roster.standings
            post = numbers.Post(sender, f"{number:032x}", f"{number:032x}")
            await store.write(numbers.take, f"entry{number}", list_id, 1.0, post)

        for most in (1, 16):
            before = store.commits
            with processor_time(f"database, the queries of a post, {most} at once", POSTS):
                await at_once(POSTS, most, lambda number, most=most: one(number + most * POSTS))  # type: ignore[misc]
            print(f"  {(store.commits - before) / POSTS:.2f} commits a post")
        await store.stop()


if __name__ == "__main__":
    asyncio.run(main())
