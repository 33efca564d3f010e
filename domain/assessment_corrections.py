"""Decisions that put an assessment right: a reading corrected or taken back, or a whole part.

Each voids what was acknowledged of the part, and everybody to whom the wrong value was released is
to be told (`projections/corrections`). Whoever decides names the version displayed to them.
"""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.assessment_decisions import require_past
from domain.assessment_lanes import (
    require_assessor,
    require_corrector,
    require_recorder,
    require_retractor,
)
from domain.assessment_part import AssessedReading, Part
from domain.assessment_part_facts import FACTS
from domain.assessment_reading import Measured, ReadingKey
from domain.fact import Fact
from domain.lanes import Lane
from domain.refused import Refused

if TYPE_CHECKING:
    from domain.record import CareRecord


def correct(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    part: Part,
    reading: ReadingKey,
    measured: Measured,
    reason: str,
    *,
    seen: int,
    now: datetime,
    covering: bool = False,
) -> list[Fact]:
    """Put one reading right, of the same measure.

    For its rater, and a physiotherapist on the team. Refuses `not-yours-to-correct`,
    `unknown-reading`, `another-measure`, `nothing-changed`, `changed-since-seen`.
    """
    known = _reading(record, by, assessment, part, reading, seen, covering)
    if known.measured.measure != measured.measure:
        raise Refused("another-measure")
    if known.measured == measured:
        raise Refused("nothing-changed")
    require_past("measured.taken_at", measured, now)
    corrected = FACTS[part].corrected
    return [corrected(assessment=assessment, reading=reading, measured=measured, reason=reason)]


def retract_reading(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    part: Part,
    reading: ReadingKey,
    reason: str,
    *,
    seen: int,
    covering: bool = False,
) -> list[Fact]:
    """Take one reading back. Refuses what `correct` does."""
    _reading(record, by, assessment, part, reading, seen, covering)
    return [FACTS[part].reading_retracted(assessment=assessment, reading=reading, reason=reason)]


def retract(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    part: Part,
    reason: str,
    *,
    seen: int,
    covering: bool = False,
) -> list[Fact]:
    """Take a whole part back (another client's, say). For whoever alone filled it, and a
    physiotherapist on the team. Refuses `not-yours-to-correct`, `changed-since-seen`."""
    by.require_lane(part.category, Lane.WRITE)
    require_assessor(record, by, covering=covering)
    require_retractor(by, record.assessments.seen(assessment, part, seen))
    return [FACTS[part].retracted(assessment=assessment, reason=reason)]


def _reading(
    record: "CareRecord",
    by: Actor,
    assessment: UUID,
    part: Part,
    key: ReadingKey,
    seen: int,
    covering: bool,
) -> AssessedReading:
    """The reading to put right, for whoever may."""
    require_assessor(record, by, covering=covering)
    known = record.assessments.standing(assessment, part).reading(key)
    if known is None or known.retracted is not None:
        raise Refused("unknown-reading")
    # Of the reading alone: a rater who may no longer read the rest still puts their own right.
    if known.source.version > seen:
        raise Refused("changed-since-seen", seen=seen, version=known.source.version)
    require_recorder(by, part, (known.measured,), words=False)
    require_corrector(by, known)
    return known
