"""Wakes whoever waits for news of one person: they were notified, or their standing has changed.

One connection that hears of every append (LISTEN) for all who wait in this process, and none while
nobody does. Whoever is woken looks for themselves: a ring too many does no harm.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from domain.ledger.command import LedgerUnavailable
from domain.ledger.log import Log
from projections.clear import clear
from projections.notifications import NOTIFIED
from projections.notifying import STANDING

RETRY_SECONDS: Final = 0.5

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Bell:
    """Belongs to one event loop."""

    log: Log
    _waiting: dict[UUID, list[asyncio.Event]] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, person: UUID) -> Iterator[asyncio.Event]:
        """Set whenever there may be news. Look only once you wait: what came before is not told."""
        event = asyncio.Event()
        self._waiting.setdefault(person, []).append(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen(), name="bell")
        try:
            yield event
        finally:
            self._waiting[person].remove(event)
            if not self._waiting[person]:
                del self._waiting[person]
            if not self._waiting:
                self.close()

    def close(self) -> None:
        """Stop listening; the next who waits begins again."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()

    async def _listen(self) -> None:
        while True:
            try:
                head = await self.log.head()
                # Whoever looked before this may have missed what was appended meanwhile.
                for person in list(self._waiting):
                    self._ring(person)
                async for batch in self.log.tail(head, topics=sorted(NOTIFIED)):
                    for line in batch:
                        if line.topic in NOTIFIED:
                            self._ring(UUID(clear(line).body["reader"]))
                        elif line.topic in STANDING:
                            self._ring(line.stream)
            except LedgerUnavailable as error:
                log.warning("nobody can be woken (%s); trying again", error)
                await asyncio.sleep(RETRY_SECONDS)

    def _ring(self, person: UUID) -> None:
        for event in self._waiting.get(person, ()):
            event.set()
