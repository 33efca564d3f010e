"""Random histories of teams, consents, locks, broken glass and restrictions, decided by nobody:
the facts come in any order, also in orders that no decision would allow."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from domain.actor import DEFAULT_PURPOSE, Actor
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed, Emergency, Finding
from domain.consent import (
    ConsentAmended,
    ConsentConfirmed,
    ConsentGranted,
    ConsentWithdrawn,
    OralConsentRecorded,
)
from domain.consent_terms import CARE_PURPOSES, GRANTABLE_PURPOSES, ConsentTerms
from domain.fact import Fact
from domain.grantee import Grantee, ToDiscipline, ToOrganisation, ToPractitioner
from domain.lanes import GRANTABLE, PRACTITIONERS, Purpose
from domain.lock import ItemLocked, LockLifted, PartyLocked
from domain.record import CareRecord
from domain.safety import SafetyMinimumRefused, SafetyMinimumRestored
from domain.team import Departure, MemberJoined, MemberLeft
from tests.domain.given import (
    CLIENT,
    CLINIC,
    COORDINATOR,
    GYM,
    KNEE,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    enrolled,
    happened,
    restricted,
    uid,
)

HIP = uid("hip")
PEOPLE = (PHYSIO, MASSAGE, TRAINER, COORDINATOR, STRANGER)
STEP = timedelta(minutes=1)
"""Between one fact and the next."""

ids = st.sampled_from([uid("a"), uid("b"), uid("c")])
items = st.sampled_from([KNEE, HIP])
people = st.sampled_from(PEOPLE)
moments = st.integers(-60, 180).map(lambda minutes: NOW + minutes * STEP)
categories = st.sampled_from(sorted(GRANTABLE))

grantees: st.SearchStrategy[Grantee] = st.one_of(
    people.map(lambda who: ToPractitioner(practitioner=who.id)),
    st.sampled_from([CLINIC, GYM]).map(lambda org: ToOrganisation(organisation=org)),
    st.sampled_from(sorted(PRACTITIONERS)).map(lambda d: ToDiscipline(discipline=d)),
)


@st.composite
def random_terms(draw: st.DrawFn) -> ConsentTerms:
    """Terms that are well formed, whatever they say."""
    grantee = draw(grantees)
    named = draw(st.sets(categories, min_size=1))
    spared = draw(st.sets(categories, max_size=3))
    what_for = st.sets(st.sampled_from(sorted(GRANTABLE_PURPOSES)), min_size=1)
    barred = {who.id for who in draw(st.sets(people, max_size=1))}
    if isinstance(grantee, ToPractitioner):
        barred.discard(grantee.practitioner)
    seldom = st.none() | st.none() | moments
    starts, until = draw(seldom), draw(seldom)
    return ConsentTerms(
        grantee=grantee,
        categories=tuple(named),
        purposes=tuple(draw(st.just(CARE_PURPOSES) | what_for)),
        starts=starts,
        until=until if starts is None or until is None or until > starts else None,
        except_categories=tuple(spared if named - spared else ()),
        except_items=tuple(draw(st.sets(items, max_size=1))),
        except_people=tuple(barred),
    )


@dataclass(frozen=True)
class Told:
    """One fact of a random history, and by whom."""

    by: Actor
    fact: Fact


@st.composite
def team_facts(draw: st.DrawFn) -> Told:
    """Somebody joins or leaves."""
    who = draw(people)
    if draw(st.integers(0, 4)) == 0:
        return Told(CLIENT, MemberLeft(practitioner=who.id, reason=Departure.CLIENT_ASKED))
    return Told(
        CLIENT,
        MemberJoined(
            practitioner=who.id,
            discipline=who.acting_as,
            organisation=draw(st.sampled_from([None, CLINIC, GYM])),
            due_to_train=who is TRAINER and draw(st.booleans()),
        ),
    )


@st.composite
def consent_facts(draw: st.DrawFn) -> Told:
    """Something happens to one of three consents."""
    id, what = draw(ids), draw(random_terms())
    oral = OralConsentRecorded(
        consent=id,
        terms=what,
        recorder=uid("recorder"),
        witness=uid("witness"),
        confirm_by=draw(moments),
    )
    grant = Told(CLIENT, ConsentGranted(consent=id, terms=what))
    return draw(
        st.sampled_from(
            [
                grant,
                grant,
                Told(COORDINATOR, oral),
                Told(CLIENT, ConsentConfirmed(consent=id)),
                Told(CLIENT, ConsentAmended(consent=id, terms=what)),
                Told(CLIENT, ConsentWithdrawn(consent=id)),
            ]
        )
    )


@st.composite
def lock_facts(draw: st.DrawFn) -> Told:
    """The client locks, unlocks, refuses or restores the safety minimum."""
    id, party = draw(ids), draw(grantees)
    locked = ItemLocked(
        lock=id,
        item=draw(items),
        party=draw(st.none() | st.just(party)),
        silent=draw(st.booleans()),
    )
    facts: list[Fact] = [
        locked,
        PartyLocked(lock=id, party=party, silent=draw(st.booleans())),
        LockLifted(lock=id),
        SafetyMinimumRefused(),
        SafetyMinimumRestored(),
    ]
    return Told(CLIENT, draw(st.sampled_from(facts)))


@st.composite
def glass_facts(draw: st.DrawFn) -> Told:
    """Somebody, regulated or not, breaks the glass or reviews that."""
    id = draw(ids)
    if draw(st.booleans()):
        reviewed = BreakGlassReviewed(declaration=id, outcome=draw(st.sampled_from(Finding)))
        return Told(COORDINATOR, reviewed)
    reason = draw(st.sampled_from(Emergency))
    return Told(
        draw(people), BreakGlassDeclared(declaration=id, reason=reason, until=draw(moments))
    )


@st.composite
def beginnings(draw: st.DrawFn) -> list[Told]:
    """Most of the people are on the team, and some of them have been granted something."""
    team = draw(st.sets(people, min_size=2))
    joined = [
        MemberJoined(
            practitioner=who.id,
            discipline=who.acting_as,
            organisation=who.organisation,
            due_to_train=who is TRAINER,
        )
        for who in PEOPLE
        if who in team
    ]
    grants = [
        ConsentGranted(consent=id, terms=draw(random_terms()))
        for id in draw(st.sets(ids, min_size=1))
    ]
    return [Told(CLIENT, fact) for fact in (*joined, *grants)]


@st.composite
def histories(draw: st.DrawFn) -> list[Told]:
    """A beginning, and then anything."""
    anything = st.one_of(
        team_facts(), consent_facts(), consent_facts(), lock_facts(), glass_facts()
    )
    return [*draw(beginnings()), *draw(st.lists(anything, max_size=8))]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Actor, Purpose]:
    """Who asks, and for what: mostly for what they usually would."""
    reader = draw(people)
    usual = DEFAULT_PURPOSE[reader.acting_as]
    return reader, draw(st.sampled_from([usual, usual, Purpose.TREATMENT, *sorted(Purpose)]))


def tell(history: list[Told]) -> CareRecord:
    """The record of a client enrolled and restricted (the knee by the physio, the hip by the
    massage therapist), and then whatever the history says, a minute apart."""
    record = restricted(restricted(enrolled()), HIP, by=MASSAGE)
    for minutes, told in enumerate(history):
        record = happened(record, told.by, told.fact, at=NOW + minutes * STEP)
    return record


def end_of(history: list[Told]) -> datetime:
    """When the last fact of a history was recorded."""
    return NOW + len(history) * STEP
