"""What tests of referrals start from: Sam the trainer refers to a physiotherapist who is not on the
team; and a fact of each kind, said by whoever is asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralAppointmentCancelled,
    ReferralAttended,
    ReferralCancellationConfirmed,
    ReferralCancellationRefused,
    ReferralCancellationRequested,
    ReferralCancellationTimedOut,
    ReferralCancelled,
    ReferralCompleted,
    ReferralDeclined,
    ReferralEscalated,
    ReferralExpired,
    ReferralFulfilmentEnded,
    ReferralInformationAsked,
    ReferralInformationGiven,
    ReferralInterimNoted,
    ReferralLinkIssued,
    ReferralMissed,
    ReferralReassigned,
    ReferralRequested,
    ReferralScheduled,
    ReferralWaitlisted,
)
from domain.referral_clock import CLOCK
from domain.referral_terms import (
    DeclineCode,
    OutcomeCode,
    Party,
    Priority,
    Recipient,
    State,
    ToColleague,
    ToExternal,
)
from domain.referred import Referral
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    DAY,
    NOW,
    STRANGER,
    TRAINER,
    happened,
    restricted,
    uid,
    with_team,
)

REFERRAL: Final = uid("referral")
OTHER: Final = Actor(uid("olga"), Discipline.PHYSIOTHERAPIST, 1)
TO: Final = ToColleague(practitioner=STRANGER.id, discipline=STRANGER.acting_as)
TO_OTHER: Final = ToColleague(practitioner=OTHER.id, discipline=OTHER.acting_as)
OUTSIDE: Final = ToExternal(name="Dr Ida Weber", profession="orthopaedic surgeon")
ENCLOSED: Final = (Category.IDENTITY, Category.RESTRICTIONS)
R: Final = REFERRAL

SAID: Final[Mapping[type[Fact], Fact]] = {
    fact.__class__: fact
    for fact in (
        ReferralAgreed(referral=R, to=TO, enclosed=ENCLOSED),
        ReferralInformationAsked(referral=R, question="Since when?"),
        ReferralInformationGiven(referral=R, answer="Since May."),
        ReferralWaitlisted(referral=R, place=2, expected=(NOW + 20 * DAY).date()),
        ReferralAccepted(referral=R),
        ReferralDeclined(referral=R, code=DeclineCode.NO_CAPACITY),
        ReferralScheduled(referral=R, at=NOW + 3 * DAY),
        ReferralAppointmentCancelled(referral=R),
        ReferralMissed(referral=R),
        ReferralAttended(referral=R),
        ReferralInterimNoted(referral=R, note="Better."),
        ReferralCompleted(referral=R, outcome=OutcomeCode.GOAL_ACHIEVED),
        ReferralFulfilmentEnded(referral=R, reason="Moved away."),
        ReferralCancellationRequested(referral=R, reason="Better by itself."),
        ReferralCancellationConfirmed(referral=R),
        ReferralCancellationRefused(referral=R, reason="Seen this morning."),
        ReferralCancellationTimedOut(referral=R),
        ReferralCancelled(referral=R),
        ReferralReassigned(referral=R, to=TO_OTHER, reason="Nearer."),
        ReferralExpired(referral=R),
        ReferralEscalated(referral=R),
    )
}
"""One of each fact that follows the first."""

WHO: Final[Mapping[Party, Actor]] = {
    Party.INITIATOR: TRAINER,
    Party.RECIPIENT: STRANGER,
    Party.CLIENT: CLIENT,
    Party.CUSTODIAN: COORDINATOR,
    Party.CLOCK: CLOCK,
}

ON_THE_WAY: Final[Mapping[State, tuple[type[Fact], ...]]] = {
    State.PROPOSED: (),
    State.REQUESTED: (ReferralAgreed,),
    State.INFORMATION_AWAITED: (ReferralAgreed, ReferralInformationAsked),
    State.WAITLISTED: (ReferralAgreed, ReferralWaitlisted),
    State.ACCEPTED: (ReferralAgreed, ReferralAccepted),
    State.SCHEDULED: (ReferralAgreed, ReferralAccepted, ReferralScheduled),
    State.MISSED: (ReferralAgreed, ReferralAccepted, ReferralScheduled, ReferralMissed),
    State.ATTENDED: (ReferralAgreed, ReferralAccepted, ReferralScheduled, ReferralAttended),
    State.CANCELLING: (ReferralAgreed, ReferralAccepted, ReferralCancellationRequested),
    State.DECLINED: (ReferralAgreed, ReferralDeclined),
    State.CANCELLED: (ReferralAgreed, ReferralCancelled),
    State.COMPLETED: (ReferralAgreed, ReferralAccepted, ReferralCompleted),
    State.EXPIRED: (ReferralAgreed, ReferralExpired),
}
"""Some facts that lead to each state."""


def requested(
    referral: UUID = REFERRAL,
    to: Recipient = TO,
    priority: Priority = Priority.ROUTINE,
    **more: Any,
) -> ReferralRequested:
    usual: dict[str, Any] = {
        "reason": "Pain when hinging.",
        "enclosed": ENCLOSED,
        "options": (TO_OTHER,),
        "clinical_note": "Suspected sciatica.",
    }
    return ReferralRequested(referral=referral, to=to, priority=priority, **{**usual, **more})


def proposed(by: Actor = TRAINER, *, at: datetime = NOW, **more: Any) -> CareRecord:
    """A client with a team and a restricted knee, and a referral that they have yet to agree to."""
    return happened(restricted(with_team()), by, requested(**more), at=at)


def in_state(state: State, *, at: datetime = NOW, **more: Any) -> CareRecord:
    """The same once the referral is in that state, everything at the same time."""
    record = proposed(at=at, **more)
    for kind in ON_THE_WAY[state]:
        record = happened(record, author(kind), SAID[kind], at=at)
    assert the(record).state is state
    return record


def with_link(record: CareRecord, *, until: datetime = NOW + 9 * DAY) -> CareRecord:
    """The record once the external recipient has been sent link `uid("link")`."""
    issued = ReferralLinkIssued(
        referral=R, link=uid("link"), digest="0" * 64, until=until, openings=3, sent_to="Dr Weber"
    )
    return happened(record, TRAINER, issued)


def author(kind: type[Fact]) -> Actor:
    """Who usually says it."""
    if kind in (ReferralInformationGiven, ReferralCancellationRequested):
        return TRAINER
    if kind in (ReferralAgreed, ReferralCancelled):
        return CLIENT
    clock = (ReferralExpired, ReferralEscalated, ReferralCancellationTimedOut)
    return CLOCK if kind in clock else STRANGER


def the(record: CareRecord, referral: UUID = REFERRAL) -> Referral:
    return record.referrals.items[referral]


def saying(fact: Fact) -> dict[str, Any]:
    """What a fact says beside which referral it is about."""
    return {name: getattr(fact, name) for name in fact.model_fields_set - {"referral"}}
