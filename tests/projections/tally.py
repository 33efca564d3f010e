"""A list that would show it if a line were projected twice, and the connections to keep it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from projections.listing import Line, Listing, ListRecorder
from projections.projecting import LogReader
from tests.workers.lines import TOPIC
from workers.lists import open_lists


class Tally(Listing):
    """A row a line, and nothing that would keep a second one out."""

    name = "tally"
    columns = "position bigint NOT NULL"
    topics = frozenset({TOPIC})

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        insert = SQL("INSERT INTO {} (position) VALUES (%s)").format(table)
        cursor.executemany(insert, [(line.position,) for line in lines])


class Reshaped(Tally):
    """The same list, as the next release writes it."""

    columns = "position bigint NOT NULL, twice bigint GENERATED ALWAYS AS (position * 2) STORED"


class Failing(Tally):
    """Writes its rows, and is then killed before they are committed."""

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        super().project(lines, cursor, table)
        raise KeyboardInterrupt


@contextmanager
def projector(url: str) -> Iterator[tuple[ListRecorder, LogReader]]:
    """What one projector works with."""
    with open_lists(url) as (recorder, log):
        yield recorder, log


def tallied(url: str) -> list[int]:
    """The rows of the list, as its readers see them."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute("SELECT position FROM lists.tally ORDER BY position").fetchall()
    return [position for (position,) in rows]
