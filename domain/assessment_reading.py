"""One measured value in an assessment, and which value is meant when it is corrected."""

from typing import Annotated, Self

from pydantic import Field, ValidationInfo, model_validator

from domain.fact import Value, replaying
from domain.limits import Name
from domain.measure import Reading
from domain.measures import Measure
from domain.measures_table import MEASURES


class Measured(Reading):
    """A reading with what it takes to compare it: on which device, and of what.

    Whoever records it is the rater. `of` names the exercise, muscle, landmark or test where the
    measure has one: a squat is not compared with a bench press.
    """

    of: Name | None = None
    device: Name | None = None

    @model_validator(mode="after")
    def _of_something(self, info: ValidationInfo) -> Self:
        if not replaying(info):
            require_of(MEASURES[self.measure], self.of)
        return self

    def as_evidence(self) -> Reading:
        """The same as evidence for a milestone, which asks neither for the device nor of what."""
        return Reading.model_construct(
            **{name: getattr(self, name) for name in Reading.model_fields}
        )


def require_of(measure: Measure, of: str | None) -> None:
    """Raise ValueError unless what a reading is of is named exactly where the measure has it."""
    if measure.of is not None and of is None:
        raise ValueError(f"of: name the {measure.of} that {measure.code} was measured of")
    if measure.of is None and of is not None:
        raise ValueError(f"{measure.code} is of nothing else: leave of out")


class ReadingKey(Value):
    """Which reading of a part: the record version that recorded it, and its number in there."""

    recorded: Annotated[int, Field(ge=1)]
    number: Annotated[int, Field(ge=1, le=40)]
