"""What became of a transfer: gathered while responses end, and appended many at a time.

A process that dies before the append leaves its disclosures *released, sent unknown*, which is
exactly what is then known.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from domain.access import Outcome, Sent, access_stream
from domain.actor import Actor
from domain.ledger.command import Command, LedgerUnavailable, NewEvent
from domain.ledger.ledger import Ledger
from projections.disclosure import Released
from projections.reader import Reader

GATHER_SECONDS = 0.05
AGAIN_SECONDS = 1.0
AT_MOST = 200

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SentLog:
    """Notes how transfers ended. Run `keep` as a task; `note` never blocks and never fails."""

    ledger: Ledger
    _waiting: list[NewEvent] = field(default_factory=list)
    _under_way: Command | None = None
    _noted: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, reader: Reader, released: Released, outcome: Outcome, now: datetime) -> None:
        """The transfer of `released` ended in `outcome`."""
        by = Actor(reader.person, reader.acting_as).authorship(now, reader.purpose)
        stream = access_stream(released.client, released.reader)
        fact = Sent(disclosure=released.position, outcome=outcome)
        event = self.ledger.sealing.event(
            fact, by, stream=stream, version=None, subject=released.client
        )
        self._waiting.append(event)
        self._noted.set()

    async def keep(self) -> None:
        """Append what was noted, until cancelled; then once more."""
        try:
            while True:
                await self._noted.wait()
                await asyncio.sleep(GATHER_SECONDS)
                await self.flush()
                if self._under_way is not None:
                    await asyncio.sleep(AGAIN_SECONDS)
                    self._noted.set()
        except asyncio.CancelledError:
            await self.flush()
            raise

    async def flush(self) -> None:
        """Append all that has been noted so far. What cannot be appended now waits, and comes again
        as the same command: it may have been appended although nobody could say so."""
        self._noted.clear()
        while self._under_way is not None or self._waiting:
            if self._under_way is None:
                batch, self._waiting = self._waiting[:AT_MOST], self._waiting[AT_MOST:]
                self._under_way = Command(id=uuid4(), events=tuple(batch))
            try:
                await self.ledger.append(self._under_way)
            except LedgerUnavailable:
                log.warning("transfers not noted yet: the log cannot be written")
                return
            self._under_way = None
