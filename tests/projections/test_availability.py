"""When policy would have permitted each fact: asked of two streams, without a database."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from domain.actor import Actor
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed, Emergency, Finding
from domain.client import ClientEnrolled, IdentityCorrected
from domain.consent import ConsentGranted, ConsentWithdrawn
from domain.entry import Entry, Erased
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.lock import ItemLocked, LockLifted
from domain.practitioner import (
    PractitionerRegistered,
    PractitionerReinstated,
    PractitionerSuspended,
    Profile,
    Standing,
)
from domain.safety import SafetyMinimumRefused
from domain.scope import Rule
from domain.team import Departure, MemberJoined, MemberLeft
from projections.availability import Span, availability
from tests.domain.given import (
    ADMINISTRATOR,
    CLIENT,
    COORDINATOR,
    IDENTITY,
    KNEE,
    NOW,
    PHYSIO,
    TRAINER,
    terms,
    uid,
)
from tests.projections.clinic import imposed, licence, reader

MINUTE = timedelta(minutes=1)
IMPOSED = 3
"""Version of the restriction."""


def at(minutes: float) -> datetime:
    return NOW + minutes * MINUTE


class Told:
    """Two streams, told in order: (minutes, who, fact)."""

    def __init__(self, who: Actor = PHYSIO, author: Actor = COORDINATOR) -> None:
        self.who = who
        self.client: list[Entry] = []
        self.standing: list[Entry] = []
        profile = Profile(name="X", disciplines=(who.acting_as,), organisation=who.organisation)
        self.person(-10, PractitionerRegistered(profile=profile))
        self.person(-9, licence(who.acting_as, at(10_000)))
        self.record(0, COORDINATOR, ClientEnrolled(identity=IDENTITY))
        self.record(0, COORDINATOR, joining(who))
        self.record(1, author, imposed())

    @property
    def position(self) -> int:
        return 2 * (len(self.client) + len(self.standing)) + 1

    def record(self, minutes: float, by: Actor, *facts: Fact | Erased) -> None:
        for fact in facts:
            version = len(self.client) + 1
            when = at(minutes)
            entry = Entry(CLIENT.id, version, fact, by.authorship(when), when, self.position)
            self.client.append(entry)

    def person(self, minutes: float, *facts: Fact) -> None:
        for fact in facts:
            version, when = len(self.standing) + 1, at(minutes)
            by = ADMINISTRATOR.authorship(when)
            self.standing.append(Entry(self.who.id, version, fact, by, when, self.position))

    def spans(self, until: float = 100, version: int = IMPOSED) -> list[Span]:
        found = availability(CLIENT.id, self.client, self.standing, reader(self.who), at(until))
        return found[version]

    def told(self, until: float = 100, version: int = IMPOSED) -> list[tuple[float, float | None]]:
        """From which minute until which it was available."""
        return [
            (minutes(span.since), minutes(span.until) if span.until else None)
            for span in self.spans(until, version)
        ]


def minutes(time: datetime) -> float:
    return (time - NOW) / MINUTE


def joining(who: Actor) -> MemberJoined:
    return MemberJoined(
        practitioner=who.id,
        discipline=who.acting_as,
        organisation=who.organisation,
        due_to_train=who.acting_as is Discipline.TRAINER,
    )


def granting(who: Actor = PHYSIO, name: str = "one", **more: datetime | None) -> ConsentGranted:
    what = terms(who, Category.RESTRICTIONS, Category.IDENTITY, **more)  # type: ignore[arg-type]
    return ConsentGranted(consent=uid(name), terms=what)


def test_nobody_reads_by_lane_alone() -> None:
    assert Told().spans() == []


def test_from_the_grant_until_the_withdrawal() -> None:
    story = Told()
    story.record(5, CLIENT, granting())
    assert story.told() == [(5, None)]
    assert story.spans()[0].basis.reference == uid("one")
    story.record(9, CLIENT, ConsentWithdrawn(consent=uid("one")))
    assert story.told() == [(5, 9)]


def test_what_is_recorded_later_is_available_from_then_on() -> None:
    story = Told()
    story.record(5, CLIENT, granting())
    story.record(7, COORDINATOR, imposed(uid("hip")))
    assert story.told(version=5) == [(7, None)]


def test_a_consent_expires_at_its_instant_whoever_looks_or_not() -> None:
    story = Told()
    story.record(5, CLIENT, granting(until=at(20)))
    assert story.told(until=19) == [(5, None)]
    assert story.told(until=20) == [(5, 20)]
    story.record(50, COORDINATOR, IdentityCorrected(identity=IDENTITY))
    assert story.told() == [(5, 20)]


def test_a_consent_for_later_begins_at_its_instant() -> None:
    story = Told()
    story.record(5, CLIENT, granting(starts=at(20), until=at(30)))
    assert story.told(until=19) == []
    assert story.told(until=25) == [(20, None)]
    assert story.told() == [(20, 30)]


def test_what_has_passed_is_not_asked_again_when_something_else_happens() -> None:
    story = Told()
    story.record(5, CLIENT, granting(starts=at(20), until=at(30)))
    for minute in (40, 50, 60):
        story.record(minute, COORDINATOR, IdentityCorrected(identity=IDENTITY))
        story.record(minute, CLIENT, granting(TRAINER, f"sam {minute}"))
    assert story.told() == [(20, 30)]


def test_a_consent_granted_late_does_not_reach_back() -> None:
    story = Told()
    story.record(5, CLIENT, granting(name="early", starts=at(6), until=at(8)))
    story.record(20, CLIENT, granting(name="late", starts=at(1)))
    assert story.told() == [(6, 8), (20, None)]


def test_the_basis_changes_from_one_consent_to_the_other_without_a_gap() -> None:
    story = Told()
    story.record(5, CLIENT, granting(name="long", until=at(50)))
    story.record(6, CLIENT, granting(name="short", until=at(30)))
    story.record(20, CLIENT, ConsentWithdrawn(consent=uid("long")))
    assert story.told() == [(5, 20), (20, 30)]
    assert [span.basis.reference for span in story.spans()] == [uid("long"), uid("short")]


@pytest.mark.parametrize("back", [True, False])
def test_leaving_the_team_ends_it(back: bool) -> None:
    story = Told()
    story.record(5, CLIENT, granting())
    story.record(9, CLIENT, MemberLeft(practitioner=PHYSIO.id, reason=Departure.CLIENT_ASKED))
    if back:
        story.record(12, CLIENT, joining(PHYSIO))
    assert story.told() == [(5, 9), (12, None)][: 1 + back]


def test_a_suspension_ends_it_and_reinstatement_opens_it_again() -> None:
    story = Told()
    story.record(5, CLIENT, granting())
    story.person(9, PractitionerSuspended(reason=Standing.COMPLAINT))
    story.person(12, PractitionerReinstated())
    assert story.told() == [(5, 9), (12, None)]


def test_an_expired_credential_ends_it_and_a_renewal_opens_it_again() -> None:
    story = Told()
    story.standing.clear()
    profile = Profile(name="X", disciplines=(PHYSIO.acting_as,))
    story.person(-10, PractitionerRegistered(profile=profile), licence(PHYSIO.acting_as, at(9)))
    story.record(5, CLIENT, granting())
    story.person(20, licence(PHYSIO.acting_as, at(30)))
    assert story.told() == [(5, 9), (20, 30)]


def glass(*review: Finding) -> Sequence[tuple[float, float | None]]:
    story = Told()
    declared = BreakGlassDeclared(
        declaration=uid("glass"), reason=Emergency.SAFETY_CHECK, until=at(30)
    )
    story.record(5, PHYSIO, declared)
    for finding in review:
        reviewed = BreakGlassReviewed(declaration=uid("glass"), outcome=finding)
        story.record(9, COORDINATOR, reviewed)
    assert story.spans()[0].basis.rule is Rule.BREAK_GLASS
    return story.told()


def test_broken_glass_opens_until_it_ends_by_itself_or_is_found_unjustified() -> None:
    assert glass() == [(5, 30)]
    assert glass(Finding.JUSTIFIED) == [(5, 30)]
    assert glass(Finding.NOT_JUSTIFIED) == [(5, 9)]


def test_a_lock_closes_its_item_and_nothing_else() -> None:
    story = Told()
    story.record(5, CLIENT, granting())
    story.record(9, CLIENT, ItemLocked(lock=uid("lock"), item=KNEE))
    story.record(12, CLIENT, LockLifted(lock=uid("lock")))
    assert story.told() == [(5, 9), (12, None)]
    assert story.told(version=1) == [(5, None)]


def test_the_safety_minimum_is_available_until_it_is_refused() -> None:
    story = Told(TRAINER)
    assert story.told() == [(1, None)]
    assert story.spans()[0].basis.rule is Rule.SAFETY_MINIMUM
    assert story.told(version=1) == []
    story.record(9, CLIENT, SafetyMinimumRefused())
    assert story.told() == [(1, 9)]


def test_whoever_wrote_it_reads_it_from_then_on() -> None:
    story = Told(author=PHYSIO)
    assert story.told() == [(1, None)]
    assert story.spans()[0].basis.rule is Rule.OWN_FACTS


def test_of_an_erased_client_nothing_is_available() -> None:
    story = Told()
    story.record(5, CLIENT, granting())
    story.client = [
        Entry(e.stream, e.version, Erased(e.fact.type), e.by, e.recorded_at, e.position)
        for e in story.client
    ]
    assert story.spans() == []


def test_the_client_reads_everything_from_its_beginning() -> None:
    story = Told()
    found = availability(CLIENT.id, story.client, [], reader(CLIENT), at(100))
    assert [[minutes(span.since) for span in spans] for spans in found.values()] == [[0], [0], [1]]
