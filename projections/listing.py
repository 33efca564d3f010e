"""A list across clients: a table that the log is projected into, in batches, exactly once.

A `Listing` says what its rows are; everything else is here: tables come in generations, each with
its own tracking record, written in the transaction that writes the rows. A rebuild fills a new
generation beside the live one, and the swap is one statement that readers never see half of.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

SCHEMA = "lists"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log as it is stored, not yet opened."""

    position: int
    stream: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime


class Listing(ABC):
    """What one list holds. Subclass it in the module that also queries it.

    `name`: the list's name, and that of the view its readers query. `columns`: the table's columns
    and constraints as DDL. `topics`: the facts it is made of; no other line reaches `project`.
    """

    name: ClassVar[str]
    columns: ClassVar[str]
    topics: ClassVar[frozenset[str]]
    indexes: ClassVar[tuple[str, ...]] = ()
    """Column lists to index, e.g. `"client, position desc"`."""

    @abstractmethod
    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Write what `lines`, in log order, change of the rows of `table`. Called once per line."""

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
            for index in listing.indexes:
                curs.execute(
                    SQL("CREATE INDEX ON {} (").format(generation.table)
                    + SQL(cast(Any, index))
                    + SQL(")")
                )
            curs.execute(
                f"INSERT INTO {SCHEMA}.generations VALUES (%s, %s, %s, false)",
                (listing.name, number, generation.shape),
            )
            return generation

    def apply(
        self, listing: Listing, generation: Generation, lines: Sequence[Line], upto: int
    ) -> None:
        """Project `lines` and note that the list stands at `upto`: both or neither, and never
        twice (raises the library's IntegrityError if it already stands there or beyond)."""
        with self.datastore.transaction(commit=True) as curs:
            self._insert_tracking(curs, Tracking(generation.tracking_name, upto))
            if lines:
                listing.project(lines, curs, generation.table)

    def position(self, generation: Generation) -> int:
        """The position that the generation stands at; 0 if it is empty."""
        return self.max_tracking_id(generation.tracking_name) or 0

    def swap(self, generation: Generation) -> bool:
        """Let readers see `generation` from now on, and drop the one they saw until now.

        False, and nothing done, if the old one stands further ahead: no reader ever sees a list
        go back in time. Holding its tracking record keeps it from moving meanwhile.
        """
        with self.datastore.transaction(commit=True) as curs:
            curs.execute(
                f"SELECT 1 FROM {SCHEMA}.generations WHERE list_name = %s FOR UPDATE",
                (generation.list_name,),
            )
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
        curs.execute(SQL("DROP TABLE {}").format(generation.table))
        curs.execute(
            f"DELETE FROM {SCHEMA}.generations WHERE list_name = %s AND number = %s",
            (generation.list_name, generation.number),
        )
        curs.execute(
            f"DELETE FROM {SCHEMA}.tracking WHERE application_name = %s",
            (generation.tracking_name,),
        )
