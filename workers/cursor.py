"""How far something that follows the log has got, held by one process at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

import psycopg

from domain.ledger.command import LedgerUnavailable

WRITTEN_EVERY_SECONDS: Final = 1.0
"""A cursor that was written at each move would keep the disk from what it is waited for."""

_READ = "SELECT position, target FROM lists.relayed WHERE name = %s"
_MOVE = (
    "INSERT INTO lists.relayed VALUES (%s, %s, %s)"
    " ON CONFLICT (name) DO UPDATE SET position = excluded.position, target = excluded.target"
)


@dataclass(slots=True)
class Cursor:
    """`position`: up to where all is done; None if nobody has said so yet. `target`: into what."""

    name: str
    position: int | None
    target: str
    _connection: psycopg.AsyncConnection
    _written: float = 0.0
    _moved: bool = False

    async def move(self, position: int, target: str = "") -> None:
        """Everything up to `position` is done. Written down now and then, and at the end: what a
        crash makes forgotten is done again. Raises LedgerUnavailable once it is not held any more.
        """
        self.position, self.target, self._moved = position, target, True
        if monotonic() - self._written >= WRITTEN_EVERY_SECONDS:
            await self.write()

    async def write(self) -> None:
        """Write it down, if it has moved. Raises LedgerUnavailable."""
        if not self._moved:
            return
        self._written, self._moved = monotonic(), False
        try:
            await self._connection.execute(_MOVE, (self.name, self.position, self.target))
        except (psycopg.OperationalError, OSError) as error:
            raise LedgerUnavailable(str(error)) from error


@asynccontextmanager
async def held(url: str, name: str) -> AsyncIterator[Cursor]:
    """The cursor, as soon as no other process holds it, until the context ends or the connection
    is lost: whoever is killed lets go of it. Raises LedgerUnavailable."""
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute("SET synchronous_commit TO off")
            lock = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
            await connection.execute(lock, (f"tandem follows as {name}",))
            row = await (await connection.execute(_READ, (name,))).fetchone()
            position, target = row or (None, "")
            cursor = Cursor(name, position, target, connection)
            try:
                yield cursor
            finally:
                with suppress(LedgerUnavailable):
                    await cursor.write()
    except (psycopg.OperationalError, OSError) as error:
        raise LedgerUnavailable(str(error)) from error
