"""The catalogue of measures: complete, consistent, sourced, and enforced on every reading."""

import re
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.assessment_reading import Measured
from domain.body import Side
from domain.fact import STORED
from domain.lanes import Category
from domain.measures import Better, Kind, Licence, Measure, Taker
from domain.measures_page import PAGE, page
from domain.measures_table import MEASURES, TABLE
from tests.domain.given_restriction import NOW

ASKED_FOR = """
    nprs psfs lefs uefi ndi odi rmdq koos12 tug chair30 sts5 sixmwt gait4 grip effort pain_session
    srpe mmt onerm limb_symmetry hop balance_sl body_mass resting_hr bp_systolic bp_diastolic girth
    falls pa_days pa_minday pa_minweek pa_strength steps
"""
"""The list that the catalogue was begun from; its `rom` is now one for each joint and movement."""

UCUM = {
    "{score}", "{grade}", "{count}", "{falls}", "{steps}/d", "%", "deg", "kg", "cm", "m", "m/s",
    "s", "min", "/min", "mm[Hg]", "/(30.s)", "d/wk", "min/d", "min/wk",
}  # fmt: skip

every = pytest.mark.parametrize("measure", TABLE, ids=lambda measure: measure.code)


def reading(measure: Measure, **changes: Any) -> dict[str, Any]:
    return {
        "measure": measure.code,
        "value": measure.low,
        "unit": measure.unit,
        "side": Side.LEFT if measure.sided else None,
        "of": "something" if measure.of else None,
        "taken_at": NOW,
        **changes,
    }


def test_everything_asked_for_is_there_once() -> None:
    assert set(ASKED_FOR.split()) <= MEASURES.keys()
    assert len(TABLE) == len(MEASURES)
    motions = [measure for measure in TABLE if measure.kind is Kind.MOTION]
    assert len(motions) >= 20


@every
def test_a_measure_is_whole_and_consistent(measure: Measure) -> None:
    assert re.fullmatch(r"[a-z0-9_]{2,40}", measure.code)
    assert measure.name.strip() == measure.name != ""
    assert measure.unit in UCUM
    assert measure.low < measure.high
    assert measure.taken_by
    assert (measure.better is Better.TARGET) == (measure.target is not None)
    assert measure.target is None or measure.low <= measure.target <= measure.high
    assert measure.category in {Category.FUNCTION, Category.FITNESS, Category.WEARABLES}
    assert measure.loinc is None or checked(measure.loinc), "its check digit is wrong"


def checked(loinc: str) -> bool:
    """Whether the check digit of a LOINC code is right (Luhn, modulus 10)."""
    digits, check = loinc.split("-")
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return (10 - total % 10) % 10 == int(check)


def test_the_check_digit_catches_a_slip() -> None:
    assert checked("72514-3")
    assert not checked("72513-3")


def test_no_code_stands_for_two_measures() -> None:
    codes = [measure.loinc for measure in TABLE if measure.loinc]
    assert len(codes) == len(set(codes)) >= 10


@every
def test_a_range_of_change_has_a_source_and_fits_the_measure(measure: Measure) -> None:
    change = measure.change
    if change is None:
        return
    assert 0 < change.low <= change.high < measure.high - measure.low
    assert re.search(r"\b(19|20)\d\d;\d+:", change.source), "journal, year; volume: page"
    assert change.population
    assert measure.better is not Better.NEITHER, "a change would mean nothing"


def test_of_questionnaires_only_free_ones_are_more_than_a_score() -> None:
    licensed = {m.code for m in TABLE if m.licence is Licence.SCORE_ONLY}
    assert {"odi", "koos12", "lefs", "uefi", "ndi"} <= licensed
    assert all(MEASURES[code].kind is Kind.QUESTIONNAIRE for code in licensed)


@every
def test_both_ends_of_the_range_are_readings_and_what_lies_beyond_is_not(measure: Measure) -> None:
    for value in (measure.low, measure.high):
        assert Measured(**reading(measure, value=value)).value == value
    for value in (measure.low - 0.5, measure.high + 0.5):
        with pytest.raises(ValidationError, match=f"lies between {measure.low:g} and"):
            Measured(**reading(measure, value=value))


@every
def test_another_unit_is_refused_with_the_right_one(measure: Measure) -> None:
    with pytest.raises(ValidationError, match=re.escape(f"is {measure.unit}")):
        Measured(**reading(measure, unit="furlong"))


@every
def test_a_side_is_named_exactly_where_there_is_one(measure: Measure) -> None:
    wrong = (None, Side.BOTH) if measure.sided else (Side.LEFT,)
    for side in wrong:
        with pytest.raises(ValidationError, match="side"):
            Measured(**reading(measure, side=side))


@every
def test_what_it_is_of_is_named_exactly_where_only_the_same_compares(measure: Measure) -> None:
    with pytest.raises(ValidationError, match="of"):
        Measured(**reading(measure, of=None if measure.of else "something"))


def test_an_unknown_code_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValidationError, match=r"use one of .*knee_flexion"):
        Measured(measure="knee_wobble", value=1, unit="deg", taken_at=NOW)


def test_what_was_stored_stays_readable_when_the_catalogue_is_tightened() -> None:
    stored = {"measure": "once_known", "value": 999, "unit": "old", "taken_at": str(NOW)}
    assert Measured.model_validate(stored, context=STORED).value == 999


def test_evidence_for_a_milestone_is_the_same_reading() -> None:
    bent = Measured(**reading(MEASURES["knee_flexion"], value=104, device="goniometer 3"))
    evidence = bent.as_evidence()
    assert (evidence.value, evidence.side, evidence.taken_at) == (104, Side.LEFT, NOW)
    assert "device" not in type(evidence).model_fields
    assert type(evidence).model_validate(evidence.model_dump()) == evidence


def test_only_a_device_takes_what_a_device_takes() -> None:
    assert MEASURES["steps"].taken_by == {Taker.DEVICE}
    assert not MEASURES["steps"].trainer
    assert not MEASURES["mmt"].trainer
    assert MEASURES["tug"].trainer


def test_the_page_is_the_one_that_the_catalogue_renders() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m domain.measures_page"


def test_a_reading_has_its_time_zone() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Measured(**reading(MEASURES["tug"], taken_at=(NOW - timedelta(1)).replace(tzinfo=None)))
