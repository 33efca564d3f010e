"""A list, and lines of the log for it, that mean nothing: only their number and order matter."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import psycopg
from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.ledger.command import Command, NewEvent
from domain.ledger.writer import Writer
from projections.listing import Line, Listing

TOPIC = "test.counted.v1"


class Counted(Listing):
    """One row for each line. A line projected twice would break the primary key."""

    name = "counted"
    columns = "position bigint PRIMARY KEY, stream uuid NOT NULL"
    topics = frozenset({TOPIC})

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """A row a line."""
        insert = SQL("INSERT INTO {} VALUES (%s, %s)").format(table)
        cursor.executemany(insert, [(line.position, line.stream) for line in lines])


class Broken(Listing):
    """A list that cannot be projected."""

    name = "broken"
    columns = "position bigint"
    topics = frozenset({TOPIC})

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Always fails."""
        raise ValueError("cannot be projected")


def append(service_url: str, events: int, topic: str = TOPIC) -> int:
    """Append so many lines as one command; the position of the last."""
    stream = uuid4()
    lines = tuple(NewEvent(stream, None, topic, b"nothing") for _ in range(events))
    return asyncio.run(_append(service_url, Command(uuid4(), lines)))


async def _append(service_url: str, command: Command) -> int:
    writer = Writer(service_url)
    await writer.start()
    try:
        return (await writer.append(command)).positions[-1]
    finally:
        await writer.close()


def counted(url: str) -> int:
    """How many rows the list has for its readers; -1 while there is none."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('lists.counted')").fetchone() == (None,):
            return -1
        row = connection.execute("SELECT count(*) FROM lists.counted").fetchone()
    assert row is not None
    return int(row[0])
