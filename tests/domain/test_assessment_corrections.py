"""Putting an assessment right: what was acknowledged is void, and what was wrong is remembered."""

from typing import Any

import pytest

from domain.assessment import (
    ClinicalPartRetracted,
    ClinicalReadingCorrected,
    ClinicalReadingRetracted,
)
from domain.assessment_corrections import correct, retract, retract_reading
from domain.assessment_decisions import acknowledge, record_clinical
from domain.body import Side
from domain.lanes import Category, Purpose
from domain.refused import Refused
from tests.domain.given_assessment import (
    CLINICAL,
    FIRST,
    FITNESS,
    bend,
    filled,
    key,
    measured,
    only,
    part,
)
from tests.domain.given_restriction import PRIYA, QUENTIN, RUTH, SAM, Story
from tests.domain.test_assessment import consented, refusal


def acknowledged() -> Story:
    """Sam has taken note of both parts."""
    story = filled()
    consented(story, SAM, Category.FUNCTION, Category.FITNESS)
    for which in (CLINICAL, FITNESS):
        seen = part(story, which).version
        story.do(acknowledge, SAM, FIRST, which, seen=seen, purpose=Purpose.TRAINING)
    return story


def seen(story: Story, **more: Any) -> dict[str, Any]:
    return {"seen": part(story).version, **more}


def decide(story: Story, decision: Any, by: Any, *what: Any, **how: Any) -> Any:
    """Decisions that ask for no clock."""
    facts = decision(story.record, by, *what, **how)
    story.append(by, *facts)
    return facts[0]


def test_a_correction_gives_the_value_and_voids_what_was_acknowledged_of_its_part() -> None:
    story = acknowledged()
    wrong = only(story).source.version
    fact = story.do(
        correct, PRIYA, FIRST, CLINICAL, only(story).key, bend(70), "Misread.", **seen(story)
    )
    assert isinstance(fact, ClinicalReadingCorrected)
    now = only(story)
    assert (now.measured.value, now.rater, now.wrong) == (70, PRIYA.id, (wrong,))
    assert part(story).acknowledgements == ()
    assert part(story, FITNESS).acknowledged_by(SAM.id) is not None
    assert part(story).version == now.source.version


def test_a_second_correction_remembers_both_wrong_values() -> None:
    story = filled()
    for degrees in (70, 75):
        what = (FIRST, CLINICAL, only(story).key, bend(degrees), "Misread.")
        story.do(correct, PRIYA, *what, **seen(story))
    first, second = part(story).corrections
    assert second.wrong == (*first.wrong, first.version)


def test_another_physiotherapist_corrects_and_the_rater_stays() -> None:
    story = filled()
    story.do(correct, QUENTIN, FIRST, CLINICAL, only(story).key, bend(70), "Left.", **seen(story))
    assert only(story).rater == PRIYA.id
    assert only(story).source.author == QUENTIN.id


@pytest.mark.parametrize("by", [SAM, RUTH])
def test_nobody_else_corrects_another_raters_reading(by: Any) -> None:
    story = filled()
    what = (FIRST, CLINICAL, only(story).key, bend(70), "Looks wrong.")
    assert refusal(story, correct, by, *what, **seen(story)) == "not-yours-to-correct"


def test_a_trainer_corrects_their_own_reading_of_function() -> None:
    story = filled()
    story.do(record_clinical, SAM, FIRST, readings=(measured("tug", 9, "s"),))
    own = part(story).readings[-1].key
    story.do(correct, SAM, FIRST, CLINICAL, own, measured("tug", 11, "s"), "Typed.", **seen(story))
    assert part(story).readings[-1].measured.value == 11


def test_what_others_add_meanwhile_does_not_keep_a_rater_from_putting_their_own_right() -> None:
    story = filled()
    displayed = seen(story)
    mine = only(story).key
    story.do(record_clinical, RUTH, FIRST, readings=(bend(95),))
    story.do(correct, PRIYA, FIRST, CLINICAL, mine, bend(70), "Misread.", **displayed)
    assert part(story).readings[0].measured.value == 70


def test_a_correction_is_of_the_same_measure_says_something_and_names_what_was_seen() -> None:
    story = filled()
    mine = only(story).key
    other = measured("tug", 9, "s")
    same = bend(90)
    for new, code in ((other, "another-measure"), (same, "nothing-changed")):
        what = (FIRST, CLINICAL, mine, new, "Typed.")
        assert refusal(story, correct, PRIYA, *what, **seen(story)) == code
    stale = only(story).source.version
    what = (FIRST, CLINICAL, mine, bend(70), "Typed.")
    story.do(correct, PRIYA, *what, **seen(story))
    what = (FIRST, CLINICAL, mine, bend(75), "Typed.")
    assert refusal(story, correct, PRIYA, *what, seen=stale) == "changed-since-seen"
    what = (FIRST, CLINICAL, key(999), bend(70), "Typed.")
    assert refusal(story, correct, PRIYA, *what, **seen(story)) == "unknown-reading"


def test_a_wrong_side_is_put_right() -> None:
    story = filled()
    left = bend(90, side=Side.LEFT)
    story.do(correct, PRIYA, FIRST, CLINICAL, only(story).key, left, "Left.", **seen(story))
    assert only(story).measured.side is Side.LEFT


def test_a_retracted_reading_stands_no_more_and_voids_what_was_acknowledged() -> None:
    story = acknowledged()
    mine = only(story).key
    what = (FIRST, CLINICAL, mine, "Another client's.")
    fact = decide(story, retract_reading, PRIYA, *what, **seen(story))
    assert isinstance(fact, ClinicalReadingRetracted)
    assert part(story).standing == ()
    assert part(story).acknowledgements == ()
    with pytest.raises(Refused, match="unknown-reading"):
        retract_reading(story.record, PRIYA, *what, **seen(story))


def test_a_part_is_retracted_whole_by_whoever_alone_filled_it() -> None:
    story = acknowledged()
    told = part(story).versions
    with pytest.raises(Refused, match="not-yours-to-correct"):
        retract(story.record, RUTH, FIRST, CLINICAL, "Not this client.", **seen(story))
    fact = decide(story, retract, PRIYA, FIRST, CLINICAL, "Not this client.", **seen(story))
    assert isinstance(fact, ClinicalPartRetracted)
    assert part(story).corrections[-1].wrong == told
    assert part(story).acknowledgements == ()
    assert part(story, FITNESS).retracted is None
    code = refusal(story, record_clinical, PRIYA, FIRST, readings=(bend(9),))
    assert code == "assessment-retracted"


def test_a_trainer_retracts_only_what_they_alone_filled() -> None:
    story = filled()
    version = part(story, FITNESS).version
    with pytest.raises(Refused, match="outside-lane"):
        retract(story.record, SAM, FIRST, CLINICAL, "Typed.", **seen(story))
    decide(story, retract, SAM, FIRST, FITNESS, "Another client's.", seen=version)
    assert part(story, FITNESS).retracted is not None
