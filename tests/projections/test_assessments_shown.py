"""What is shown of assessments: as much as is permitted, from exactly the facts it says."""

from dataclasses import replace
from uuid import UUID

import orjson
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.assessment import (
    ClinicalPartCompleted,
    ClinicalPartRecorded,
    ClinicalPartStarted,
    ClinicalReadingCorrected,
    FitnessPartRecorded,
)
from domain.assessment_part import Occasion
from domain.assessment_reading import ReadingKey
from domain.consent import ConsentGranted
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category, Purpose
from domain.record import CareRecord
from domain.scope import Scope
from projections.sheet import NothingToShow, View
from projections.views import rendering
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    MASSAGE,
    NOW,
    PHYSIO,
    TRAINER,
    happened,
    with_team,
)
from tests.domain.given_assessment import bend, hop
from tests.projections.assessed import (
    IT,
    altered,
    chart,
    content,
    folded,
    histories,
    measured_both,
    seen,
    shown,
)

ordinary = settings(max_examples=120, deadline=None)
READERS = (PHYSIO, MASSAGE, TRAINER, COORDINATOR, CLIENT)
asked = st.sampled_from([("chart", None), ("assessment", IT), ("trends", None)])


def one_altered(each: Entry, one: Entry) -> Entry:
    assert isinstance(each.fact, Fact)
    return replace(each, fact=altered(each.fact)) if each is one else each


@ordinary
@given(histories(), st.sampled_from(READERS), asked, st.data())
def test_altering_a_fact_that_is_not_shown_never_changes_the_bytes(
    history: list[Entry], person: Actor, what: tuple[str, UUID | None], data: st.DataObject
) -> None:
    record = folded(history)
    permitted = seen(record, person)
    view = shown(what, record, permitted)
    told = [one for one in history if not isinstance(one.fact, ConsentGranted)]
    hidden = [one for one in told if one.version not in view.shown]
    assume(hidden)
    one = data.draw(st.sampled_from(hidden))
    assert isinstance(one.fact, Fact)
    otherwise = folded([one_altered(each, one) for each in history])
    assert content(shown(what, otherwise, permitted)) == content(view)


@ordinary
@given(histories(), st.sampled_from(READERS), asked)
def test_each_part_and_what_is_clinical_show_only_on_their_own_consent(
    history: list[Entry], person: Actor, what: tuple[str, UUID | None]
) -> None:
    record = folded(history)
    permitted = seen(record, person)
    view = shown(what, record, permitted)
    by_version = {one.version: one for one in history}
    for version in view.shown & by_version.keys():
        one = by_version[version]
        assert isinstance(one.fact, Fact)
        needed = {one.fact.category, *one.fact.narrower_fields().values()}
        permits = any(permitted.sees(c, item=IT, author=one.by.actor) for c in needed)
        assert permits, one.fact
    if permitted.sees(Category.CLINICAL, item=IT) is None and not permitted.own_facts:
        assert b"Effusion" not in content(view)


@ordinary
@given(histories())
def test_evolving_is_total_and_replay_equals_live(history: list[Entry]) -> None:
    record = folded(history)
    part = record.assessments.every_part()
    for _, each in part:
        assert {one.source.version for one in each.readings} <= {one.version for one in history}
        assert each.version in {one.version for one in history}
    live, replayed = with_team(), folded(history)
    for one in history:
        live = live.evolve(one)
    assert live.assessments == replayed.assessments
    nobody = CareRecord(CLIENT.id)
    assert happened(nobody, PHYSIO, ClinicalPartCompleted(assessment=IT)).assessments.items == {}


def measures(view: View, part: str) -> list[str]:
    return [
        one["measure"]
        for each in view.body["assessments"]
        for one in each.get(part, {}).get("readings", ())
    ]


def test_the_trainer_reads_of_function_what_trainers_measure() -> None:
    view = chart(measured_both(), TRAINER, Category.FUNCTION, Category.FITNESS)
    assert measures(view, "clinical") == ["knee_flexion"]
    assert measures(view, "fitness") == ["hop"]
    assert b"Lax." not in content(view)
    assert "trends" not in view.body


def test_a_massage_therapist_reads_function_and_no_findings_that_are_clinical() -> None:
    view = chart(measured_both(), MASSAGE, Category.FUNCTION)
    assert measures(view, "clinical") == ["knee_flexion", "mmt"]
    assert measures(view, "fitness") == []
    assert b"Lax." not in content(view)


def test_the_client_reads_everything_and_a_coordinator_not_even_that_there_is_something() -> None:
    view = chart(measured_both(), CLIENT)
    assert b"Lax." in content(view)
    assert measures(view, "fitness") == ["hop"]
    coordinator = chart(measured_both(), COORDINATOR, Category.IDENTITY)
    assert "assessments" not in coordinator.body
    assert str(IT).encode() not in content(coordinator)


def test_without_consent_an_author_reads_only_what_they_wrote() -> None:
    view = chart(measured_both(), TRAINER)
    assert measures(view, "clinical") == []
    assert measures(view, "fitness") == ["hop"]
    assert "occasion" not in view.body["assessments"][0]["fitness"]
    added = FitnessPartRecorded(assessment=IT, readings=(hop(9),))
    more = happened(measured_both(), PHYSIO, added)
    assert content(chart(more, TRAINER)) == content(view), "nor that somebody has added to it"


def test_that_there_is_none_is_told_on_the_consent_of_its_category() -> None:
    view = chart(with_team(), PHYSIO, Category.FITNESS)
    assert view.body["assessments"] == []
    assert set(view.categories) == {Category.FITNESS}


def test_a_corrected_value_is_shown_from_the_correction_alone() -> None:
    record = happened(
        with_team(),
        PHYSIO,
        ClinicalPartStarted(assessment=IT, occasion=Occasion.BASELINE),
        ClinicalPartRecorded(assessment=IT, readings=(bend(90),)),
    )
    wrong = record.version
    key = ReadingKey(recorded=wrong, number=1)
    fixed = ClinicalReadingCorrected(assessment=IT, reading=key, measured=bend(70), reason="Typed.")
    record = happened(record, PHYSIO, fixed)
    view = chart(record, CLIENT)
    assert wrong not in view.shown
    assert record.version in view.shown
    assert orjson.loads(content(view))["assessments"][0]["clinical"]["readings"][0]["value"] == 70


def test_whoever_has_no_part_of_it_has_no_view_of_it() -> None:
    nothing = Scope(TRAINER.id, TRAINER.acting_as, Purpose.TRAINING)
    for name, item in (("assessment", IT), ("trends", None)):
        render = rendering(name, TRAINER.acting_as, item)
        assert render is not None
        with pytest.raises(NothingToShow):
            render(measured_both(), nothing, NOW)
