"""Searching the directory: who fits, and what anybody who looks for a practitioner is told of them.

The list says where to look; whether somebody stands, and what is told, is read from their record.
"""

import base64
import binascii
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Self
from uuid import UUID

import orjson
from psycopg.sql import SQL

from domain.lanes import PRACTITIONERS, Discipline
from domain.ledger.ledger import Ledger
from domain.organisation import OrganisationRecord
from domain.practitioner import PractitionerRecord
from projections.accesses import day, when
from projections.blind_index import BlindIndex
from projections.querying import Lists
from projections.reasons import midnight
from projections.sheet import Body

CHUNK: Final = 100
HINT: Final = "Practitioners in good standing who do all that is asked for stand here."


class Place(NamedTuple):
    """Where a page ends: who has places first, then who has fewest waiting."""

    rank: int
    waiting: int
    practitioner: UUID

    def token(self) -> str:
        """The place as an opaque word for a URL."""
        return base64.urlsafe_b64encode(orjson.dumps(list(self))).decode().rstrip("=")

    @classmethod
    def of_token(cls, token: str) -> Self:
        """The place that `token` came from. Raises ValueError for anything else."""
        try:
            text = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            rank, waiting, practitioner = orjson.loads(text)
            place = cls(int(rank), int(waiting), UUID(practitioner))
        except (binascii.Error, TypeError, AttributeError, UnicodeError) as error:
            raise ValueError("not a cursor of this list") from error
        if not (0 <= place.rank <= 9 and 0 <= place.waiting <= 10**6):
            raise ValueError("not a cursor of this list")
        return place


START: Final = Place(-1, 0, UUID(int=0))


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked for; None: whatever. `population` and `name`: whole words. `everybody`: also
    staff who care for nobody, and those who do not stand (any more): for administrators."""

    discipline: Discipline | None = None
    organisation: UUID | None = None
    language: str | None = None
    home_visits: bool | None = None
    population: str | None = None
    name: str | None = None
    accepting: bool = False
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """Rows in their order, where the next page starts (None at the end), and how many in all."""

    rows: tuple[Body, ...]
    next: str | None
    total: int | None

    def body(self) -> Body:
        """The page."""
        page: Body = {"practitioners": list(self.rows), "next": self.next}
        if self.total is not None:
            page["total"] = self.total
        return page if self.rows else page | {"hint": HINT}


@dataclass(frozen=True, slots=True)
class Search:
    """Looks in the directory, as of `now`."""

    ledger: Ledger
    lists: Lists
    index: BlindIndex
    now: datetime

    async def page(
        self, sought: Sought, *, limit: int = 50, after: Place = START, count: bool = False
    ) -> Found:
        """The next practitioners who fit: those with places first, then the fewest waiting."""
        found = await self._first(sought, after, limit + 1)
        total = len(await self._first(sought, START, None)) if count else None
        rows = found[:limit]
        next_place = rows[-1][0].token() if len(found) > limit else None
        return Found(
            tuple([await self._told(one, sought.everybody) for _, one in rows]), next_place, total
        )

    async def _first(
        self, sought: Sought, after: Place, number: int | None
    ) -> list[tuple[Place, PractitionerRecord]]:
        found: list[tuple[Place, PractitionerRecord]] = []
        async with aclosing(self._fitting(sought, after)) as coming:
            async for one in coming:
                found.append(one)
                if len(found) == number:
                    break
        return found

    async def _fitting(
        self, sought: Sought, place: Place
    ) -> AsyncGenerator[tuple[Place, PractitionerRecord], None]:
        while True:
            chunk = await self._candidates(sought, place)
            for found in chunk:
                record = await self.ledger.refresh(PractitionerRecord, found.practitioner)
                if fits(record, sought, self.now):
                    yield found, record
            if len(chunk) < CHUNK:
                return
            place = chunk[-1]

    async def _candidates(self, sought: Sought, after: Place) -> list[Place]:
        rows = await self.lists.rows(
            SQL(_CANDIDATES),
            {
                "discipline": sought.discipline,
                "organisation": sought.organisation,
                "language": sought.language,
                "home_visits": sought.home_visits,
                "populations": self.index.digests(sought.population or ""),
                "names": self.index.digests(sought.name or ""),
                "accepting": sought.accepting,
                "everybody": sought.everybody,
                "limit": CHUNK,
                **after._asdict(),
            },
        )
        return [Place(*row) for row in rows]

    async def _told(self, record: PractitionerRecord, everybody: bool) -> Body:
        assert record.profile is not None
        profile, held = record.profile, practised(record, self.now)
        standing = {"standing": _standing(record, self.now)} if everybody else {}
        at: Body | None = None
        if profile.organisation is not None:
            name = (await self.ledger.known(OrganisationRecord, profile.organisation)).name
            at = {"organisation": str(profile.organisation), "name": name}
        capacity = _capacity(record)
        return {
            "practitioner": str(record.id),
            "name": profile.name,
            "disciplines": held,
            "organisation": at,
            "languages": list(profile.languages),
            "home_visits": profile.home_visits,
            "populations": list(profile.populations),
            "capacity": capacity,
            "why": _sentence(record, held, at["name"] if at else None),
            **standing,
        }


_CANDIDATES: Final = """
SELECT rank, waiting, practitioner
  FROM (SELECT practitioner, waiting,
               CASE WHEN places > 0 THEN 0 WHEN places IS NULL THEN 1 ELSE 2 END AS rank
          FROM lists.directory
         WHERE (%(everybody)s OR ended IS NULL)
           AND (%(discipline)s::text IS NULL OR %(discipline)s = ANY(disciplines))
           AND (%(organisation)s::uuid IS NULL OR organisation = %(organisation)s)
           AND (%(language)s::text IS NULL OR %(language)s = ANY(languages))
           AND (%(home_visits)s::boolean IS NULL OR home_visits = %(home_visits)s)
           AND populations @> %(populations)s::bytea[] AND names @> %(names)s::bytea[]
           AND (NOT %(accepting)s OR places > 0)) fitting
 WHERE (rank, waiting, practitioner) > (%(rank)s, %(waiting)s, %(practitioner)s)
 ORDER BY rank, waiting, practitioner LIMIT %(limit)s"""


def practised(record: PractitionerRecord, now: datetime) -> list[Discipline]:
    """The disciplines of care in which they may act now, in good standing."""
    return [
        discipline
        for discipline in record.disciplines
        if discipline in PRACTITIONERS and record.acting(discipline, now).good_standing
    ]


def fits(record: PractitionerRecord, sought: Sought, now: datetime) -> bool:
    """Whether somebody stands, and does what is asked for, by their own record."""
    held = record.disciplines if sought.everybody else practised(record, now)
    if not held or record.erased or (sought.discipline and sought.discipline not in held):
        return False
    free = record.capacity.places if record.capacity else 0
    return not sought.accepting or free > 0


def _standing(record: PractitionerRecord, now: datetime) -> Body:
    """Whether they are suspended or have left, and in which disciplines they stand, until when."""
    acting = [record.acting(discipline, now) for discipline in record.disciplines]
    return {
        "suspended": record.suspended is not None,
        "left": record.left is not None,
        "disciplines": [
            {
                "discipline": actor.acting_as,
                "in_good_standing": actor.good_standing,
                "until": actor.not_after.isoformat() if actor.not_after else None,
            }
            for actor in acting
        ],
    }


def _capacity(record: PractitionerRecord) -> Body | None:
    noted, source = record.capacity, record.capacity_noted
    if noted is None or source is None:
        return None
    return {
        "places": noted.places,
        "waiting": noted.waiting,
        "next_free": noted.next_free.isoformat() if noted.next_free else None,
        "noted_at": source.recorded_at.isoformat(),
    }


def _sentence(record: PractitionerRecord, held: list[Discipline], at: str | None) -> str:
    """Why they stand where they do."""
    roles = ", ".join(one.value.replace("_", " ") for one in held or record.disciplines)
    place = f" at {at}" if at else ""
    first = f"{roles[:1].upper()}{roles[1:]}{place}"
    noted, source = record.capacity, record.capacity_noted
    if noted is None or source is None:
        return f"{first}: has not said how many clients they can take."
    free = {0: "no place free", 1: "1 place free"}.get(noted.places, f"{noted.places} places free")
    next_free = f", the next by {day(midnight(noted.next_free))}" if noted.next_free else ""
    told = f"{free}{next_free}, {noted.waiting} waiting"
    return f"{first}: {told}, as of {when(source.recorded_at)}."
