"""Limits: how far, how heavy, how hard, how often something may still be done."""

from datetime import date
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, StringConstraints, ValidationInfo, model_validator

from domain.body import Movement
from domain.fact import Value, replaying

_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=_ONE_LINE)]
Kilograms = Annotated[FiniteFloat, Field(gt=0, le=500)]
BodyMass = Annotated[FiniteFloat, Field(ge=20, le=350)]
Percent = Annotated[FiniteFloat, Field(gt=0, le=100)]
OutOfTen = Annotated[int, Field(ge=0, le=10)]
Degrees = Annotated[int, Field(ge=-30, le=200)]


class WeightBearingClass(StrEnum):
    """How much weight the leg (or arm) may take, least first."""

    NWB = "NWB"
    TTWB = "TTWB"
    PWB = "PWB"
    WBAT = "WBAT"
    FWB = "FWB"


WEIGHT_BEARING_WORDS = {
    WeightBearingClass.NWB: "no weight on it",
    WeightBearingClass.TTWB: "toes touch the ground, no weight on it",
    WeightBearingClass.PWB: "part of the weight",
    WeightBearingClass.WBAT: "weight as tolerated",
    WeightBearingClass.FWB: "full weight",
}


class WeightBearing(Value):
    """A weight-bearing class; a partial one says how many kilograms.

    A maximum in percent names the body mass that it is of, and the day it was weighed, so that
    the kilograms shown do not change by themselves.
    """

    grade: WeightBearingClass
    max_kg: Kilograms | None = None
    max_percent: Percent | None = None
    body_mass_kg: BodyMass | None = None
    body_mass_on: date | None = None

    @model_validator(mode="after")
    def _one_maximum(self, info: ValidationInfo) -> Self:
        if replaying(info):
            return self
        given = (self.max_kg is not None) + (self.max_percent is not None)
        if self.grade is WeightBearingClass.PWB and given != 1:
            raise ValueError("PWB needs either max_kg or max_percent of a dated body mass")
        if self.grade is not WeightBearingClass.PWB and given:
            raise ValueError("only PWB has a maximum: leave out max_kg and max_percent")
        mass = (self.body_mass_kg is not None) + (self.body_mass_on is not None)
        if mass != (2 if self.max_percent is not None else 0):
            raise ValueError("body_mass_kg and body_mass_on go together with max_percent, only")
        return self

    @property
    def kilograms(self) -> float | None:
        """The maximum in kg, to half a kilogram downwards; None unless partial."""
        if self.max_kg is not None:
            return self.max_kg
        if self.max_percent is None or self.body_mass_kg is None:
            return None
        return int(self.max_percent * self.body_mass_kg / 50) / 2


class ArcMode(StrEnum):
    """How the joint is moved within the arc."""

    ACTIVE = auto()
    PASSIVE = auto()
    LOADED = auto()


class Arc(Value):
    """Degrees of a movement, from neutral, within which the joint may move in this mode."""

    movement: Movement
    start: Degrees = 0
    end: Degrees
    mode: ArcMode = ArcMode.LOADED

    @model_validator(mode="after")
    def _in_order(self, info: ValidationInfo) -> Self:
        if self.start >= self.end and not replaying(info):
            raise ValueError(
                f"the arc starts below where it ends: start {self.end}, end {self.start}?"
                if self.start > self.end
                else "the arc ends above where it starts"
            )
        return self


class Load(Value):
    """The heaviest load, of one exercise or of whatever the restriction is about.

    A percentage names the one-repetition maximum that it is of, and the day it was tested.
    """

    exercise: Name | None = None
    max_kg: Kilograms | None = None
    max_percent: Percent | None = None
    one_rm_kg: Kilograms | None = None
    one_rm_on: date | None = None

    @model_validator(mode="after")
    def _one_maximum(self, info: ValidationInfo) -> Self:
        if replaying(info):
            return self
        if (self.max_kg is None) == (self.max_percent is None):
            raise ValueError("a load has either max_kg or max_percent of a dated one_rm_kg")
        tested = (self.one_rm_kg is not None) + (self.one_rm_on is not None)
        if tested != (2 if self.max_percent is not None else 0):
            raise ValueError("one_rm_kg and one_rm_on go together with max_percent, only")
        return self

    @property
    def kilograms(self) -> float:
        """The maximum in kg, to half a kilogram downwards."""
        if self.max_kg is not None:
            return self.max_kg
        return int((self.max_percent or 0) * (self.one_rm_kg or 0) / 50) / 2


class Impact(StrEnum):
    """The hardest landing that is allowed, least first."""

    NONE = auto()
    LOW = auto()
    MODERATE = auto()
    HIGH = auto()


class Supervision(StrEnum):
    """Who has to be there, least first."""

    AT_HAND = auto()
    ONE_TO_ONE = auto()
    HANDS_ON = auto()


class Limits(Value):
    """Any of the limits that a restriction can set. What is left out is not limited by it.

    Arcs are of the joint that the restriction names. Heart rate is in beats a minute, blood
    pressure in mm[Hg], effort and pain on a scale from 0 to 10.
    """

    weight_bearing: WeightBearing | None = None
    arcs: Annotated[tuple[Arc, ...], Field(max_length=8)] = ()
    loads: Annotated[tuple[Load, ...], Field(max_length=8)] = ()
    max_effort: OutOfTen | None = None
    max_pain: OutOfTen | None = None
    max_heart_rate: Annotated[int, Field(ge=40, le=220)] | None = None
    max_systolic: Annotated[int, Field(ge=80, le=260)] | None = None
    max_diastolic: Annotated[int, Field(ge=40, le=160)] | None = None
    max_impact: Impact | None = None
    max_sets: Annotated[int, Field(ge=1, le=50)] | None = None
    max_minutes: Annotated[int, Field(ge=1, le=600)] | None = None
    max_metres: Annotated[int, Field(ge=1, le=100_000)] | None = None
    max_sessions_per_week: Annotated[int, Field(ge=0, le=21)] | None = None
    brace: Name | None = None
    aid: Name | None = None
    supervision: Supervision | None = None

    @model_validator(mode="after")
    def _each_once(self, info: ValidationInfo) -> Self:
        if replaying(info):
            return self
        if len({(arc.movement, arc.mode) for arc in self.arcs}) < len(self.arcs):
            raise ValueError("arcs name each movement once in each mode")
        if len({load.exercise for load in self.loads}) < len(self.loads):
            raise ValueError("loads name each exercise once")
        return self

    @property
    def empty(self) -> bool:
        """Whether nothing is limited."""
        return self == Limits()


CAPS = (
    "max_effort",
    "max_pain",
    "max_heart_rate",
    "max_systolic",
    "max_diastolic",
    "max_impact",
    "max_sets",
    "max_minutes",
    "max_metres",
    "max_sessions_per_week",
)
"""Limits that are one number (or rank), where less is stricter."""

_IMPACTS = tuple(Impact)
_GRADES = tuple(WeightBearingClass)
UNLIMITED = float("inf")


def cap(limits: Limits, name: str) -> float:
    """One of `CAPS` as a number to compare by; infinite where it is not limited."""
    value = getattr(limits, name)
    if value is None:
        return UNLIMITED
    return float(_IMPACTS.index(value)) if isinstance(value, Impact) else float(value)


def weight_allowed(limits: Limits) -> tuple[int, float]:
    """Weight bearing as something to compare by: rank of the class, then kilograms."""
    bearing = limits.weight_bearing
    if bearing is None:
        return len(_GRADES) - 1, UNLIMITED
    return _GRADES.index(bearing.grade), bearing.kilograms or UNLIMITED


def supervision_needed(limits: Limits) -> int:
    """Supervision as a number to compare by: 0 where none is asked for."""
    return 0 if limits.supervision is None else 1 + tuple(Supervision).index(limits.supervision)
