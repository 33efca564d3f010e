"""Notifies readers of what is recorded: `python -m workers.relay`.

1. Follow the log from where it was followed to; one relay at a time.
2. For each fact that occasions it, ask policy who may know of it now, and append a `Notified` for
   each of them, guarded by what policy rested on.
3. Note how far the log was followed. Killed before that, the same is done again, and changes
   nothing: the log knows the commands already.

What was appended is then published (`publishing`), from the log as well: neither waits for the
other, and commands wait for neither.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import uvloop

from deploy.database import open_database
from deploy.key_store import open_keys
from deploy.nats_accounts import RELAY
from deploy.nats_connection import connect
from deploy.settings import Settings, load_settings
from domain.ledger.command import Command, Conflicted, LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.ledger.sealing import Unreadable
from domain.ledger.stored import Stored
from projections.clear import clear
from projections.confirming import Confirming
from projections.notifications import NOTIFIED
from projections.notifying import NOTIFYING, STANDING, Notifying
from projections.querying import Lists
from workers.acknowledging import hear_acknowledgements
from workers.cursor import Cursor, held
from workers.publishing import Publishing
from workers.until_asked import until_asked_to_end

ATTEMPTS: Final = 8
RETRY_SECONDS: Final = 0.5
AT_ONCE: Final = 64
"""How many clients' facts are considered at the same time."""

BATCH: Final = 500
SELDOM: Final = 1000
"""Lines that occasion nothing, after which the cursor is moved all the same."""

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """This process's clock, timezone-aware."""
    return datetime.now(UTC)


def nobody(line: Stored) -> None:
    """Hears of it only from the log."""


@dataclass(slots=True)
class Relay:
    """Follows the log as the service's role over `url`."""

    url: str
    ledger: Ledger
    lists: Lists
    clock: Callable[[], datetime] = utc_now
    offer: Callable[[Stored], None] = nobody
    """Hears of each notification that is appended here (its version is not told)."""

    async def run(self) -> None:
        """Relay for ever; while PostgreSQL is away, try again."""
        while True:
            try:
                await self.follow()
            except LedgerUnavailable as error:
                log.warning("not relaying (%s); trying again", error)
                await asyncio.sleep(RETRY_SECONDS)

    async def follow(self, upto: int | None = None) -> None:
        """Relay what the log holds, then what it comes to hold; until past position `upto` (None:
        never). Raises LedgerUnavailable."""
        async with held(self.url, "relay") as cursor:
            notifying = Notifying(
                self.ledger, self.lists, self.clock, await self.ledger.log.epochs()
            )
            position = cursor.position
            if position is None:
                position = await self._resumed()
            if upto is not None and position >= upto:
                return
            async for batch in self.ledger.log.tail(
                position, limit=BATCH, topics=sorted(NOTIFYING)
            ):
                await self._batch(notifying, batch, cursor)
                if upto is not None and batch[-1].position >= upto:
                    return

    async def _resumed(self) -> int:
        """Up to where all is done, as the log itself tells if the cursor was lost."""
        last = await self.ledger.log.last(sorted(NOTIFIED))
        if last is None:
            return 0
        # Of a batch, facts of several clients are relayed at once: those before it all have been.
        return max(0, int(clear(last).body["occasion"]) - BATCH)

    async def _batch(self, notifying: Notifying, batch: Sequence[Stored], cursor: Cursor) -> None:
        by_client: dict[UUID, list[Stored]] = {}
        for line in batch:
            if line.topic in NOTIFYING:
                by_client.setdefault(line.stream, []).append(line)
            elif line.topic in STANDING:
                self.ledger.forget(line.stream)
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(lines: list[Stored]) -> None:
            async with turns:
                for line in lines:
                    await self._line(notifying, line)

        try:
            async with asyncio.TaskGroup() as group:
                for lines in by_client.values():
                    group.create_task(one(lines))
        except* LedgerUnavailable:
            reasons = "the log cannot be read or written"
        else:
            reasons = ""
        if reasons:
            raise LedgerUnavailable(reasons)
        if by_client or batch[-1].position >= (cursor.position or 0) + SELDOM:
            await cursor.move(batch[-1].position)

    async def _line(self, notifying: Notifying, line: Stored) -> None:
        """Notify everybody of one line. Whoever's standing, or whatever policy rests on, changes
        meanwhile is asked about again."""
        try:
            (entry,) = await self.ledger.entries([line])
        except Unreadable as error:
            # One damaged line must not keep everybody else from being told.
            log.error("nobody can be notified of what cannot be read: %s", error)
            return
        for number in range(ATTEMPTS):
            appending: list[asyncio.Task[bool]] = []
            async with asyncio.TaskGroup() as group:
                async for command in notifying.commands(entry, fresh=number > 0):
                    # Under way while it is still being asked who else is to be told.
                    appending.append(group.create_task(self._append(command)))
            if all(task.result() for task in appending):
                return
        raise LedgerUnavailable("who may know of it kept changing")

    async def _append(self, command: Command) -> bool:
        try:
            appended = await self.ledger.append(command)
        except Conflicted:
            return False
        if not appended.replayed:
            event, position = command.events[0], appended.positions[0]
            at = appended.recorded_at
            self.offer(Stored(position, event.stream, 0, event.topic, event.state, at))
        return True


async def relay(settings: Settings, service_url: str) -> None:
    """Notify, publish, and hear what readers say of it, until cancelled. Without NATS, notify."""
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(service_url, open_keys(settings))
        stack.push_async_callback(ledger.close)
        lists = await Lists(service_url).open()
        stack.push_async_callback(lists.close)
        own = Relay(service_url, ledger, lists)
        async with asyncio.TaskGroup() as group:
            if settings.nats_url is not None:
                group.create_task(_over_nats(settings, own))
            group.create_task(own.run())


async def _over_nats(settings: Settings, own: Relay) -> None:
    line = await connect(settings, RELAY)
    try:
        confirming = Confirming(own.ledger, own.clock)
        await hear_acknowledgements(line, confirming.acknowledge)
        publishing = Publishing(own.url, own.ledger, own.lists, line.jetstream())
        own.offer = publishing.offer
        await publishing.run()
    finally:
        await line.close()


def main() -> None:
    """Run as a program, with the settings of its environment."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    uvloop.install()
    settings = load_settings()
    if settings.service_url is not None:
        until_asked_to_end(relay(settings, settings.service_url.get_secret_value()))
        return
    with open_database(settings) as database:
        until_asked_to_end(relay(settings, database.urls.service_url))


if __name__ == "__main__":
    main()
