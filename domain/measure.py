"""Measures that a milestone can ask for, and readings of them.

A cut of the catalogue: what has a range that is certain (a scale's own ends, a physical quantity)
and a form that may be used. Plausible ranges catch slips of the keyboard; they are not norms and
say nothing clinical. Instruments whose licence or range is not verified are left out.
"""

from dataclasses import dataclass
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


class Better(StrEnum):
    """Direction in which a value of the measure means improvement."""

    HIGHER = auto()
    LOWER = auto()
    NEITHER = auto()


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


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `unit` is UCUM; `low` and `high` are the ends of what can be true.

    `sided`: taken on one side of the body. `trainer`: a trainer may take it.
    """

    code: str
    name: str
    unit: str
    low: float
    high: float
    better: Better
    sided: bool = False
    trainer: bool = True


_UP, _DOWN, _NEITHER = Better.HIGHER, Better.LOWER, Better.NEITHER

_TABLE = (
    Measure("nprs", "Pain now, 0–10", "{score}", 0, 10, _DOWN),
    Measure("pain_session", "Pain during the session, 0–10", "{score}", 0, 10, _DOWN),
    Measure("effort", "Perceived effort, 0–10", "{score}", 0, 10, _NEITHER),
    Measure("psfs", "Patient-specific functional scale", "{score}", 0, 10, _UP),
    Measure("lefs", "Lower extremity functional scale", "{score}", 0, 80, _UP),
    Measure("uefi", "Upper extremity functional index", "{score}", 0, 80, _UP),
    Measure("knee_flexion", "Knee bend", "deg", 0, 170, _UP, sided=True),
    Measure("knee_short_of_straight", "Knee short of straight", "deg", -20, 90, _DOWN, sided=True),
    Measure("quadriceps_lag", "Lag in straight-leg raise", "deg", 0, 60, _DOWN, sided=True),
    Measure("hip_flexion", "Hip bend", "deg", 0, 160, _UP, sided=True),
    Measure("hip_internal_rotation", "Hip turned inwards", "deg", 0, 90, _UP, sided=True),
    Measure("ankle_dorsiflexion", "Ankle, knee over toes", "deg", -30, 60, _UP, sided=True),
    Measure("shoulder_flexion", "Arm raised forwards", "deg", 0, 200, _UP, sided=True),
    Measure("shoulder_abduction", "Arm raised sideways", "deg", 0, 200, _UP, sided=True),
    Measure("shoulder_external_rotation", "Arm turned out", "deg", -30, 130, _UP, sided=True),
    Measure("elbow_flexion", "Elbow bend", "deg", 0, 170, _UP, sided=True),
    Measure("neck_rotation", "Neck turned", "deg", 0, 110, _UP, sided=True),
    Measure("straight_leg_raise", "Straight-leg raise", "deg", 0, 130, _UP, sided=True),
    Measure("mmt", "Manual muscle test", "{grade}", 0, 5, _UP, sided=True, trainer=False),
    Measure("grip", "Grip strength", "kg", 0, 120, _UP, sided=True),
    Measure("onerm", "One-repetition maximum", "kg", 0, 500, _UP),
    Measure("limb_symmetry", "Weaker side against the other", "%", 0, 200, _UP),
    Measure("hop", "Single-leg hop for distance", "cm", 0, 300, _UP, sided=True),
    Measure("single_leg_squats", "Single-leg squats in a row", "{count}", 0, 200, _UP, sided=True),
    Measure("heel_raises", "Single-leg heel raises", "{count}", 0, 200, _UP, sided=True),
    Measure("balance_sl", "Single-leg stance", "s", 0, 60, _UP, sided=True),
    Measure("tug", "Timed up and go", "s", 3, 180, _DOWN),
    Measure("chair30", "30-second chair stand", "/(30.s)", 0, 60, _UP),
    Measure("sts5", "Five times sit to stand", "s", 3, 120, _DOWN),
    Measure("sixmwt", "Six-minute walk distance", "m", 0, 1000, _UP),
    Measure("gait4", "Gait speed over 4 m", "m/s", 0.1, 3, _UP),
    Measure("walk_minutes", "Walking without a limp", "min", 0, 240, _UP),
    Measure("run_minutes", "Running without symptoms", "min", 0, 240, _UP),
    Measure("girth", "Girth (swelling)", "cm", 5, 150, _DOWN, sided=True),
    Measure("resting_hr", "Resting heart rate", "/min", 25, 220, _NEITHER),
    Measure("bp_systolic", "Systolic blood pressure", "mm[Hg]", 50, 260, _NEITHER),
    Measure("bp_diastolic", "Diastolic blood pressure", "mm[Hg]", 30, 160, _NEITHER),
    Measure("body_mass", "Body mass", "kg", 20, 350, _NEITHER),
)

MEASURES: dict[str, Measure] = {measure.code: measure for measure in _TABLE}


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
