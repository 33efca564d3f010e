"""All that an administrator can read: staff and their licences, organisations, and how it all runs.
No client: what is counted here is counted over everybody, and names nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg.sql import SQL

from domain.lanes import REGULATED, Discipline
from domain.ledger.ledger import Ledger
from domain.practitioner import PractitionerRecord
from projections.accesses import when
from projections.querying import Lists
from projections.reasons import lasting
from projections.sheet import Body

AT_MOST: Final = 200
"""Licences and people on one answer."""

_EXPIRING: Final = SQL("""
SELECT practitioner FROM lists.directory
 WHERE ended IS NULL AND expires < %(before)s ORDER BY expires, practitioner LIMIT %(limit)s""")
_STAFF: Final = SQL("""
SELECT discipline, coalesce(ended, 'standing'), count(*)
  FROM lists.directory, unnest(disciplines) AS discipline GROUP BY 1, 2 ORDER BY 1, 2""")
_ENDED: Final = SQL("""
SELECT practitioner FROM lists.directory
 WHERE ended = 'suspended' ORDER BY practitioner LIMIT %(limit)s""")
_ORGANISATIONS: Final = SQL("""
SELECT o.organisation, o.name, count(d.practitioner)
  FROM lists.organisations o
  LEFT JOIN lists.directory d ON d.organisation = o.organisation AND d.ended IS NULL
 GROUP BY 1, 2 ORDER BY o.name, o.organisation LIMIT %(limit)s""")
_LAG: Final = SQL("""
SELECT g.list_name, coalesce(t.notification_id, 0),
       coalesce(extract(epoch FROM clock_timestamp() - waiting.since), 0)::float8
  FROM lists.generations g
  LEFT JOIN lists.tracking t ON t.application_name = g.list_name || '_' || g.number
  LEFT JOIN LATERAL (
       SELECT recorded_at AS since FROM ledger.log
        WHERE notification_id > coalesce(t.notification_id, 0)
        ORDER BY notification_id LIMIT 1) waiting ON true
 WHERE g.live ORDER BY 3 DESC, 1""")

SLOW: Final = timedelta(seconds=30)
"""A list that is further behind is not being brought up to date."""


@dataclass(frozen=True, slots=True)
class Administration:
    """Looks at what administrators look after, as of `now`. Raises LedgerUnavailable while a list
    is being made."""

    ledger: Ledger
    lists: Lists
    now: datetime

    async def body(self, parts: Body, *, within: timedelta) -> Body:
        """Everything; `parts` says how each part is, `within` which licences end soon."""
        return {
            "expiring": await self._expiring(within),
            "suspended": await self._suspended(),
            "staff": [
                {"discipline": discipline, "standing": standing, "people": people}
                for discipline, standing, people in await self.lists.rows(_STAFF, {})
            ],
            "organisations": [
                {"organisation": str(id), "name": name, "people": people}
                for id, name, people in await self.lists.rows(_ORGANISATIONS, {"limit": AT_MOST})
            ],
            "lists": [_lag(*row) for row in await self.lists.rows(_LAG, {})],
            "parts": parts,
        }

    async def _expiring(self, within: timedelta) -> list[Body]:
        """Whose licence has ended or ends soon, the worst first: each says so in a sentence."""
        wanted: dict[str, Any] = {"before": self.now + within, "limit": AT_MOST}
        found: list[Body] = []
        for (id,) in await self.lists.rows(_EXPIRING, wanted):
            record = await self._record(id)
            for discipline in record.disciplines:
                ends = _ends(record, discipline)
                if discipline in REGULATED and (ends is None or ends < self.now + within):
                    found.append(_licence(record, discipline, ends, self.now))
        return found

    async def _suspended(self) -> list[Body]:
        found: list[Body] = []
        for (id,) in await self.lists.rows(_ENDED, {"limit": AT_MOST}):
            record = await self._record(id)
            if record.suspended is not None:
                since = record.suspended.recorded_at
                why = f"{record.name} is suspended since {when(since)}."
                body = {"practitioner": str(id), "name": record.name, "why": why}
                found.append({**body, "code": "suspended", "since": since})
        return found

    async def _record(self, id: UUID) -> PractitionerRecord:
        return await self.ledger.refresh(PractitionerRecord, id)


def _ends(record: PractitionerRecord, discipline: Discipline) -> datetime | None:
    """When the last licence for `discipline` ends or ended; None if there never was one."""
    ends = (c.valid_until for c in record.credentials.values() if c.discipline is discipline)
    return max(ends, default=None)


def _licence(
    record: PractitionerRecord, discipline: Discipline, ends: datetime | None, now: datetime
) -> Body:
    role = discipline.value.replace("_", " ")
    if ends is None:
        code, why = "credential-missing", f"{record.name} has no licence as a {role}."
    elif ends <= now:
        code = "credential-expired"
        why = f"{record.name}'s licence as a {role} ended {lasting(now - ends)} ago."
    else:
        code = "credential-expiring"
        why = f"{record.name}'s licence as a {role} ends in {lasting(ends - now)}, on {when(ends)}."
    return {
        "practitioner": str(record.id),
        "name": record.name,
        "discipline": discipline,
        "code": code,
        "why": why,
        "valid_until": ends,
    }


def _lag(name: str, position: int, seconds: float) -> Body:
    behind = timedelta(seconds=seconds)
    slow = behind > SLOW
    why = f"Is {lasting(behind)} behind: is the projector running?" if slow else "Keeps up."
    return {"list": name, "position": position, "seconds": seconds, "ok": not slow, "why": why}
