"""Keeps lists up with the log, and rebuilds them while the old ones are being read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from projections.listing import Generation, Line, Listing, ListRecorder, Overtaken

BATCH = 1000
UPTO = """
SELECT max(notification_id) FROM (
       SELECT notification_id FROM ledger.log WHERE notification_id > %s
        ORDER BY notification_id LIMIT %s) batch"""
READ = """
SELECT notification_id, originator_id, originator_version, topic, state, recorded_at
  FROM ledger.log WHERE notification_id > %s AND notification_id <= %s AND topic = ANY(%s)
 ORDER BY notification_id"""
HEAD = "SELECT coalesce(max(notification_id), 0) FROM ledger.log"


@dataclass(slots=True)
class LogReader:
    """Reads the log forward, in batches, over a connection of the projector's role (in autocommit
    mode). Times are UTC."""

    connection: psycopg.Connection[tuple[object, ...]]

    def __post_init__(self) -> None:
        self.connection.execute("SET timezone TO 'UTC'")

    def upto(self, position: int) -> int:
        """The last position of the next `BATCH` lines after `position`; `position` at the head."""
        row = self.connection.execute(UPTO, (position, BATCH), prepare=True).fetchone()
        assert row is not None
        return position if row[0] is None else int(row[0])  # type: ignore[call-overload]

    def lines(self, after: int, upto: int, topics: list[str]) -> list[Line]:
        """The lines of these topics after `after`, up to `upto`, in log order."""
        # Whatever `upto` named is durable, and nothing is ever inserted before it.
        with self.connection.cursor(binary=True) as cursor:
            cursor.execute(READ, (after, upto, topics), prepare=True)
            return [Line._make(row) for row in cursor.fetchall()]

    def head(self) -> int:
        """The position of the last line of the log; 0 if it is empty."""
        row = self.connection.execute(HEAD).fetchone()
        assert row is not None
        return int(row[0])  # type: ignore[call-overload,no-any-return]

    @contextmanager
    def alone(self, listing: Listing) -> Iterator[None]:
        """Wait until nobody else rebuilds this list, and keep everybody else from it."""
        # Held by the session: whoever is killed lets go of it.
        key = (f"tandem rebuilds {listing.name}",)
        self.connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", key)
        try:
            yield
        finally:
            if not self.connection.closed:
                unlock = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"
                self.connection.execute(unlock, key)


def advance(
    listing: Listing, generation: Generation, recorder: ListRecorder, log: LogReader
) -> Iterator[int]:
    """Bring `generation` to the head of the log, yielding its position after every batch.

    Raises Overtaken if somebody else moves it meanwhile.
    """
    topics = sorted(listing.topics)
    position = recorder.position(generation)
    while (upto := log.upto(position)) > position:
        lines = log.lines(position, upto, topics)
        recorder.apply(listing, generation, lines, after=position, upto=upto)
        position = upto
        yield position


def follow(listing: Listing, recorder: ListRecorder, log: LogReader) -> int:
    """Bring the live generation to the head, making or rebuilding it first where its shape is not
    what this version writes. Returns the position it stands at; of two projectors that follow the
    same list, each does what the other one has not done yet."""
    generation = recorder.live(listing)
    if not _fits(listing, generation):
        with log.alone(listing):
            # Whoever was alone with it before may have made it.
            generation = recorder.live(listing)
            if not _fits(listing, generation):
                _refill(listing, recorder, log, _silently)
                generation = recorder.live(listing)
    while generation is not None and _fits(listing, generation):
        try:
            for _ in advance(listing, generation, recorder, log):
                pass
            break
        except Overtaken:
            # Or swapped under us, perhaps for one that another release of the program writes.
            generation = recorder.live(listing)
    return 0 if generation is None else recorder.position(generation)


def rebuild(
    listing: Listing,
    recorder: ListRecorder,
    log: LogReader,
    progress: Callable[[int, int], None] = lambda _position, _head: None,
) -> int:
    """Fill a new generation from the beginning of the log and swap it in. The old one serves
    meanwhile. `progress` is called with (position, head) after every batch.

    Raises Overtaken if the connection that kept others away from it was lost.
    """
    with log.alone(listing):
        return recorder.position(_refill(listing, recorder, log, progress))


def _fits(listing: Listing, generation: Generation | None) -> bool:
    return generation is not None and generation.shape == listing.shape()


def _silently(position: int, head: int) -> None:
    """Progress that nobody looks at."""


def _refill(
    listing: Listing,
    recorder: ListRecorder,
    log: LogReader,
    progress: Callable[[int, int], None],
) -> Generation:
    listing.start_over()
    generation = recorder.begin(listing)
    head = log.head()

    def catch_up() -> None:
        for position in advance(listing, generation, recorder, log):
            progress(position, max(head, position))

    catch_up()
    recorder.index(listing, generation)
    catch_up()
    while not recorder.swap(generation):
        catch_up()
    progress(head, head)
    return generation
