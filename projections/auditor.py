"""All that an auditor can read of content: what a reader's screen showed, or would have shown.

Both need an open audit case; who was told what and when does not (`time_machine`).
"""

from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson

from domain.access import Disclosed
from domain.actor import Actor
from domain.entry import Entry
from domain.ledger.command import Kept
from domain.ledger.keys import KeyDestroyed
from domain.ledger.ledger import Ledger, Version
from domain.ledger.sealing import Unreadable
from domain.policy import scope as scope_of
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused
from domain.scope import Rule, Scope
from projections.kept import Opened, open_kept
from projections.people import people
from projections.reader import Reader
from projections.sheet import Body, NothingToShow, Sheet, View
from projections.time_machine import Moment
from projections.views import CHART, rendering

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Screen:
    """One disclosure and the exact bytes that it released; None if they are gone."""

    entry: Entry
    disclosed: Disclosed
    opened: Opened | None
    renders_the_same: bool | None
    """Whether today's code makes the same bytes of the record as it was; None where that cannot
    be asked: the bytes are gone, rest on more than the record, or have another form than JSON."""


async def disclosure_at(ledger: Ledger, position: int) -> Entry:
    """The disclosure at this log position. Raises NothingToShow if there is none."""
    for row in await ledger.log.after(position - 1, until=position, limit=1):
        entry = ledger.sealing.entry(row)
        if isinstance(entry.fact, Disclosed):
            return entry
    raise NothingToShow


async def screen(ledger: Ledger, entry: Entry) -> Screen:
    """What was on the reader's screen, and whether it can be made again."""
    disclosed = entry.fact
    assert isinstance(disclosed, Disclosed)
    opened = await _opened(ledger, disclosed)
    same = await _renders_the_same(ledger, entry, disclosed, opened) if opened else None
    return Screen(entry, disclosed, opened, same)


async def _opened(ledger: Ledger, disclosed: Disclosed) -> Opened | None:
    address = bytes.fromhex(disclosed.commitment)
    sealed = await ledger.log.kept(disclosed.client, address)
    if sealed is None:
        return None
    try:
        return open_kept(ledger.sealing, Kept(disclosed.client, address, sealed))
    except KeyDestroyed:
        return None
    except Unreadable:
        return Opened(b"", matches=False)


async def _renders_the_same(
    ledger: Ledger, entry: Entry, disclosed: Disclosed, opened: Opened
) -> bool | None:
    render = rendering(disclosed.view, disclosed.acting_as, disclosed.item)
    if render is None or disclosed.content_type != JSON:
        return None
    record = await ledger.read(CareRecord, disclosed.client, Version(disclosed.record_version))
    reader = Reader(disclosed.reader, disclosed.acting_as, disclosed.purpose)
    actor = await _actor_at(ledger, reader, entry.position, disclosed.as_of)
    scope = scope_of(record, actor, disclosed.purpose, disclosed.as_of)
    try:
        view = render(record, scope, disclosed.as_of)
    except NothingToShow:
        return False
    body = view.body
    if view.mentions:
        named = await people(ledger, view.mentions, at=entry.position)
        body = {**body, "people": named}
    return orjson.dumps(body) == opened.body


async def _actor_at(ledger: Ledger, reader: Reader, position: int, now: datetime) -> Actor:
    if (known := reader.unregistered) is not None:
        return known
    record = await ledger.read(PractitionerRecord, reader.person, position)
    try:
        return record.acting(reader.acting_as, now)
    except Refused:
        return Actor(reader.person, reader.acting_as, good_standing=False)


def screen_view(screen: Screen, record: CareRecord, scope: Scope, now: datetime) -> View:
    """The screen as an auditor with an open case may see it: all of it, or nothing."""
    sheet = _auditing(record, scope, now)
    disclosed = screen.disclosed
    for shown in disclosed.categories_shown:
        if not sheet.opens(shown.category):
            raise NothingToShow
    for first, last in disclosed.shown:
        sheet.shows(range(first, last + 1))
    opened = screen.opened
    return sheet.view(
        {
            "view": "screen",
            "client": str(record.id),
            "disclosure": screen.entry.position,
            "reader": sheet.mention(disclosed.reader),
            "released_at": screen.entry.recorded_at.isoformat(),
            "disclosed": disclosed.model_dump(mode="json"),
            "bytes": b64encode(opened.body).decode() if opened else None,
            "commitment_matches": opened.matches if opened else None,
            "renders_the_same": screen.renders_the_same,
        }
    )


async def chart_as_of(
    ledger: Ledger, client: UUID, reader: Reader, at: Moment
) -> tuple[CareRecord, Scope]:
    """The record as it stood at `at`, and what policy then let `reader` see of it."""
    record = await ledger.read(CareRecord, client, at.position)
    actor = await _actor_at(ledger, reader, at.position, at.time)
    return record, scope_of(record, actor, reader.purpose, at.time)


def as_seen_view(
    then: CareRecord,
    scope_then: Scope,
    at: Moment,
    record: CareRecord,
    scope: Scope,
    now: datetime,
) -> View:
    """The chart that a reader would have been shown at `at`, for an auditor with an open case."""
    sheet = _auditing(record, scope, now)
    body: Body | None = None
    if not scope_then.empty and (render := CHART.get(scope_then.acting_as)):
        view = render(then, scope_then, at.time)
        for category in view.categories:
            if not sheet.opens(category):
                raise NothingToShow
        sheet.shows(view.shown)
        for person in view.mentions:
            sheet.mention(person)
        body = view.body
    return sheet.view(
        {
            "view": "as-seen",
            "client": str(record.id),
            "reader": sheet.mention(scope_then.reader),
            "acting_as": scope_then.acting_as,
            "at": {"position": at.position, "time": at.time.isoformat()},
            "chart": body,
        }
    )


def _auditing(record: CareRecord, scope: Scope, now: datetime) -> Sheet:
    """A sheet for an auditor with an open case; NothingToShow for anybody else."""
    if not any(basis.rule is Rule.AUDIT for basis in scope.categories.values()):
        raise NothingToShow
    return Sheet(record, scope, now)
