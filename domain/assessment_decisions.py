"""Decisions on assessments: start, record, complete, acknowledge.

Recording never waits for consent; it takes the lane, good standing, and a place on the care team.
Whoever acknowledges names the version that was displayed to them. Corrections and retractions are
in `assessment_corrections`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.assessment import ClinicalPartRecorded, FitnessPartRecorded
from domain.assessment_lanes import (
    require_assessor,
    require_recorder,
    require_starter,
)
from domain.assessment_part import MovementFinding, Occasion, Part
from domain.assessment_part_facts import FACTS
from domain.assessment_reading import Measured
from domain.fact import Fact
from domain.lanes import Category, Lane, Purpose
from domain.measures_table import MEASURES
from domain.policy import scope
from domain.refused import Refused, Unprocessable

if TYPE_CHECKING:
    from domain.record import CareRecord

SKEW = timedelta(minutes=5)
"""How far a device's clock may be ahead of ours."""


def start(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    occasion: Occasion,
    *,
    parts: Iterable[Part] = tuple(Part),
    covering: bool = False,
) -> list[Fact]:
    """Open an assessment: its parts, each to be filled by whoever's lane it is.

    For clinicians and trainers. Refuses `outside-lane`, `not-on-the-team`, `assessment-exists`.
    """
    require_starter(by)
    require_assessor(record, by, covering=covering)
    if assessment in record.assessments.items:
        raise Refused("assessment-exists")
    return [
        FACTS[part].started(assessment=assessment, occasion=occasion)
        for part in dict.fromkeys(parts)
    ]


def record_clinical(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    *,
    now: datetime,
    readings: tuple[Measured, ...] = (),
    findings: str | None = None,
    clinical_findings: str | None = None,
    complete: bool = False,
    covering: bool = False,
) -> list[Fact]:
    """Add to the clinical part what was measured and found; with `complete`, that this is all.

    Refuses `outside-lane`, `not-yours-to-measure`, `unknown-assessment`, `part-complete`,
    `assessment-retracted`, `nothing-recorded`.
    """
    words = complete or findings is not None or clinical_findings is not None
    require_recorder(by, Part.CLINICAL, readings, words=words)
    if clinical_findings is not None:
        by.require_lane(Category.CLINICAL, Lane.WRITE)
    fact = ClinicalPartRecorded(
        assessment=assessment,
        readings=readings,
        findings=findings,
        clinical_findings=clinical_findings,
    )
    empty = not readings and findings is None and clinical_findings is None
    return _record(record, by, Part.CLINICAL, fact, now, empty, complete, covering)


def record_fitness(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    *,
    now: datetime,
    readings: tuple[Measured, ...] = (),
    findings: str | None = None,
    movement: tuple[MovementFinding, ...] = (),
    complete: bool = False,
    covering: bool = False,
) -> list[Fact]:
    """Add to the fitness part what was measured, and how the client moved.

    Refuses what `record_clinical` does.
    """
    words = complete or findings is not None or bool(movement)
    require_recorder(by, Part.FITNESS, readings, words=words)
    fact = FitnessPartRecorded(
        assessment=assessment, readings=readings, findings=findings, movement=movement
    )
    empty = not readings and findings is None and not movement
    return _record(record, by, Part.FITNESS, fact, now, empty, complete, covering)


def acknowledge(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    part: Part,
    *,
    seen: int,
    now: datetime,
    purpose: Purpose,
    disclosed_at: int | None = None,
    covering: bool = False,
) -> list[Fact]:
    """Say that one has taken note of the part displayed. Again for the same version: nothing new.

    For whoever may read it now, so that nobody learns from the answer that there is something.
    Refuses `unknown-assessment`, `changed-since-seen`.
    """
    require_assessor(record, by, covering=covering)
    if not _may_read(record, by, assessment, part, purpose, now):
        raise Refused("unknown-assessment", assessment=str(assessment), part=part)
    current = record.assessments.seen(assessment, part, seen)
    last = current.acknowledged_by(by.id)
    if last is not None and last.seen == current.version:
        return []
    acknowledged = FACTS[part].acknowledged
    return [acknowledged(assessment=assessment, seen=current.version, disclosed_at=disclosed_at)]


def _record(
    record: "CareRecord",
    by: Actor,
    part: Part,
    fact: ClinicalPartRecorded | FitnessPartRecorded,
    now: datetime,
    empty: bool,
    complete: bool,
    covering: bool,
) -> list[Fact]:
    require_assessor(record, by, covering=covering)
    current = record.assessments.standing(fact.assessment, part)
    if current.completed is not None:
        raise Refused("part-complete", part=part)
    for number, reading in enumerate(fact.readings):
        _require_of_part(f"readings.{number}.measure", reading, part)
        require_past(f"readings.{number}.taken_at", reading, now)
    if empty and (not complete or not current.recorded):
        raise Refused("nothing-recorded")
    done = [FACTS[part].completed(assessment=fact.assessment)] if complete else []
    return done if empty else [fact, *done]


def _may_read(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    part: Part,
    purpose: Purpose,
    now: datetime,
) -> bool:
    """Whether the part as a whole is theirs to read, and not only what they wrote in it."""
    permitted = scope(record, by, purpose, now)
    return permitted.sees(part.category, item=assessment) is not None


def _require_of_part(path: str, reading: Measured, part: Part) -> None:
    if MEASURES[reading.measure].category is not part.category:
        codes = sorted(m.code for m in MEASURES.values() if m.category is part.category)
        raise Unprocessable(path, f"a measure of the {part} part: {', '.join(codes)}")


def require_past(path: str, reading: Measured, now: datetime) -> None:
    """Raise Unprocessable unless the reading has been taken already."""
    if reading.taken_at > now + SKEW:
        raise Unprocessable(path, "a time that has passed")
