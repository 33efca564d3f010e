"""Each reader's notifications in their sequence, as a list; and what is asked of it.

A sequence number is the ordinal of a `Notified` among its reader's, in log order: a pure
projection, which a rebuild makes again as it was. What the list has not got to yet is read from the
log, so that an answer is exact however far the list is behind.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.access import Acknowledged
from domain.ledger.upcast import stored_as
from domain.notified import NotificationReceived, Notified
from projections.clear import Clear, clear
from projections.listing import Line, Listing
from projections.querying import STANDS, Lists

NOTIFIED: Final = frozenset(stored_as([Notified.type]))
RECEIVED: Final = frozenset(stored_as([NotificationReceived.type]))
ACKNOWLEDGED: Final = frozenset(stored_as([Acknowledged.type]))

_LAST: Final = SQL(
    "SELECT reader, max(sequence) FROM {} WHERE reader = ANY(%s::uuid[]) GROUP BY reader"
)
_RECEIVED: Final = SQL(
    "UPDATE {} SET received = %s WHERE stream = %s AND position = %s AND received IS NULL"
)
_ACKNOWLEDGED: Final = SQL(
    "UPDATE {} SET acknowledged = %s WHERE stream = %s AND position < %s AND item = %s"
    " AND record_version <= %s AND acknowledged IS NULL"
)


class Notifications(Listing):
    """One row for each notification. `position` is that of its `Notified`, `fact` that of what it
    points to, `stream` the access stream; `received` and `acknowledged` are the positions of the
    first fact that says so, of a device and of a person."""

    name = "notifications"
    topics = NOTIFIED | RECEIVED | ACKNOWLEDGED
    columns = """
        reader uuid NOT NULL, sequence bigint NOT NULL, position bigint NOT NULL,
        notification uuid NOT NULL, stream uuid NOT NULL, fact bigint NOT NULL, item uuid,
        record_version bigint NOT NULL, urgency text NOT NULL, must_acknowledge boolean NOT NULL,
        recorded_at timestamptz NOT NULL, received bigint, acknowledged bigint,
        PRIMARY KEY (reader, sequence), UNIQUE (stream, position)"""
    indexes = ("(position) WHERE received IS NULL AND acknowledged IS NULL",)

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Number what is new, then note what was received or acknowledged."""
        new = [clear(line) for line in lines if line.topic in NOTIFIED]
        if new:
            readers = list({one.body["reader"] for one in new})
            cursor.execute(_LAST.format(table), (readers,))
            rows = list(zip(number(new, dict(cursor.fetchall())), new, strict=True))
            with cursor.copy(SQL("COPY {} FROM STDIN").format(table)) as copy:
                for row in rows:
                    copy.write_row(_row(*row))
        for line in lines:
            if line.topic in RECEIVED:
                notified = clear(line).body["notified"]
                cursor.execute(_RECEIVED.format(table), (line.position, line.stream, notified))
            elif line.topic in ACKNOWLEDGED:
                body = clear(line).body
                seen = (line.stream, line.position, body["item"], body["version"])
                cursor.execute(_ACKNOWLEDGED.format(table), (line.position, *seen))


def _row(pointer: "Pointer", new: Clear) -> tuple[Any, ...]:
    body = new.body
    return (
        *(pointer.reader, pointer.sequence, pointer.position, pointer.notification),
        *(new.line.stream, body["fact"], body["item"], body["record_version"]),
        *(pointer.urgency, pointer.must_acknowledge, pointer.recorded_at, None, None),
    )


@dataclass(frozen=True, slots=True)
class Pointer:
    """One notification as its reader gets it: nothing in it but ids, codes and its number."""

    reader: UUID
    sequence: int
    position: int
    notification: UUID
    urgency: str
    must_acknowledge: bool
    recorded_at: datetime
    received: int | None = None
    acknowledged: int | None = None


_LATE: Final = SQL(
    "SELECT notification_id, originator_id, originator_version, topic, state, recorded_at"
    " FROM ledger.log WHERE topic = ANY(%(topics)s) AND notification_id > coalesce(({}), 0)"
    " ORDER BY notification_id"
).format(SQL(STANDS.format("notifications")))
_LISTED: Final = SQL(
    "SELECT coalesce(({}), 0), (SELECT coalesce(max(sequence), 0) FROM lists.notifications"
    " WHERE reader = %(reader)s), r.* FROM (VALUES (1)) one LEFT JOIN (SELECT sequence, position,"
    " notification, urgency, must_acknowledge, recorded_at, received, acknowledged"
    " FROM lists.notifications WHERE reader = %(reader)s AND sequence > %(after)s"
    " ORDER BY sequence LIMIT %(limit)s) r ON true ORDER BY sequence"
).format(SQL(STANDS.format("notifications")))
_UNRECEIVED: Final = SQL(
    "SELECT reader, sequence, position, notification, urgency, must_acknowledge, recorded_at"
    " FROM lists.notifications WHERE received IS NULL AND acknowledged IS NULL"
    " AND position > %(after)s AND position <= %(upto)s ORDER BY position LIMIT %(limit)s"
)
_COUNTS: Final = SQL(
    "SELECT upto, reader, last FROM (SELECT least(coalesce(({}), 0), %(at)s)) AS u(upto)"
    " LEFT JOIN LATERAL (SELECT reader, max(sequence) AS last FROM lists.notifications"
    " WHERE position <= upto GROUP BY reader) r ON true"
).format(SQL(STANDS.format("notifications")))


async def pointers(lists: Lists, reader: UUID, *, after: int, limit: int) -> list[Pointer]:
    """A reader's notifications after sequence number `after`, at most `limit`, without a gap.

    Exact at the head of the log; what was received and acknowledged, as far as the list has got.
    """
    # The log first: what moves from there into the list meanwhile is then found twice, not missed.
    late = [clear(Line._make(row)) for row in await lists.rows(_LATE, {"topics": list(NOTIFIED)})]
    own = {"reader": reader, "after": after, "limit": limit}
    rows = await lists.rows(_LISTED, own)
    stands, last = rows[0][:2]
    found = [Pointer(reader, *row[2:]) for row in rows if row[2] is not None]
    missed = [line for line in late if line.line.position > stands]
    found += [one for one in number(missed, {reader: last}) if one.reader == reader]
    return [one for one in found if one.sequence > after][:limit]


async def unreceived(lists: Lists, *, after: int, upto: int, limit: int) -> list[Pointer]:
    """Notifications of everybody in log order, from after one position up to another, of which no
    device and no person has confirmed anything yet."""
    bounds = {"after": after, "upto": upto, "limit": limit}
    return [Pointer(*row) for row in await lists.rows(_UNRECEIVED, bounds)]


async def counts(lists: Lists, at: int) -> tuple[int, dict[UUID, int]]:
    """Each reader's last sequence number as of a position not after `at`, which is returned too:
    `at` itself, or how far the list has got."""
    rows = await lists.rows(_COUNTS, {"at": at})
    return int(rows[0][0]), {reader: int(last) for _, reader, last in rows if reader is not None}


def number(lines: Sequence[Clear], last: dict[UUID, int]) -> Iterator[Pointer]:
    """Lines of the log, as the next notifications of their readers: `last` are the sequence numbers
    given out before, and is brought up to date."""
    for line, _, body in lines:
        reader = UUID(body["reader"])
        last[reader] = sequence = last.get(reader, 0) + 1
        yield Pointer(
            reader=reader,
            sequence=sequence,
            position=line.position,
            notification=UUID(body["notification"]),
            urgency=body["urgency"],
            must_acknowledge=body["must_acknowledge"],
            recorded_at=line.recorded_at,
        )
