"""Every open deadline of every client: what is owed, until when, and by whom.

What the clock and worklists look things up in. Rows are read off the folded record, met in time or
not: whether a deadline has passed is for whoever looks, at their time, to say. They hold ids, codes
and instants.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Final, Self
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.clock import deadlines
from domain.deadline import Key, Kind
from domain.lanes import Discipline
from domain.ledger.keys import KeyRing
from domain.record import CareRecord
from projections.folded import REMEMBERED, Folded, topics_of
from projections.listing import Line
from projections.querying import Lists

CHANNEL: Final = "lists_deadlines"
"""Notified whenever rows have changed: what falls due next may be another than before."""


class Deadlines(Folded[CareRecord]):
    """One row for each open deadline. `set_by`: record version of the fact that set it; `makes`:
    whether it makes a fact once it has passed. `who` may see to it, and whoever stands for one of
    `roles`: disciplines that the record names nobody for."""

    name = "deadlines"
    whose = "client"
    topics = topics_of(part.name for part in fields(CareRecord))
    columns = """
        client uuid NOT NULL, kind text NOT NULL, item uuid NOT NULL, set_by bigint NOT NULL,
        due timestamptz NOT NULL, who uuid[] NOT NULL, roles text[] NOT NULL,
        makes boolean NOT NULL, record_version bigint NOT NULL,
        PRIMARY KEY (client, kind, item, set_by)"""
    indexes: ClassVar[tuple[str, ...]] = (
        "(due, client, kind, item, set_by) WHERE makes",
        "USING gin (who)",
        "USING gin (roles)",
    )

    def __init__(self, keys: KeyRing, *, remembered: int = REMEMBERED) -> None:
        super().__init__(keys, CareRecord, remembered=remembered)

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Write anew the rows of every record that `lines` say something of, and say so."""
        super().project(lines, cursor, table)
        cursor.execute(SQL("NOTIFY {}").format(Identifier(CHANNEL)))

    def rows(self, record: CareRecord) -> Iterator[tuple[object, ...]]:
        """One for each deadline open in it."""
        for one in deadlines(record):
            yield (
                record.id,
                one.kind.value,
                one.item,
                one.version,
                one.due,
                sorted(one.who),
                sorted(role.value for role in one.roles),
                one.falls is not None,
                record.version,
            )


@dataclass(frozen=True, slots=True)
class Due:
    """One row: what is owed on a client's record, as it was at `record_version`."""

    due: datetime
    client: UUID
    kind: Kind
    item: UUID
    set_by: int
    who: tuple[UUID, ...]
    roles: tuple[Discipline, ...]
    makes: bool
    record_version: int

    @property
    def key(self) -> Key:
        """The deadline's key within its record."""
        return self.kind, self.item, self.set_by

    @property
    def place(self) -> tuple[object, ...]:
        """Where it stands in the order of the list: give it as `after` for what follows it."""
        return self.due, self.client, self.kind.value, self.item, self.set_by

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> Self:
        """A row as the query gives it."""
        due, client, kind, item, set_by, who, roles, makes, record_version = row
        people, held = tuple(who), tuple(Discipline(role) for role in roles)
        return cls(due, client, Kind(kind), item, set_by, people, held, bool(makes), record_version)


_ROWS: Final = """
SELECT due, client, kind, item, set_by, who, roles, makes, record_version FROM lists.deadlines
 WHERE {} ORDER BY due, client, kind, item, set_by LIMIT %(limit)s"""
_DUE: Final = SQL(
    _ROWS.format(
        "makes AND due <= %(at)s"
        " AND (%(first)s OR (due, client, kind, item, set_by)"
        " > (%(due)s, %(client)s, %(kind)s, %(item)s, %(set_by)s))"
    )
)
_OWED: Final = SQL(
    _ROWS.format(
        "(who @> ARRAY[%(person)s]::uuid[] OR roles && %(roles)s::text[])"
        " AND due <= coalesce(%(before)s::timestamptz, 'infinity')"
    )
)
OVERDUE: Final = SQL("""
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(due)), 0)
  FROM lists.deadlines WHERE makes AND due <= clock_timestamp()""")
"""How many deadlines have passed and are not recorded yet, and for how many seconds the oldest:
more than an instant only while no clock does its work."""

_NEXT: Final = SQL("SELECT min(due) FROM lists.deadlines WHERE makes AND due > %(after)s")


async def due_before(
    lists: Lists, at: datetime, *, after: Due | None = None, limit: int = 200
) -> list[Due]:
    """Deadlines that make a fact and were due at `at` or before, the earliest first; of those, the
    ones that follow `after`."""
    place = after.place if after else (at, UUID(int=0), "", UUID(int=0), 0)
    names = ("due", "client", "kind", "item", "set_by")
    arguments = dict(zip(names, place, strict=True)) | {"first": after is None}
    found = await lists.rows(_DUE, {**arguments, "at": at, "limit": limit})
    return [Due.of(row) for row in found]


async def next_due(lists: Lists, after: datetime) -> datetime | None:
    """The first instant after `after` at which something is due that makes a fact; None if nothing
    ever is, as things stand."""
    ((instant,),) = await lists.rows(_NEXT, {"after": after})
    return instant if isinstance(instant, datetime) else None


async def owed_by(
    lists: Lists,
    person: UUID,
    *roles: Discipline,
    before: datetime | None = None,
    limit: int = 200,
) -> list[Due]:
    """What `person`, or whoever stands for `roles`, can see to, due at `before` or earlier (None:
    whenever), the earliest first. Nothing of it is theirs to see until policy has said so."""
    codes = [role.value for role in roles]
    arguments = {"person": person, "roles": codes, "before": before, "limit": limit}
    return [Due.of(row) for row in await lists.rows(_OWED, arguments)]
