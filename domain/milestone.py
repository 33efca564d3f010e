"""Graduated return: measured and proposed by whoever trains, confirmed by who answers for it."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.criterion import Shortfall, shortfall
from domain.fact import Fact
from domain.lanes import Category, Discipline, Lane
from domain.measure import Reading
from domain.measures_table import MEASURES
from domain.refused import Refused
from domain.restrict import require_may_loosen, require_writer, standing
from domain.restricted import Restriction
from domain.restriction import (
    MilestoneConfirmed,
    MilestoneDeclined,
    MilestoneProposed,
    MilestoneRevoked,
)
from domain.strictness import compare_bounds, tightens
from domain.terms import Bounds, Milestone, Need

if TYPE_CHECKING:
    from domain.record import CareRecord

AGE_OF_PROPOSAL = timedelta(days=30)
"""How long a proposal can wait for its confirmation before it has to be measured anew."""


def propose_milestone(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    milestone: str,
    evidence: tuple[Reading, ...],
    *,
    seen: int,
    now: datetime,
    note: str | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Say, with what was measured, that the next milestone is reached. Nothing changes by it yet.

    For trainers and clinicians. Refuses `unknown-milestone`, `already-reached`, `not-next`,
    `too-early`, `not-yours-to-measure`, `criterion-not-met`.
    """
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    _require_measurer(by)
    step = _next(current, milestone)
    _require_measurable(by, evidence)
    require_met(step, evidence, now)
    return [
        MilestoneProposed(
            restriction=restriction, milestone=milestone, evidence=evidence, note=note
        )
    ]


def confirm_milestone(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    milestone: str,
    *,
    seen: int,
    now: datetime,
    proposal: int | None = None,
    evidence: tuple[Reading, ...] = (),
    bounds: Bounds | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Confirm the next milestone: its planned bounds hold from now on, or stricter ones given here.

    Rests on the proposal seen (`proposal` is its record version) or on `evidence` of one's own.
    For the author or a covering physiotherapist, and the authority behind it and its delegates;
    bounds looser than planned are for that authority alone. Refuses what proposing does, and
    `no-proposal`, `changed-since-seen`, `not-yours-to-confirm`, `not-yours-to-loosen`.
    """
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    _require_confirmer(current, by, covering=covering)
    step = _next(current, milestone)
    if proposal is None:
        require_met(step, evidence, now)
    else:
        _require_proposed(current, step, proposal, evidence, now)
    then = bounds or step.then
    if compare_bounds(step.then, then, whole_region=current.terms.region is not None).eases:
        require_may_loosen(current, by, covering=covering)
    return [
        MilestoneConfirmed(
            restriction=restriction,
            milestone=milestone,
            bounds=then,
            proposal=proposal,
            evidence=evidence,
            must_be_acknowledged=tightens(current.terms, current.terms.within(then)),
        )
    ]


def decline_milestone(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    milestone: str,
    reason: str,
    *,
    proposal: int,
    seen: int,
    now: datetime,
    covering: bool = False,
) -> list[Fact]:
    """Do not confirm the proposal seen, and say why.

    Refuses `no-proposal`, `changed-since-seen`, `not-yours-to-confirm`.
    """
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    _require_confirmer(current, by, covering=covering)
    _proposed(current, milestone, proposal)
    return [MilestoneDeclined(restriction=restriction, milestone=milestone, reason=reason)]


def revoke_milestone(
    record: "CareRecord",
    by: Actor,
    restriction: UUID,
    milestone: str,
    reason: str,
    *,
    seen: int,
    now: datetime,
    bounds: Bounds | None = None,
    covering: bool = False,
) -> list[Fact]:
    """After a flare-up, step back to before this milestone; those after it go with it.

    The bounds that held until it was reached hold again, unless others are given. Any
    physiotherapist on the team steps back, as that is the safe way; other bounds that ease anything
    are for whoever confirms. Refuses `not-reached`, `not-yours-to-confirm`, and `bounds-needed`
    if the terms were rewritten since, so that nobody can tell which earlier bounds are meant.
    """
    current = standing(record, by, restriction, seen, now=now, covering=covering)
    by.require_lane(Category.RESTRICTIONS, Lane.WRITE)
    progress = current.progress.get(milestone)
    if progress is None or progress.reached is None or progress.before is None:
        raise Refused("not-reached", milestone=milestone)
    if bounds is None and current.edition.terms_from > progress.reached.version:
        raise Refused("bounds-needed", milestone=milestone)
    whole = current.terms.region is not None
    if bounds and compare_bounds(current.terms, bounds, whole_region=whole).eases:
        _require_confirmer(current, by, covering=covering)
    back = bounds or progress.before
    return [
        MilestoneRevoked(
            restriction=restriction,
            milestone=milestone,
            bounds=back,
            reason=reason,
            must_be_acknowledged=tightens(current.terms, current.terms.within(back)),
        )
    ]


def require_met(step: Milestone, evidence: tuple[Reading, ...], now: datetime) -> None:
    """Refuse `too-early`, or `criterion-not-met` with what each criterion lacks."""
    if step.earliest is not None and now.date() < step.earliest:
        raise Refused("too-early", milestone=step.code, earliest=step.earliest.isoformat())
    lacking = [shortfall(criterion, evidence, now) for criterion in step.criteria]
    met = sum(short is None for short in lacking)
    if met == len(lacking) or (step.need is Need.ANY and met):
        return
    raise Refused(
        "criterion-not-met", milestone=step.code, need=step.need, unmet=_unmet(step, lacking)
    )


def _unmet(step: Milestone, lacking: list[Shortfall | None]) -> list[dict[str, str]]:
    return [
        {"criterion": str(number), "measure": criterion.measure, "because": short}
        for number, (criterion, short) in enumerate(zip(step.criteria, lacking, strict=True))
        if short is not None
    ]


def _next(current: Restriction, milestone: str) -> Milestone:
    planned = {step.code: step for step in current.terms.milestones}
    if milestone not in planned:
        raise Refused("unknown-milestone", milestone=milestone)
    if milestone in {step.code for step in current.reached}:
        raise Refused("already-reached", milestone=milestone)
    if current.pending[0].code != milestone:
        raise Refused("not-next", milestone=milestone, next=current.pending[0].code)
    return planned[milestone]


def _proposed(current: Restriction, milestone: str, version: int) -> tuple[Reading, ...]:
    progress = current.progress.get(milestone)
    if progress is None or progress.proposal is None:
        raise Refused("no-proposal", milestone=milestone)
    made = progress.proposal
    if made.source.version != version:
        raise Refused("changed-since-seen", seen=version, version=made.source.version)
    return made.evidence


def _require_proposed(
    current: Restriction,
    step: Milestone,
    version: int,
    evidence: tuple[Reading, ...],
    now: datetime,
) -> None:
    """The proposal still stands if it met the criteria when it was made and is not too old.

    The terms may have changed since, so it is held against the criteria as they are now.
    """
    measured = _proposed(current, step.code, version) + evidence
    progress = current.progress[step.code]
    made = progress.proposal.source.effective if progress.proposal else now
    require_met(step, measured, made if timedelta() <= now - made <= AGE_OF_PROPOSAL else now)


def _require_measurer(by: Actor) -> None:
    """Whoever trains the client measures, and so does whoever writes restrictions."""
    if by.acting_as is Discipline.TRAINER:
        by.require_lane(Category.FITNESS, Lane.WRITE)
    elif by.acting_as is Discipline.MASSAGE_THERAPIST:
        by.require_lane(Category.FUNCTION, Lane.WRITE)
    else:
        by.require_lane(Category.RESTRICTIONS, Lane.WRITE)


def _require_measurable(by: Actor, evidence: tuple[Reading, ...]) -> None:
    clinical = sorted({r.measure for r in evidence if not MEASURES[r.measure].trainer})
    if by.acting_as is Discipline.TRAINER and clinical:
        raise Refused("not-yours-to-measure", measures=clinical)


def _require_confirmer(current: Restriction, by: Actor, *, covering: bool) -> None:
    require_writer(by, current.terms.severity)
    if not covering and by.id not in current.authorities() | {current.author}:
        raise Refused("not-yours-to-confirm")
