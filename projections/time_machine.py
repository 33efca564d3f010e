"""The time machine: reconstructs what a reader had of a client at any moment, from two streams.

Every answer leaves through the door like anything else; what is here makes the views of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.access import AccessRecord, access_stream
from domain.actor import DEFAULT_PURPOSE
from domain.entry import Entry
from domain.lanes import Category, Discipline
from domain.ledger.ledger import Ledger
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.scope import Scope
from projections.availability import availability
from projections.knowledge import Known, as_body, known, split
from projections.reader import Reader
from projections.sheet import Body, NothingToShow, Sheet, View


@dataclass(frozen=True, slots=True)
class Moment:
    """A cut through the whole log: a position, and the time that it stands for."""

    position: int
    time: datetime


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What one reader had of one client at one moment: each fact with its five states."""

    client: UUID
    reader: Reader
    moment: Moment
    facts: Sequence[Known]


async def entries(ledger: Ledger, stream: UUID, moment: Moment) -> list[Entry]:
    """A stream as it stood at `moment`."""
    return await ledger.entries(await ledger.log.stream(stream, until_position=moment.position))


async def moment(ledger: Ledger, at: datetime | int | None, now: datetime) -> Moment:
    """The cut that a time, a position, or (None) the present names. What is still to come is not
    known: a time after `now`, or a position that there is not yet, names the present."""
    if isinstance(at, datetime):
        at = min(at, now)
        return Moment(await ledger.log.position_at(at), at)
    if at is not None:
        for line in await ledger.log.after(at - 1, until=at, limit=1):
            return Moment(at, line.recorded_at)
        if at <= 0:
            return Moment(0, datetime.min.replace(tzinfo=UTC))
    return Moment(await ledger.log.head(), now)


async def reader_of(
    ledger: Ledger, client: UUID, person: UUID, acting_as: Discipline | None
) -> Reader:
    """The reader that an auditor asks about. Without `acting_as`: the client themselves, or the
    practitioner in the first of their disciplines."""
    if acting_as is None:
        acting_as = Discipline.CLIENT
        if person != client:
            record = await ledger.known(PractitionerRecord, person)
            if not record.disciplines:
                raise NothingToShow
            acting_as = record.disciplines[0]
    return Reader(person, acting_as, DEFAULT_PURPOSE[acting_as])


async def knew(ledger: Ledger, client: UUID, reader: Reader, at: Moment) -> Knowledge:
    """What `reader` had of `client` at `at`: folds one care record, one access stream and the
    reader's own practitioner stream, cut there."""
    of_client = await entries(ledger, client, at)
    standing = await entries(ledger, reader.person, at) if reader.person != client else []
    accessed = await entries(ledger, access_stream(client, reader.person), at)
    access = AccessRecord.fold(access_stream(client, reader.person), accessed)
    spans = availability(client, of_client, standing, reader, at.time)
    record = CareRecord.fold(client, of_client)
    return Knowledge(client, reader, at, known(record, of_client, access, spans, reader.person))


def knowledge_view(knowledge: Knowledge) -> Body:
    """Facts that the reader had or wrote, and beside them what was true and not shown."""
    shown, unseen = split(knowledge.facts)
    return {
        "view": "knowledge",
        "client": str(knowledge.client),
        "reader": str(knowledge.reader.person),
        "acting_as": knowledge.reader.acting_as,
        "at": {
            "position": knowledge.moment.position,
            "time": knowledge.moment.time.isoformat(),
        },
        "known": [as_body(fact) for fact in shown],
        "true_and_not_shown": [as_body(fact) for fact in unseen],
    }


async def knowers(
    ledger: Ledger, client: UUID, position: int, candidates: Iterable[Reader], at: Moment
) -> Body:
    """Who has had one fact, in which of the five states, since when. Raises NothingToShow if
    there is no such fact in this client's record."""
    fact = next((e for e in await entries(ledger, client, at) if e.position == position), None)
    if fact is None:
        raise NothingToShow
    found: list[Body] = []
    for reader in candidates:
        knowledge = await knew(ledger, client, reader, at)
        line = next(known for known in knowledge.facts if known.entry.position == position)
        if line.spans or line.shown or line.authored:
            states = as_body(line)
            found.append(
                {
                    "reader": str(reader.person),
                    "acting_as": reader.acting_as,
                    "authored": line.authored,
                    "states": states["states"],
                }
            )
    return {
        "view": "knowers",
        "client": str(client),
        "position": position,
        "version": fact.version,
        "type": fact.fact.type,
        "at": {"position": at.position, "time": at.time.isoformat()},
        "knowers": found,
    }


def differences(one: Knowledge, other: Knowledge) -> Body:
    """Two readers, or two instants, side by side: every fact in which they differ, both states."""
    left = {fact.entry.position: as_body(fact) for fact in one.facts}
    right = {fact.entry.position: as_body(fact) for fact in other.facts}
    differing: list[Body] = []
    for position in sorted(left.keys() | right.keys()):
        a, b = left.get(position), right.get(position)
        if (a or {}).get("states") != (b or {}).get("states"):
            fact = a or b
            assert fact is not None
            differing.append(
                {
                    **{key: fact[key] for key in ("position", "version", "type", "category")},
                    "one": a["states"] if a else None,
                    "other": b["states"] if b else None,
                }
            )
    return {
        "view": "differences",
        "client": str(one.client),
        "one": _side(one),
        "other": _side(other),
        "differences": differing,
    }


def _side(knowledge: Knowledge) -> Body:
    return {
        "reader": str(knowledge.reader.person),
        "acting_as": knowledge.reader.acting_as,
        "position": knowledge.moment.position,
        "time": knowledge.moment.time.isoformat(),
    }


def accounted(body: Body, record: CareRecord, scope: Scope, now: datetime) -> View:
    """`body`, which tells who was told what and nothing of what it said, as a view."""
    sheet = Sheet(record, scope, now)
    if not sheet.opens(Category.CONSENTS):
        raise NothingToShow
    for name in ("reader", "and_reader"):
        if isinstance(person := body.get(name), str):
            sheet.mention(UUID(person))
    for line in body.get("knowers", []):
        sheet.mention(UUID(line["reader"]))
    return sheet.view(body)
