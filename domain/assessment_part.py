"""One part of an assessment as it stands: readings, findings, corrections, acknowledgements."""

from dataclasses import dataclass, replace
from enum import StrEnum, auto
from typing import Annotated
from uuid import UUID

from pydantic import Field

from domain.assessment_reading import Measured, ReadingKey
from domain.body import Pattern, Side
from domain.fact import Value
from domain.lanes import Category
from domain.restricted import Acknowledgement, Remark
from domain.source import Source
from domain.terms import PlainText


class Part(StrEnum):
    """Part of the shared form. Each is read on a consent of its own."""

    CLINICAL = auto()
    """Range of motion, function, outcome measures; and clinical findings, apart."""
    FITNESS = auto()
    """Strength, capacity, and movement under load."""

    @property
    def category(self) -> Category:
        """What consent reading it needs."""
        return Category.FUNCTION if self is Part.CLINICAL else Category.FITNESS


class Occasion(StrEnum):
    """Why an assessment is made."""

    BASELINE = auto()
    PROGRESS = auto()
    DISCHARGE = auto()
    AFTER_FLARE_UP = auto()


class Extent(StrEnum):
    """How marked a compensation is."""

    SLIGHT = auto()
    CLEAR = auto()
    MARKED = auto()


class MovementFinding(Value):
    """How the client makes up for something when moving under load."""

    pattern: Pattern
    side: Side | None = None
    compensation: PlainText
    extent: Extent
    pain: Annotated[int, Field(ge=0, le=10)] | None = None


@dataclass(frozen=True, slots=True)
class AssessedReading:
    """One reading as it stands. `source` gives its value; `rater` took it, and stays the rater when
    somebody else corrects how it was written down."""

    key: ReadingKey
    measured: Measured
    source: Source
    rater: UUID
    wrong: tuple[int, ...] = ()
    """Record versions that told another value of it, oldest first."""
    correction: Remark | None = None
    retracted: Remark | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: in plain words, clinically, and in movement."""

    source: Source
    plain: str | None = None
    clinical: str | None = None
    movement: tuple[MovementFinding, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was found worth a word."""
        return self.plain is None and self.clinical is None and not self.movement


@dataclass(frozen=True, slots=True)
class Correction:
    """Something told before was wrong: by `remark`, which record versions had told it.

    `key`: the reading, or None if the whole part was retracted.
    """

    remark: Remark
    wrong: tuple[int, ...]
    key: ReadingKey | None = None

    @property
    def version(self) -> int:
        """The record version that put it right."""
        return self.remark.source.version


@dataclass(frozen=True, slots=True)
class AssessmentPart:
    """One part. `acknowledgements` are those that are not void; `corrections` oldest first."""

    part: Part
    started: Source
    occasion: Occasion
    recorded: tuple[Source, ...] = ()
    readings: tuple[AssessedReading, ...] = ()
    findings: tuple[Finding, ...] = ()
    completed: Source | None = None
    retracted: Remark | None = None
    corrections: tuple[Correction, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()

    @property
    def category(self) -> Category:
        """What consent reading it needs."""
        return self.part.category

    @property
    def version(self) -> int:
        """Record version of the last fact that changed what is displayed of it."""
        return max(at.version for at in self.told)

    @property
    def told(self) -> tuple[Source, ...]:
        """Every fact that changed what is displayed of it."""
        done = (self.completed,) if self.completed else ()
        fixes = (fix.remark.source for fix in self.corrections)
        return (self.started, *self.recorded, *done, *fixes)

    @property
    def versions(self) -> tuple[int, ...]:
        """Record versions that tell anything that was measured or found."""
        corrected = (fix.version for fix in self.corrections if fix.key is not None)
        return tuple(sorted({*(at.version for at in self.recorded), *corrected}))

    def told_at(self, version: int) -> frozenset[int] | None:
        """Record versions of what was displayed as of `version`; None if it has no such version."""
        own = {at.version for at in self.told}
        return frozenset(v for v in own if v <= version) if version in own else None

    @property
    def authors(self) -> frozenset[UUID]:
        """Who recorded anything in it; whoever opened it, while nobody has."""
        return frozenset(at.author for at in self.recorded or (self.started,))

    @property
    def writers(self) -> frozenset[UUID]:
        """The same, and who opened it or put anything right."""
        return frozenset(at.author for at in self.told)

    @property
    def standing(self) -> tuple[AssessedReading, ...]:
        """The readings that were not retracted."""
        return tuple(one for one in self.readings if one.retracted is None)

    def reading(self, key: ReadingKey) -> AssessedReading | None:
        """The reading of that key, if there is one."""
        return next((one for one in self.readings if one.key == key), None)

    def acknowledged_by(self, person: UUID) -> Acknowledgement | None:
        """The person's latest acknowledgement that is not void."""
        mine = (made for made in reversed(self.acknowledgements) if made.person == person)
        return next(mine, None)

    def recording(
        self, at: Source, measured: tuple[Measured, ...], finding: Finding
    ) -> "AssessmentPart":
        """With what somebody measured and found."""
        taken = (
            AssessedReading(_key(at, number), one, at, at.author)
            for number, one in enumerate(measured, 1)
        )
        found = () if finding.empty else (finding,)
        return replace(
            self,
            recorded=(*self.recorded, at),
            readings=(*self.readings, *taken),
            findings=(*self.findings, *found),
        )

    def completing(self, at: Source) -> "AssessmentPart":
        """With all that it is meant to hold."""
        return replace(self, completed=at)

    def correcting(self, key: ReadingKey, new: Measured, remark: Remark) -> "AssessmentPart":
        """With another value of one reading; what was acknowledged is void."""
        return self._mending(key, remark, measured=new, source=remark.source, correction=remark)

    def retracting_one(self, key: ReadingKey, remark: Remark) -> "AssessmentPart":
        """Without one reading; what was acknowledged is void."""
        return self._mending(key, remark, retracted=remark)

    def retracting(self, remark: Remark) -> "AssessmentPart":
        """Taken back whole; what was acknowledged is void."""
        void = Correction(remark, self.versions)
        corrections = (*self.corrections, void)
        return replace(self, retracted=remark, corrections=corrections, acknowledgements=())

    def acknowledging(self, made: Acknowledgement) -> "AssessmentPart":
        """With one more acknowledgement."""
        return replace(self, acknowledgements=(*self.acknowledgements, made))

    def _mending(self, key: ReadingKey, remark: Remark, **changes: object) -> "AssessmentPart":
        known = self.reading(key)
        if known is None:
            return self
        wrong = (*known.wrong, known.source.version)
        mended = replace(known, wrong=wrong, **changes)  # type: ignore[arg-type]
        return replace(
            self,
            readings=tuple(mended if one.key == key else one for one in self.readings),
            corrections=(*self.corrections, Correction(remark, wrong, key)),
            acknowledgements=(),
        )


def _key(at: Source, number: int) -> ReadingKey:
    return ReadingKey.model_construct(recorded=at.version, number=number)
