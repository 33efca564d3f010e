"""How evidence is held against a criterion."""

from datetime import timedelta
from typing import Any

import pytest

from domain.body import Side
from domain.criterion import Comparison, Criterion, Shortfall, shortfall
from domain.measure import Method, Reading, Response
from tests.domain.given_restriction import NOW, days, flexion, flexion_at_least

HOURS = timedelta(hours=1)
HELD: list[tuple[dict[str, Any], tuple[Reading, ...], Shortfall | None]] = [
    ({}, (), Shortfall.NO_READING),
    ({}, (flexion(100),), None),
    ({}, (flexion(99.9),), Shortfall.NOT_REACHED),
    ({}, (flexion(100, side=Side.LEFT),), Shortfall.NO_READING),
    ({}, (flexion(100, at=NOW + HOURS),), Shortfall.NO_READING),
    ({}, (flexion(100, at=NOW - days(15)),), Shortfall.STALE),
    ({"fresh_days": 20}, (flexion(100, at=NOW - days(15)),), None),
    ({}, (flexion(110, at=NOW - days(2)), flexion(90)), Shortfall.NOT_REACHED),
    ({"method": Method.GONIOMETER}, (flexion(100),), Shortfall.NO_READING),
    ({"method": Method.GONIOMETER}, (flexion(100, method=Method.GONIOMETER),), None),
    ({"sessions": 2}, (flexion(100), flexion(101, at=NOW - HOURS)), Shortfall.MORE_SESSIONS),
    ({"sessions": 2}, (flexion(100), flexion(101, at=NOW - days(2))), None),
    ({"settles": True}, (flexion(100, response=Response.SETTLED),), Shortfall.NOT_SETTLED),
    (
        {"settles": True},
        (flexion(100, at=NOW - days(1), response=Response.WORSE),),
        Shortfall.NOT_SETTLED,
    ),
    ({"settles": True}, (flexion(100, at=NOW - days(1), response=Response.SETTLED),), None),
    (
        {"of_other_side": True, "value": 90, "unit": "%"},
        (flexion(130),),
        Shortfall.OTHER_SIDE_MISSING,
    ),
    (
        {"of_other_side": True, "value": 90, "unit": "%"},
        (flexion(130), flexion(140, side=Side.LEFT)),
        None,
    ),
    (
        {"of_other_side": True, "value": 90, "unit": "%"},
        (flexion(120), flexion(140, side=Side.LEFT)),
        Shortfall.NOT_REACHED,
    ),
]


@pytest.mark.parametrize(("asked", "evidence", "lacking"), HELD)
def test_how_evidence_is_held_against_a_criterion(
    asked: dict[str, Any], evidence: tuple[Reading, ...], lacking: Shortfall | None
) -> None:
    usual = flexion_at_least(100).model_dump()
    assert shortfall(Criterion.model_validate({**usual, **asked}), evidence, NOW) == lacking


def test_less_is_better_where_the_criterion_says_at_most() -> None:
    quick = Criterion(measure="tug", comparison=Comparison.AT_MOST, value=10, unit="s")
    reading = Reading(measure="tug", value=10, unit="s", taken_at=NOW)
    slower = reading.model_copy(update={"value": 10.1})
    assert shortfall(quick, (reading,), NOW) is None
    assert shortfall(quick, (slower,), NOW) is Shortfall.NOT_REACHED
