"""Queries of the access register: what a client, a reader or a disclosure came to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from psycopg.sql import SQL

from domain.access import Acknowledged, Disclosed, access_stream
from domain.lanes import Discipline, Purpose
from domain.ledger.upcast import stored_as
from projections.listing import Line
from projections.querying import STANDS, Lists
from projections.register import COLUMNS, KINDS, opened

DENIALS: Final = ("denied",)
BREAK_GLASS: Final = ("break-glass-declared", "break-glass-reviewed")


@dataclass(frozen=True, slots=True)
class Access:
    """One row of the register. `bases` are (category, rule, reference)."""

    position: int
    recorded_at: datetime
    client: UUID
    reader: UUID
    acting_as: Discipline
    purpose: Purpose
    kind: str
    view: str | None
    item: UUID | None
    channel: str | None
    bases: tuple[tuple[str, str, UUID | None], ...]
    disclosure: int | None
    code: str | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Accesses:
    """Rows, newest first, and the position up to which the register is complete."""

    rows: tuple[Access, ...]
    complete_to: int


async def accesses(
    lists: Lists,
    *,
    client: UUID | None = None,
    reader: UUID | None = None,
    kinds: Iterable[str] = (),
    disclosure: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> Accesses:
    """Rows that fit all that is given, newest first, from before position `before`.

    `kinds`: some of KINDS' values (`DENIALS`, `BREAK_GLASS`); `disclosure`: that disclosure, and
    what became of it. Rows of no known client are left out.
    """
    conditions = [
        "client IS NOT NULL",
        *(["client = %(client)s"] if client is not None else []),
        *(["reader = %(reader)s"] if reader is not None else []),
        *(["(position = %(about)s OR disclosure = %(about)s)"] if disclosure is not None else []),
        *(["position < %(before)s"] if before is not None else []),
        *([_one_of(kinds)] if kinds else []),
    ]
    query = SQL("SELECT ({}), r.* FROM (VALUES (1)) one LEFT JOIN (SELECT {} FROM lists.register ")
    wanted = {"client": client, "reader": reader, "about": disclosure, "before": before}
    found = await lists.rows(
        query.format(SQL(STANDS.format("register")), SQL(COLUMNS))
        + SQL(f"WHERE {' AND '.join(conditions)}")
        + SQL(" ORDER BY position DESC LIMIT %(limit)s) r ON true ORDER BY position DESC"),
        {**wanted, "limit": limit},
    )
    rows = tuple(_access(row[1:]) for row in found if row[1] is not None)
    return Accesses(rows, int(found[0][0] or 0))


async def readers_of(lists: Lists, client: UUID) -> frozenset[tuple[UUID, Discipline]]:
    """Everybody to whom anything of `client` was ever released, or who acknowledged any of it, in
    the discipline they acted in. Exact at the head of the log: what the register has not got to
    yet is read from there."""
    # The log first: what moves from there into the register meanwhile is then found twice, not
    # missed.
    late = await lists.rows(
        SQL(
            "SELECT notification_id, originator_id, originator_version, topic, state, recorded_at"
            " FROM ledger.log WHERE topic = ANY(%(topics)s) AND notification_id > ({})"
        ).format(SQL(STANDS.format("register"))),
        {"topics": list(stored_as([Disclosed.type, Acknowledged.type]))},
    )
    known = await lists.rows(
        SQL(
            "SELECT DISTINCT reader, acting_as FROM lists.register"
            " WHERE client = %(client)s AND kind IN ('disclosed', 'acknowledged')"
        ),
        {"client": client},
    )
    parties = {(reader, Discipline(acting_as)) for reader, acting_as in known}
    for header, stream in ((opened(line).header, line.stream) for line in map(Line._make, late)):
        reader = UUID(header["actor"])
        if stream == access_stream(client, reader):
            parties.add((reader, Discipline(header["acting_as"])))
    return frozenset(parties)


def _one_of(kinds: Iterable[str]) -> LiteralString:
    """A condition in literals: only so is the index of the rare kinds considered."""
    chosen = sorted(set(kinds) & set(KINDS.values()))
    return f"kind IN ({', '.join(map(repr, chosen))})" if chosen else "false"


def _access(row: tuple[Any, ...]) -> Access:
    position, at, client, reader, acting_as, purpose, kind, view, item, channel, *more = row
    categories, rules, references, disclosure, code, until = more
    return Access(
        position=position,
        recorded_at=at,
        client=client,
        reader=reader,
        acting_as=Discipline(acting_as),
        purpose=Purpose(purpose),
        kind=kind,
        view=view,
        item=item,
        channel=channel,
        bases=tuple(zip(categories or (), rules or (), references or (), strict=True)),
        disclosure=disclosure,
        code=code,
        until=until,
    )
