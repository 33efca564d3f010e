"""What is owed about restrictions: reviews, acknowledgements, and a look at holds and proposals."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from domain.acknowledgement import first_unseen, must_acknowledge
from domain.deadline import DAY, Deadline, Kind, climb, day_after, holding
from domain.lanes import Discipline
from domain.restricted import Restriction
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord

ACKNOWLEDGED_WITHIN: Final = DAY
"""Before the next session, it says; as long as nobody knows when that is, within a day."""
HOLD_REVIEWED_WITHIN: Final = 2 * DAY
CONFIRMED_WITHIN: Final = 7 * DAY

_INSTANT: Final = timedelta(microseconds=1)
_PHYSIOS: Final = frozenset({Discipline.PHYSIOTHERAPIST})


def of_restrictions(record: "CareRecord") -> Iterator[Deadline]:
    """The open deadlines of all restrictions and holds."""
    for item in record.restrictions.items.values():
        if item.ending is None:
            for first in _first(record, item):
                open_ones = climb(record, first, item.author)
                yield from (one for one in open_ones if item.in_force(one.due - _INSTANT))


def _first(record: "CareRecord", item: Restriction) -> Iterator[Deadline]:
    yield _hold(record, item) if item.provisional else _review(record, item)
    yield from _acknowledgements(record, item)
    yield from _proposals(record, item)


def _review(record: "CareRecord", item: Restriction) -> Deadline:
    due = day_after(item.terms.review_by)
    return _asking(record, item, Kind.RESTRICTION_REVIEW, item.edition.review_from, due)


def _hold(record: "CareRecord", item: Restriction) -> Deadline:
    """Whoever placed it may want it looked at sooner."""
    due = min(item.imposed.recorded_at + HOLD_REVIEWED_WITHIN, day_after(item.terms.review_by))
    found = holding(record, Discipline.PHYSIOTHERAPIST)
    roles = frozenset[Discipline]() if found else _PHYSIOS
    return Deadline(Kind.HOLD_REVIEW, item.id, item.imposed.version, due, found, roles)


def _proposals(record: "CareRecord", item: Restriction) -> Iterator[Deadline]:
    for step in item.pending:
        progress = item.progress.get(step.code)
        if progress is not None and progress.proposal is not None:
            made = progress.proposal.source
            due = made.recorded_at + CONFIRMED_WITHIN
            yield _asking(record, item, Kind.MILESTONE_CONFIRMATION, made.version, due)


def _acknowledgements(record: "CareRecord", item: Restriction) -> Iterator[Deadline]:
    """One for all whose clock runs from the same fact: what tightened, or that they joined."""
    waiting: dict[Source, set[UUID]] = {}
    for member in record.team.trainers():
        person = member.practitioner
        if person != item.author and must_acknowledge(item, person):
            unseen = first_unseen(item, person).source
            since = max(unseen, member.source, key=lambda source: source.version)
            waiting.setdefault(since, set()).add(person)
    for since, people in waiting.items():
        due = since.recorded_at + ACKNOWLEDGED_WITHIN
        yield Deadline(Kind.ACKNOWLEDGEMENT, item.id, since.version, due, frozenset(people))


def _asking(
    record: "CareRecord", item: Restriction, kind: Kind, version: int, due: datetime
) -> Deadline:
    """Of whoever answers for the restriction; if none of them is on the team any more, of its
    physiotherapists."""
    answer = item.authorities() | {item.author}
    who = frozenset(person for person in answer if record.team.member(person))
    who = who or holding(record, Discipline.PHYSIOTHERAPIST)
    return Deadline(kind, item.id, version, due, who, frozenset() if who else _PHYSIOS)
