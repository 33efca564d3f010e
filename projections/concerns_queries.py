"""Queries of concerns: in which order a member of care teams looks at their clients."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Self
from uuid import UUID

import orjson
from psycopg.sql import SQL

from projections.querying import STANDS, Lists


class Place(NamedTuple):
    """Where a page ends. `at` stays when the first page was asked for, so that time moves no row
    from one page to another."""

    at: datetime
    rank: int
    since: datetime
    client: UUID
    reason: str

    @classmethod
    def start(cls, at: datetime) -> Self:
        """Before every row."""
        return cls(at, -1, at, UUID(int=0), "")

    def token(self) -> str:
        """The place as an opaque word for a URL."""
        return base64.urlsafe_b64encode(orjson.dumps(list(self))).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> Self:
        """The place that `token` came from. Raises ValueError for anything else."""
        try:
            text = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            at, rank, since, client, reason = orjson.loads(text)
            place = cls(
                datetime.fromisoformat(at),
                int(rank),
                datetime.fromisoformat(since),
                UUID(client),
                str(reason),
            )
        except (binascii.Error, TypeError, AttributeError, UnicodeError) as error:
            raise ValueError("not a cursor of this list") from error
        if place.at.tzinfo is None or place.since.tzinfo is None or abs(place.rank) > 999:
            raise ValueError("not a cursor of this list")
        if "\0" in place.reason:
            raise ValueError("not a cursor of this list")
        return place


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reason for which a client may be on the list, among all those for which they may, in their
    order. `moved`: the record has facts that the list has not got to."""

    place: Place
    reasons: tuple[str, ...]
    moved: bool

    @property
    def earlier(self) -> tuple[str, ...]:
        """The reasons for which the client may have been further up."""
        return self.reasons[: self.reasons.index(self.place.reason)]

    @property
    def last(self) -> bool:
        """Whether the client is nowhere further down."""
        return self.reasons[-1] == self.place.reason

    @property
    def client(self) -> UUID:
        """Whom it is about."""
        return self.place.client


_PAGE: Final = """
SELECT rank, since, client, reason, reasons,
       (SELECT l.notification_id FROM ledger.log l WHERE l.originator_id = client
         ORDER BY l.originator_version DESC LIMIT 1) > ({stands}) AS moved
  FROM (SELECT * FROM (
            SELECT rank, holds_from AS since, client, reason,
                   array_agg(reason) OVER (PARTITION BY client ORDER BY rank, holds_from, reason
                        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS reasons
              FROM lists.concerns
             WHERE reader = %(reader)s AND lens = %(lens)s AND holds_from <= %(at)s
               AND (holds_until IS NULL OR holds_until > %(at)s)) holding
         WHERE (rank, since, client, reason) > (%(rank)s, %(since)s, %(client)s, %(reason)s)
         ORDER BY rank, since, client, reason LIMIT %(limit)s) page
 ORDER BY rank, since, client, reason"""


async def candidates(
    lists: Lists, reader: UUID, lens: str, after: Place, *, limit: int = 100
) -> list[Candidate]:
    """Reasons that held at `after.at`, the worst first, of equally bad ones the longest waiting.
    Nothing of it is the reader's until policy has said so."""
    found = await lists.rows(
        SQL(_PAGE).format(stands=SQL(STANDS.format("concerns"))),
        {"reader": reader, "lens": lens, "limit": limit, **after._asdict()},
    )
    return [
        Candidate(Place(after.at, rank, since, client, reason), tuple(reasons), bool(moved))
        for rank, since, client, reason, reasons, moved in found
    ]
