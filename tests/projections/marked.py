"""A record in which every text carries a marker of its category, and random histories on top."""

from datetime import datetime
from uuid import UUID

from hypothesis import strategies as st

from domain.actor import Actor
from domain.client import (
    ClientEnrolled,
    ContactCorrected,
    EmergencyContactCorrected,
    IdentityCorrected,
)
from domain.contact import Contact, EmergencyContact
from domain.entry import Entry
from domain.fact import Fact
from domain.record import CareRecord
from domain.restriction import RestrictionAcknowledged, RestrictionImposed
from tests.domain import random_restriction
from tests.domain.given import CLIENT, COORDINATOR, IDENTITY, KNEE, MASSAGE, NOW, PHYSIO, uid
from tests.domain.random_consent import (
    HIP,
    PEOPLE,
    STEP,
    Told,
    beginnings,
    consent_facts,
    glass_facts,
    lock_facts,
    team_facts,
)

ITEMS = dict(zip(random_restriction.IDS, (KNEE, HIP, uid("back")), strict=True))
words = st.sampled_from(["Ash", "Birch", "Cedar"])


@st.composite
def restriction_facts(draw: st.DrawFn) -> Told:
    """Something is imposed, changed, proposed, acknowledged or ended, by anybody."""
    fact = draw(random_restriction.facts)
    name = "hold" if "hold" in type(fact).model_fields else "restriction"
    item = ITEMS[getattr(fact, name)]
    return Told(draw(st.sampled_from(PEOPLE)), fact.model_copy(update={name: item}))


@st.composite
def client_facts(draw: st.DrawFn) -> Told:
    """Who the client is, or how they are reached, is written down anew."""
    name = draw(words)
    facts: list[Fact] = [
        IdentityCorrected(identity=IDENTITY.model_copy(update={"name": name})),
        ContactCorrected(contact=Contact(address=name)),
        ContactCorrected(contact=None),
        EmergencyContactCorrected(emergency_contact=EmergencyContact(name=name, phone="555 0100")),
    ]
    return Told(draw(st.sampled_from([CLIENT, COORDINATOR, *PEOPLE])), draw(st.sampled_from(facts)))


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """An enrolment, a team with some consents, two restrictions, and then anything."""
    anything = st.one_of(
        restriction_facts(),
        restriction_facts(),
        client_facts(),
        team_facts(),
        consent_facts(),
        lock_facts(),
        glass_facts(),
    )
    enrolled = ClientEnrolled(
        identity=IDENTITY,
        contact=Contact(address="Oak"),
        emergency_contact=EmergencyContact(name="Elm", phone="555 0100"),
    )
    told = [
        Told(COORDINATOR, enrolled),
        *draw(beginnings()),
        Told(PHYSIO, draw(imposing(KNEE))),
        Told(MASSAGE, draw(imposing(HIP))),
        *draw(st.lists(anything, max_size=10)),
    ]
    return entries(told)


def imposing(item: UUID) -> st.SearchStrategy[Fact]:
    return st.builds(
        RestrictionImposed,
        restriction=st.just(item),
        terms=random_restriction.all_terms(),
        clinical_reason=st.just("Rowan"),
    )


def entries(told: list[Told]) -> list[Entry]:
    """What was told, a minute apart."""
    return [at(number, one.by, one.fact, NOW + number * STEP) for number, one in enumerate(told, 1)]


def at(version: int, by: Actor, fact: Fact, time: datetime) -> Entry:
    return Entry(CLIENT.id, version, fact, by.authorship(time), time, version * 3)


def folded(history: list[Entry]) -> CareRecord:
    return CareRecord.fold(CLIENT.id, history)


def acknowledged(item: UUID, seen: int) -> RestrictionAcknowledged:
    return RestrictionAcknowledged(restriction=item, seen=seen)
