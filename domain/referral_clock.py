"""What each state of a referral waits for, and until when: pure data, for whoever keeps the clock.

The clock itself decides nothing that is not here: it names a deadline by its key, and gets the
fact that this leads to, once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Final
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Discipline
from domain.parties import require_open
from domain.referral import ReferralCancellationTimedOut, ReferralEscalated, ReferralExpired
from domain.referral_terms import Priority, State
from domain.referred import Referral, Referrals
from domain.refused import Refused

if TYPE_CHECKING:
    from domain.record import CareRecord

CLOCK: Final = Actor(UUID("5d0c6f6e-2c0b-5c1d-9a57-0c10c10c10c1"), Discipline.CLOCK)
"""Who decides what only time decides. Nobody signs in as it, and it reads nothing."""


class Kind(StrEnum):
    """What follows when a deadline passes."""

    ESCALATES = auto()
    TIMES_OUT = auto()
    EXPIRES = auto()


@dataclass(frozen=True, slots=True)
class Clock:
    """What one state waits for, and how long it may: by priority, from when the state began.

    `expires`: how long a routine referral stays in it before it ends. `times_out`: what was asked
    for is then taken as granted.
    """

    waits_for: str
    within: Mapping[Priority, timedelta]
    expires: timedelta | None = None
    times_out: bool = False


def _within(routine: int, urgent: int, emergency: int) -> dict[Priority, timedelta]:
    """Days, days, hours."""
    lengths = (timedelta(days=routine), timedelta(days=urgent), timedelta(hours=emergency))
    return dict(zip(Priority, lengths, strict=True))


CLOCKS: Final[Mapping[State, Clock]] = {
    State.PROPOSED: Clock("the client's agreement", _within(7, 1, 1)),
    State.REQUESTED: Clock("an answer", _within(5, 1, 2), timedelta(days=60)),
    State.INFORMATION_AWAITED: Clock("information", _within(7, 1, 2), timedelta(days=60)),
    State.WAITLISTED: Clock(
        "a place, or the end of the day it was expected", _within(30, 7, 4), timedelta(days=365)
    ),
    State.ACCEPTED: Clock("an appointment", _within(14, 2, 4), timedelta(days=90)),
    State.SCHEDULED: Clock("the visit, after its time", _within(2, 1, 4)),
    State.MISSED: Clock("another appointment", _within(14, 2, 4), timedelta(days=60)),
    State.ATTENDED: Clock("a report", _within(30, 7, 24)),
    State.CANCELLING: Clock("the recipient's word", _within(3, 1, 4), times_out=True),
}
"""Every state that is not terminal. Defaults of this project; no clinical rule."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something falls due at `at`. `version` is that of the fact that set this deadline."""

    referral: UUID
    version: int
    kind: Kind
    at: datetime
    waits_for: str

    @property
    def key(self) -> tuple[UUID, int, Kind]:
        """The same for the same deadline, however often it is looked up."""
        return self.referral, self.version, self.kind


def deadlines(referral: Referral) -> Iterator[Deadline]:
    """The open deadlines of one referral; none once it has ended.

    What was escalated is escalated again if it is more than routine; what is routine ends instead.
    """
    clock = CLOCKS.get(referral.state)
    if clock is None:
        return
    began, length = _begins(referral), clock.within[referral.priority]
    last = referral.escalated[-1] if referral.escalated else None
    routine = referral.priority is Priority.ROUTINE

    def deadline(version: int, kind: Kind, at: datetime) -> Deadline:
        return Deadline(referral.id, version, kind, at, clock.waits_for)

    if clock.times_out:
        yield deadline(referral.since.version, Kind.TIMES_OUT, began + length)
    elif last is None:
        yield deadline(referral.since.version, Kind.ESCALATES, began + length)
    elif not routine:
        yield deadline(last.version, Kind.ESCALATES, last.recorded_at + length)
    if routine and clock.expires is not None:
        ends = referral.since.recorded_at + clock.expires
        yield deadline(referral.since.version, Kind.EXPIRES, max(ends, began + length))


def due(referral: Referral) -> tuple[datetime, str] | None:
    """When what its state waits for is (or was) due, and what that is; None once it has ended."""
    clock = CLOCKS.get(referral.state)
    if clock is None:
        return None
    return _begins(referral) + clock.within[referral.priority], clock.waits_for


def fallen_due(referrals: Referrals, now: datetime) -> tuple[Deadline, ...]:
    """The open deadlines that have passed at `now`, the earliest first."""
    open_ones = (one for referral in referrals for one in deadlines(referral))
    return tuple(sorted((one for one in open_ones if one.at <= now), key=lambda one: one.at))


def fall_due(
    record: "CareRecord", by: Actor, referral: UUID, version: int, kind: Kind, *, now: datetime
) -> list[Fact]:
    """Let a deadline take its effect: once, since the fact sets another one or none.

    For the clock alone. Refuses `clock-only`, `unknown-referral`, and `not-due` to a deadline that
    is not open any more, or still lies ahead.
    """
    require_open(record)
    if by != CLOCK:
        raise Refused("clock-only")
    current = record.referrals.find(referral)
    open_ones = {one.key: one for one in deadlines(current)}
    one = open_ones.get((referral, version, kind))
    if one is None or now < one.at:
        raise Refused("not-due")
    match kind:
        case Kind.ESCALATES:
            return [ReferralEscalated(referral=referral)]
        case Kind.TIMES_OUT:
            return [ReferralCancellationTimedOut(referral=referral)]
        case Kind.EXPIRES:
            return [ReferralExpired(referral=referral)]


def _begins(referral: Referral) -> datetime:
    """From when the state's time runs: from the fact that began it, or from what it names."""
    began = referral.since.recorded_at
    match referral.state:
        case State.SCHEDULED if referral.appointment is not None:
            return max(began, referral.appointment)
        case State.WAITLISTED if referral.expected is not None:
            length = CLOCKS[State.WAITLISTED].within[referral.priority]
            expected = datetime.combine(referral.expected, time.max, UTC)
            return max(began, expected - length)
    return began
