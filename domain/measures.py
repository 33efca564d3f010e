"""What the catalogue says of each measure: unit, plausible range, and which change matters.

The measures themselves are in `measures_table`; readings of them are in `measure`. Plausible ranges
catch slips of the keyboard; they are not norms and say nothing clinical.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from domain.lanes import Category


class Better(StrEnum):
    """Direction in which a value of the measure means improvement."""

    HIGHER = auto()
    LOWER = auto()
    TARGET = auto()
    """The nearer to the measure's target, the better."""
    NEITHER = auto()


class Kind(StrEnum):
    """What sort of measure it is."""

    QUESTIONNAIRE = auto()
    RATING = auto()
    MOTION = auto()
    STRENGTH = auto()
    PERFORMANCE = auto()
    VITAL = auto()
    BODY = auto()
    HISTORY = auto()
    ACTIVITY = auto()
    DERIVED = auto()
    """Worked out from other readings."""


class Taker(StrEnum):
    """From whom a reading comes. What a client answers may be written down by any lane."""

    CLINICIAN = auto()
    TRAINER = auto()
    CLIENT = auto()
    DEVICE = auto()


class Licence(StrEnum):
    """What of an instrument may be kept here. Texts of forms are never shipped, free or not."""

    FREE = auto()
    SCORE_ONLY = auto()
    """Licensed, or its licence has not been checked: only its score is recorded."""


class Named(StrEnum):
    """What a reading must name, to be compared with like only."""

    EXERCISE = auto()
    MUSCLE = auto()
    LANDMARK = auto()
    TEST = auto()


class Meaning(StrEnum):
    """Which question the range of a change answers."""

    IMPORTANT = auto()
    """Whether people notice it (minimum important difference)."""
    DETECTABLE = auto()
    """Whether it is more than the error of measuring (minimum detectable change)."""


@dataclass(frozen=True, slots=True)
class Change:
    """By how much a value must change to mean something: `low` to `high`, in the measure's unit.

    Found in `population`; `source` is where that was published.
    """

    low: float
    high: float
    meaning: Meaning
    population: str
    source: str


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `unit` is UCUM; `low` and `high` are the ends of what can be true.

    `category`: what consent its readings need, and so the part of an assessment that it belongs to.
    `sided`: taken on one side of the body. `of`: what else a reading names. `loinc`: only a code
    that was verified; for a pair of sides there may be none that covers both.
    """

    code: str
    name: str
    unit: str
    low: float
    high: float
    better: Better
    kind: Kind
    category: Category
    taken_by: frozenset[Taker]
    sided: bool = False
    target: float | None = None
    of: Named | None = None
    change: Change | None = None
    loinc: str | None = None
    licence: Licence = Licence.FREE

    @property
    def trainer(self) -> bool:
        """Whether a trainer may take it, or write down what the client answered."""
        return bool(self.taken_by & {Taker.TRAINER, Taker.CLIENT})

    @property
    def own(self) -> bool:
        """Whether it is the client's own to answer."""
        return Taker.CLIENT in self.taken_by
