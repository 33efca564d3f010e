"""A list across clients: a table that the log is projected into, in batches, exactly once.

A `Listing` says what its rows are; everything else is here: tables come in generations, each with
its own tracking record, moved on in the transaction that writes the rows. A rebuild fills a new
generation beside the live one, and the swap is one transaction that readers never see half of.

Locks are taken in one order everywhere: generations, tracking record, view, table. So a projector,
a rebuild and any number of readers never wait for each other in a circle.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from eventsourcing import persistence
from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg import Cursor
from psycopg.errors import LockNotAvailable
from psycopg.rows import DictRow, tuple_row
from psycopg.sql import SQL, Identifier

from domain.ledger.stored import Stored

SCHEMA = "lists"
SWAP_WAITS_MILLISECONDS = 1000
"""How long a swap waits for readers that are under way. Those who come after it wait behind it."""

Line = Stored
"""One line of the log as it is stored, not yet opened."""


class Overtaken(IntegrityError):
    """The list no longer stands where this batch begins: another projector was here first, or the
    generation is gone. Nothing was written; look again."""


class Listing(ABC):
    """What one list holds. Subclass it in the module that also queries it.

    `name`: the list's name, and that of the view its readers query. `columns`: the table's columns
    and constraints as DDL. `topics`: the facts it is made of; no other line reaches `project`.
    """

    name: ClassVar[str]
    columns: ClassVar[str]
    topics: ClassVar[frozenset[str]]
    indexes: ClassVar[tuple[str, ...]] = ()
    """What follows `CREATE INDEX ON table`, e.g. `"(client, position DESC)"`."""

    @abstractmethod
    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Write what `lines`, in log order, change of the rows of `table`. Called once per line;
        if the transaction of `cursor` fails afterwards, it is called again for the same lines."""

    def start_over(self) -> None:  # noqa: B027 - most lists remember nothing
        """Forget whatever is remembered of lines projected so far: a rebuild begins."""

    @classmethod
    def shape(cls) -> str:
        """Hash of the DDL: a live generation of another shape is rebuilt."""
        return hashlib.sha256(f"{cls.columns}{cls.indexes}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Generation:
    """One table that a list has been, is, or is about to be."""

    list_name: str
    number: int
    shape: str
    live: bool

    @property
    def table(self) -> Identifier:
        """The qualified table name."""
        return Identifier(SCHEMA, f"{self.list_name}_{self.number}")

    @property
    def tracking_name(self) -> str:
        """The name under which its position is tracked."""
        return f"{self.list_name}_{self.number}"


class ListRecorder(PostgresTrackingRecorder):
    """Tables, generations and tracking records of all lists, as the projector's role."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        super().__init__(datastore, tracking_table_name="tracking")
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {}.generations (list_name text NOT NULL,"
                " number integer NOT NULL, shape text NOT NULL, live boolean NOT NULL,"
                " PRIMARY KEY (list_name, number))"
            ).format(Identifier(SCHEMA))
        )

    def create_table(self) -> None:
        """Create what is missing. Of several projectors that do so at once, none fails."""
        try:
            super().create_table()
        except IntegrityError:
            # `IF NOT EXISTS` does not hold against somebody who is creating the same just now.
            super().create_table()

    def live(self, listing: Listing) -> Generation | None:
        """The generation that readers see; None before the list was first made."""
        with self.datastore.cursor() as curs:
            return self._live(curs, listing.name)

    def begin(self, listing: Listing) -> Generation:
        """A new, empty generation beside the live one. An unfinished earlier one is discarded."""
        with self.datastore.transaction(commit=True) as curs:
            number = self._discard_unfinished(curs, listing.name) + 1
            generation = Generation(listing.name, number, listing.shape(), live=False)
            curs.execute(
                SQL("CREATE TABLE {} (").format(generation.table)
                + SQL(cast(Any, listing.columns))
                + SQL(")")
            )
            curs.execute(
                f"INSERT INTO {SCHEMA}.generations VALUES (%s, %s, %s, false)",
                (listing.name, number, generation.shape),
            )
            self._insert_tracking(curs, Tracking(generation.tracking_name, 0))
            return generation

    def index(self, listing: Listing, generation: Generation) -> None:
        """Make a filled generation fit to be queried: indexes cost a fraction of what they would
        have cost row by row."""
        with self.datastore.transaction(commit=True) as curs:
            for index in listing.indexes:
                curs.execute(
                    SQL("CREATE INDEX ON {} ").format(generation.table) + SQL(cast(Any, index))
                )
            curs.execute(SQL("ANALYZE {}").format(generation.table))

    def apply(
        self,
        listing: Listing,
        generation: Generation,
        lines: Sequence[Line],
        *,
        after: int,
        upto: int,
    ) -> None:
        """Project `lines`, all there are after position `after` up to `upto`, and note that the
        list stands at `upto`: both or neither. Raises Overtaken unless it stands at `after`.

        It is not enough that `upto` lies ahead: of two projectors that began at the same place,
        the one that read more would project again what the other one just has.
        """
        with self.datastore.transaction(commit=True) as curs:
            if not generation.live:
                # Nobody reads it yet. What a crash takes of it, it takes with its position.
                curs.execute("SET LOCAL synchronous_commit TO off")
            curs.execute(
                f"UPDATE {SCHEMA}.tracking SET notification_id = %s"
                " WHERE application_name = %s AND notification_id = %s",
                (upto, generation.tracking_name, after),
            )
            if curs.rowcount == 0:
                raise Overtaken(f"{generation.tracking_name} does not stand at {after}")
            if lines:
                rows = curs.connection.cursor(row_factory=tuple_row)
                listing.project(lines, rows, generation.table)

    def position(self, generation: Generation) -> int:
        """The position that the generation stands at; 0 if it is empty."""
        return self.max_tracking_id(generation.tracking_name) or 0

    def swap(self, generation: Generation) -> bool:
        """Let readers see `generation` from now on, and drop the one they saw until now.

        False, and nothing done, if the old one stands further ahead (no reader ever sees a list
        go back in time) or if a reader is slow: catch up and try again. Raises Overtaken if the
        generation has been discarded.
        """
        try:
            with self.datastore.transaction(commit=True) as curs:
                return self._swap(curs, generation)
        except persistence.OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                return False
            raise

    def _swap(self, curs: Cursor[DictRow], generation: Generation) -> bool:
        curs.execute(f"SET LOCAL lock_timeout = {SWAP_WAITS_MILLISECONDS}")
        curs.execute(
            f"SELECT number FROM {SCHEMA}.generations WHERE list_name = %s FOR UPDATE",
            (generation.list_name,),
        )
        if generation.number not in {row["number"] for row in curs.fetchall()}:
            raise Overtaken(f"{generation.tracking_name} was discarded")
        # Holding the old one's tracking record keeps it from moving meanwhile.
        old = self._live(curs, generation.list_name)
        if old is not None and self._held(curs, old) > self._held(curs, generation):
            return False
        self._show(curs, generation, replacing=old)
        if old is not None:
            self._drop(curs, old)
        return True

    def _show(
        self, curs: Cursor[DictRow], generation: Generation, replacing: Generation | None
    ) -> None:
        view = Identifier(SCHEMA, generation.list_name)
        if replacing is not None and replacing.shape != generation.shape:
            curs.execute(SQL("DROP VIEW {}").format(view))
        curs.execute(
            SQL("CREATE OR REPLACE VIEW {} AS SELECT * FROM {}").format(view, generation.table)
        )
        curs.execute(SQL("GRANT SELECT ON {} TO tandem_service").format(view))
        curs.execute(
            f"UPDATE {SCHEMA}.generations SET live = (number = %s) WHERE list_name = %s",
            (generation.number, generation.list_name),
        )

    def _held(self, curs: Cursor[DictRow], generation: Generation) -> int:
        curs.execute(
            f"SELECT notification_id FROM {SCHEMA}.tracking WHERE application_name = %s FOR UPDATE",
            (generation.tracking_name,),
        )
        row = curs.fetchone()
        return int(row["notification_id"]) if row else 0

    def _live(self, curs: Cursor[DictRow], list_name: str) -> Generation | None:
        curs.execute(
            f"SELECT * FROM {SCHEMA}.generations WHERE list_name = %s AND live", (list_name,)
        )
        row = curs.fetchone()
        return Generation(**row) if row else None

    def _discard_unfinished(self, curs: Cursor[DictRow], list_name: str) -> int:
        curs.execute(
            f"SELECT * FROM {SCHEMA}.generations WHERE list_name = %s FOR UPDATE", (list_name,)
        )
        generations = [Generation(**row) for row in curs.fetchall()]
        for generation in generations:
            if not generation.live:
                self._drop(curs, generation)
        return max((generation.number for generation in generations), default=0)

    def _drop(self, curs: Cursor[DictRow], generation: Generation) -> None:
        # Its tracking record first: whoever is writing the table holds that, and is waited for
        # there. The other way round the two would wait for each other.
        curs.execute(
            f"DELETE FROM {SCHEMA}.tracking WHERE application_name = %s",
            (generation.tracking_name,),
        )
        curs.execute(
            f"DELETE FROM {SCHEMA}.generations WHERE list_name = %s AND number = %s",
            (generation.list_name, generation.number),
        )
        curs.execute(SQL("DROP TABLE {}").format(generation.table))
