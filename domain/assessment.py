"""Assessments: a shared form whose clinical and fitness parts are read on different consents.

The facts, and the state that they add up to. Each part has facts of its own, so that its content
is read with consent to its category and no other. Decisions are in `assessment_decisions`, who may
take them in `assessment_lanes`, one part as it stands in `assessment_part`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from domain.assessment_part import (
    AssessmentPart,
    Finding,
    MovementFinding,
    Occasion,
    Part,
)
from domain.assessment_reading import Measured, ReadingKey
from domain.entry import Entry
from domain.fact import Fact, Narrower, Value
from domain.lanes import Category
from domain.refused import Refused
from domain.restricted import Acknowledgement, Remark
from domain.source import Source
from domain.terms import ClinicalText, PlainText

PART = "assessments"
FUNCTION, FITNESS = Category.FUNCTION, Category.FITNESS
Readings = Annotated[tuple[Measured, ...], Field(max_length=40)]
Version = Annotated[int, Field(ge=1)]


class Started(Value):
    """A part of an assessment is opened, to be filled by whoever's lane it is."""

    assessment: UUID
    occasion: Occasion


class Recorded(Value):
    """Somebody records what they measured and found in a part; they are the rater."""

    assessment: UUID
    readings: Readings = ()
    findings: PlainText | None = None
    """In plain words."""


class Completed(Value):
    """A part holds all that it is meant to."""

    assessment: UUID


class Corrected(Value):
    """One reading was recorded wrongly: this is what was measured. Acknowledgements are void."""

    assessment: UUID
    reading: ReadingKey
    measured: Measured
    reason: PlainText


class ReadingRetracted(Value):
    """One reading should never have been recorded. Acknowledgements are void."""

    assessment: UUID
    reading: ReadingKey
    reason: PlainText


class Retracted(Value):
    """A part of an assessment should never have been recorded. Acknowledgements are void."""

    assessment: UUID
    reason: PlainText


class Acknowledged(Value):
    """Somebody has taken note of a part as it was displayed to them.

    `seen` is the version displayed; `disclosed_at` the position of its disclosure in the log.
    """

    assessment: UUID
    seen: Version
    disclosed_at: Version | None = None


class ClinicalPartStarted(
    Started, Fact, type="assessment.clinical-part-started.v1", part=PART, category=FUNCTION
):
    """An assessment is started, and its clinical part opened for a clinician to fill."""


class FitnessPartStarted(
    Started, Fact, type="assessment.fitness-part-started.v1", part=PART, category=FITNESS
):
    """An assessment is started, and its fitness part opened for a trainer to fill."""


class ClinicalPartRecorded(
    Recorded, Fact, type="assessment.clinical-part-recorded.v1", part=PART, category=FUNCTION
):
    """Range, function and outcome as measured, and what was found; the rater is the author."""

    clinical_findings: Annotated[ClinicalText | None, Narrower(Category.CLINICAL)] = None


class FitnessPartRecorded(
    Recorded, Fact, type="assessment.fitness-part-recorded.v1", part=PART, category=FITNESS
):
    """Strength and capacity as measured, and how the client moved; the rater is the author."""

    movement: Annotated[tuple[MovementFinding, ...], Field(max_length=20)] = ()


class ClinicalPartCompleted(
    Completed, Fact, type="assessment.clinical-part-completed.v1", part=PART, category=FUNCTION
):
    """The clinical part of an assessment holds all that it is meant to."""


class FitnessPartCompleted(
    Completed, Fact, type="assessment.fitness-part-completed.v1", part=PART, category=FITNESS
):
    """The fitness part of an assessment holds all that it is meant to."""


class ClinicalReadingCorrected(
    Corrected, Fact, type="assessment.clinical-reading-corrected.v1", part=PART, category=FUNCTION
):
    """A reading of a clinical part was recorded wrongly: this is what was measured."""


class FitnessReadingCorrected(
    Corrected, Fact, type="assessment.fitness-reading-corrected.v1", part=PART, category=FITNESS
):
    """A reading of a fitness part was recorded wrongly: this is what was measured."""


class ClinicalReadingRetracted(
    ReadingRetracted,
    Fact,
    type="assessment.clinical-reading-retracted.v1",
    part=PART,
    category=FUNCTION,
):
    """A reading of a clinical part should never have been recorded."""


class FitnessReadingRetracted(
    ReadingRetracted,
    Fact,
    type="assessment.fitness-reading-retracted.v1",
    part=PART,
    category=FITNESS,
):
    """A reading of a fitness part should never have been recorded."""


class ClinicalPartRetracted(
    Retracted, Fact, type="assessment.clinical-part-retracted.v1", part=PART, category=FUNCTION
):
    """The clinical part of an assessment should never have been recorded."""


class FitnessPartRetracted(
    Retracted, Fact, type="assessment.fitness-part-retracted.v1", part=PART, category=FITNESS
):
    """The fitness part of an assessment should never have been recorded."""


class ClinicalPartAcknowledged(
    Acknowledged,
    Fact,
    type="assessment.clinical-part-acknowledged.v1",
    part=PART,
    category=FUNCTION,
):
    """Somebody has taken note of the clinical part of an assessment as it was displayed."""


class FitnessPartAcknowledged(
    Acknowledged, Fact, type="assessment.fitness-part-acknowledged.v1", part=PART, category=FITNESS
):
    """Somebody has taken note of the fitness part of an assessment as it was displayed."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment: those of its parts that were opened."""

    id: UUID
    parts: Mapping[Part, AssessmentPart] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessments:
    """All assessments of one client by id, oldest first, whatever became of them."""

    items: Mapping[UUID, Assessment] = field(default_factory=dict)

    def every_part(self) -> Iterator[tuple[UUID, AssessmentPart]]:
        """Each part, with the assessment that it is of."""
        for item in self.items.values():
            yield from ((item.id, part) for part in item.parts.values())

    def authors(self) -> frozenset[UUID]:
        """Everybody who wrote anything of any of them: opened, recorded or put right."""
        return frozenset(person for _, part in self.every_part() for person in part.writers)

    def find(self, id: UUID, part: Part) -> AssessmentPart:
        """That part; refuses `unknown-assessment`."""
        found = self.items.get(id)
        if found is None or part not in found.parts:
            raise Refused("unknown-assessment", assessment=str(id), part=part)
        return found.parts[part]

    def standing(self, id: UUID, part: Part) -> AssessmentPart:
        """The same, to add to it; refuses `assessment-retracted`."""
        found = self.find(id, part)
        if found.retracted is not None:
            raise Refused("assessment-retracted", part=part)
        return found

    def seen(self, id: UUID, part: Part, version: int) -> AssessmentPart:
        """The same, to decide on what was displayed: refuses `changed-since-seen` if anything of
        the part has changed since that record version."""
        found = self.standing(id, part)
        if found.version > version:
            raise Refused("changed-since-seen", seen=version, version=found.version)
        return found

    def evolve(self, entry: Entry) -> Self:
        """With one more fact. Total: what does not fit (none was decided here) changes nothing."""
        if not isinstance(entry.fact, Fact) or entry.fact.category not in _PARTS:
            return self
        at, part = Source.of(entry), _PARTS[entry.fact.category]
        fact: Value = entry.fact
        match fact:
            case Started(assessment=id, occasion=occasion):
                return self._begin(id, AssessmentPart(part, at, occasion))
            case Recorded():
                return self._change(fact.assessment, part, _recording(fact, at))
            case Completed(assessment=id):
                return self._change(id, part, lambda found: found.completing(at))
            case Corrected(assessment=id, reading=key, measured=new, reason=why):
                return self._change(
                    id, part, lambda found: found.correcting(key, new, Remark(at, why))
                )
            case ReadingRetracted(assessment=id, reading=key, reason=why):
                return self._change(
                    id, part, lambda found: found.retracting_one(key, Remark(at, why))
                )
            case Retracted(assessment=id, reason=why):
                return self._change(id, part, lambda found: found.retracting(Remark(at, why)))
            case Acknowledged(assessment=id, seen=seen, disclosed_at=disclosed):
                made = Acknowledgement(at, seen, disclosed)
                return self._change(id, part, lambda found: found.acknowledging(made))
            case _:
                return self

    def _begin(self, id: UUID, part: AssessmentPart) -> Self:
        item = self.items.get(id, Assessment(id))
        if part.part in item.parts:
            return self
        opened = replace(item, parts={**item.parts, part.part: part})
        return replace(self, items={**self.items, id: opened})

    def _change(
        self, id: UUID, part: Part, change: Callable[[AssessmentPart], AssessmentPart]
    ) -> Self:
        item = self.items.get(id)
        if item is None or part not in item.parts:
            return self
        changed = replace(item, parts={**item.parts, part: change(item.parts[part])})
        return replace(self, items={**self.items, id: changed})


_PARTS = {part.category: part for part in Part}


def _recording(fact: Recorded, at: Source) -> Callable[[AssessmentPart], AssessmentPart]:
    finding = Finding(at, fact.findings)
    match fact:
        case ClinicalPartRecorded(clinical_findings=clinical):
            finding = replace(finding, clinical=clinical)
        case FitnessPartRecorded(movement=movement):
            finding = replace(finding, movement=movement)
    return lambda found: found.recording(at, fact.readings, finding)
