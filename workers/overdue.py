"""How far the clocks are behind the time."""

from dataclasses import dataclass

import psycopg

from projections.deadlines import OVERDUE


@dataclass(frozen=True, slots=True)
class Overdue:
    """How many deadlines have passed and are not recorded yet, and since how many seconds the
    oldest of them."""

    number: int
    seconds: float


def overdue(url: str) -> Overdue | None:
    """The same by the database's time, over a connection of the projector's role; None before
    there is a list of deadlines.

    Raises psycopg.OperationalError while PostgreSQL is away.
    """
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        if connection.execute("SELECT to_regclass('lists.deadlines')").fetchone() == (None,):
            return None
        row = connection.execute(OVERDUE).fetchone()
    assert row is not None
    return Overdue(int(row[0]), float(row[1]))
