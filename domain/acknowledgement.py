"""Acknowledgement: who has understood which version of a restriction, and who has yet to."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import REGULATED, Category, Discipline, Lane
from domain.parties import is_client
from domain.refused import Refused
from domain.restrict import require_place
from domain.restricted import Edition, Restriction
from domain.restriction import RestrictionAcknowledged

if TYPE_CHECKING:
    from domain.record import CareRecord


@dataclass(frozen=True, slots=True)
class Due:
    """`person` has yet to acknowledge `restriction`, which binds them since `since`.

    `version` is the version to acknowledge; `seen` the last one that they did, if any.
    """

    person: UUID
    restriction: UUID
    version: int
    since: datetime
    seen: int | None = None


def acknowledge(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    *,
    seen: int,
    now: datetime,
    disclosed_at: int | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Say that one has understood the version displayed. Again for the same version: nothing new.

    For those who train or treat the client, and the client. Refuses `outside-lane`,
    `not-on-the-team`, `unknown-restriction`, `changed-since-seen`, `restriction-ended`.
    """
    if by.acting_as not in REGULATED:
        by.require_lane(Category.RESTRICTIONS, Lane.ACKNOWLEDGE)
    if by.acting_as is not Discipline.CLIENT:
        require_place(record, by, covering=covering)
    elif not is_client(record, by):
        raise Refused("client-only")
    current = record.restrictions.seen(restriction, seen)
    if not current.in_force(now):
        raise Refused("restriction-ended", status=current.status(now))
    last = current.acknowledged_by(by.id)
    if last is not None and last.seen == seen:
        return []
    return [RestrictionAcknowledged(restriction=restriction, seen=seen, disclosed_at=disclosed_at)]


def must_acknowledge(restriction: Restriction, person: UUID) -> bool:
    """Whether anything that tightened, or was corrected, is not acknowledged by `person`."""
    needed = restriction.to_acknowledge
    last = restriction.acknowledged_by(person)
    return needed is not None and (last is None or last.seen < needed.version)


def unacknowledged(record: "CareRecord", now: datetime) -> tuple[Due, ...]:
    """Who of those due to train the client has yet to acknowledge what, longest waiting first.

    The clock runs from when it tightened, or from when they joined the team, if that was later.
    Nobody has to acknowledge the hold that they placed themselves.
    """
    waiting = [
        _due(member.practitioner, member.source.recorded_at, item)
        for member in record.team.trainers()
        for item in record.restrictions.active(now)
        if item.author != member.practitioner and must_acknowledge(item, member.practitioner)
    ]
    return tuple(sorted(waiting, key=lambda due: due.since))


def _due(person: UUID, joined: datetime, item: Restriction) -> Due:
    last = item.acknowledged_by(person)
    seen = last.seen if last else None
    return Due(
        person=person,
        restriction=item.id,
        version=item.version,
        since=max(joined, first_unseen(item, person).source.recorded_at),
        seen=seen,
    )


def first_unseen(item: Restriction, person: UUID) -> Edition:
    """The earliest edition to be acknowledged that `person` never did, not even before what they
    acknowledged was corrected: from it, their clock runs."""
    known = (*item.void, *item.acknowledgements)
    seen = max((each.seen for each in known if each.person == person), default=0)
    unseen = (e for e in item.editions if e.must_be_acknowledged and e.version > seen)
    return next(unseen, item.edition)
