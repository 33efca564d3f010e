"""What is owed about referrals: what each state waits for, as `referral_clock` has it, and by whom;
and a look again after a completed one."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from domain import referral_clock
from domain.deadline import Deadline, Kind, climb, day_after
from domain.fact import Fact
from domain.lanes import Discipline
from domain.referral import ReferralCompleted
from domain.referral_clock import CLOCK
from domain.referral_terms import State
from domain.referred import Referral, person

if TYPE_CHECKING:
    from domain.record import CareRecord

KINDS: Final = {
    referral_clock.Kind.ESCALATES: Kind.REFERRAL_STEP,
    referral_clock.Kind.TIMES_OUT: Kind.REFERRAL_CANCELLATION,
    referral_clock.Kind.EXPIRES: Kind.REFERRAL_EXPIRY,
}
_OF: Final = {kind: theirs for theirs, kind in KINDS.items()}


def of_referrals(record: "CareRecord") -> Iterator[Deadline]:
    """The open deadlines of all referrals."""
    followed = {referral.request.successor_of for referral in record.referrals}
    for referral in record.referrals:
        yield from _of_state(record, referral)
        if referral.id not in followed:
            yield from _follow_up(record, referral)


def _of_state(record: "CareRecord", referral: Referral) -> Iterator[Deadline]:
    who = _waited_for(record, referral)
    escalates = False
    for one in referral_clock.deadlines(referral):
        escalates |= one.kind is not referral_clock.Kind.EXPIRES
        found = Deadline(KINDS[one.kind], one.referral, one.version, one.at, who, falls=_falls)
        yield _escalated(record, referral, found)
    due = referral_clock.due(referral)
    if referral.escalated and due is not None and not escalates:
        version = referral.escalated[-1].version
        standing = Deadline(Kind.REFERRAL_OVERDUE, referral.id, version, due[0], who)
        yield _escalated(record, referral, standing)


def _falls(record: "CareRecord", deadline: Deadline, now: datetime) -> list[Fact]:
    return referral_clock.fall_due(
        record, CLOCK, deadline.item, deadline.version, _OF[deadline.kind], now=now
    )


def _follow_up(record: "CareRecord", referral: Referral) -> Iterator[Deadline]:
    last = referral.steps[-1]
    if isinstance(last.fact, ReferralCompleted) and last.fact.follow_up_by is not None:
        due, who = day_after(last.fact.follow_up_by), frozenset({referral.initiator})
        first = Deadline(Kind.FOLLOW_UP, referral.id, last.source.version, due, who)
        yield from climb(record, first)


def _escalated(record: "CareRecord", referral: Referral, deadline: Deadline) -> Deadline:
    """What was escalated is the coordinator's to see to as well."""
    return deadline.asking(record, Discipline.COORDINATOR if referral.escalated else None)


def _waited_for(record: "CareRecord", referral: Referral) -> frozenset[UUID]:
    """Whose turn it is. For a recipient without an account, whoever wrote to them asks again."""
    match referral.state:
        case State.PROPOSED:
            return frozenset({record.id})
        case State.INFORMATION_AWAITED:
            return frozenset({referral.initiator})
    return person(referral.to) or frozenset({referral.initiator})
