"""Queries of the restriction board: in which order a reader looks at what may concern them."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final, NamedTuple, Self
from uuid import UUID

import orjson
from psycopg.sql import SQL

from domain.lanes import Category, Discipline, Lane, lanes_of
from projections.querying import STANDS, Lists


class Order(Enum):
    """What comes first. An order tells something of the rows: nobody gets one that tells more than
    the rows may."""

    ANYBODY_WAITING = "what somebody has yet to acknowledge, then by review and severity"
    SELF_WAITING = "what the reader has yet to acknowledge, then by review and severity"
    NONE = "by id: for whoever may know no more than that there are restrictions"

    @classmethod
    def for_reader(cls, acting_as: Discipline) -> "Order":
        """The order that tells `acting_as` no more than they may know of every row they see."""
        lanes = lanes_of(acting_as, Category.RESTRICTIONS)
        if Lane.READ not in lanes:
            return cls.NONE
        return cls.ANYBODY_WAITING if Lane.WRITE in lanes else cls.SELF_WAITING


class Place(NamedTuple):
    """Where a page ends. `today` stays that of the first page, so that midnight moves no row from
    one page to another."""

    today: date
    rank: int
    since: datetime
    client: UUID
    restriction: UUID

    @classmethod
    def start(cls, today: date) -> Self:
        """Before every row."""
        return cls(today, -1, datetime(1, 1, 1, tzinfo=UTC), UUID(int=0), UUID(int=0))

    def token(self) -> str:
        """The place as an opaque word for a URL."""
        return base64.urlsafe_b64encode(orjson.dumps(list(self))).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> Self:
        """The place that `token` came from. Raises ValueError for anything else."""
        try:
            text = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            today, rank, since, client, restriction = orjson.loads(text)
            place = cls(
                date.fromisoformat(today),
                int(rank),
                datetime.fromisoformat(since),
                UUID(client),
                UUID(restriction),
            )
        except (binascii.Error, TypeError, AttributeError, UnicodeError) as error:
            raise ValueError("not a cursor of this list") from error
        if place.since.tzinfo is None or abs(place.rank) > 99:
            raise ValueError("not a cursor of this list")
        return place


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that the reader may perhaps see something of. `moved`: the record has facts that the
    board has not got to, so that the row may belong elsewhere, or be ended."""

    place: Place
    moved: bool

    @property
    def client(self) -> UUID:
        """Whose restriction it is."""
        return self.place.client

    @property
    def restriction(self) -> UUID:
        """Its id."""
        return self.place.restriction


_WAITS: Final = {
    Order.ANYBODY_WAITING: SQL("waiting <> '{}'"),
    Order.SELF_WAITING: SQL("waiting @> ARRAY[%(reader)s]::uuid[]"),
}
_WORST: Final = SQL(
    "CASE WHEN {} THEN 0 ELSE 6 END + CASE WHEN review_by < %(today)s THEN 0 ELSE 3 END"
    " + CASE severity WHEN 'stop' THEN 0 WHEN 'modify' THEN 1 ELSE 2 END AS rank,"
    " imposed_at AS since"
)
_NEUTRAL: Final = SQL("0 AS rank, timestamptz '2000-01-01 00:00:00+00' AS since")
_PAGE: Final = """
SELECT rank, since, client, restriction,
       (SELECT l.notification_id FROM ledger.log l WHERE l.originator_id = client
         ORDER BY l.originator_version DESC LIMIT 1) > ({stands}) AS moved
  FROM (SELECT * FROM (SELECT client, restriction, {keys} FROM lists.board
                        WHERE readers @> ARRAY[%(reader)s]::uuid[] AND names @> %(names)s::bytea[]
                          AND ended IS NULL
                          AND NOT (review_rule = 'lapses' AND severity = 'caution'
                                   AND review_by < %(today)s)) standing
         WHERE (rank, since, client, restriction)
             > (%(rank)s, %(since)s, %(client)s, %(restriction)s)
         ORDER BY rank, since, client, restriction LIMIT %(limit)s) page
 ORDER BY rank, since, client, restriction"""


async def candidates(
    lists: Lists,
    reader: UUID,
    order: Order,
    after: Place,
    *,
    names: Sequence[bytes] = (),
    limit: int = 100,
) -> list[Candidate]:
    """Rows in force after a place that `reader` may perhaps see, with all of `names` (digests of
    the blind index) in the client's name. Nothing of it is theirs until policy has said so."""
    keys = _WORST.format(_WAITS[order]) if order in _WAITS else _NEUTRAL
    found = await lists.rows(
        SQL(_PAGE).format(stands=SQL(STANDS.format("board")), keys=keys),
        {
            "reader": reader,
            "names": list(names),
            "limit": limit,
            **after._asdict(),
        },
    )
    return [
        Candidate(Place(after.today, rank, since, client, restriction), bool(moved))
        for rank, since, client, restriction, moved in found
    ]
