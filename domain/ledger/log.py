"""Reading the log: one stream, one moment, or everything in order of position."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from domain.ledger.command import LedgerUnavailable
from domain.ledger.stored import Stored

CHANNEL: Final = "ledger_log"
"""Notified at each call that appended something; the payload is the last position."""

_COLUMNS: Final = "notification_id, originator_id, originator_version, topic, state, recorded_at"
_Row = tuple[Any, ...]
_NO_BOUND: Final = 2**63 - 1

_STREAM: Final = f"""
SELECT {_COLUMNS} FROM ledger.log
 WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s
   AND notification_id <= %s
 ORDER BY originator_version"""
_AFTER: Final = f"""
SELECT {_COLUMNS} FROM ledger.log
 WHERE notification_id > %s AND notification_id <= %s ORDER BY notification_id LIMIT %s"""
_AFTER_OF: Final = f"""
SELECT {_COLUMNS.replace("state", "CASE WHEN topic = ANY(%s) THEN state ELSE '' END")}
  FROM ledger.log
 WHERE notification_id > %s AND notification_id <= %s ORDER BY notification_id LIMIT %s"""
_POSITION_AT: Final = """
SELECT notification_id FROM ledger.log WHERE recorded_at <= %s
 ORDER BY recorded_at DESC, notification_id DESC LIMIT 1"""
_LAST: Final = f"""
SELECT {_COLUMNS} FROM ledger.log WHERE topic = ANY(%s) ORDER BY notification_id DESC LIMIT 1"""
_HEAD: Final = "SELECT notification_id FROM ledger.log ORDER BY notification_id DESC LIMIT 1"
_COMMAND: Final = "SELECT request, first, last FROM ledger.commands WHERE id = %s"
_KEPT: Final = "SELECT sealed FROM ledger.kept WHERE client = %s AND digest = %s"
_EPOCH: Final = "SELECT id FROM ledger.epoch ORDER BY number DESC LIMIT 1"
_EPOCHS: Final = "SELECT after, id FROM ledger.epoch ORDER BY number"


@dataclass(frozen=True, slots=True)
class PastCommand:
    """What a command appended: its positions, and the digest of the request it was used for."""

    request: bytes | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Epochs:
    """The lives of the log: each the last position before it, and its id; oldest first."""

    begun: tuple[tuple[int, UUID], ...]

    def of(self, position: int) -> UUID:
        """The epoch that the event at `position` was appended in: together, they name it for
        ever."""
        return next(id for after, id in reversed(self.begun) if after < position)


class Log:
    """Reads over a small pool of connections. Never give it a replica to decide on.

    All methods raise LedgerUnavailable when the database cannot answer.
    """

    def __init__(self, url: str, *, connections: int = 4, patience: float = 5.0) -> None:
        self._url = url
        self._patience = patience
        self._connections = connections
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
        """Connect. Raises LedgerUnavailable if that takes longer than the patience given."""
        try:
            await self._pool.open(wait=True, timeout=self._patience)
        except PoolTimeout as error:
            await self._pool.close()
            raise LedgerUnavailable(str(error)) from error
        return self

    async def close(self) -> None:
        """Close the pool; the log cannot be opened again."""
        await self._pool.close()

    async def stream(
        self,
        id: UUID,
        *,
        after: int = 0,
        until_version: int | None = None,
        until_position: int | None = None,
    ) -> list[Stored]:
        """Events of one stream in order: those after version `after`, up to and including
        `until_version` and `until_position`. One round trip."""
        version = _NO_BOUND if until_version is None else until_version
        position = _NO_BOUND if until_position is None else until_position
        rows = await self._rows(_STREAM, (id, after, version, position))
        return [Stored._make(row) for row in rows]

    async def after(
        self, position: int, *, until: int | None = None, limit: int = 500
    ) -> list[Stored]:
        """Events of all streams after `position`, in order of position, at most `limit`."""
        bound = _NO_BOUND if until is None else until
        rows = await self._rows(_AFTER, (position, bound, limit))
        return [Stored._make(row) for row in rows]

    async def position_at(self, time: datetime) -> int:
        """The last position recorded at or before `time` (timezone-aware); 0 if there is none.

        Final as soon as anything later has been recorded: an append that took its time before
        `time` may still be on its way to the disk when `time` is only just past.
        """
        if time.tzinfo is None:
            raise ValueError("a time without a time zone names no position")
        return await self._number(_POSITION_AT, (time,))

    async def head(self) -> int:
        """The last position; 0 while the log is empty."""
        return await self._number(_HEAD, ())

    async def last(self, topics: Sequence[str]) -> Stored | None:
        """The last event of any of these topics, looking back from the head; None if none is."""
        rows = await self._rows(_LAST, (list(topics),))
        return Stored._make(rows[0]) if rows else None

    async def command(self, id: UUID) -> PastCommand | None:
        """What the command with this id appended; None if it never was."""
        rows = await self._rows(_COMMAND, (id,))
        for request, first, last in rows:
            return PastCommand(request, tuple(range(first, last + 1)))
        return None

    async def kept(self, client: UUID, digest: bytes) -> bytes | None:
        """Sealed bytes kept at this address; None if there are none, or they were purged."""
        rows = await self._rows(_KEPT, (client, digest))
        return rows[0][0] if rows else None

    async def epoch(self) -> UUID:
        """The log's present epoch: with a position, it names one event for ever."""
        rows = await self._rows(_EPOCH, ())
        epoch: UUID = rows[0][0]
        return epoch

    async def epochs(self) -> Epochs:
        """Every epoch of the log so far."""
        return Epochs(tuple(await self._rows(_EPOCHS, ())))

    async def tail(
        self,
        after: int,
        *,
        limit: int = 500,
        fallback: float = 5.0,
        topics: Sequence[str] | None = None,
    ) -> AsyncGenerator[list[Stored]]:
        """Every event after position `after`, in order, for ever: non-empty batches of at most
        `limit`, as soon as they are durable. Looks for itself every `fallback` seconds. The state
        of events of other than `topics` (None: of none) is left out: it is empty.

        Has a connection of its own. Raises LedgerUnavailable when that is lost: begin again after
        the last position received.
        """
        with _unavailable():
            connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
            async with connection:
                await _in_utc(connection)
                # Listening first: what is appended after the look that found nothing wakes it.
                await connection.execute(f"LISTEN {CHANNEL}")
                query, first = (_AFTER, ()) if topics is None else (_AFTER_OF, (list(topics),))
                while True:
                    rows = await _fetch(connection, query, (*first, after, _NO_BOUND, limit))
                    if rows:
                        batch = [Stored._make(row) for row in rows]
                        after = batch[-1].position
                        yield batch
                    if len(rows) < limit:
                        async for _ in connection.notifies(timeout=fallback, stop_after=1):
                            pass

    async def _number(self, query: str, arguments: Sequence[object]) -> int:
        rows = await self._rows(query, arguments)
        return int(rows[0][0]) if rows else 0

    async def _rows(self, query: str, arguments: Sequence[object]) -> list[_Row]:
        with _unavailable():
            # A server that was restarted leaves dead connections in the pool: each is found out by
            # using it, and reading may be repeated.
            for _ in range(self._connections):
                async with self._pool.connection() as connection:
                    try:
                        return await _fetch(connection, query, arguments)
                    except psycopg.OperationalError:
                        if not connection.broken:
                            raise
            async with self._pool.connection() as connection:
                return await _fetch(connection, query, arguments)


async def _fetch(
    connection: psycopg.AsyncConnection, query: str, arguments: Sequence[object]
) -> list[_Row]:
    cursor = connection.cursor(binary=True)
    # The queries are constants of this module; values only ever travel as parameters.
    await cursor.execute(query.encode(), arguments, prepare=True)
    return await cursor.fetchall()


async def _in_utc(connection: psycopg.AsyncConnection) -> None:
    await connection.execute("SET timezone TO 'UTC'")


@contextmanager
def _unavailable() -> Iterator[None]:
    try:
        yield
    except (psycopg.OperationalError, PoolTimeout, PoolClosed, OSError) as error:
        raise LedgerUnavailable(str(error)) from error
