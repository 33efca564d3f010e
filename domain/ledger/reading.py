"""From a stream's id to its state, now or at an earlier moment, through what is known already."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.entry import Entry
from domain.ledger.keys import KeyDestroyed, KeyRing
from domain.ledger.log import Log
from domain.ledger.sealing import Sealing, is_sealed
from domain.ledger.states import Known, S, States, StreamKind
from domain.ledger.stored import Stored

_INLINE_ENTRIES: Final = 200
"""More entries than this are opened in a thread, so that the event loop stays responsive."""


@dataclass(frozen=True, slots=True)
class Version:
    """A moment of one stream, by the version of its last entry."""

    number: int


At = Version | int | datetime | None
"""A moment: of the stream by version, of the log by position, or by (timezone-aware) time. None is
now: everything that is durable."""


class Reading:
    """States of streams. All methods belong to one event loop, and raise LedgerUnavailable when
    the database cannot answer, sealing.Unreadable for what is not as it was written."""

    def __init__(self, log: Log, keys: KeyRing, *, remember: int) -> None:
        self.log = log
        self.keys = keys
        self.sealing = Sealing(keys)
        self._states = States(remember)

    async def known(self, kind: StreamKind[S], id: UUID) -> S:
        """The state as this process last knew it, else as it is. It may be behind: whoever decides
        on it guards it at its version, and calls `refresh` when that guard fails."""
        known = await self._known(kind, id)
        return await self.refresh(kind, id) if known is None else known.state

    async def refresh(self, kind: StreamKind[S], id: UUID) -> S:
        """The state with everything that is durable now: one round trip, whatever was known."""
        return (await self._refreshed(kind, id)).state

    async def after(self, kind: StreamKind[S], entry: Entry) -> S:
        """The state with `entry`, which has just been read from the log, and perhaps with later
        ones: no round trip if it is the next one after what was known."""
        known = await self._known(kind, entry.stream)
        if known is not None and known.state.version >= entry.version:
            return known.state
        if known is None or known.state.version < entry.version - 1:
            return await self.refresh(kind, entry.stream)
        state = known.state.evolve(entry)
        if not is_erased(state):
            self._states.put(
                kind, Known(state, known.sealed or getattr(entry.fact, "sealed", True))
            )
        return state

    async def read(self, kind: StreamKind[S], id: UUID, at: At = None) -> S:
        """The state at a moment; `kind(id)` if there was nothing yet. Folds the same stream with
        the same code, from what is known if that is not later."""
        if at is None:
            return await self.refresh(kind, id)
        if isinstance(at, datetime):
            at = await self.log.position_at(at)
        known = await self._known(kind, id)
        state = kind(id) if known is None or _later(known.state, at) else known.state
        if isinstance(at, Version):
            rows = await self.log.stream(id, after=state.version, until_version=at.number)
        else:
            rows = await self.log.stream(id, after=state.version, until_position=at)
        return fold(state, await self.entries(rows))

    async def entries(self, rows: Sequence[Stored]) -> list[Entry]:
        """Stored events opened, in the same order."""
        if len(rows) > _INLINE_ENTRIES:
            return await asyncio.to_thread(lambda: [self.sealing.entry(row) for row in rows])
        if rows and is_sealed(rows[0].state):
            with suppress(KeyDestroyed):
                await self._lease(rows[0].stream)
        return [self.sealing.entry(row) for row in rows]

    def forget(self, id: UUID) -> None:
        """Drop what is known of a stream, and the lease of its key."""
        self._states.forget(id)
        self.keys.forget(id)

    async def _known(self, kind: StreamKind[S], id: UUID) -> Known[S] | None:
        """What is known of a stream; nothing, if its key has been destroyed meanwhile."""
        known = self._states.get(kind, id)
        if known is not None and known.sealed:
            try:
                await self._lease(id)
            except KeyDestroyed:
                self._states.forget(id)
                return None
        return known

    async def _refreshed(self, kind: StreamKind[S], id: UUID) -> Known[S]:
        known = await self._known(kind, id) or Known(kind(id), sealed=False)
        rows = await self.log.stream(id, after=known.state.version)
        if rows:
            sealed = known.sealed or any(is_sealed(row.state) for row in rows)
            known = Known(fold(known.state, await self.entries(rows)), sealed)
            if not is_erased(known.state):
                self._states.put(kind, known)
        return known

    async def _lease(self, subject: UUID) -> None:
        """Have the subject's key at hand, without blocking the event loop. Raises KeyDestroyed."""
        if self.keys.leased(subject):
            self.keys.key(subject)
        else:
            await asyncio.to_thread(self.keys.key, subject)


def fold(state: S, entries: Iterable[Entry]) -> S:
    """The state with more entries."""
    for entry in entries:
        state = state.evolve(entry)
    return state


def is_erased(state: object) -> bool:
    """Whether the subject of this state has been erased; kinds in clear never are."""
    return bool(getattr(state, "erased", False))


def _later(state: S, at: Version | int) -> bool:
    return state.version > at.number if isinstance(at, Version) else state.position > at
