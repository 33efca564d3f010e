"""Restrictions: what makes a contraindication something that a trainer can act on in ten seconds.

The facts and the state they add up to. Decisions are beside it: `restrict` (impose, modify,
review, lift, retract), `milestone`, `hold` and `acknowledgement`; the card is `card`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum, auto
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from domain.entry import Entry
from domain.fact import Fact, Narrower
from domain.lanes import Category
from domain.measure import Reading
from domain.refused import Refused
from domain.restricted import (
    Acknowledgement,
    Edition,
    Ending,
    Proposal,
    Remark,
    Restriction,
    Status,
)
from domain.source import Source
from domain.terms import Bounds, ClinicalText, MilestoneCode, PlainText, Severity, Terms

PART = "restrictions"
RESTRICTIONS = Category.RESTRICTIONS
ClinicalReason = Annotated[ClinicalText | None, Narrower(Category.CLINICAL)]
Evidence = Annotated[tuple[Reading, ...], Field(max_length=40)]
Version = Annotated[int, Field(ge=1)]
MustBeAcknowledged = Annotated[
    bool, Field(description="Whether it tightens anything, by the rule of the day of the decision.")
]


class RestrictionImposed(Fact, type="restriction.imposed.v1", part=PART, category=RESTRICTIONS):
    """A clinician says what the client must not do, or only so far, and until when."""

    restriction: UUID
    terms: Terms
    clinical_reason: ClinicalReason = None


class RestrictionModified(Fact, type="restriction.modified.v1", part=PART, category=RESTRICTIONS):
    """A clinician replaces the terms of a restriction, because the client has changed."""

    restriction: UUID
    terms: Terms
    clinical_reason: ClinicalReason = None
    """None leaves the earlier clinical reason as it is."""
    must_be_acknowledged: MustBeAcknowledged = True


class RestrictionCorrected(Fact, type="restriction.corrected.v1", part=PART, category=RESTRICTIONS):
    """A restriction was recorded wrongly: these are its terms, and nobody has acknowledged them."""

    restriction: UUID
    terms: Terms
    reason: PlainText
    clinical_reason: ClinicalReason = None


class RestrictionReviewed(Fact, type="restriction.reviewed.v1", part=PART, category=RESTRICTIONS):
    """A clinician has looked again: the terms stay, and the review date moves on."""

    restriction: UUID
    review_by: date
    note: PlainText | None = None


class RestrictionLifted(Fact, type="restriction.lifted.v1", part=PART, category=RESTRICTIONS):
    """A clinician ends a restriction whose milestones have all been reached."""

    restriction: UUID
    rationale: PlainText


class RestrictionRetracted(Fact, type="restriction.retracted.v1", part=PART, category=RESTRICTIONS):
    """A restriction should never have been recorded; whatever was acknowledged of it is void."""

    restriction: UUID
    reason: PlainText


class MilestoneProposed(
    Fact, type="restriction.milestone-proposed.v1", part=PART, category=RESTRICTIONS
):
    """Somebody has measured that the client has reached the next milestone."""

    restriction: UUID
    milestone: MilestoneCode
    evidence: Evidence
    note: PlainText | None = None


class MilestoneConfirmed(
    Fact, type="restriction.milestone-confirmed.v1", part=PART, category=RESTRICTIONS
):
    """The author or a covering physiotherapist confirms a milestone, and with it these bounds hold.

    Rests on the proposal recorded at record version `proposal`, or on `evidence` of their own.
    """

    restriction: UUID
    milestone: MilestoneCode
    bounds: Bounds
    proposal: Version | None = None
    evidence: Evidence = ()
    must_be_acknowledged: MustBeAcknowledged = True


class MilestoneDeclined(
    Fact, type="restriction.milestone-declined.v1", part=PART, category=RESTRICTIONS
):
    """A clinician does not confirm a proposed milestone, and says why."""

    restriction: UUID
    milestone: MilestoneCode
    reason: PlainText


class MilestoneRevoked(
    Fact, type="restriction.milestone-revoked.v1", part=PART, category=RESTRICTIONS
):
    """After a flare-up the client steps back: this milestone and those after it count no longer."""

    restriction: UUID
    milestone: MilestoneCode
    bounds: Bounds
    reason: PlainText
    must_be_acknowledged: MustBeAcknowledged = True


class HoldPlaced(Fact, type="restriction.hold-placed.v1", part=PART, category=RESTRICTIONS):
    """A trainer stops something provisionally, until a physiotherapist has looked at it."""

    hold: UUID
    terms: Terms


class HoldOutcome(StrEnum):
    """What became of a hold."""

    RELEASED = auto()
    RESTRICTED = auto()


class HoldReviewed(Fact, type="restriction.hold-reviewed.v1", part=PART, category=RESTRICTIONS):
    """A physiotherapist has looked: the hold is released, or becomes a restriction."""

    hold: UUID
    outcome: HoldOutcome
    rationale: PlainText
    restriction: UUID | None = None
    """The restriction that it became."""


class RestrictionAcknowledged(
    Fact, type="restriction.acknowledged.v1", part=PART, category=RESTRICTIONS
):
    """Somebody has understood a restriction as it was displayed to them.

    `seen` is the version displayed; `disclosed_at` the position of its disclosure in the log.
    """

    restriction: UUID
    seen: Version
    disclosed_at: Version | None = None


_SEVERITIES = tuple(Severity)
_ENDED = {HoldOutcome.RELEASED: Status.RELEASED, HoldOutcome.RESTRICTED: Status.REPLACED}


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All restrictions and holds of one client, whatever became of them, by id."""

    items: Mapping[UUID, Restriction] = field(default_factory=dict)

    def instants(self, now: datetime) -> Iterator[datetime]:
        """When the clock alone changes how these stand: the midnights, in the zone of `now`, at
        which review dates have passed."""
        for item in self.items.values():
            after = item.terms.review_by + timedelta(days=1)
            yield datetime.combine(after, time.min, now.tzinfo)

    def active(self, now: datetime) -> tuple[Restriction, ...]:
        """Those in force at `now`, strictest first, then oldest."""
        standing = [item for item in self.items.values() if item.in_force(now)]
        return tuple(
            sorted(
                standing,
                key=lambda item: (_SEVERITIES.index(item.terms.severity), item.imposed.version),
            )
        )

    def find(self, id: UUID) -> Restriction:
        """The restriction or hold; refuses `unknown-restriction`."""
        if id not in self.items:
            raise Refused("unknown-restriction", restriction=str(id))
        return self.items[id]

    def displayed(self, id: UUID, version: int) -> Restriction:
        """The same, if that is its version; refuses `changed-since-seen`."""
        item = self.find(id)
        if item.version != version:
            raise Refused("changed-since-seen", seen=version, version=item.version)
        return item

    def seen(self, id: UUID, version: int) -> Restriction:
        """The same, to change what holds; refuses `restriction-ended` if it was ended."""
        item = self.displayed(id, version)
        if item.ending is not None:
            raise Refused("restriction-ended", status=item.ending.status)
        return item

    def evolve(self, entry: Entry) -> Self:
        """With one more fact. Total: what does not fit (none was decided here) changes nothing."""
        at = Source.of(entry)
        match entry.fact:
            case RestrictionImposed(restriction=id, terms=terms, clinical_reason=clinical):
                return self._begin(id, at, terms, clinical)
            case HoldPlaced(hold=id, terms=terms):
                return self._begin(id, at, terms, None, provisional=True)
            case RestrictionModified(restriction=id, terms=terms, clinical_reason=clinical) as new:
                must = new.must_be_acknowledged
                return self._change(
                    id, lambda item: item.revised(at, terms, clinical, must_be_acknowledged=must)
                )
            case RestrictionCorrected(restriction=id, terms=terms, clinical_reason=clinical):
                return self._change(id, lambda item: item.corrected(at, terms, clinical))
            case RestrictionReviewed(restriction=id, review_by=review_by):
                return self._change(id, lambda item: item.reviewed(at, review_by))
            case RestrictionLifted(restriction=id, rationale=why):
                return self._change(id, lambda item: item.ended(Ending(at, Status.LIFTED, why)))
            case RestrictionRetracted(restriction=id, reason=why):
                return self._change(id, lambda item: item.ended(Ending(at, Status.RETRACTED, why)))
            case HoldReviewed(hold=id, outcome=outcome, rationale=why):
                return self._change(id, lambda item: item.ended(Ending(at, _ENDED[outcome], why)))
            case RestrictionAcknowledged(restriction=id, seen=seen, disclosed_at=disclosed):
                return self._change(
                    id, lambda item: item.acknowledged(Acknowledgement(at, seen, disclosed))
                )
            case _:
                return self._evolve_milestone(entry, at)

    def _evolve_milestone(self, entry: Entry, at: Source) -> Self:
        match entry.fact:
            case MilestoneProposed(restriction=id, milestone=code, evidence=evidence, note=note):
                made = Proposal(at, evidence, note)
                return self._change(id, lambda item: item.step(code, proposal=made, declined=None))
            case MilestoneDeclined(restriction=id, milestone=code, reason=why):
                no = Remark(at, why)
                return self._change(id, lambda item: item.step(code, proposal=None, declined=no))
            case MilestoneConfirmed(restriction=id, milestone=code, bounds=bounds) as fact:
                must = fact.must_be_acknowledged
                return self._change(
                    id, lambda item: item.step_forward(code, at, bounds, must_be_acknowledged=must)
                )
            case MilestoneRevoked(restriction=id, milestone=code, bounds=bounds) as fact:
                must, why = fact.must_be_acknowledged, fact.reason
                return self._change(
                    id,
                    lambda item: item.step_back(code, at, bounds, why, must_be_acknowledged=must),
                )
            case _:
                return self

    def _change(self, id: UUID, change: Callable[[Restriction], Restriction]) -> Self:
        if id not in self.items:
            return self
        return replace(self, items={**self.items, id: change(self.items[id])})

    def _begin(
        self,
        id: UUID,
        at: Source,
        terms: Terms,
        clinical_reason: str | None,
        *,
        provisional: bool = False,
    ) -> Self:
        if id in self.items:
            return self
        version = at.version
        clinical = None if clinical_reason is None else version
        first = Edition(at, terms, version, version, version, clinical_reason, clinical)
        return replace(self, items={**self.items, id: Restriction(id, (first,), provisional)})
