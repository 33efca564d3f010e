"""Readings of the measures in the catalogue: one value, held against what can be true of it."""

from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from domain.body import Side
from domain.fact import Value, replaying
from domain.measures import Measure
from domain.measures_table import MEASURES


class Method(StrEnum):
    """How a reading was taken. Trends and criteria compare like with like."""

    GONIOMETER = auto()
    INCLINOMETER = auto()
    TAPE = auto()
    DYNAMOMETER = auto()
    STOPWATCH = auto()
    COUNT = auto()
    MANUAL = auto()
    QUESTIONNAIRE = auto()
    DEVICE = auto()
    ESTIMATE = auto()


def _known(code: str, info: ValidationInfo) -> str:
    if code in MEASURES or replaying(info):
        return code
    raise ValueError(f"no such measure; use one of {', '.join(sorted(MEASURES))}")


MeasureCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9_]{2,40}$"), AfterValidator(_known)
]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=20)]


def require_plausible(measure: Measure, value: float, unit: str) -> None:
    """Raise ValueError, saying what would be right, unless `value` `unit` can be true of it."""
    if unit != measure.unit:
        raise ValueError(f"unit of {measure.code} is {measure.unit}, not {unit}")
    if not measure.low <= value <= measure.high:
        raise ValueError(
            f"value of {measure.code} lies between {measure.low:g} and {measure.high:g}"
            f" {measure.unit}"
        )


def require_side(measure: Measure, side: Side | None) -> None:
    """Raise ValueError unless the side is named exactly where the measure has one."""
    if measure.sided and side not in (Side.LEFT, Side.RIGHT):
        raise ValueError(f"side of {measure.code} is left or right")
    if not measure.sided and side is not None:
        raise ValueError(f"{measure.code} has no side: leave side out")


class Response(StrEnum):
    """How the client was over the 24 hours after."""

    SETTLED = auto()
    WORSE = auto()


class Reading(Value):
    """One measured value, as evidence: what, how much, where, how, when."""

    measure: MeasureCode
    value: FiniteFloat
    unit: Unit
    side: Side | None = None
    method: Method | None = None
    taken_at: AwareDatetime
    response: Response | None = None
    """Over the 24 hours after, where it was asked for and they have passed."""

    @model_validator(mode="after")
    def _plausible(self, info: ValidationInfo) -> Self:
        if not replaying(info):
            measure = MEASURES[self.measure]
            require_plausible(measure, self.value, self.unit)
            require_side(measure, self.side)
        return self
