"""Keeps lists up with the log, and rebuilds them while the old ones are being read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
from eventsourcing.persistence import IntegrityError, ProgrammingError

from projections.listing import Generation, Line, Listing, ListRecorder

BATCH = 1000
READ = (
    "SELECT notification_id, originator_id, originator_version, topic, state, recorded_at"
    " FROM ledger.log WHERE notification_id > %s ORDER BY notification_id LIMIT %s"
)
HEAD = "SELECT coalesce(max(notification_id), 0) FROM ledger.log"


@dataclass(slots=True)
class LogReader:
    """Reads the log forward, in batches, over a connection of the projector's role."""

    connection: psycopg.Connection[tuple[object, ...]]

    def after(self, position: int) -> list[Line]:
        """Up to `BATCH` lines after `position`, in log order; empty at the head."""
        with self.connection.cursor(binary=True) as cursor:
            cursor.execute(READ, (position, BATCH), prepare=True)
            return [
                Line(row[0], row[1], row[2], row[3], row[4], row[5])  # type: ignore[arg-type]
                for row in cursor.fetchall()
            ]

    def head(self) -> int:
        """The position of the last line of the log; 0 if it is empty."""
        row = self.connection.execute(HEAD).fetchone()
        assert row is not None
        return int(row[0])  # type: ignore[call-overload,no-any-return]


def advance(
    listing: Listing, generation: Generation, recorder: ListRecorder, log: LogReader
) -> Iterator[int]:
    """Bring `generation` to the head of the log, yielding its position after every batch."""
    position = recorder.position(generation)
    while lines := log.after(position):
        position = lines[-1].position
        mine = [line for line in lines if line.topic in listing.topics]
        recorder.apply(listing, generation, mine, position)
        yield position


def follow(listing: Listing, recorder: ListRecorder, log: LogReader) -> int:
    """Bring the live generation to the head, making or rebuilding it first where its shape is not
    what this version writes. Returns the position it stands at."""
    generation = recorder.live(listing)
    if generation is None or generation.shape != listing.shape():
        return rebuild(listing, recorder, log)
    try:
        for _ in advance(listing, generation, recorder, log):
            pass
    except (IntegrityError, ProgrammingError):
        # Another projector was here first, or the list was swapped under us: look again next time.
        pass
    return recorder.position(generation)


def rebuild(
    listing: Listing,
    recorder: ListRecorder,
    log: LogReader,
    progress: Callable[[int, int], None] = lambda _position, _head: None,
) -> int:
    """Fill a new generation from the beginning of the log and swap it in. The old one serves
    meanwhile. `progress` is called with (position, head) after every batch."""
    generation = recorder.begin(listing)
    head = log.head()
    swapped = False
    while not swapped:
        for position in advance(listing, generation, recorder, log):
            progress(position, max(head, position))
        swapped = recorder.swap(generation)
    progress(head, head)
    return recorder.position(generation)
