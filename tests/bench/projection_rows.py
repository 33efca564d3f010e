"""From the log to a list: the access register as it is kept, and both lists as they are rebuilt."""

import os
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg

from deploy.migrate import Urls
from domain.access import Channel, Disclosed, Outcome, Sent, ShownBasis, access_stream
from domain.actor import Actor
from domain.body import Pattern
from domain.client import ClientEnrolled, Identity
from domain.fact import Fact
from domain.lanes import Category, Discipline, Purpose
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.sealing import Sealing
from domain.restriction import RestrictionAcknowledged, RestrictionImposed
from domain.scope import Rule
from domain.team import MemberJoined
from domain.terms import Severity, Terms
from projections.blind_index import BlindIndex
from projections.board import Board
from projections.listing import Listing
from projections.projecting import rebuild
from projections.register import Register
from tests.bench.rows import Bench, Row, middle
from tests.bench.stock_runner import StockRunner
from workers.lists import open_lists

CLIENTS = 300
VIEWS = 20_000
"""Each is two facts: that it was disclosed, and that it was sent."""
BATCH = 1000
ROUNDS = 3

PHYSIO = Actor(uuid4(), Discipline.PHYSIOTHERAPIST)
TRAINER = Actor(uuid4(), Discipline.TRAINER)
NOW = datetime.now(UTC)
Event = tuple[UUID, int, str, bytes]


def measure(bench: Bench) -> list[Row]:
    """One list exactly once, and a rebuild of both, each beside PostgreSQL's own limit."""
    store = DirectoryKeyStore(bench.directory / "bench-keys", LocalWrapper(os.urandom(32)))
    keys = KeyRing(store, lease_seconds=60)
    with bench.database("lists") as urls:
        lines = _filled(urls, Sealing(keys))
        register, raw = Register(), RawUnnest(urls.admin_url)
        stock = StockRunner(urls.admin_url)
        projected, inserted, run = [], [], []
        for _ in range(ROUNDS):
            inserted.append(raw.rate())
            projected.append(_rebuilt(urls, lines, register))
            run.append(stock.rate())
        board = Board(keys, BlindIndex(os.urandom(32)))
        rebuilt = [_rebuilt(urls, lines, board, register) for _ in range(ROUNDS)]
        scanned = [_scanned(urls, lines) for _ in range(ROUNDS)]
    what = "facts projected into one list, exactly once"
    return [
        Row(f"{what}; raw unnest insert", middle(projected), middle(inserted), 0.35),
        Row(f"{what}; stock runner", middle(projected), middle(run), 30),
        Row("rebuild of every list; raw scan of the log", middle(rebuilt), middle(scanned), 0.1),
    ]


def _rebuilt(urls: Urls, lines: int, *lists: Listing) -> float:
    """Lines of the log per second, until all of `lists` are filled and swapped in."""
    with open_lists(urls.projector_url) as (recorder, log):
        began = time.perf_counter()
        for listing in lists:
            rebuild(listing, recorder, log)
        return lines / (time.perf_counter() - began)


def _scanned(urls: Urls, lines: int) -> float:
    """Lines per second, read as binary tuples and thrown away."""
    with psycopg.connect(urls.projector_url) as connection:
        cursor = connection.cursor(binary=True)
        began = time.perf_counter()
        cursor.execute("SELECT * FROM ledger.log ORDER BY notification_id")
        assert len(cursor.fetchall()) == lines
        return lines / (time.perf_counter() - began)


class RawUnnest:
    """The same lines into a table with the log's columns and indexes, so many a statement: no
    tracking, no decoding, no order."""

    def __init__(self, admin_url: str) -> None:
        self._connection = psycopg.connect(admin_url, autocommit=True)
        self._connection.execute("CREATE SCHEMA raw; SET timezone TO 'UTC'")
        self._connection.execute("CREATE TABLE raw.lines (LIKE ledger.log INCLUDING INDEXES)")
        with self._connection.cursor(binary=True) as cursor:
            cursor.execute("SELECT * FROM ledger.log WHERE topic LIKE 'access.%'")
            rows = cursor.fetchall()
        self._batches: list[list[Any]] = [
            [list(column) for column in zip(*rows[at : at + BATCH], strict=True)]
            for at in range(0, len(rows), BATCH)
        ]
        self._lines = len(rows)

    def rate(self) -> float:
        """Rows per second."""
        types = ("uuid", "bigint", "text", "bytea", "bigint", "timestamptz")
        values = ", ".join(f"%b::{kind}[]" for kind in types)
        insert = f"INSERT INTO raw.lines SELECT * FROM unnest({values})".encode()
        self._connection.execute("TRUNCATE raw.lines")
        began = time.perf_counter()
        for columns in self._batches:
            self._connection.execute(insert, columns, prepare=True)
        return self._lines / (time.perf_counter() - began)


def _filled(urls: Urls, sealing: Sealing) -> int:
    """A log of accesses and care records, as the service would have written it; its length."""
    clients = [uuid4() for _ in range(CLIENTS)]
    events = [event for client in clients for event in _record(sealing, client)]
    events += _accesses(sealing, clients, len(events))
    with psycopg.connect(urls.admin_url) as connection:
        copy = "COPY ledger.log FROM STDIN (FORMAT binary)"
        with connection.cursor() as cursor, cursor.copy(copy) as rows:
            rows.set_types(["uuid", "int8", "text", "bytea", "int8", "timestamptz"])
            for position, event in enumerate(events, start=1):
                rows.write_row((*event, position, NOW + timedelta(microseconds=position)))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE ledger.log")
    return len(events)


def _record(sealing: Sealing, client: UUID) -> Iterable[Event]:
    """A client with a team of two, restricted five times, each acknowledged."""
    sealing.keys.create(client)
    terms = Terms(
        severity=Severity.STOP,
        patterns=(Pattern.SQUAT,),
        reason="The knee is healing and must not bend deep under load.",
        review_by=date.today() + timedelta(weeks=6),
    )
    identity = Identity(name="Noor Haddad", birth_date=date(1988, 5, 17))
    facts: list[tuple[Actor, Fact]] = [(PHYSIO, ClientEnrolled(identity=identity))]
    for who in (PHYSIO, TRAINER):
        joined = MemberJoined(
            practitioner=who.id, discipline=who.acting_as, due_to_train=who is TRAINER
        )
        facts.append((PHYSIO, joined))
    for _ in range(5):
        imposed = RestrictionImposed(restriction=uuid4(), terms=terms)
        seen = RestrictionAcknowledged(restriction=imposed.restriction, seen=len(facts) + 1)
        facts += [(PHYSIO, imposed), (TRAINER, seen)]
    for version, (by, fact) in enumerate(facts, start=1):
        event = sealing.event(
            fact, by.authorship(NOW), stream=client, version=version, subject=client
        )
        yield client, version, event.topic, event.state


def _accesses(sealing: Sealing, clients: list[UUID], after: int) -> Iterable[Event]:
    """Each view disclosed to the trainer, and then sent."""
    by = TRAINER.authorship(NOW)
    shown = {client: _disclosed(client) for client in clients}
    for number in range(VIEWS):
        client = clients[number % CLIENTS]
        stream = access_stream(client, TRAINER.id)
        version = 2 * (number // CLIENTS) + 1
        position = after + 2 * number + 1
        sent = Sent(disclosure=position, outcome=Outcome.COMPLETED)
        for at, fact in enumerate((shown[client], sent)):
            event = sealing.event(fact, by, stream=stream, version=None, subject=client)
            yield stream, version + at, event.topic, event.state


def _disclosed(client: UUID) -> Disclosed:
    consent = uuid4()
    return Disclosed(
        client=client,
        reader=TRAINER.id,
        acting_as=TRAINER.acting_as,
        view="chart",
        as_of=NOW,
        record_version=13,
        record_position=13,
        shown=((1, 1), (4, 13)),
        categories_shown=tuple(
            ShownBasis(category=category, rule=Rule.CONSENT, reference=consent)
            for category in (Category.IDENTITY, Category.RESTRICTIONS, Category.FITNESS)
        ),
        purpose=Purpose.TRAINING,
        channel=Channel.API,
        content_type="application/json",
        commitment="0" * 64,
    )
