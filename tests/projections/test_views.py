"""What each role is shown of a client, and what it is not."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from domain.acknowledgement import acknowledge
from domain.actor import Actor
from domain.grantee import ToOrganisation
from domain.lanes import Category, Purpose
from domain.lock import ItemLocked
from domain.milestone import confirm_milestone
from domain.policy import scope
from domain.record import CareRecord
from domain.restrict import modify
from domain.restriction import RestrictionAcknowledged, RestrictionModified
from domain.safety import SafetyMinimumRefused
from domain.scope import Basis, Rule, Scope
from projections.sheet import NothingToShow, View
from projections.views import CHART, rendering
from tests.domain import given_restriction
from tests.domain.given import (
    CLIENT,
    CLINIC,
    COORDINATOR,
    KNEE,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    granted,
    happened,
    joined,
    terms,
    uid,
)
from tests.domain.given_restriction import PRIYA, SAM, Story, flexion, graduated
from tests.domain.given_restriction import restricted as restricted_story
from tests.projections.clinic import ENROLLED, MARKERS, imposed, marked, marked_terms, reader

HIP = uid("hip")
ALL = (*MARKERS,)
REVIEW: dict[str, Any] = {"review_by": (NOW.date()).replace(month=6)}


def record(*who: Actor) -> CareRecord:
    """The client, with everything marked, a team, and a consent to all five for each of `who`."""
    told = joined(happened(CareRecord(CLIENT.id), COORDINATOR, ENROLLED), *TEAM)
    told = happened(told, PHYSIO, imposed(**REVIEW))
    for person in who:
        told = granted(told, f"to {person.id}", terms(person, *ALL))
    return told


TEAM = (COORDINATOR, PHYSIO, MASSAGE, TRAINER)


def view(of: CareRecord, person: Actor, name: str = "chart", item: UUID | None = None) -> View:
    render = rendering(name, person.acting_as, item)
    assert render is not None
    return render(of, scope(of, person, reader(person).purpose, NOW), NOW)


def content(made: View) -> bytes:
    return orjson.dumps(made.body)


def only(made: View) -> dict[str, Any]:
    (item,) = made.body["restrictions"]
    assert isinstance(item, dict)
    return item


@pytest.mark.parametrize(
    ("person", "shown"),
    [
        (PHYSIO, {*ALL}),
        (TRAINER, {*ALL}),
        (MASSAGE, {*ALL}),
        (COORDINATOR, {Category.IDENTITY, Category.CONTACT}),
        (CLIENT, {*ALL}),
    ],
    ids=lambda value: getattr(value, "acting_as", None),
)
def test_with_every_category_granted_by_name(person: Actor, shown: set[Category]) -> None:
    made = view(record(*TEAM), person)
    assert marked(content(made)) == shown


@pytest.mark.parametrize("person", [TRAINER, MASSAGE], ids=lambda person: person.acting_as)
def test_the_clinical_reason_is_for_whom_the_client_names(person: Actor) -> None:
    organisation = person.organisation
    assert organisation is not None
    through = terms(ToOrganisation(organisation=organisation), *ALL)
    told = granted(record(), "through the organisation", through)
    made = view(told, person)
    assert Category.RESTRICTIONS in marked(content(made))
    assert Category.CLINICAL not in marked(content(made))
    assert "clinical_reason" not in only(made)
    assert "clinical_reason" in only(view(record(person), person))


def test_a_colleague_reads_the_clinical_reason_without_being_named() -> None:
    other = Actor(uid("other"), PHYSIO.acting_as, 1, organisation=CLINIC)
    told = joined(record(), other)
    assert marked(content(view(told, other))) == set()
    told = granted(told, "clinic", terms(ToOrganisation(organisation=CLINIC), *ALL))
    assert marked(content(view(told, other))) == {*ALL}


def test_without_any_consent_a_trainer_sees_the_safety_minimum_and_never_the_reason() -> None:
    made = view(record(), TRAINER)
    minimum = only(made)["safety_minimum"]
    assert minimum["patterns"] == ["squat"]
    assert minimum["limits"] == {"max_effort": 6}
    assert minimum["stop_signs"] == ["swelling the same day"]
    assert (minimum["call"]["name"], minimum["call"]["phone"]) == ("Priya", "555 0134")
    assert "terms" not in only(made)
    assert marked(content(made)) == set()
    assert only(made)["to_acknowledge"] is True
    lines = {line["kind"] for line in made.body["card"]["lines"]}
    assert lines == {"limit", "stop_if", "call"}
    assert b"leg press" not in content(made), "what may be done instead is not part of it"


def test_the_safety_minimum_is_for_those_who_train_and_while_it_is_not_refused() -> None:
    refused = happened(record(), CLIENT, SafetyMinimumRefused())
    assert view(refused, TRAINER).body["restrictions"] == []
    assert view(refused, TRAINER).body["card"]["lines"] == []
    assert view(record(), MASSAGE).body["restrictions"] == []


def test_one_minimum_makes_the_whole_card_the_minimum() -> None:
    told = happened(record(), PHYSIO, imposed(HIP, **REVIEW))
    told = granted(told, "but", terms(TRAINER, Category.RESTRICTIONS, except_items=(HIP,)))
    full, minimum = view(told, TRAINER).body["restrictions"]
    assert "terms" in full
    assert "safety_minimum" in minimum
    assert b"leg press" not in content(view(told, TRAINER, "card"))
    assert b"leg press" in content(
        view(granted(told, "all", terms(TRAINER, *ALL)), TRAINER, "card")
    )


def test_a_coordinator_knows_that_there_are_restrictions_and_nothing_of_them() -> None:
    made = view(record(COORDINATOR), COORDINATOR)
    assert only(made) == {"restriction": str(KNEE)}
    assert "emergency_contact" not in made.body
    assert b"squat" not in content(made)


def test_whoever_is_not_granted_anything_is_shown_nothing() -> None:
    made = view(record(), STRANGER)
    assert marked(content(made)) == set()
    assert made.shown == frozenset()
    assert made.body["restrictions"] == []


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("name", ["chart", "card"])
def test_a_locked_item_is_not_there(name: str, silent: bool) -> None:
    told = happened(record(*TEAM), PHYSIO, imposed(HIP, patterns=("jump",), **REVIEW))
    told = happened(told, CLIENT, ItemLocked(lock=uid("lock"), item=HIP, silent=silent))
    for person in (PHYSIO, TRAINER, MASSAGE):
        made = content(view(told, person, name))
        assert str(KNEE).encode() in made
        assert str(HIP).encode() not in made
        assert b"jump" not in made
    assert str(HIP).encode() in content(view(told, CLIENT))
    with pytest.raises(NothingToShow):
        view(told, PHYSIO, "restriction", HIP)


def test_not_shared_names_categories_of_the_lane_and_nothing_of_their_content() -> None:
    told = granted(record(), "some", terms(TRAINER, Category.RESTRICTIONS))
    empty = granted(joined(CareRecord(CLIENT.id), *TEAM), "some", terms(TRAINER, *ALL))
    missing = view(told, TRAINER).body["not_shared"]
    assert {Category.IDENTITY, Category.CLINICAL} <= set(missing)
    assert Category.RESTRICTIONS not in missing
    assert Category.CONSENTS not in missing
    assert Category.IDENTITY in view(empty, TRAINER).body["not_shared"]
    assert Category.WEARABLES not in view(record(MASSAGE), MASSAGE).body["not_shared"]


def test_a_physiotherapist_sees_who_has_understood_and_a_trainer_only_their_own() -> None:
    told = record(PHYSIO, TRAINER)
    seen = told.restrictions.items[KNEE].version
    for person in (TRAINER, MASSAGE):
        told = happened(told, person, RestrictionAcknowledged(restriction=KNEE, seen=seen))
    by = [made["by"] for made in only(view(told, PHYSIO))["acknowledged"]]
    assert by == [str(TRAINER.id), str(MASSAGE.id)]
    mine = only(view(told, TRAINER))
    assert mine["acknowledged"]["by"] == str(TRAINER.id)
    assert mine["to_acknowledge"] is False
    assert str(MASSAGE.id).encode() not in content(view(told, TRAINER))


@pytest.mark.parametrize("must", [True, False])
def test_what_must_be_acknowledged_again_is_what_the_fact_says(must: bool) -> None:
    told = record(TRAINER)
    seen = told.restrictions.items[KNEE].version
    told = happened(told, TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=seen))
    modified = RestrictionModified(
        restriction=KNEE, terms=marked_terms(**REVIEW), must_be_acknowledged=must
    )
    told = happened(told, PHYSIO, modified)
    assert only(view(told, TRAINER))["to_acknowledge"] is must


def test_the_client_sees_consents_locks_and_team_and_others_do_not() -> None:
    told = happened(record(PHYSIO), CLIENT, ItemLocked(lock=uid("lock"), item=KNEE))
    mine = view(told, CLIENT).body
    assert [consent["status"] for consent in mine["consents"]] == ["in_force"]
    assert [lock["item"] for lock in mine["locks"]] == [str(KNEE)]
    assert len(mine["team"]) == len(TEAM)
    for person in TEAM:
        assert not view(told, person).body.keys() & {"consents", "locks"}
        assert ("team" in view(told, person).body) == (person is COORDINATOR)


def test_what_is_told_of_milestones_and_acknowledgements_counts_as_shown() -> None:
    story = confirmed()
    story.do(acknowledge, SAM, given_restriction.KNEE, seen=story.seen())
    told = story.record
    permitted = Scope(
        PRIYA.id,
        PRIYA.acting_as,
        Purpose.TREATMENT,
        categories={Category.RESTRICTIONS: Basis(Rule.SELF)},
    )
    shown = CHART[PRIYA.acting_as](told, permitted, story.now).shown
    topics = {entry.fact.type for entry in story.entries if entry.version in shown}
    assert topics == {
        "restriction.modified.v1",
        "restriction.milestone-confirmed.v1",
        "restriction.acknowledged.v1",
    }


def confirmed() -> Story:
    """A milestone reached, and the terms rewritten since."""
    story = restricted_story(graduated())
    measured = (flexion(105, at=story.now),)
    knee = given_restriction.KNEE
    story.do(confirm_milestone, PRIYA, knee, "bends-100", seen=story.seen(), evidence=measured)
    story.do(modify, PRIYA, knee, graduated(reason="Still healing."), seen=story.seen())
    return story
