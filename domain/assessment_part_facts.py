"""Which fact says what of which part: both parts are decided on alike, and read apart."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from domain.assessment import (
    ClinicalPartAcknowledged,
    ClinicalPartCompleted,
    ClinicalPartRetracted,
    ClinicalPartStarted,
    ClinicalReadingCorrected,
    ClinicalReadingRetracted,
    FitnessPartAcknowledged,
    FitnessPartCompleted,
    FitnessPartRetracted,
    FitnessPartStarted,
    FitnessReadingCorrected,
    FitnessReadingRetracted,
)
from domain.assessment_part import Part
from domain.fact import Fact


@dataclass(frozen=True, slots=True)
class PartFacts:
    """The facts of one part."""

    started: Callable[..., Fact]
    completed: Callable[..., Fact]
    corrected: Callable[..., Fact]
    reading_retracted: Callable[..., Fact]
    retracted: Callable[..., Fact]
    acknowledged: Callable[..., Fact]


FACTS: Mapping[Part, PartFacts] = {
    Part.CLINICAL: PartFacts(
        ClinicalPartStarted,
        ClinicalPartCompleted,
        ClinicalReadingCorrected,
        ClinicalReadingRetracted,
        ClinicalPartRetracted,
        ClinicalPartAcknowledged,
    ),
    Part.FITNESS: PartFacts(
        FitnessPartStarted,
        FitnessPartCompleted,
        FitnessReadingCorrected,
        FitnessReadingRetracted,
        FitnessPartRetracted,
        FitnessPartAcknowledged,
    ),
}
