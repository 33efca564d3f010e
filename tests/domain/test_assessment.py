"""Assessments: either lane starts, each fills its part, and nobody writes in another's."""

from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Actor
from domain.assessment import (
    ClinicalPartCompleted,
    ClinicalPartRecorded,
    ClinicalPartStarted,
    FitnessPartCompleted,
    FitnessPartRecorded,
    FitnessPartStarted,
)
from domain.assessment_decisions import acknowledge, record_clinical, record_fitness, start
from domain.assessment_part import Extent, MovementFinding, Occasion
from domain.assessment_reading import Measured
from domain.body import Pattern, Side
from domain.consent import ConsentGranted
from domain.lanes import Category, Purpose
from domain.refused import Refused, Unprocessable
from tests.domain.given import terms, uid
from tests.domain.given_assessment import (
    CLINICAL,
    FIRST,
    FITNESS,
    SECOND,
    bend,
    filled,
    hop,
    measured,
    part,
    started,
)
from tests.domain.given_restriction import (
    CARA,
    NOW,
    OWNER,
    PRIYA,
    RUTH,
    SAM,
    STRANGER,
    Story,
)


def refusal(story: Story, decision: Any, by: Actor, *what: Any, **how: Any) -> str:
    before = len(story.entries)
    with pytest.raises(Refused) as refused:
        story.do(decision, by, *what, **how)
    assert len(story.entries) == before
    return refused.value.code


@pytest.mark.parametrize("by", [PRIYA, SAM, RUTH])
def test_either_lane_starts_both_parts_and_each_is_a_fact_of_its_own_category(by: Actor) -> None:
    story = started(by=by)
    clinical, fitness = (entry.fact for entry in story.entries[-2:])
    assert isinstance(clinical, ClinicalPartStarted)
    assert isinstance(fitness, FitnessPartStarted)
    assert ClinicalPartStarted.category is Category.FUNCTION
    assert FitnessPartStarted.category is Category.FITNESS
    assert part(story).occasion is part(story, FITNESS).occasion is Occasion.BASELINE


def test_one_part_alone_can_be_opened() -> None:
    story = started()
    story.append(SAM, *start(story.record, SAM, SECOND, Occasion.PROGRESS, parts=(FITNESS,)))
    assert set(story.record.assessments.items[SECOND].parts) == {FITNESS}
    code = refusal(story, record_clinical, PRIYA, SECOND, readings=(bend(90),))
    assert code == "unknown-assessment"


@pytest.mark.parametrize(
    ("by", "code"),
    [(CARA, "outside-lane"), (OWNER, "outside-lane"), (STRANGER, "not-on-the-team")],
)
def test_nobody_else_starts_one(by: Actor, code: str) -> None:
    with pytest.raises(Refused) as refused:
        start(Story().record, by, FIRST, Occasion.BASELINE)
    assert refused.value.code == code


def test_an_assessment_is_started_once() -> None:
    with pytest.raises(Refused, match="assessment-exists"):
        start(started().record, SAM, FIRST, Occasion.PROGRESS)


def test_each_lane_fills_its_part_and_is_the_rater_of_what_it_measured() -> None:
    story = filled()
    (flexion,) = part(story).readings
    (jump,) = part(story, FITNESS).readings
    assert (flexion.measured.value, flexion.rater) == (90, PRIYA.id)
    assert (jump.measured.value, jump.rater) == (80, SAM.id)
    assert flexion.key.recorded == flexion.source.version == story.entries[-2].version


def test_clinical_findings_are_narrower_than_their_fact() -> None:
    assert ClinicalPartRecorded.narrower_fields() == {"clinical_findings": Category.CLINICAL}
    assert FitnessPartRecorded.narrower_fields() == {}


def test_a_trainer_adds_measures_of_function_that_trainers_take_and_nothing_else() -> None:
    story = started()
    fact = story.do(record_clinical, SAM, FIRST, readings=(measured("tug", 9, "s"),))
    assert isinstance(fact, ClinicalPartRecorded)
    grade = measured("mmt", 4, "{grade}", side=Side.RIGHT, of="quadriceps")
    assert refusal(story, record_clinical, SAM, FIRST, readings=(grade,)) == "not-yours-to-measure"
    assert refusal(story, record_clinical, SAM, FIRST, findings="Stiff.") == "outside-lane"
    assert refusal(story, record_clinical, SAM, FIRST, complete=True) == "outside-lane"
    assert story.do(record_clinical, PRIYA, FIRST, readings=(grade,))


def test_a_client_answers_their_own_questionnaires_and_measures_nothing() -> None:
    story = started()
    story.do(record_clinical, OWNER, FIRST, readings=(measured("lefs", 40, "{score}"),))
    assert part(story).readings[0].rater == OWNER.id
    assert refusal(story, record_clinical, OWNER, FIRST, readings=(bend(90),)) == (
        "not-yours-to-measure"
    )
    pain = measured("pain_session", 3, "{score}")
    assert refusal(story, record_fitness, OWNER, FIRST, readings=(pain,)) == "outside-lane"


def test_a_massage_therapist_writes_function_but_neither_fitness_nor_what_is_clinical() -> None:
    story = started()
    story.do(record_clinical, RUTH, FIRST, readings=(bend(80),), findings="Swollen.")
    assert refusal(story, record_clinical, RUTH, FIRST, clinical_findings="x") == "outside-lane"
    assert refusal(story, record_fitness, RUTH, FIRST, readings=(hop(80),)) == "outside-lane"


@pytest.mark.parametrize(
    ("decision", "by", "reading"),
    [(record_clinical, PRIYA, hop(80)), (record_fitness, SAM, bend(90))],
)
def test_a_measure_belongs_to_the_part_of_its_category(
    decision: Any, by: Actor, reading: Measured
) -> None:
    with pytest.raises(Unprocessable) as refused:
        started().do(decision, by, FIRST, readings=(reading,))
    assert refused.value.path == "readings.0.measure"
    assert reading.measure not in refused.value.mend


def test_what_is_yet_to_be_measured_is_no_reading() -> None:
    ahead = bend(90, at=NOW + timedelta(days=1))
    with pytest.raises(Unprocessable) as refused:
        started().do(record_clinical, PRIYA, FIRST, readings=(bend(80), ahead))
    assert refused.value.path == "readings.1.taken_at"


def test_a_part_is_complete_when_its_own_lane_says_so_and_then_takes_no_more() -> None:
    story = filled()
    facts = story.do(record_clinical, PRIYA, FIRST, readings=(bend(95),), complete=True)
    assert [type(fact) for fact in facts] == [ClinicalPartRecorded, ClinicalPartCompleted]
    assert refusal(story, record_clinical, RUTH, FIRST, readings=(bend(9),)) == "part-complete"
    assert part(story, FITNESS).completed is None
    moved = MovementFinding(
        pattern=Pattern.SQUAT, compensation="Leans to the left.", extent=Extent.CLEAR, pain=2
    )
    story.do(record_fitness, SAM, FIRST, movement=(moved,))
    assert isinstance(story.do(record_fitness, SAM, FIRST, complete=True), FitnessPartCompleted)
    assert part(story, FITNESS).findings[0].movement == (moved,)


def test_nothing_is_not_recorded() -> None:
    story = started()
    for how in ({}, {"complete": True}):
        assert refusal(story, record_clinical, PRIYA, FIRST, **how) == "nothing-recorded"


def consented(story: Story, by: Actor, *categories: Category) -> None:
    what = terms(by, *categories, purposes=(Purpose.TRAINING, Purpose.TREATMENT))
    story.append(OWNER, ConsentGranted(consent=uid(f"consent of {by.id}"), terms=what))


def test_whoever_may_read_a_part_acknowledges_the_version_displayed() -> None:
    story = filled()
    consented(story, SAM, Category.FUNCTION)
    version = part(story).version
    how: dict[str, Any] = {"purpose": Purpose.TRAINING, "seen": version}
    story.do(acknowledge, SAM, FIRST, CLINICAL, **how)
    made = part(story).acknowledged_by(SAM.id)
    assert made is not None
    assert made.seen == version
    assert part(story).version == version, "to have read is no change of what is displayed"
    assert story.do(acknowledge, SAM, FIRST, CLINICAL, **how) == []


def test_nobody_learns_from_acknowledging_that_there_is_a_part() -> None:
    story = filled()
    consented(story, SAM, Category.IDENTITY)
    how: dict[str, Any] = {"purpose": Purpose.TRAINING, "seen": part(story).version}
    here = refusal(story, acknowledge, SAM, FIRST, CLINICAL, **how)
    absent = refusal(story, acknowledge, SAM, SECOND, CLINICAL, **how)
    assert here == absent == "unknown-assessment"


def test_what_has_changed_since_is_not_acknowledged() -> None:
    story = filled()
    consented(story, SAM, Category.FUNCTION)
    seen = part(story).version
    story.do(record_clinical, PRIYA, FIRST, readings=(bend(95),))
    how: dict[str, Any] = {"purpose": Purpose.TRAINING, "seen": seen}
    assert refusal(story, acknowledge, SAM, FIRST, CLINICAL, **how) == "changed-since-seen"


def test_a_change_of_one_part_leaves_the_other_as_it_was_seen() -> None:
    story = filled()
    consented(story, SAM, Category.FUNCTION)
    seen = part(story, CLINICAL).version
    story.do(record_fitness, SAM, FIRST, readings=(hop(90),))
    story.do(acknowledge, SAM, FIRST, CLINICAL, purpose=Purpose.TRAINING, seen=seen)
    assert part(story).acknowledged_by(SAM.id)
