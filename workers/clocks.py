"""Turns what has fallen due into facts: `python -m workers.clocks`.

1. look up, in the list of deadlines, what has passed by the database's clock
2. of each, decide on the record as it is now: still open, it becomes a fact; else nothing
3. sleep until the next one falls due, or the list has changed, and begin again

Each fact has a command id made of its deadline, so that of several clocks, or of one that was
killed and started again, the log takes it once. What time it is, the database says: if that jumps
back, what has passed has passed; if it jumps ahead, everything in between falls due.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Final
from uuid import UUID, uuid5

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from deploy.database import open_database
from deploy.key_store import open_keys
from deploy.settings import Settings, load_settings
from domain.clock import CLOCK, fall_due
from domain.ledger.command import LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.record import CareRecord
from domain.refused import Refused
from projections.deadlines import CHANNEL, Due, due_before, next_due
from projections.querying import Lists
from workers.until_asked import until_asked_to_end

LOOK_AGAIN: Final = timedelta(seconds=15)
"""How long it sleeps at most: whether somebody has set the clock is found out by looking."""
BREATH_SECONDS: Final = 0.1
"""How long it rests at least, so that a busy log does not keep it looking."""
LONGEST_PAUSE_SECONDS: Final = 5.0
AT_ONCE: Final = 16
AWAY: Final = (psycopg.OperationalError, LedgerUnavailable)

Clock = Callable[[Lists], Awaitable[datetime]]
Ear = psycopg.AsyncConnection[tuple[object, ...]]

_NOW: Final = SQL(
    "SELECT greatest(clock_timestamp(), (SELECT recorded_at FROM ledger.log"
    " ORDER BY notification_id DESC LIMIT 1))"
)

log = logging.getLogger(__name__)


async def database_clock(lists: Lists) -> datetime:
    """The database's time; never before the last line of the log, which was recorded by then."""
    ((instant,),) = await lists.rows(_NOW, {})
    assert isinstance(instant, datetime)
    return instant


def command_id(epoch: UUID, due: Due) -> UUID:
    """The same for the same deadline, whoever finds it passed, however often."""
    kind, item, version = due.key
    instant = due.due.astimezone(UTC).isoformat()
    return uuid5(epoch, f"deadline {due.client} {kind} {item} {version} {instant}")


@dataclass(slots=True)
class Clocks:
    """Makes facts of what has fallen due. `clock` says what time it is."""

    ledger: Ledger
    lists: Lists
    clock: Clock = database_clock
    _settled: set[Due] = field(default_factory=set)
    """What was decided already and is still in the list, as the list is a moment behind."""

    async def look(self) -> datetime | None:
        """Decide on everything that has passed; when the next deadline falls due, if any does.

        What cannot be decided is left for the next look, and keeps nothing else back. Raises
        LedgerUnavailable.
        """
        now = await self.clock(self.lists)
        epoch = await self.ledger.log.epoch()
        found, last = set[Due](), None
        while page := await due_before(self.lists, now, after=last):
            last = page[-1]
            found.update(page)
            await self._decide_all([due for due in page if due not in self._settled], epoch, now)
        self._settled &= found
        return await next_due(self.lists, now)

    async def _decide_all(self, passed: list[Due], epoch: UUID, now: datetime) -> None:
        """One after the other for one client, several clients at a time."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def of_client(own: Iterable[Due]) -> None:
            async with gate:
                for due in own:
                    await self._decide(due, epoch, now)

        by_client = groupby(sorted(passed, key=lambda due: due.client), lambda due: due.client)
        tasks = [of_client(list(own)) for _, own in by_client]
        away = [error for error in await asyncio.gather(*tasks, return_exceptions=True) if error]
        if away:
            raise away[0]

    async def _decide(self, due: Due, epoch: UUID, now: datetime) -> None:
        decision = partial(fall_due, by=CLOCK, key=due.key, due=due.due, now=now)
        try:
            decided = await self.ledger.decide(
                CareRecord,
                due.client,
                decision,
                actor=CLOCK,
                effective=due.due,
                command_id=command_id(epoch, due),
            )
        except LedgerUnavailable:
            raise
        except Refused as refused:
            # Once it has been looked at again, it may be in order: when the record has changed.
            log.info("%s of %s makes nothing: %s", due.kind, due.item, refused.code)
        except Exception:
            log.exception("%s of %s cannot be decided", due.kind, due.item)
            return
        else:
            if decided.appended and not decided.appended.replayed:
                log.info("%s of %s fell due at %s", due.kind, due.item, due.due)
        self._settled.add(due)

    async def keep(self, ear: Ear) -> AsyncIterator[None]:
        """Look whenever something may have fallen due, for ever, yielding after each look."""
        while True:
            following = await self.look()
            yield
            now = await self.clock(self.lists)
            rest = LOOK_AGAIN if following is None else min(LOOK_AGAIN, following - now)
            await asyncio.sleep(BREATH_SECONDS)
            async for _ in ear.notifies(timeout=max(rest.total_seconds(), 0.0), stop_after=1):
                pass


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Ear]:
    """A connection that hears of every change of the list from now on."""
    url = make_conninfo(url, keepalives_idle=20, keepalives_interval=10, keepalives_count=3)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(SQL("LISTEN {}").format(Identifier(CHANNEL)))
        yield connection


async def keep_clocks(
    url: str,
    clocks: Clocks,
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Keep the clocks for ever over `url`, the service's own connection. While PostgreSQL is away
    it tries again, ever more slowly."""
    failures = 0
    while True:
        try:
            async with listening(url) as ear:
                async for _ in clocks.keep(ear):
                    failures = 0
        except AWAY as error:
            failures += 1
            seconds = min(LONGEST_PAUSE_SECONDS, 0.1 * 2**failures)
            log.warning("nothing can be looked up (%s); trying again in %.1f s", error, seconds)
            await pause(seconds)


async def run(settings: Settings, url: str) -> None:
    """Open what is needed over `url`, the service's own, and keep the clocks until cancelled."""
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(url, open_keys(settings), connections=2)
        stack.push_async_callback(ledger.close)
        lists = await Lists(url).open()
        stack.push_async_callback(lists.close)
        await keep_clocks(url, Clocks(ledger, lists))


def main() -> None:
    """Run as a program, with the settings of its environment."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    settings = load_settings()
    if settings.service_url is not None:
        until_asked_to_end(run(settings, settings.service_url.get_secret_value()))
        return
    with open_database(settings) as database:
        until_asked_to_end(run(settings, database.urls.service_url))


if __name__ == "__main__":
    main()
