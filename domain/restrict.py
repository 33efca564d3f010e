"""Decisions on restrictions: impose, modify, correct, review, lift, retract.

Whoever decides on something displayed names the version they saw. Recording never waits for
consent; it takes the lane, good standing, and a place on the care team (or covering for one).
"""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Category, Lane, lanes_of
from domain.parties import require_member, require_open
from domain.refused import Refused, Unprocessable
from domain.restricted import Restriction, Status
from domain.restriction import (
    RestrictionCorrected,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionModified,
    RestrictionRetracted,
    RestrictionReviewed,
)
from domain.strictness import eases, tightens
from domain.terms import Severity, Terms

if TYPE_CHECKING:
    from domain.record import CareRecord

RESTRICTIONS = Category.RESTRICTIONS
LONGEST_REVIEW = timedelta(days=731)


def impose(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    terms: Terms,
    *,
    now: datetime,
    clinical_reason: str | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Say what the client must not do. A massage therapist imposes cautions only.

    Refuses `outside-lane`, `cautions-only`, `not-on-the-team`, `restriction-exists`.
    """
    require_writer(by, terms.severity)
    require_place(record, by, covering=covering)
    require_review_ahead("terms.review_by", terms.review_by, now)
    if restriction in record.restrictions.items:
        raise Refused("restriction-exists")
    return [
        RestrictionImposed(restriction=restriction, terms=terms, clinical_reason=clinical_reason)
    ]


def modify(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    terms: Terms,
    *,
    seen: int,
    now: datetime,
    clinical_reason: str | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Replace the terms. Any clinician on the team tightens; whoever may loosen it eases.

    Milestones that keep their code stay reached. No clinical reason leaves the earlier one.
    Refuses `not-yours-to-loosen`, and `nothing-changed`.
    """
    require_writer(by, terms.severity)
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    require_review_ahead("terms.review_by", terms.review_by, now)
    if terms == current.terms and clinical_reason in (None, current.edition.clinical_reason):
        raise Refused("nothing-changed")
    if eases(current.terms, terms) or Lane.WRITE not in lanes_of(by.acting_as, RESTRICTIONS):
        require_may_loosen(current, by, covering=covering)
    return [
        RestrictionModified(
            restriction=restriction,
            terms=terms,
            clinical_reason=clinical_reason,
            must_be_acknowledged=tightens(current.terms, terms),
        )
    ]


def correct(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    terms: Terms,
    reason: str,
    *,
    seen: int,
    now: datetime,
    clinical_reason: str | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Put right what was recorded wrongly: what was acknowledged of it is void.

    For its author, and whoever may loosen it. Refuses `not-yours-to-loosen`.
    """
    require_writer(by, terms.severity)
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    require_review_ahead("terms.review_by", terms.review_by, now)
    if by.id != current.author:
        require_may_loosen(current, by, covering=covering)
    return [
        RestrictionCorrected(
            restriction=restriction, terms=terms, reason=reason, clinical_reason=clinical_reason
        )
    ]


def review(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    review_by: date,
    *,
    seen: int,
    now: datetime,
    note: str | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Having looked again, leave the terms as they are and move the review date on.

    Refuses `not-yours-to-loosen` (a review also opens what an overdue one had blocked).
    """
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    require_writer(by, current.terms.severity)
    require_review_ahead("review_by", review_by, now)
    if review_by <= current.terms.review_by:
        raise Unprocessable("review_by", f"a date after {current.terms.review_by.isoformat()}")
    if by.id != current.author:
        require_may_loosen(current, by, covering=covering)
    return [RestrictionReviewed(restriction=restriction, review_by=review_by, note=note)]


def lift(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    rationale: str,
    *,
    seen: int,
    now: datetime,
    covering: bool = False,
) -> list[Fact]:
    """End a restriction whose milestones have all been reached.

    Refuses `milestones-pending`, `not-yours-to-loosen`, `changed-since-seen`.
    """
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    require_writer(by, current.terms.severity)
    require_may_loosen(current, by, covering=covering)
    if current.pending:
        raise Refused("milestones-pending", pending=[step.code for step in current.pending])
    return [RestrictionLifted(restriction=restriction, rationale=rationale)]


def retract(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    reason: str,
    *,
    seen: int,
    now: datetime,
    covering: bool = False,
) -> list[Fact]:
    """Take back what should never have been recorded (another client's, say), ended or not.

    For its author, and whoever may loosen it. Refuses `not-yours-to-loosen`, `already-retracted`.
    """
    require_place(record, by, covering=covering)
    current = record.restrictions.displayed(restriction, seen)
    if current.provisional:
        raise Refused("is-a-hold")
    if current.status(now) is Status.RETRACTED:
        raise Refused("already-retracted")
    require_writer(by, current.terms.severity)
    if by.id != current.author:
        require_may_loosen(current, by, covering=covering)
    return [RestrictionRetracted(restriction=restriction, reason=reason)]


def standing(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    seen: int,
    *,
    now: datetime,
    covering: bool = False,
) -> Restriction:
    """The restriction decided on, as `by` saw it; in force, and no hold.

    Refuses `not-on-the-team`, `unknown-restriction`, `changed-since-seen`, `restriction-ended`
    and `is-a-hold`, which a physiotherapist reviews instead.
    """
    require_place(record, by, covering=covering)
    current = record.restrictions.seen(restriction, seen)
    if current.provisional:
        raise Refused("is-a-hold")
    if not current.in_force(now):
        raise Refused("restriction-ended", status=current.status(now))
    return current


def require_place(record: "CareRecord", by: Actor, *, covering: bool) -> None:
    """Refuse unless the record is open and `by` is on its team or covers for somebody who is."""
    if covering:
        require_open(record)
    else:
        require_member(record, by)


def require_writer(by: Actor, severity: Severity) -> None:
    """Refuse `outside-lane`; or `cautions-only`, to whom cautions are the lane."""
    if Lane.CAUTION not in lanes_of(by.acting_as, RESTRICTIONS):
        by.require_lane(RESTRICTIONS, Lane.WRITE)
        return
    by.require_lane(RESTRICTIONS, Lane.CAUTION)
    if severity is not Severity.CAUTION:
        raise Refused("cautions-only", severity=severity)


def require_may_loosen(current: Restriction, by: Actor, *, covering: bool) -> None:
    """Refuse `not-yours-to-loosen` to all but the authority, its delegates and cover."""
    if not covering and by.id not in current.authorities():
        order = current.terms.ordered_by
        raise Refused("not-yours-to-loosen", ordered_by=order.authority, name=order.name)


def require_review_ahead(path: str, review_by: date, now: datetime) -> None:
    """Raise Unprocessable unless the review date lies ahead, and not absurdly far."""
    today = now.date()
    if not today < review_by <= today + LONGEST_REVIEW:
        last = (today + LONGEST_REVIEW).isoformat()
        raise Unprocessable(path, f"a date after {today.isoformat()}, until {last}")
