"""Who may write what in an assessment: the one place where lanes meet its parts and measures."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.assessment_part import AssessedReading, AssessmentPart, Part
from domain.assessment_reading import Measured
from domain.lanes import Category, Discipline, Lane, lanes_of
from domain.measures import Measure
from domain.measures_table import MEASURES
from domain.parties import require_client
from domain.refused import Refused
from domain.restrict import require_place

if TYPE_CHECKING:
    from domain.record import CareRecord


def require_assessor(record: "CareRecord", by: Actor, *, covering: bool) -> None:
    """Refuse all but those on the care team (or covering), and the client about themselves."""
    if by.acting_as is Discipline.CLIENT:
        require_client(record, by)
    else:
        require_place(record, by, covering=covering)


def require_starter(by: Actor) -> None:
    """Whoever fills one part opens both: refuse `outside-lane` to all others."""
    if not any(Lane.WRITE in lanes_of(by.acting_as, part.category) for part in Part):
        by.require_lane(Category.FUNCTION, Lane.WRITE)


def require_recorder(by: Actor, part: Part, readings: Iterable[Measured], *, words: bool) -> None:
    """Whoever writes a part's category records what they like in it. A trainer adds measures of
    function that trainers take, and a client what is theirs to answer; neither adds `words`.

    Refuses `outside-lane`, `not-yours-to-measure`.
    """
    lanes = lanes_of(by.acting_as, part.category)
    own_only = Lane.WRITE not in lanes and Lane.OWN in lanes and not words
    by.require_lane(part.category, Lane.OWN if own_only else Lane.WRITE)
    others = {r.measure for r in readings if not takes(by.acting_as, MEASURES[r.measure])}
    if others:
        raise Refused("not-yours-to-measure", measures=sorted(others))


def takes(discipline: Discipline, measure: Measure) -> bool:
    """Whether a reading of `measure` is for that discipline to take, or to write down."""
    match discipline:
        case Discipline.TRAINER:
            return measure.trainer
        case Discipline.CLIENT:
            return measure.own
        case _:
            return True


def reads(discipline: Discipline, category: Category, measure: str) -> bool:
    """How much of an open category to show: a trainer reads of function what trainers can take.

    A measure that this version does not know is nobody's to take.
    """
    if discipline is not Discipline.TRAINER or category is not Category.FUNCTION:
        return True
    return measure in MEASURES and takes(discipline, MEASURES[measure])


def require_corrector(by: Actor, reading: AssessedReading) -> None:
    """A reading is put right by its rater, or by a physiotherapist on the team.

    Refuses `not-yours-to-correct`.
    """
    if by.id != reading.rater and not _answers_for(by):
        raise Refused("not-yours-to-correct")


def require_retractor(by: Actor, part: AssessmentPart) -> None:
    """A part is taken back by whoever alone filled it, or by a physiotherapist on the team."""
    if part.authors != _only(by.id) and not _answers_for(by):
        raise Refused("not-yours-to-correct")


def _answers_for(by: Actor) -> bool:
    """Whoever writes both parts answers for the whole form, also when its author has left."""
    return all(Lane.WRITE in lanes_of(by.acting_as, part.category) for part in Part)


def _only(person: UUID) -> frozenset[UUID]:
    return frozenset({person})
