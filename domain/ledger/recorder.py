"""The event-sourcing library's recorder contract, over our log.

Reading and subscribing are the library's own; writing goes through the same queue as every other
command, so that whatever the library stores has its place in the one order.
"""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, Final, cast
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    IntegrityError,
    OperationalError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import make_conninfo

from domain.ledger.command import Command, Conflicted, LedgerUnavailable, NewEvent
from domain.ledger.log import CHANNEL
from domain.ledger.writer import Writer

SCHEMA: Final = "ledger"
TABLE: Final = "log"


class LedgerRecorder(PostgresApplicationRecorder):
    """Records in `ledger.log`. Shares `writer`, whose event loop must be running in another
    thread; without one it keeps a writer and a loop of its own, from the first insert to `close`.
    """

    def __init__(
        self,
        datastore: PostgresDatastore,
        *,
        events_table_name: str = TABLE,
        writer: Writer | None = None,
    ) -> None:
        if datastore.schema != SCHEMA or events_table_name != TABLE:
            raise ProgrammingError(f"the log is {SCHEMA}.{TABLE}: there is no other")
        super().__init__(datastore, events_table_name=events_table_name)
        self.channel_name = CHANNEL
        self._writer = writer
        self._own: _WriterThread | None = None
        self._starting = threading.Lock()

    def create_table(self) -> None:
        """Nothing: migrations create the log, as a role that the service cannot act as."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append the events as one command and return their positions.

        Raises IntegrityError if a stream is not at the version expected, OperationalError if the
        log cannot be written now. Keyword arguments mean nothing to the library's recorders either.
        """
        if not stored_events:
            return None
        events = tuple(
            NewEvent(
                event.originator_id
                if isinstance(event.originator_id, UUID)
                else UUID(event.originator_id),
                event.originator_version,
                event.topic,
                event.state,
            )
            for event in stored_events
        )
        try:
            appended = self._running_writer().append_from_thread(Command(uuid4(), events))
        except Conflicted as error:
            raise IntegrityError(str(error)) from error
        except LedgerUnavailable as error:
            raise OperationalError(str(error)) from error
        return list(appended.positions)

    def close(self) -> None:
        """Stop the writer, if it is this recorder's own."""
        with self._starting:
            if self._own is not None:
                self._own.stop()
                self._own = None

    def _running_writer(self) -> Writer:
        if self._writer is not None:
            return self._writer
        with self._starting:
            if self._own is None:
                self._own = _WriterThread(_url(self.datastore))
            return self._own.writer


class _WriterThread:
    """A writer with an event loop of its own, in a thread of its own."""

    def __init__(self, url: str) -> None:
        self.writer = Writer(url)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="ledger writer", daemon=True
        )
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.writer.start(), self._loop).result()
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.writer.close(), self._loop).result()
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _url(datastore: PostgresDatastore) -> str:
    settings = cast(dict[str, Any], datastore.pool.kwargs)
    names = ("dbname", "host", "port", "user", "password")
    password = datastore.pool.get_password_func
    chosen = {name: settings[name] for name in names}
    if password is not None:
        chosen["password"] = password()
    return make_conninfo(**chosen)
