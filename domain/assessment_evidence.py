"""Readings of an assessment as evidence that a milestone is reached: measured once, named twice."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.assessment_part import AssessedReading, AssessmentPart, Part
from domain.assessment_reading import ReadingKey
from domain.fact import Value
from domain.lanes import Purpose
from domain.measure import Reading
from domain.policy import scope
from domain.refused import Refused
from domain.scope import Scope

if TYPE_CHECKING:
    from domain.record import CareRecord


class Assessed(Value):
    """One reading of an assessment."""

    assessment: UUID
    part: Part
    reading: ReadingKey


def evidence(
    record: "CareRecord", by: Actor, named: Iterable[Assessed], *, now: datetime, purpose: Purpose
) -> tuple[Reading, ...]:
    """The readings named, as they stand now.

    What becomes evidence is read on consent to restrictions, so nobody turns into evidence what
    they may not read themselves. Refuses `unknown-reading`: not there, taken back, or not theirs
    to read.
    """
    permitted = scope(record, by, purpose, now)
    return tuple(_reading(record, permitted, each).measured.as_evidence() for each in named)


def _reading(record: "CareRecord", permitted: Scope, named: Assessed) -> AssessedReading:
    item = record.assessments.items.get(named.assessment)
    part = item.parts.get(named.part) if item else None
    found = part.reading(named.reading) if part else None
    if part is None or found is None or not _stands(permitted, named.assessment, part, found):
        raise Refused("unknown-reading")
    return found


def _stands(permitted: Scope, id: UUID, part: AssessmentPart, found: AssessedReading) -> bool:
    if part.retracted is not None or found.retracted is not None:
        return False
    return permitted.sees(part.category, item=id, author=found.source.author) is not None
