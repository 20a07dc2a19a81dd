"""What the clock does about requests to join and leave: those that nobody answered end, counts of automatic
mail that are too old to matter go, and who looks after the site hears of lists that are misused."""

from typing import Final

from mlcore.actions import quotas
from mlcore.lists.subscriptions import HOUR_S
from mlcore.runners.tasks import Job
from mlcore.runners.work import Work
from mlcore.store import automatic, requests

PERIOD_S: Final = 3_600.0
LOOK_S: Final = 300.0
"""How often it is looked for lists that have sent what they may."""
AT_ONCE: Final = 500
KEPT_S: Final = 2 * 86_400.0
"""How long automatic mail is counted: limits look back a day, and clocks may be set back an hour or two."""


class Requests:
    """The jobs; nothing here is needed for a request to be void in time: whoever looks at one looks at its
    end too. at_once: requests ended in one transaction."""

    def __init__(self, work: Work, *, at_once: int = AT_ONCE) -> None:
        self._work = work
        self._at_once = at_once
        self._told: dict[str, float] = {}

    def jobs(self) -> tuple[Job, ...]:
        """For `Tasks`."""
        return (
            Job("expire requests", PERIOD_S, self.expire, at_start=True),
            Job("purge automatic mail", PERIOD_S, self.purge, at_start=True),
            Job("watch confirmations", LOOK_S, self.watch),
        )

    async def expire(self) -> int:
        """Ends requests whose time is over, with a line in the log for each; how many. Raises
        LocalTrouble."""
        work = self._work
        count = 0
        more = True
        while more:
            ended = await work.store.write(requests.expire, work.clock.time(), self._at_once)
            for one in ended:
                work.log.info(
                    "expired",
                    queue="requests",
                    list_id=one.list_id,
                    kind=one.kind,
                    waited_for=one.owner,
                    address=one.address,
                    created_at=one.created_at,
                )
            count += len(ended)
            more = len(ended) == self._at_once  # whoever else waits to write comes first
        return count

    async def purge(self) -> int:
        """Forgets old automatic mail; how many. Raises LocalTrouble."""
        work = self._work
        count = 0
        while gone := await work.store.write(automatic.purge, work.clock.time() - KEPT_S):
            count += gone
        return count

    async def watch(self) -> int:
        """Says in the log, once an hour, which lists ask strangers no more, or that none does; how many.
        Somebody uses them to flood others, or a list is very popular. Raises LocalTrouble."""
        work = self._work
        now = work.clock.monotonic()
        found = await work.store.read(quotas.used_up, work.clock.time())
        self._told = {name: at for name, at in self._told.items() if now - at < HOUR_S}
        for list_id, count in found.items():
            if list_id not in self._told:
                self._told[list_id] = now
                work.log.warning("limited", queue="requests", list_id=list_id, confirmations=count)
        return len(found)
