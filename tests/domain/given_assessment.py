"""What tests of assessments start from: readings, and a story in which an assessment is under way.

All values are invented."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.assessment_decisions import record_clinical, record_fitness, start
from domain.assessment_part import AssessedReading, AssessmentPart, Occasion, Part
from domain.assessment_reading import Measured, ReadingKey
from domain.body import Side
from domain.measure import Method
from tests.domain.given_restriction import NOW, PRIYA, SAM, Story

FIRST, SECOND = UUID(int=500), UUID(int=501)
CLINICAL, FITNESS = Part.CLINICAL, Part.FITNESS


def measured(measure: str, value: float, unit: str, *, at: datetime = NOW, **more: Any) -> Measured:
    return Measured(measure=measure, value=value, unit=unit, taken_at=at, **more)


def bend(degrees: float, *, at: datetime = NOW, **more: Any) -> Measured:
    usual: dict[str, Any] = {"side": Side.RIGHT, "method": Method.GONIOMETER}
    return measured("knee_flexion", degrees, "deg", at=at, **{**usual, **more})


def hop(cm: float, *, at: datetime = NOW, **more: Any) -> Measured:
    return measured("hop", cm, "cm", at=at, **{"side": Side.RIGHT, "method": Method.TAPE, **more})


def key(recorded: int, number: int = 1) -> ReadingKey:
    return ReadingKey(recorded=recorded, number=number)


def started(assessment: UUID = FIRST, by: Actor = PRIYA) -> Story:
    """Nobody has measured anything yet."""
    story = Story()
    story.append(by, *start(story.record, by, assessment, Occasion.BASELINE))
    return story


def filled() -> Story:
    """Priya has bent the knee, and Sam has seen it hop."""
    story = started()
    story.do(record_clinical, PRIYA, FIRST, readings=(bend(90),), findings="Bends to ninety.")
    story.do(record_fitness, SAM, FIRST, readings=(hop(80),))
    return story


def part(story: Story, which: Part = CLINICAL, assessment: UUID = FIRST) -> AssessmentPart:
    return story.record.assessments.items[assessment].parts[which]


def only(story: Story, which: Part = CLINICAL) -> AssessedReading:
    (reading,) = part(story, which).readings
    return reading
