"""A trainer's hold: something looks wrong under load, so it stops until a physiotherapist looks."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Category, Lane
from domain.refused import Refused, Unprocessable
from domain.restrict import impose, require_place
from domain.restriction import HoldOutcome, HoldPlaced, HoldReviewed
from domain.terms import Authority, ReviewRule, Severity, Terms

if TYPE_CHECKING:
    from domain.record import CareRecord

LONGEST_HOLD = timedelta(days=28)
"""By when at the latest a physiotherapist is asked to look; the hold stays until one has."""


def place_hold(
    record: "CareRecord", by: Actor, hold: UUID, terms: Terms, *, now: datetime
) -> list[Fact]:
    """Stop something provisionally. `terms.review_by` is by when a physiotherapist should look.

    Refuses `outside-lane` to all but trainers: who writes restrictions imposes one.
    """
    by.require_lane(Category.RESTRICTIONS, Lane.HOLD)
    require_place(record, by, covering=False)
    require_provisional(terms, now)
    if hold in record.restrictions.items:
        raise Refused("restriction-exists")
    return [HoldPlaced(hold=hold, terms=terms)]


def review_hold(
    record: "CareRecord",
    by: Actor,
    hold: UUID,
    rationale: str,
    *,
    seen: int,
    now: datetime,
    restriction: UUID | None = None,
    terms: Terms | None = None,
    clinical_reason: str | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Having looked, release the hold; or, with an id and terms, impose a restriction in its stead.

    For any physiotherapist on the team. Refuses `not-a-hold`, `changed-since-seen`.
    """
    by.require_lane(Category.RESTRICTIONS, Lane.WRITE)
    require_place(record, by, covering=covering)
    if not record.restrictions.seen(hold, seen).provisional:
        raise Refused("not-a-hold")
    if (restriction is None) != (terms is None):
        raise Unprocessable("restriction", "an id and terms go together")
    if restriction is None or terms is None:
        return [HoldReviewed(hold=hold, outcome=HoldOutcome.RELEASED, rationale=rationale)]
    return [
        HoldReviewed(
            hold=hold,
            outcome=HoldOutcome.RESTRICTED,
            rationale=rationale,
            restriction=restriction,
        ),
        *impose(
            record,
            by,
            restriction,
            terms,
            now=now,
            clinical_reason=clinical_reason,
            covering=covering,
        ),
    ]


def require_provisional(terms: Terms, now: datetime) -> None:
    """Raise Unprocessable unless the terms are a plain stop, to be looked at soon."""
    today = now.date()
    if terms.severity is not Severity.STOP:
        raise Unprocessable("terms.severity", "stop: a hold stops something")
    if terms.milestones:
        raise Unprocessable("terms.milestones", "none: a hold ends when it is reviewed")
    if terms.review_rule is not ReviewRule.STAYS:
        raise Unprocessable("terms.review_rule", "stays: a hold ends when it is reviewed")
    if terms.ordered_by.authority is not Authority.PHYSIO or terms.ordered_by.delegates:
        raise Unprocessable("terms.ordered_by", "nobody: any physiotherapist can review a hold")
    if not today <= terms.review_by <= today + LONGEST_HOLD:
        last = (today + LONGEST_HOLD).isoformat()
        raise Unprocessable("terms.review_by", f"a date from {today.isoformat()} until {last}")
