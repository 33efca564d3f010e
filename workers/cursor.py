"""How far something that follows the log has got, held by one process at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg

from domain.ledger.command import LedgerUnavailable

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

    async def move(self, position: int, target: str = "") -> None:
        """Everything up to `position` is done. Raises LedgerUnavailable once the cursor is not
        held any more. A crash of the database may lose the last moves: they are then done again.
        """
        try:
            await self._connection.execute(_MOVE, (self.name, position, target))
        except (psycopg.OperationalError, OSError) as error:
            raise LedgerUnavailable(str(error)) from error
        self.position, self.target = position, target


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
            yield Cursor(name, position, target, connection)
    except (psycopg.OperationalError, OSError) as error:
        raise LedgerUnavailable(str(error)) from error
