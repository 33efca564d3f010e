"""Pages of the referral inbox, through the one door. Each line says why it is there."""

import base64
import binascii
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, Self
from uuid import UUID

import orjson
from psycopg.sql import SQL

from domain.record import CareRecord
from domain.referral_clock import due
from domain.referral_terms import Priority, State
from domain.referred import Referral
from domain.scope import Scope
from projections.asking import Ask
from projections.board_shown import name
from projections.disclosing_lists import AT_MOST, CHUNK
from projections.disclosure import Door
from projections.pages import Looking, Page, by_client, first, tried
from projections.querying import STANDS, Lists
from projections.reader import Reader
from projections.referral_inbox import parties
from projections.referrals_shown import is_recipient, recipient, sees_all
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction
from projections.source_shown import authored

HINT: Final = "A referral is here while it is under way, for who sent it and who was sent it."

WAITS: Final = {
    State.PROPOSED: "waiting {} for the client to agree",
    State.REQUESTED: "waiting {} for an answer",
    State.INFORMATION_AWAITED: "information asked {} ago",
    State.WAITLISTED: "on the waiting list for {}",
    State.ACCEPTED: "waiting {} for an appointment",
    State.SCHEDULED: "appointment was {} ago",
    State.MISSED: "appointment missed, noted {} ago",
    State.ATTENDED: "seen, noted {} ago, and no report yet",
    State.CANCELLING: "cancellation asked {} ago",
}
"""Why a referral in that state is in an inbox, for how long."""


class Place(NamedTuple):
    """Where a page ends."""

    rank: int
    due: datetime
    client: UUID
    referral: UUID

    @classmethod
    def start(cls) -> Self:
        """Before every row."""
        return cls(-1, datetime(1, 1, 1, tzinfo=UTC), UUID(int=0), UUID(int=0))

    def token(self) -> str:
        """The place as an opaque word for a URL."""
        return base64.urlsafe_b64encode(orjson.dumps(list(self))).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> Self:
        """The place that `token` came from. Raises ValueError for anything else."""
        try:
            text = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            rank, until, client, referral = orjson.loads(text)
            place = cls(int(rank), datetime.fromisoformat(until), UUID(client), UUID(referral))
        except (binascii.Error, TypeError, AttributeError, UnicodeError) as error:
            raise ValueError("not a cursor of this list") from error
        if place.due.tzinfo is None or abs(place.rank) > 99:
            raise ValueError("not a cursor of this list")
        return place


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that the reader may perhaps see something of. `moved`: the record has facts that the
    list has not got to."""

    place: Place
    moved: bool

    @property
    def client(self) -> UUID:
        """Whose referral it is."""
        return self.place.client

    @property
    def referral(self) -> UUID:
        """Its id."""
        return self.place.referral


_PAGE: Final = """
SELECT rank, due, client, referral,
       (SELECT l.notification_id FROM ledger.log l WHERE l.originator_id = client
         ORDER BY l.originator_version DESC LIMIT 1) > ({stands}) AS moved
  FROM lists.referral_inbox
 WHERE parties @> ARRAY[%(reader)s]::uuid[]
   AND (rank, due, client, referral) > (%(rank)s, %(due)s, %(client)s, %(referral)s)
 ORDER BY rank, due, client, referral LIMIT %(limit)s"""


async def candidates(
    lists: Lists, reader: UUID, after: Place, *, limit: int = CHUNK
) -> list[Candidate]:
    """Referrals that concern `reader`, emergencies first, then what has been due longest. Nothing
    of it is theirs until policy has said so."""
    found = await lists.rows(
        SQL(_PAGE).format(stands=SQL(STANDS.format("referral_inbox"))),
        {"reader": reader, "limit": limit, **after._asdict()},
    )
    return [
        Candidate(Place(rank, until, client, referral), bool(moved))
        for rank, until, client, referral, moved in found
    ]


async def inbox_page(
    lists: Lists,
    door: Door,
    reader: Reader,
    *,
    limit: int = 50,
    after: str | None = None,
    count: bool = False,
) -> Page:
    """The next referrals that concern `reader`, each with why it is there.

    `after` is the `next` of the page before; `count` asks for the total. Raises ValueError for an
    `after` that is none, LedgerUnavailable, Refused `does-not-hold-discipline`.
    """
    place = Place.of_token(after) if after else Place.start()
    limit = max(1, min(limit, AT_MOST))

    async def attempt(looking: Looking) -> Page:
        rows = await first(limit + 1, _in_inbox(lists, looking, place))
        page = rows[:limit]
        total = len(await first(None, _in_inbox(lists, looking, Place.start()))) if count else None
        asks = {
            client: Ask("referral-inbox", of([row.referral for row in own]))
            for client, own in by_client(page).items()
        }
        return Page(
            rows=tuple(
                {
                    "client": str(row.client),
                    "referral": str(row.referral),
                    "being_updated": row.moved,
                }
                for row in page
            ),
            fragments=await looking.release(asks),
            next=page[-1].place.token() if len(rows) > limit else None,
            total=total,
            hint=HINT if not page and after is None else None,
        )

    return await tried(door, reader, Ask("referral-inbox", of(())), attempt)


async def _in_inbox(lists: Lists, looking: Looking, place: Place) -> AsyncIterator[Candidate]:
    """The rows after `place` that the reader may see."""
    while True:
        chunk = await candidates(lists, looking.reader.person, place)
        await looking.at(row.client for row in chunk)
        for row in chunk:
            found = looking[row.client]
            if line(Sheet(found.record, found.scope, found.now), row.referral) is not None:
                yield row
        if len(chunk) < CHUNK:
            return
        place = chunk[-1].place


def of(items: Sequence[UUID]) -> ViewFunction:
    """The part of the inbox that is about one client: those of their referrals, in that order.

    Raises NothingToShow if the reader may see nothing of any of them.
    """

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        rows = [row for item in items if (row := line(sheet, item)) is not None]
        if not rows:
            raise NothingToShow
        return sheet.view(
            {
                "view": "referral-inbox",
                "client": str(record.id),
                "name": name(sheet),
                "referrals": rows,
            }
        )

    return view


def line(sheet: Sheet, id: UUID) -> Body | None:
    """One referral under way and why it is there; None if there is none such, or it does not
    concern the reader, or they may not see it."""
    item = sheet.record.referrals.items.get(id)
    if item is None or sheet.scope.reader not in parties(sheet.record, item):
        return None
    found = due(item)
    if found is None or not sees_all(sheet, item):
        return None
    until, waits_for = found
    return {
        "referral": str(item.id),
        "version": item.version,
        "state": item.state,
        "priority": item.priority,
        "as": _as(sheet, item),
        "why": why(item, sheet.now),
        "requested": authored(sheet, item.requested),
        "to": recipient(sheet, item.to),
        "since": item.since.recorded_at.isoformat(),
        "due": {"at": until.isoformat(), "waits_for": waits_for, "overdue": until <= sheet.now},
    }


def why(item: Referral, now: datetime) -> str:
    """Why it is in an inbox: "urgent, waiting 2 days for an answer"."""
    since = item.since.recorded_at
    if item.state is State.SCHEDULED and item.appointment is not None:
        since = item.appointment
    words = WAITS[item.state].format(lasting(now - since))
    if now < since:
        words = f"appointment in {lasting(since - now)}"
    return words if item.priority is Priority.ROUTINE else f"{item.priority}, {words}"


def _as(sheet: Sheet, item: Referral) -> str:
    if is_recipient(sheet.scope, item):
        return "recipient"
    if sheet.scope.reader == sheet.record.id:
        return "client"
    return "initiator" if item.initiator == sheet.scope.reader else "coordinator"


def lasting(span: timedelta) -> str:
    """How long, as a person says it: "26 h", "3 days"."""
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
