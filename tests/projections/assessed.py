"""Random histories of an assessment, and what is seen of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from hypothesis import strategies as st

from domain.actor import DEFAULT_PURPOSE, Actor
from domain.assessment import (
    ClinicalPartAcknowledged,
    ClinicalPartCompleted,
    ClinicalPartRecorded,
    ClinicalPartRetracted,
    ClinicalPartStarted,
    ClinicalReadingCorrected,
    ClinicalReadingRetracted,
    FitnessPartRecorded,
    FitnessPartStarted,
    FitnessReadingCorrected,
)
from domain.assessment_part import Occasion
from domain.assessment_reading import ReadingKey
from domain.consent import ConsentGranted
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category
from domain.policy import scope
from domain.record import CareRecord
from domain.scope import Scope
from projections.sheet import NothingToShow, View
from projections.views import rendering
from tests.domain.given import (
    CLIENT,
    MASSAGE,
    NOW,
    PHYSIO,
    TRAINER,
    entry,
    happened,
    terms,
    uid,
    with_team,
)
from tests.domain.given_assessment import bend, hop, measured

IT = uid("assessment")
STEP = timedelta(minutes=1)
CATEGORIES = (Category.FUNCTION, Category.FITNESS, Category.CLINICAL)
BEFORE = with_team().version
"""The first fact after the team is at version BEFORE + 1."""

LATER = NOW + 60 * STEP

keys = st.builds(ReadingKey, recorded=st.integers(BEFORE, BEFORE + 12), number=st.integers(1, 2))
benders = st.floats(0, 160).map(lambda degrees: bend(round(degrees), at=NOW))
hops = st.floats(0, 200).map(lambda cm: hop(round(cm), at=NOW))
grades = st.just(measured("mmt", 4, "{grade}", side="right", of="quadriceps", at=NOW))
function = st.one_of(benders, benders, grades)
readings = st.lists(function, max_size=2).map(tuple)
it = st.just(IT)
why = st.sampled_from(["Misread.", "The wrong knee."])

facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        ClinicalPartRecorded,
        assessment=it,
        readings=readings,
        findings=st.sampled_from([None, "Stiff."]),
        clinical_findings=st.sampled_from([None, "Effusion."]),
    ),
    st.builds(FitnessPartRecorded, assessment=it, readings=st.lists(hops, max_size=2).map(tuple)),
    st.builds(ClinicalReadingCorrected, assessment=it, reading=keys, measured=benders, reason=why),
    st.builds(FitnessReadingCorrected, assessment=it, reading=keys, measured=hops, reason=why),
    st.builds(ClinicalReadingRetracted, assessment=it, reading=keys, reason=why),
    st.builds(ClinicalPartCompleted, assessment=it),
    st.builds(ClinicalPartAcknowledged, assessment=it, seen=st.integers(1, 20)),
    st.builds(ClinicalPartRetracted, assessment=it, reason=why),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """A team, a few consents, an assessment of both parts, and then anything, by anybody."""
    record, history = with_team(), []
    told: list[tuple[Actor, Fact]] = [
        (PHYSIO, ClinicalPartStarted(assessment=IT, occasion=Occasion.BASELINE)),
        (TRAINER, FitnessPartStarted(assessment=IT, occasion=Occasion.BASELINE)),
    ]
    for reader in (PHYSIO, MASSAGE, TRAINER):
        some = draw(st.sets(st.sampled_from(CATEGORIES)))
        if some:
            what = terms(reader, *sorted(some))
            told.append((CLIENT, ConsentGranted(consent=uid(str(reader.id)), terms=what)))
    people = st.sampled_from([PHYSIO, MASSAGE, TRAINER])
    told += draw(st.lists(st.tuples(people, facts), min_size=1, max_size=8))
    for number, (by, fact) in enumerate(told):
        one = entry(record, by, fact, NOW + number * STEP)
        record = record.evolve(one)
        history.append(one)
    return history


def folded(history: list[Entry]) -> CareRecord:
    record = with_team()
    for one in history:
        record = record.evolve(one)
    return record


def altered(fact: Fact) -> Fact:
    """With other values, words and devices; the measures and how many there are stay."""
    update: dict[str, Any] = {}
    for name, value in fact:
        match name, value:
            case "readings", tuple():
                update[name] = tuple(other(one) for one in value)
            case "measured", _:
                update[name] = other(value)
            case "findings" | "clinical_findings" | "reason", str():
                update[name] = value + " Otherwise."
            case "occasion", _:
                update[name] = Occasion.DISCHARGE
            case "seen", int():
                update[name] = value + 1
    return fact.model_copy(update=update)


def other(one: Any) -> Any:
    return one.model_copy(update={"value": 3 if one.value != 3 else 2, "device": "another"})


def measured_both() -> CareRecord:
    """Priya bent the knee and graded the muscle; Sam saw it hop."""
    grade = measured("mmt", 4, "{grade}", side="right", of="quadriceps", at=NOW)
    record = happened(
        with_team(),
        PHYSIO,
        ClinicalPartStarted(assessment=IT, occasion=Occasion.BASELINE),
        FitnessPartStarted(assessment=IT, occasion=Occasion.BASELINE),
        ClinicalPartRecorded(assessment=IT, readings=(bend(90), grade), clinical_findings="Lax."),
    )
    return happened(record, TRAINER, FitnessPartRecorded(assessment=IT, readings=(hop(80),)))


def seen(record: CareRecord, person: Actor) -> Scope:
    return scope(record, person, DEFAULT_PURPOSE[person.acting_as], LATER)


def shown(what: tuple[str, UUID | None], record: CareRecord, permitted: Scope) -> View:
    name, item = what
    render = rendering(name, permitted.acting_as, item)
    assert render is not None
    try:
        return render(record, permitted, LATER)
    except NothingToShow:
        return View({}, frozenset(), {}, {})


def content(view: View) -> bytes:
    return orjson.dumps(view.body)


def chart(record: CareRecord, person: Actor, *categories: Category) -> View:
    """Their chart, once they are granted these categories."""
    if categories:
        consent = ConsentGranted(consent=uid("c"), terms=terms(person, *categories))
        record = happened(record, CLIENT, consent)
    return shown(("chart", None), record, seen(record, person))
