"""Queries of lists, as the service's role: what may be thrown away and rebuilt at any time.

Nothing that a query answers may be let go of as it is: rows are ids, codes and dates, and what a
reader sees of them is made by policy, at the door.
"""

from collections.abc import Sequence
from typing import Any, Final, Self

import psycopg
from psycopg.errors import UndefinedTable
from psycopg.sql import SQL, Composed
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from domain.ledger.command import LedgerUnavailable

STANDS: Final = """
SELECT t.notification_id FROM lists.generations g
  JOIN lists.tracking t ON t.application_name = g.list_name || '_' || g.number
 WHERE g.live AND g.list_name = '{}'"""
"""The position that the live generation of a list stands at: as part of a query of that list, it
is the one of the very rows that the query sees."""


class Lists:
    """A small pool of connections for reading lists. Methods belong to the event loop it was
    opened on, and raise LedgerUnavailable when the database cannot answer or a list is not made
    yet."""

    def __init__(self, url: str, *, connections: int = 2, patience: float = 5.0) -> None:
        self._patience = patience
        self._pool = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            timeout=patience,
            open=False,
            kwargs={"autocommit": True},
            configure=_in_utc,
        )

    async def open(self) -> Self:
        """Connect."""
        try:
            await self._pool.open(wait=True, timeout=self._patience)
        except PoolTimeout as error:
            await self._pool.close()
            raise LedgerUnavailable(str(error)) from error
        return self

    async def close(self) -> None:
        """Close the pool; it cannot be opened again."""
        await self._pool.close()

    async def rows(
        self, query: SQL | Composed, arguments: dict[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """What `query` answers."""
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(binary=True)
                await cursor.execute(query, arguments)
                return await cursor.fetchall()
        except UndefinedTable as error:
            raise LedgerUnavailable("the list is being made", retry_after=1) from error
        except (psycopg.OperationalError, PoolTimeout, PoolClosed, OSError) as error:
            raise LedgerUnavailable(str(error)) from error


async def _in_utc(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("SET timezone TO 'UTC'")
