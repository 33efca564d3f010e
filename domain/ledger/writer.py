"""Group commit: one connection gathers the commands of all concurrent callers into one call.

A call means the same as its commands evaluated in order (see `append_events`), so that gathering
them changes their cost and nothing else.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg

from domain.ledger.command import Appended, Command, Conflict, Conflicted, LedgerUnavailable
from domain.ledger.connection import AppendConnection, ConnectionLost
from domain.ledger.wire import Encoded, parameters

_log = logging.getLogger(__name__)

_MAX_CALL_BYTES: Final = 4 * 1024 * 1024
_UNAVAILABLE: Final = ("53", "57", "58", "25006", "40")
"""SQLSTATEs that say nothing about the commands: no resources, intervention or time-out, system
error, a server that is (now) read-only, rollback by the server."""

_Waiting = tuple[Encoded, "asyncio.Future[Appended]"]


class Writer:
    """Appends commands, at most `max_batch` a call; at most `queue_limit` wait.

    `patience`: seconds that a command outlives the loss of the connection. It is then sent again
    under the same id, so that it is appended once, whatever had become of the first attempt.
    `gathered` is told how many commands each call is made of.
    All methods but `append_from_thread` belong to the event loop that `start` was awaited on.
    """

    def __init__(
        self,
        url: str,
        *,
        queue_limit: int = 1024,
        max_batch: int = 128,
        patience: float = 5.0,
        gathered: Callable[[int], None] | None = None,
    ) -> None:
        self._url = url
        self._queue_limit = queue_limit
        self._max_batch = max_batch
        self._gathered = gathered
        self._patience = patience
        self._queue: deque[_Waiting] = deque()
        self._wake: asyncio.Future[None] | None = None
        self._due: list[tuple[_Waiting, Appended | Conflict]] = []
        self._connection: AppendConnection | None = None
        self._reachable = True
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def waiting(self) -> int:
        """Commands in the queue, not counting those of the call under way."""
        return len(self._queue)

    async def start(self) -> None:
        """Connect. Raises LedgerUnavailable if the database cannot be reached, psycopg.Error if
        it has no ledger, or none that this role may append to."""
        self._loop = asyncio.get_running_loop()
        try:
            await self._connected()
        except ConnectionLost as error:
            raise LedgerUnavailable(str(error)) from error
        self._task = asyncio.create_task(self._run(), name="ledger writer")

    async def close(self) -> None:
        """Finish the call under way; callers still in the queue get LedgerUnavailable."""
        self._closing = True
        while self._queue:
            _fail([self._queue.popleft()], "closing")
        self._rouse()
        if self._task is not None:
            with suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._task, self._patience)
            self._task = None
        self._settle_due()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def append(self, command: Command) -> Appended:
        """Append, and return once it is durable.

        Raises Conflicted (with the reason; nothing was appended), LedgerUnavailable (the queue is
        full, or the database is away: try again under the same command id), ValueError or
        psycopg.Error for a command that the database cannot store. A caller that is cancelled
        does not know whether its command was appended.
        """
        if self._closing or self._task is None or self._loop is None:
            raise LedgerUnavailable("the writer is not running")
        if len(self._queue) >= self._queue_limit:
            raise LedgerUnavailable("too many commands are waiting")
        answer: asyncio.Future[Appended] = self._loop.create_future()
        self._queue.append((Encoded(command), answer))
        self._rouse()
        return await answer

    def append_from_thread(self, command: Command) -> Appended:
        """The same as `append`, for a caller in any other thread than the event loop's."""
        if self._loop is None:
            raise LedgerUnavailable("the writer is not running")
        return asyncio.run_coroutine_threadsafe(self.append(command), self._loop).result()

    def _rouse(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _run(self) -> None:
        while not self._closing:
            if self._due:
                # Half of the callers have been answered: let them come with their next commands,
                # and answer the other half while the database works on those.
                await asyncio.sleep(0)
            if not self._queue:
                self._settle_due()
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
            batch = self._take()
            if not batch:
                continue
            if self._gathered is not None:
                self._gathered(len(batch))
            asyncio.get_running_loop().call_soon(self._settle_due)
            try:
                await self._submit(batch)
            except BaseException as error:
                _fail(batch, "the writer has stopped")
                if not isinstance(error, Exception):
                    raise
                _log.exception("a call of append_events failed in the writer itself")
        self._settle_due()

    def _settle_due(self) -> None:
        due, self._due = self._due, []
        for (_, answer), result in due:
            _settle(answer, result)

    def _take(self) -> list[_Waiting]:
        """The next commands in order of arrival; whoever has gone meanwhile is left out."""
        batch: list[_Waiting] = []
        size = 0
        while self._queue and len(batch) < self._max_batch and size < _MAX_CALL_BYTES:
            waiting = self._queue.popleft()
            if not waiting[1].done():
                batch.append(waiting)
                size += waiting[0].size
        return batch

    async def _submit(self, batch: list[_Waiting]) -> None:
        """Send one call and settle its callers, over new connections while patience lasts."""
        try:
            answers = await self._call([command for command, _ in batch])
        except ConnectionLost as error:
            _fail(batch, str(error))
        except psycopg.Error as error:
            if (error.sqlstate or "").startswith(_UNAVAILABLE):
                _fail(batch, str(error))
            elif len(batch) == 1:
                _settle(batch[0][1], error)
            else:
                # Nothing of the call was appended. One command is to blame; the others are not.
                for waiting in batch:
                    await self._submit([waiting])
        else:
            settled = list(zip(batch, answers, strict=True))
            half = len(settled) // 2
            self._due += settled[len(settled) - half :]
            for (_, answer), result in settled[: len(settled) - half]:
                _settle(answer, result)

    async def _call(self, commands: list[Encoded]) -> list[Appended | Conflict]:
        arguments = parameters(commands)
        loop = asyncio.get_running_loop()
        # A server that was not there a moment ago is not waited for again by every command.
        deadline = loop.time() + (self._patience if self._reachable else 0)
        pause = 0.02
        while True:
            try:
                connection = await self._connected()
                async with asyncio.timeout(self._patience + 1):
                    return await connection.call(arguments)
            except (ConnectionLost, TimeoutError) as error:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                if self._closing or loop.time() + pause > deadline:
                    self._reachable = False
                    raise ConnectionLost(str(error) or "no answer in time") from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.5)

    async def _connected(self) -> AppendConnection:
        if self._connection is None or self._connection.lost:
            self._connection = await AppendConnection.open(self._url, self._patience)
            self._reachable = True
        return self._connection


def _settle(
    answer: "asyncio.Future[Appended]", result: Appended | Conflict | psycopg.Error
) -> None:
    if answer.done():
        return
    match result:
        case Appended():
            answer.set_result(result)
        case Conflict():
            answer.set_exception(Conflicted(result))
        case _:
            answer.set_exception(result)


def _fail(batch: list[_Waiting], reason: str) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(LedgerUnavailable(reason))
