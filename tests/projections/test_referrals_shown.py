"""Referrals in the views: what each party is shown of them, exactly; and through the door."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.assessment import FitnessPartRecorded
from domain.assessment_decisions import start
from domain.assessment_part import Occasion
from domain.entry import Entry
from domain.external import holder
from domain.fact import Fact
from domain.lanes import Category
from domain.lock import ItemLocked
from domain.policy import scope
from domain.record import CareRecord
from domain.referral import (
    ReferralAgreed,
    ReferralEscalated,
    ReferralInterimNoted,
    ReferralReassigned,
)
from domain.referral_clock import CLOCK
from domain.referral_terms import OutcomeCode, State
from domain.scope import Rule
from projections.sheet import NothingToShow, View
from projections.views import rendering
from tests.domain.given import (
    CLIENT,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    granted,
    happened,
    terms,
    uid,
)
from tests.domain.given_referral import (
    ENCLOSED,
    OTHER,
    OUTSIDE,
    REFERRAL,
    SAID,
    TO,
    TO_OTHER,
    in_state,
    proposed,
    requested,
    the,
    with_link,
)
from tests.domain.test_referral_properties import facts
from tests.projections.clinic import Clinic, body, marked, reader

LINK = holder(uid("link"))
PARTIES = (CLIENT, TRAINER, STRANGER, OTHER, PHYSIO)
ordinary = settings(max_examples=60, deadline=None)


def view(record: CareRecord, person: Actor, name: str = "referral") -> View:
    render = rendering(name, person.acting_as, REFERRAL)
    assert render is not None
    return render(record, scope(record, person, reader(person).purpose, NOW), NOW)


def test_the_recipient_is_not_told_of_the_offer_nor_of_the_initiators_interest() -> None:
    record = in_state(State.ACCEPTED, interest_note="We share a waiting room.")
    hidden = {"options", "no_choice", "interest", "interest_note", "links"}
    for person, told in ((CLIENT, hidden), (TRAINER, hidden), (STRANGER, set())):
        found = view(record, person).body
        assert found["state"] == "accepted"
        assert hidden & found.keys() == told
    assert "waiting room" not in orjson.dumps(view(record, STRANGER).body).decode()


def test_the_clinical_note_needs_the_clinical_category() -> None:
    sealed = "Suspected sciatica."
    record = in_state(State.REQUESTED)
    assert sealed not in str(view(record, STRANGER).body)
    assert sealed in str(view(record, CLIENT).body)
    agreed = ReferralAgreed(referral=REFERRAL, to=TO, enclosed=(Category.CLINICAL,))
    enclosed = happened(proposed(), CLIENT, agreed)
    assert sealed in str(view(enclosed, STRANGER).body)
    assert Category.CLINICAL in view(enclosed, STRANGER).categories


def test_whoever_reads_only_what_they_wrote_is_shown_that_and_no_state() -> None:
    record = in_state(State.COMPLETED)
    found = view(record, STRANGER)
    assert found.body["history"]
    assert {step["by"] for step in found.body["history"]} == {str(STRANGER.id)}
    assert "state" not in found.body
    assert "reason" not in found.body
    for category, bases in found.categories.items():
        assert category is Category.REFERRALS
        assert {basis.rule for basis in bases} == {Rule.OWN_FACTS}


def test_nobody_else_is_shown_that_there_is_one() -> None:
    record = in_state(State.ACCEPTED)
    for person in (OTHER, PHYSIO, Actor.client(uid("another"))):
        with pytest.raises(NothingToShow):
            view(record, person)
    locked = happened(record, CLIENT, ItemLocked(lock=uid("lock"), item=REFERRAL))
    with pytest.raises(NothingToShow):
        view(locked, STRANGER)
    chart = view(granted(record, "may", terms(PHYSIO, Category.GOALS)), PHYSIO, "chart")
    assert chart.body["referrals"] == []
    assert str(REFERRAL) not in str(chart.body)


def test_that_it_was_escalated_is_shown_of_the_fact_that_says_so() -> None:
    record = happened(in_state(State.REQUESTED), CLOCK, SAID[ReferralEscalated])
    found = view(record, TRAINER)
    assert found.body["escalated"] == [NOW.isoformat()]
    assert record.version in found.shown


def test_an_external_recipient_is_named_and_a_link_is_for_who_made_it_to_see() -> None:
    agreed = ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=ENCLOSED)
    record = with_link(happened(proposed(to=OUTSIDE), CLIENT, agreed))
    assert view(record, TRAINER).body["links"][0]["sent_to"] == "Dr Weber"
    found = view(record, LINK, "external-referral").body
    assert found["referral"]["to"]["name"] == "Dr Ida Weber"
    assert "links" not in found["referral"]
    assert "0" * 64 not in str(view(record, TRAINER).body), "nor is the digest anybody's"
    record = happened(record, LINK, SAID[ReferralInterimNoted])
    assert view(record, CLIENT).body["history"][-1]["name"] == "Dr Weber"


def test_an_external_recipient_sees_an_assessment_only_if_its_part_is_enclosed() -> None:
    record = proposed(to=OUTSIDE)
    record = happened(record, TRAINER, *start(record, TRAINER, uid("seen"), Occasion.BASELINE))
    squats = FitnessPartRecorded(assessment=uid("seen"), findings="Marked-Fitness")
    for category, found in ((Category.FITNESS, True), (Category.FUNCTION, False)):
        agreed = ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=(category,))
        sent = with_link(happened(record, CLIENT, agreed))
        sent = happened(sent, TRAINER, squats)
        shown = orjson.dumps(view(sent, LINK, "external-referral").body)
        assert (b"Marked-Fitness" in shown) is found


histories = st.lists(facts(), max_size=12)


def told(history: list[tuple[Actor, Fact]]) -> list[Entry]:
    """A team, a restricted knee and a referral that was agreed to, and then anything."""
    first = happened(proposed(), CLIENT, SAID[ReferralAgreed])
    start = first.version
    return [
        Entry(CLIENT.id, start + number, fact, by.authorship(NOW), NOW, (start + number) * 3)
        for number, (by, fact) in enumerate(history, 1)
    ]


def after(entries: list[Entry]) -> CareRecord:
    record = happened(proposed(), CLIENT, SAID[ReferralAgreed])
    for entry in entries:
        record = record.evolve(entry)
    return record


def otherwise(fact: Fact) -> Fact:
    """The fact with other words in it, where it has any: what decides nothing about reading."""
    words = {"reason", "note", "question", "answer", "clinical_note", "interest_note", "no_choice"}
    more: dict[str, Any] = {
        name: f"{value} otherwise"
        for name in words & set(type(fact).model_fields)
        if (value := getattr(fact, name)) is not None
    }
    if "outcome" in type(fact).model_fields:
        more["outcome"] = OutcomeCode.NOT_ACHIEVED
    return fact.model_copy(update=more)


@ordinary
@given(histories, st.sampled_from(PARTIES), st.sampled_from(["referral", "chart"]))
def test_what_is_not_shown_never_changes_the_bytes(
    history: list[tuple[Actor, Fact]], person: Actor, name: str
) -> None:
    entries = told(history)
    record = after(entries)
    try:
        found = view(record, person, name)
    except NothingToShow:
        return
    changed = [
        entry
        if entry.version in found.shown or not isinstance(entry.fact, Fact)
        else replace(entry, fact=otherwise(entry.fact))
        for entry in entries
    ]
    other = view(after(changed), person, name)
    assert orjson.dumps(other.body) == orjson.dumps(found.body)


@ordinary
@given(histories, st.sampled_from(PARTIES))
def test_every_word_shown_is_of_a_fact_that_counts_as_shown_and_that_policy_permits(
    history: list[tuple[Actor, Fact]], person: Actor
) -> None:
    record = after(told(history))
    permitted = scope(record, person, reader(person).purpose, NOW)
    try:
        found = view(record, person)
    except NothingToShow:
        return
    for step in the(record).steps:
        if step.source.version not in found.shown:
            continue
        author = step.source.author
        assert permitted.sees(Category.REFERRALS, item=REFERRAL, author=author) is not None
    versions = {step["version"] for step in found.body["history"]}
    assert versions <= found.shown


@pytest.mark.anyio
async def test_the_door_lets_out_exactly_what_is_enclosed_while_it_is_under_way(
    clinic: Clinic,
) -> None:
    await clinic.restricts()
    asked = requested(enclosed=ENCLOSED)
    await clinic.told(TRAINER, asked)
    assert await clinic.tries(STRANGER) is None
    await clinic.told(CLIENT, SAID[ReferralAgreed])
    released = await clinic.sees(STRANGER)
    assert marked(released.body) == {Category.IDENTITY, Category.RESTRICTIONS}
    (fact,) = await clinic.disclosed(STRANGER)
    opened = {(shown.category, shown.rule, shown.reference) for shown in fact.categories_shown}
    assert opened == {
        (category, Rule.REFERRAL, REFERRAL) for category in (*ENCLOSED, Category.REFERRALS)
    }
    (one,) = body(released)["referrals"]
    assert one["enclosed"] == ["identity", "restrictions"]

    await clinic.registers(OTHER, "Olga Berg")
    await clinic.told(STRANGER, SAID[ReferralReassigned])
    gone = await clinic.tries(STRANGER)
    assert gone is not None, "what they wrote themselves"
    assert marked(gone.body) == set()
    assert asked.reason not in gone.body.decode()
    assert await clinic.tries(OTHER) is None
    await clinic.told(CLIENT, ReferralAgreed(referral=REFERRAL, to=TO_OTHER, enclosed=ENCLOSED))
    assert marked((await clinic.sees(OTHER)).body) == {Category.IDENTITY, Category.RESTRICTIONS}
