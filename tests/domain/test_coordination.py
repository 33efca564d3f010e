"""Whoever coordinates knows who is on the team, and that something waits: by a rule, no consent."""

from domain.actor import Actor
from domain.consent import OralConsentRecorded
from domain.grantee import ToPractitioner
from domain.lanes import GRANTABLE, Category, Discipline, Lane, Purpose, lanes_of
from domain.lock import PartyLocked
from domain.policy import scope
from domain.record import CareRecord
from domain.scope import Basis, Rule, Withheld
from domain.team import CoordinatorAssigned, Departure, MemberLeft
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    granted,
    happened,
    joined,
    restricted,
    terms,
    uid,
    with_team,
)

OTHER = Actor(uid("olga"), Discipline.COORDINATOR, 1)
COORDINATION = Purpose.COORDINATION


def knows(record: CareRecord, who: Actor = COORDINATOR, purpose: Purpose = COORDINATION) -> bool:
    """Whether the rule opens the team; and if so that, and nothing else of consents."""
    seen = scope(record, who, purpose, NOW)
    team = seen.sees_team()
    assert team in (None, Basis(Rule.COORDINATION))
    assert seen.sees(Category.CONSENTS) is None
    return team is not None


def test_the_coordinator_knows_the_team_and_nothing_else() -> None:
    record = restricted(with_team())
    seen = scope(record, COORDINATOR, COORDINATION, NOW)
    assert dict(seen.categories) == {Category.CONSENTS: Basis(Rule.COORDINATION)}
    assert knows(record)
    assert not seen.empty
    assert lanes_of(Discipline.COORDINATOR, Category.CONSENTS) == {Lane.EXISTENCE}


def test_nobody_else_does_and_for_nothing_else() -> None:
    record = with_team()
    for who in (PHYSIO, TRAINER, STRANGER, OTHER, Actor(COORDINATOR.id, Discipline.TRAINER, 1)):
        for purpose in Purpose:
            assert not knows(record, who, purpose)
    for purpose in set(Purpose) - {COORDINATION}:
        assert not knows(record, purpose=purpose)
    assert scope(record, PHYSIO, COORDINATION, NOW).withheld[Category.CONSENTS] is (
        Withheld.OUTSIDE_LANE
    )


def test_of_several_coordinators_the_one_who_is_assigned() -> None:
    record = joined(with_team(), OTHER)
    assert knows(record)
    assert knows(record, OTHER)
    record = happened(record, CLIENT, CoordinatorAssigned(practitioner=OTHER.id))
    assert not knows(record)
    assert knows(record, OTHER)


def test_it_ends_with_the_team_with_their_standing_and_where_the_client_locks_them_out() -> None:
    left = MemberLeft(practitioner=COORDINATOR.id, reason=Departure.CLIENT_ASKED)
    assert not knows(happened(with_team(), CLIENT, left))
    suspended = Actor(COORDINATOR.id, Discipline.COORDINATOR, 1, good_standing=False)
    assert not knows(with_team(), suspended)
    party = ToPractitioner(practitioner=COORDINATOR.id)
    locked = happened(with_team(), CLIENT, PartyLocked(lock=uid("lock"), party=party))
    assert not knows(locked)
    assert scope(locked, COORDINATOR, COORDINATION, NOW).empty


def test_no_consent_opens_consents_to_them() -> None:
    everything = granted(with_team(), "all", terms(COORDINATOR, *GRANTABLE))
    spoken = OralConsentRecorded(
        consent=uid("spoken"),
        terms=terms(STRANGER, Category.GOALS),
        recorder=uid("recorder"),
        witness=uid("witness"),
        confirm_by=NOW,
    )
    assert knows(happened(everything, CLIENT, spoken))
    assert scope(everything, CLIENT, Purpose.SELF, NOW).sees(Category.CONSENTS) is not None
