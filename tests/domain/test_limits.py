"""What a restriction can say: each mistake is named with its field, and what would be right."""

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from domain.body import Movement, Pattern, Region, Side
from domain.limits import Arc, Limits, Load, WeightBearing, WeightBearingClass
from domain.measure import Reading
from domain.measures_table import MEASURES
from domain.restriction import RestrictionImposed, RestrictionRetracted
from domain.strictness import LOOSER, OTHERWISE, SAME, TIGHTER, Change, compare, tightens
from domain.terms import (
    OrderedBy,
    ReviewRule,
    Severity,
    Substitute,
    Terms,
    WhomToCall,
)
from tests.domain.given_restriction import KNEE, flexion_at_least, milestone, terms

RIGHT: dict[str, Any] = terms().model_dump(mode="json")


def mistakes(kind: type[BaseModel], said: object) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as wrong:
        kind.model_validate(said)
    return [(".".join(map(str, error["loc"])), error["msg"]) for error in wrong.value.errors()]


def mistake(**changes: Any) -> tuple[str, str]:
    """The one mistake that these changes make of a right proposal: the field's path, and why."""
    said = {"restriction": str(KNEE), "terms": {**RIGHT, **changes}}
    (found,) = mistakes(RestrictionImposed, said)
    return found


LIMITS: list[tuple[dict[str, Any], str, str]] = [
    ({"weight_bearing": {"grade": "PWB"}}, ".weight_bearing", "PWB needs either max_kg or"),
    (
        {"weight_bearing": {"grade": "PWB", "max_kg": 20, "max_percent": 30}},
        ".weight_bearing",
        "PWB needs either",
    ),
    ({"weight_bearing": {"grade": "PWB", "max_percent": 30}}, ".weight_bearing", "body_mass_kg"),
    ({"weight_bearing": {"grade": "NWB", "max_kg": 20}}, ".weight_bearing", "only PWB has"),
    ({"weight_bearing": {"grade": "pwb"}}, ".weight_bearing.grade", "'NWB', 'TTWB', 'PWB'"),
    ({"arcs": [{"movement": "flexion", "start": 90, "end": 0}]}, ".arcs.0", "start 0, end 90?"),
    ({"arcs": [{"movement": "flexion", "start": 9, "end": 9}]}, ".arcs.0", "ends above"),
    ({"arcs": [{"movement": "flexion", "end": 300}]}, ".arcs.0.end", "less than or equal to 200"),
    ({"arcs": [{"movement": "flexion", "end": 9}] * 2}, "", "once in each mode"),
    ({"arcs": [{"movement": "flexion", "end": 9}] * 9}, ".arcs", "at most 8"),
    ({"loads": [{"exercise": "leg press"}]}, ".loads.0", "either max_kg or max_percent"),
    ({"loads": [{"max_percent": 60}]}, ".loads.0", "one_rm_kg and one_rm_on"),
    ({"loads": [{"max_kg": 60}, {"max_kg": 40}]}, "", "each exercise once"),
    ({"loads": [{"max_kg": "NaN"}]}, ".loads.0.max_kg", "finite"),
    ({"loads": [{"max_kg": "inf"}]}, ".loads.0.max_kg", "finite"),
    ({"loads": [{"max_kg": 0}]}, ".loads.0.max_kg", "greater than 0"),
    ({"max_effort": 11}, ".max_effort", "less than or equal to 10"),
    ({"max_pain": -1}, ".max_pain", "greater than or equal to 0"),
    ({"max_pain": 2.5}, ".max_pain", "integer"),
    ({"max_heart_rate": 300}, ".max_heart_rate", "less than or equal to 220"),
    ({"max_systolic": 20}, ".max_systolic", "greater than or equal to 80"),
    ({"max_impact": "some"}, ".max_impact", "'none', 'low'"),
    ({"brace": "a\nb"}, ".brace", "match pattern"),
    ({"max_weight": 3}, ".max_weight", "not permitted"),
]


@pytest.mark.parametrize(("said", "path", "mend"), LIMITS)
def test_a_wrong_limit_is_named(said: dict[str, Any], path: str, mend: str) -> None:
    where, why = mistake(limits=said)
    assert (where, mend in why) == (f"terms.limits{path}", True), (where, why)


def criterion(**changes: Any) -> dict[str, Any]:
    return {**flexion_at_least(100).model_dump(mode="json"), **changes}


def step(**changes: Any) -> list[dict[str, Any]]:
    return [{**milestone("bends-100", 100, 100).model_dump(mode="json"), **changes}]


TERMS: list[tuple[dict[str, Any], str, str]] = [
    ({"severity": "severe"}, ".severity", "'stop', 'modify' or 'caution'"),
    ({"reason": " "}, ".reason", "at least 1 character"),
    ({"reason": "x" * 501}, ".reason", "at most 500"),
    ({"region": None, "side": None, "patterns": []}, "", "a region of the body or at least one"),
    ({"side": None}, "", "side of the knee is left, right or both"),
    ({"region": None}, "", "need the region"),
    ({"patterns": ["sprint"]}, ".patterns.0", "'squat', 'hinge'"),
    ({"review_by": None}, ".review_by", "valid date"),
    ({"review_rule": "lapses"}, "", "only a caution lapses"),
    ({"stop_signs": ["pain"] * 9}, ".stop_signs", "at most 8"),
    ({"stop_signs": ["x" * 121]}, ".stop_signs.0", "at most 120"),
    ({"call": {"name": "Priya", "phone": "ask at desk"}}, ".call.phone", "match pattern"),
    ({"ordered_by": {"authority": "surgeon"}}, ".ordered_by", "at least one delegate"),
    ({"milestones": step(criteria=[])}, ".milestones.0.criteria", "at least one criterion"),
    ({"milestones": step(code="Bends 100")}, ".milestones.0.code", "match pattern"),
    ({"milestones": step() * 2}, "", "a code of their own"),
    ({"surprise": 1}, ".surprise", "not permitted"),
]


@pytest.mark.parametrize(("said", "path", "mend"), TERMS)
def test_wrong_terms_are_named(said: dict[str, Any], path: str, mend: str) -> None:
    where, why = mistake(**said)
    assert (where, mend in why) == (f"terms{path}", True), (where, why)


CRITERIA: list[tuple[dict[str, Any], str, str]] = [
    ({"measure": "feeling"}, ".measure", "no such measure; use one of"),
    ({"value": 400}, "", "value of knee_flexion lies between 0 and 170 deg"),
    ({"unit": "cm"}, "", "unit of knee_flexion is deg, not cm"),
    ({"value": None}, ".value", "valid number"),
    ({"value": "nan"}, ".value", "finite"),
    ({"side": None}, "", "side of knee_flexion is left or right"),
    ({"side": "both"}, "", "side of knee_flexion is left or right"),
    ({"measure": "tug", "unit": "s"}, "", "tug has no side"),
    ({"of_other_side": True}, "", "1 to 200 with unit %"),
    ({"sessions": 0}, ".sessions", "greater than or equal to 1"),
    ({"fresh_days": 999}, ".fresh_days", "less than or equal to 180"),
    ({"comparison": "better"}, ".comparison", "'at_least' or 'at_most'"),
]


@pytest.mark.parametrize(("said", "path", "mend"), CRITERIA)
def test_a_milestone_is_measurable(said: dict[str, Any], path: str, mend: str) -> None:
    where, why = mistake(milestones=step(criteria=[criterion(**said)]))
    assert (where, mend in why) == (f"terms.milestones.0.criteria.0{path}", True), (where, why)


def test_the_required_fields_are_these() -> None:
    missing = {"severity", "reason", "review_by"}
    assert {path for path, _ in mistakes(Terms, {"region": "neck"})} == missing
    Terms.model_validate(
        {"severity": "stop", "region": "neck", "reason": "x", "review_by": "2027-01-01"}
    )


def test_a_clinical_reason_and_a_retraction_have_their_limits() -> None:
    said = {"restriction": str(KNEE), "terms": RIGHT, "clinical_reason": "x" * 2001}
    assert mistakes(RestrictionImposed, said)[0][0] == "clinical_reason"
    assert mistakes(RestrictionRetracted, {"restriction": str(KNEE)})[0][0] == "reason"


def test_a_reading_needs_a_zone_and_a_plausible_value() -> None:
    right = {"measure": "tug", "value": 9.5, "unit": "s", "taken_at": "2026-11-03T09:00:00Z"}
    Reading.model_validate(right)
    assert mistakes(Reading, {**right, "taken_at": "2026-11-03T09:00:00"})[0][0] == "taken_at"
    assert "between 3 and 180 s" in mistakes(Reading, {**right, "value": 1})[0][1]
    assert "is s, not min" in mistakes(Reading, {**right, "unit": "min"})[0][1]


def test_what_was_stored_before_a_rule_was_tightened_is_still_read() -> None:
    stored = {**RIGHT, "side": None, "limits": {"weight_bearing": {"grade": "PWB"}}}
    stored["milestones"] = step(criteria=[criterion(measure="withdrawn_measure", value=999)])
    assert Terms.model_validate(stored, context={"stored": True}).limits.weight_bearing


def test_the_catalogue_is_consistent() -> None:
    for code, measure in MEASURES.items():
        assert code == measure.code
        assert measure.low < measure.high
        assert measure.name
        assert measure.unit


def test_percentages_are_shown_in_kilograms() -> None:
    weighed = WeightBearing(
        grade=WeightBearingClass.PWB,
        max_percent=33,
        body_mass_kg=81,
        body_mass_on=date(2026, 11, 1),
    )
    assert weighed.kilograms == 26.5
    load = Load(max_percent=55, one_rm_kg=83, one_rm_on=date(2026, 10, 1))
    assert load.kilograms == 45.5
    assert WeightBearing(grade=WeightBearingClass.WBAT).kilograms is None


def arc(end: int, start: int = 0) -> Limits:
    return Limits(arcs=(Arc(movement=Movement.FLEXION, start=start, end=end),))


PLAIN = terms(limits=arc(90))
COMPARED: list[tuple[dict[str, Any], Change]] = [
    ({}, SAME),
    ({"reason": "other words"}, SAME),
    ({"call": None}, SAME),
    ({"severity": Severity.STOP}, TIGHTER),
    ({"severity": Severity.CAUTION}, LOOSER),
    ({"patterns": (Pattern.SQUAT, Pattern.LUNGE)}, TIGHTER),
    ({"patterns": (Pattern.LUNGE,)}, OTHERWISE),
    ({"patterns": ()}, TIGHTER),
    ({"side": Side.BOTH}, TIGHTER),
    ({"side": Side.LEFT}, OTHERWISE),
    ({"region": Region.HIP}, OTHERWISE),
    ({"region": Region.WHOLE_BODY, "side": None}, TIGHTER),
    ({"limits": arc(70)}, TIGHTER),
    ({"limits": arc(110)}, LOOSER),
    ({"limits": arc(110, 20)}, OTHERWISE),
    ({"limits": Limits()}, LOOSER),
    ({"limits": arc(90).model_copy(update={"max_pain": 3})}, TIGHTER),
    ({"limits": arc(90).model_copy(update={"brace": "hinged"})}, TIGHTER),
    ({"limits": arc(90).model_copy(update={"loads": (Load(max_kg=5),)})}, TIGHTER),
    (
        {
            "limits": arc(90).model_copy(
                update={"weight_bearing": WeightBearing(grade=WeightBearingClass.NWB)}
            )
        },
        TIGHTER,
    ),
    ({"substitutes": ()}, TIGHTER),
    ({"substitutes": (*PLAIN.substitutes, Substitute(name="bike"))}, LOOSER),
    ({"stop_signs": ()}, LOOSER),
    ({"stop_signs": (*PLAIN.stop_signs, "giving way")}, TIGHTER),
    ({"review_by": date(2027, 1, 1)}, SAME),
    ({"review_rule": ReviewRule.BLOCKS_NEW_LOAD}, TIGHTER),
    ({"milestones": (milestone("m", 100, 100),)}, LOOSER),
    ({"ordered_by": OrderedBy(delegates=(KNEE,))}, LOOSER),
]


@pytest.mark.parametrize(("changes", "change"), COMPARED)
def test_what_a_change_does(changes: dict[str, Any], change: Change) -> None:
    after = terms(**{"limits": arc(90), **changes})
    assert compare(PLAIN, after) == change
    assert tightens(PLAIN, after) is change.tightens


@pytest.mark.parametrize(
    ("rule", "later"),
    [(ReviewRule.LAPSES, TIGHTER), (ReviewRule.STAYS, SAME), (ReviewRule.BLOCKS_NEW_LOAD, LOOSER)],
)
def test_a_later_review_does_what_its_rule_says(rule: ReviewRule, later: Change) -> None:
    before = terms(severity=Severity.CAUTION, review_rule=rule)
    after = before.model_copy(update={"review_by": date(2027, 1, 1)})
    assert compare(before, after) == later


def test_partial_weight_is_compared_in_kilograms() -> None:
    def partial(kilograms: float) -> Terms:
        bearing = WeightBearing(grade=WeightBearingClass.PWB, max_kg=kilograms)
        return terms(limits=Limits(weight_bearing=bearing))

    assert compare(partial(20), partial(10)) == TIGHTER
    assert compare(partial(20), terms(limits=Limits())) == LOOSER


def test_words_are_trimmed_and_patterns_told_once() -> None:
    said = terms(reason="  it heals  ", patterns=(Pattern.RUN, Pattern.RUN))
    assert (said.reason, said.patterns) == ("it heals", (Pattern.RUN,))
    assert WhomToCall(name=" Priya ").name == "Priya"
