"""Trends: like compared with like, and whether a change is more than the measure's own noise.

Like is the same measure, side, method and thing measured. Whether the rater was the same is said,
because a second pair of hands is noise of its own. Pure, and only as good as the measure's range:
where none was published for it, the size of a change is unknown and not guessed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, auto
from uuid import UUID

from domain.assessment_part import AssessedReading, AssessmentPart, Part
from domain.body import Side
from domain.measure import Method
from domain.measures import Better, Measure
from domain.measures_table import MEASURES

SLACK = 1e-9
"""Two decimal numbers that differ by less were the same when somebody wrote them down."""


class Size(StrEnum):
    """How a change compares with the range in which changes of the measure begin to matter."""

    BELOW = auto()
    """No more than noise."""
    WITHIN = auto()
    BEYOND = auto()
    UNKNOWN = auto()
    """No range is known for this measure."""


class Direction(StrEnum):
    """What a change means for the client."""

    BETTER = auto()
    WORSE = auto()
    SAME = auto()
    NEITHER = auto()
    """The measure has no better end."""


@dataclass(frozen=True, slots=True)
class Like:
    """What two readings must share to be compared."""

    measure: str
    side: Side | None
    method: Method | None
    of: str | None


@dataclass(frozen=True, slots=True)
class Point:
    """One reading, and the part and assessment that it is in."""

    assessment: UUID
    part: Part
    reading: AssessedReading

    @property
    def like(self) -> Like:
        """What it may be compared with."""
        told = self.reading.measured
        of = told.of.casefold() if told.of else None
        return Like(told.measure, told.side, told.method, of)


@dataclass(frozen=True, slots=True)
class Change:
    """From one reading to a later one; `by` in the measure's unit."""

    by: float
    size: Size
    direction: Direction
    same_rater: bool


@dataclass(frozen=True, slots=True)
class Trend:
    """Readings alike, oldest first, and what has changed since the first and since the last but
    one; None while there is one reading."""

    like: Like
    measure: Measure
    points: tuple[Point, ...]
    since_first: Change | None
    since_previous: Change | None


def points(parts: Iterable[tuple[UUID, AssessmentPart]]) -> list[Point]:
    """Every reading that stands, of measures that this version knows."""
    return [
        Point(assessment, part.part, reading)
        for assessment, part in parts
        if part.retracted is None
        for reading in part.standing
        if reading.measured.measure in MEASURES
    ]


def trends(found: Iterable[Point]) -> list[Trend]:
    """One trend for all that is alike, in the order in which each was first measured."""
    alike: dict[Like, list[Point]] = {}
    for point in sorted(found, key=_when):
        alike.setdefault(point.like, []).append(point)
    return [_trend(like, tuple(group)) for like, group in alike.items()]


def change(measure: Measure, earlier: AssessedReading, later: AssessedReading) -> Change:
    """What has changed between two readings that are alike."""
    before, after = earlier.measured.value, later.measured.value
    return Change(
        by=round(after - before, 6),
        size=_size(measure, abs(after - before)),
        direction=_direction(measure, before, after),
        same_rater=earlier.rater == later.rater,
    )


def _when(point: Point) -> tuple[object, ...]:
    key = point.reading.key
    return (point.reading.measured.taken_at, key.recorded, key.number)


def _trend(like: Like, group: tuple[Point, ...]) -> Trend:
    measure, last = MEASURES[like.measure], group[-1].reading
    if len(group) == 1:
        return Trend(like, measure, group, None, None)
    return Trend(
        like=like,
        measure=measure,
        points=group,
        since_first=change(measure, group[0].reading, last),
        since_previous=change(measure, group[-2].reading, last),
    )


def _size(measure: Measure, amount: float) -> Size:
    if measure.change is None:
        return Size.UNKNOWN
    if amount < measure.change.low - SLACK:
        return Size.BELOW
    return Size.BEYOND if amount > measure.change.high + SLACK else Size.WITHIN


def _direction(measure: Measure, before: float, after: float) -> Direction:
    if abs(after - before) < SLACK:
        return Direction.SAME
    match measure.better:
        case Better.NEITHER:
            return Direction.NEITHER
        case Better.HIGHER:
            gained = after - before
        case Better.LOWER:
            gained = before - after
        case Better.TARGET:
            target = measure.target or 0.0
            gained = abs(before - target) - abs(after - target)
    if abs(gained) < SLACK:
        return Direction.SAME
    return Direction.BETTER if gained > 0 else Direction.WORSE
