"""What must be measured before a milestone is reached, and whether evidence shows it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, ValidationInfo, model_validator

from domain.body import Side
from domain.fact import Value, replaying
from domain.measure import (
    MeasureCode,
    Method,
    Reading,
    Response,
    Unit,
    require_plausible,
    require_side,
)
from domain.measures_table import MEASURES

PERCENT = "%"


class Comparison(StrEnum):
    """How a reading is held against the value that a criterion asks for."""

    AT_LEAST = auto()
    AT_MOST = auto()


class Criterion(Value):
    """One measurable condition.

    `of_other_side`: `value` is in percent of the same measure on the other side. `fresh_days`:
    how old a reading may be. `settles`: the reading counts only once the 24 hours after it have
    passed and the client settled. `sessions`: on how many separate days it has to be met.
    """

    measure: MeasureCode
    comparison: Comparison
    value: FiniteFloat
    unit: Unit
    side: Side | None = None
    of_other_side: bool = False
    method: Method | None = None
    fresh_days: Annotated[int, Field(ge=1, le=180)] = 14
    settles: bool = False
    sessions: Annotated[int, Field(ge=1, le=20)] = 1

    @model_validator(mode="after")
    def _measurable(self, info: ValidationInfo) -> Self:
        if replaying(info):
            return self
        measure = MEASURES[self.measure]
        require_side(measure, self.side)
        if not self.of_other_side:
            require_plausible(measure, self.value, self.unit)
        elif not measure.sided:
            raise ValueError(f"{measure.code} has no other side: leave of_other_side out")
        elif self.unit != PERCENT or not 1 <= self.value <= 200:
            raise ValueError("a value held against the other side is 1 to 200 with unit %")
        return self


class Shortfall(StrEnum):
    """Why evidence does not meet a criterion: what has to change first."""

    NO_READING = auto()
    STALE = auto()
    OTHER_SIDE_MISSING = auto()
    NOT_SETTLED = auto()
    NOT_REACHED = auto()
    MORE_SESSIONS = auto()


def shortfall(criterion: Criterion, evidence: Iterable[Reading], now: datetime) -> Shortfall | None:
    """What the evidence lacks at `now` to meet the criterion; None if it meets it."""
    alike = [
        reading
        for reading in evidence
        if reading.measure == criterion.measure
        and criterion.method in (None, reading.method)
        and reading.taken_at <= now
    ]
    mine = [reading for reading in alike if reading.side == criterion.side]
    if not mine:
        return Shortfall.NO_READING
    fresh = [r for r in mine if now - r.taken_at <= timedelta(days=criterion.fresh_days)]
    if not fresh:
        return Shortfall.STALE
    if criterion.of_other_side and not _opposite(criterion, alike):
        return Shortfall.OTHER_SIDE_MISSING
    return _held(criterion, fresh, alike, now)


def _held(
    criterion: Criterion, fresh: list[Reading], alike: list[Reading], now: datetime
) -> Shortfall | None:
    """Of each day its last reading counts, so that a bad one is not outvoted by an earlier one.

    The latest day must be among those that meet the criterion.
    """
    last_of_day = {r.taken_at.date(): r for r in sorted(fresh, key=lambda r: r.taken_at)}
    days = [last_of_day[day] for day in sorted(last_of_day)]
    if not _reached(criterion, days[-1], alike):
        return Shortfall.NOT_REACHED
    met = [reading for reading in days if _reached(criterion, reading, alike)]
    settled = [reading for reading in met if not criterion.settles or _settled(reading, now)]
    if len(met) >= criterion.sessions > len(settled):
        return Shortfall.NOT_SETTLED
    return None if len(settled) >= criterion.sessions else Shortfall.MORE_SESSIONS


def _settled(reading: Reading, now: datetime) -> bool:
    return reading.response is Response.SETTLED and now - reading.taken_at >= timedelta(hours=24)


def _opposite(criterion: Criterion, alike: list[Reading]) -> list[Reading]:
    return [reading for reading in alike if reading.side not in (None, criterion.side)]


def _reached(criterion: Criterion, reading: Reading, alike: list[Reading]) -> bool:
    target = criterion.value
    if criterion.of_other_side:
        nearest = min(
            _opposite(criterion, alike), key=lambda other: abs(other.taken_at - reading.taken_at)
        )
        target = criterion.value / 100 * nearest.value
    if criterion.comparison is Comparison.AT_LEAST:
        return reading.value >= target
    return reading.value <= target
