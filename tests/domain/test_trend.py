"""Trends: like with like, and no change larger than it is."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.assessment import ClinicalPartStarted
from domain.assessment_corrections import correct, retract_reading
from domain.assessment_decisions import record_clinical
from domain.assessment_part import AssessedReading, Occasion, Part
from domain.assessment_reading import Measured
from domain.body import Side
from domain.measure import Method
from domain.measures import Better
from domain.measures_table import MEASURES, TABLE
from domain.source import Source
from domain.trend import Direction, Point, Size, change, points, trends
from tests.domain.given_assessment import CLINICAL, FIRST, bend, key, measured, part, started
from tests.domain.given_restriction import NOW, PRIYA, QUENTIN, SAM, entry

DAY = timedelta(days=1)
AT = Source.of(entry(1, ClinicalPartStarted(assessment=UUID(int=1), occasion=Occasion.BASELINE)))


def taken(told: Measured, *, rater: UUID = PRIYA.id, number: int = 1) -> AssessedReading:
    return AssessedReading(key(1, number), told, AT, rater)


def reading(code: str, value: float, *, at: datetime = NOW, **more: Any) -> Measured:
    measure = MEASURES[code]
    side = Side.RIGHT if measure.sided else None
    return measured(code, value, measure.unit, at=at, side=side, **more)


def between(code: str, before: float, after: float) -> tuple[Size, Direction]:
    found = change(MEASURES[code], taken(reading(code, before)), taken(reading(code, after)))
    return found.size, found.direction


@pytest.mark.parametrize(
    ("code", "before", "after", "size", "direction"),
    [
        ("nprs", 6, 5, Size.BELOW, Direction.BETTER),
        ("nprs", 6, 4.5, Size.WITHIN, Direction.BETTER),
        ("nprs", 6, 2.5, Size.WITHIN, Direction.BETTER),
        ("nprs", 6, 2, Size.BEYOND, Direction.BETTER),
        ("nprs", 2, 6, Size.BEYOND, Direction.WORSE),
        ("lefs", 40, 48, Size.BELOW, Direction.BETTER),
        ("lefs", 40, 57, Size.BEYOND, Direction.BETTER),
        ("odi", 40, 28, Size.WITHIN, Direction.BETTER),
        ("gait4", 0.8, 0.85, Size.WITHIN, Direction.BETTER),
        ("tug", 12.0, 10.9, Size.WITHIN, Direction.BETTER),
        ("tug", 12.0, 10.95, Size.BELOW, Direction.BETTER),
        ("knee_flexion", 90, 110, Size.UNKNOWN, Direction.BETTER),
        ("body_mass", 80, 70, Size.UNKNOWN, Direction.NEITHER),
        ("nprs", 4, 4, Size.BELOW, Direction.SAME),
    ],
)
def test_a_change_is_held_against_the_measures_own_range(
    code: str, before: float, after: float, size: Size, direction: Direction
) -> None:
    assert between(code, before, after) == (size, direction)


@pytest.mark.parametrize(
    ("before", "after", "direction"),
    [(-10, -2, Direction.BETTER), (5, -5, Direction.SAME), (0, -8, Direction.WORSE)],
)
def test_a_target_is_neared_from_either_end(
    before: float, after: float, direction: Direction
) -> None:
    assert between("knee_short_of_straight", before, after)[1] is direction


def point(told: Measured, *, rater: UUID = PRIYA.id, number: int = 1) -> Point:
    return Point(FIRST, CLINICAL, taken(told, rater=rater, number=number))


@pytest.mark.parametrize(
    "other",
    [{"side": Side.LEFT}, {"method": Method.INCLINOMETER}, {"method": None}],
    ids=["side", "method", "no method"],
)
def test_only_like_is_compared_with_like(other: dict[str, Any]) -> None:
    found = trends([point(bend(90)), point(bend(110, at=NOW + DAY, **other), number=2)])
    assert [len(trend.points) for trend in found] == [1, 1]
    assert [trend.since_first for trend in found] == [None, None]


def test_a_squat_is_not_compared_with_a_bench_press() -> None:
    def lift(of: str, kg: float) -> Point:
        return point(measured("onerm", kg, "kg", of=of))

    found = trends([lift("Squat", 80), lift("bench press", 60), lift("squat", 90)])
    assert sorted(len(trend.points) for trend in found) == [1, 2]


def test_it_is_said_that_raters_differ() -> None:
    first, again = bend(90), bend(95, at=NOW + DAY)
    for rater, same in ((PRIYA.id, True), (SAM.id, False)):
        (found,) = trends([point(first), point(again, rater=rater, number=2)])
        assert found.since_first is not None
        assert found.since_first.same_rater is same


def test_readings_are_in_the_order_in_which_they_were_taken() -> None:
    late, early, middle = (bend(b, at=NOW + n * DAY) for b, n in ((100, 3), (80, 1), (95, 2)))
    told = [point(each, number=n) for n, each in enumerate((late, early, middle), 1)]
    (found,) = trends(told)
    assert [each.reading.measured.value for each in found.points] == [80, 95, 100]
    assert found.since_first is not None
    assert found.since_previous is not None
    assert (found.since_first.by, found.since_previous.by) == (20, 5)


def test_what_was_wrong_is_in_no_trend() -> None:
    story = started()
    readings = (bend(60), bend(95, at=NOW))
    story.do(record_clinical, PRIYA, FIRST, readings=readings)
    first, second = (one.key for one in part(story).readings)
    how = {"seen": part(story).version}
    story.do(correct, QUENTIN, FIRST, CLINICAL, first, bend(90), "Misread.", **how)
    seen = part(story).version
    story.append(
        PRIYA, *retract_reading(story.record, PRIYA, FIRST, CLINICAL, second, "Typed.", seen=seen)
    )
    found = points(story.record.assessments.every_part())
    assert [each.reading.measured.value for each in found] == [90]
    assert [each.part for each in found] == [Part.CLINICAL]


@given(st.sampled_from(TABLE), st.floats(0, 1), st.floats(0, 1))
def test_there_and_back_is_the_same_size_and_the_opposite_direction(
    measure: Any, one: float, other: float
) -> None:
    def at(share: float) -> AssessedReading:
        value = round(measure.low + share * (measure.high - measure.low), 3)
        told = Measured.model_construct(
            measure=measure.code, value=value, unit=measure.unit, taken_at=NOW
        )
        return taken(told)

    there, back = change(measure, at(one), at(other)), change(measure, at(other), at(one))
    assert there.size is back.size
    assert there.by == -back.by
    turned = {Direction.BETTER: Direction.WORSE, Direction.WORSE: Direction.BETTER}
    assert back.direction is turned.get(there.direction, there.direction)
    assert (there.size is Size.UNKNOWN) == (measure.change is None)
    if measure.better is Better.NEITHER:
        assert there.direction in {Direction.NEITHER, Direction.SAME}
