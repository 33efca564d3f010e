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
from projections.asking import Released
from projections.reader import Reader

GATHER_SECONDS = 0.05
RETRY_SECONDS = 1.0
"""After the log could not be written."""
AT_MOST = 200

log = logging.getLogger(__name__)


@dataclass(slots=True)
class SentLog:
    """Notes how transfers ended. Run `keep` as a task; `note` never blocks and never fails."""

    ledger: Ledger
    retry_seconds: float = RETRY_SECONDS
    _waiting: list[NewEvent] = field(default_factory=list)
    _noted: asyncio.Event = field(default_factory=asyncio.Event)
    _appending: Command | None = None
    """Of which it is not known yet that it is durable. It is sent again as it is, under the same
    id, so that it is appended once, whatever had become of the first attempt."""

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
                if not await self.flush():
                    await asyncio.sleep(self.retry_seconds)
                    self._noted.set()
        except asyncio.CancelledError:
            await self.flush()
            raise

    async def flush(self) -> bool:
        """Append all that has been noted so far; whether that is done. What cannot be appended
        now waits."""
        self._noted.clear()
        while self._appending or self._waiting:
            if self._appending is None:
                self._appending = Command(id=uuid4(), events=tuple(self._waiting[:AT_MOST]))
                del self._waiting[:AT_MOST]
            try:
                await self.ledger.append(self._appending)
            except LedgerUnavailable:
                log.warning("transfers not noted yet: the log cannot be written")
                return False
            except Exception as fault:
                # Its message might quote what could not be stored. Those transfers stay unknown,
                # and those that come after them are noted.
                log.error("transfers cannot be noted: %s", type(fault).__qualname__)
            self._appending = None
        return True
