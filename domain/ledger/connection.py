"""The writer's connection: one prepared call at a time, driven by the event loop itself.

A psycopg cursor would do the same at about a tenth more latency for a single command: it sets up
and removes its watch on the socket for each call; here the watch stays.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Self

import psycopg
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from domain.ledger.command import Appended, Conflict
from domain.ledger.wire import APPEND_EVENTS, PARAMETERS, answers

_NAME = b"append_events"
_BINARY = [1] * len(PARAMETERS)

_ENDING = ("08", "57P")
"""SQLSTATEs after which the server ends the connection: connection exceptions and shutdown."""


class ConnectionLost(Exception):
    """The connection ended. Whether the call under way was carried out is not known."""


class AppendConnection:
    """A connection on which `append_events` is prepared. Not to be shared: one call at a time."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._pgconn: PGconn = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._socket = self._pgconn.socket
        self._answer: asyncio.Future[PGresult] | None = None
        self._result: PGresult | None = None
        self.lost = False

    @classmethod
    async def open(cls, url: str, patience: float) -> Self:
        """Connect and prepare. `patience`, in seconds, is for connecting, and for each later call.

        Raises ConnectionLost if there is no connection to be had; psycopg.Error for a database
        that has no ledger, or does not let this role append to it.
        """
        try:
            async with asyncio.timeout(patience):
                connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        except (psycopg.OperationalError, OSError, TimeoutError) as error:
            raise ConnectionLost(str(error)) from error
        self = cls(connection)
        self._loop.add_reader(self._socket, self._readable)
        try:
            limit = f"SET statement_timeout = {int(patience * 1000)}"
            await self._ask(lambda: self._pgconn.send_query(limit.encode()))
            await self._ask(lambda: self._pgconn.send_prepare(_NAME, APPEND_EVENTS.encode()))
        except BaseException:
            self.close()
            raise
        return self

    async def call(self, parameters: Sequence[bytes | None]) -> list[Appended | Conflict]:
        """Call `append_events`. Raises psycopg.Error if the server refused the whole call, and
        ConnectionLost if nobody can say what became of it."""
        send = self._pgconn.send_query_prepared
        return answers(await self._ask(lambda: send(_NAME, parameters, _BINARY, result_format=1)))

    def close(self) -> None:
        """End the connection; a call under way raises ConnectionLost."""
        self._lose("closed")

    async def _ask(self, send: Callable[[], None]) -> PGresult:
        if self.lost:
            raise ConnectionLost("closed")
        self._answer = self._loop.create_future()
        try:
            send()
            self._flush()
        except psycopg.OperationalError as error:
            self._lose(str(error))
        result = await self._answer
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        refusal = _error(result)
        if self._pgconn.status == ConnStatus.BAD or (refusal.sqlstate or "").startswith(_ENDING):
            self._lose(str(refusal))
            raise ConnectionLost(str(refusal))
        raise refusal

    def _flush(self) -> None:
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        self._loop.remove_writer(self._socket)
        try:
            self._flush()
        except psycopg.OperationalError as error:
            self._lose(str(error))

    def _readable(self) -> None:
        try:
            self._pgconn.consume_input()
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    return self._finish()
                self._result = result
        except psycopg.OperationalError as error:
            self._lose(str(error))
        return None

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        result, self._result = self._result, None
        if answer is None or answer.done() or result is None:
            return
        answer.set_result(result)

    def _lose(self, reason: str) -> None:
        if self.lost:
            return
        self.lost = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._pgconn.finish()
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(ConnectionLost(reason))


def _error(result: PGresult) -> psycopg.Error:
    state = (result.error_field(DiagnosticField.SQLSTATE) or b"XX000").decode()
    message = result.get_error_message().strip()
    try:
        kind: type[psycopg.Error] = psycopg.errors.lookup(state)
    except KeyError:
        kind = psycopg.DatabaseError
    error = kind(message)
    error.sqlstate = state
    return error
