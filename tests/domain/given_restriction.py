"""What tests of restrictions start from: people, terms, and a record to decide on.

`Story` is given facts / when decision / then facts: it folds what decisions return, one version a
fact, one minute apart.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.actor import Actor
from domain.body import Movement, Pattern, Region, Side
from domain.client import ClientEnrolled, Identity
from domain.criterion import Comparison, Criterion
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Discipline
from domain.limits import Arc, Limits
from domain.measure import Reading
from domain.record import CareRecord
from domain.restrict import impose
from domain.restricted import Restriction
from domain.team import MemberJoined
from domain.terms import Bounds, Milestone, Severity, Substitute, Terms, WhomToCall

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
CLIENT = UUID(int=1)
KNEE = UUID(int=100)
SHOULDER = UUID(int=101)
HOLD = UUID(int=200)


def person(number: int, discipline: Discipline) -> Actor:
    return Actor(id=UUID(int=number), acting_as=discipline)


PRIYA = person(10, Discipline.PHYSIOTHERAPIST)
QUENTIN = person(11, Discipline.PHYSIOTHERAPIST)
SAM = person(20, Discipline.TRAINER)
TESS = person(21, Discipline.TRAINER)
RUTH = person(30, Discipline.MASSAGE_THERAPIST)
CARA = person(40, Discipline.COORDINATOR)
STRANGER = person(50, Discipline.PHYSIOTHERAPIST)
OWNER = Actor.client(CLIENT)
TEAM = (PRIYA, QUENTIN, SAM, RUTH, CARA)


def days(number: float) -> timedelta:
    return timedelta(days=number)


def terms(**changes: Any) -> Terms:
    """A right knee that must not squat deep; review in six weeks."""
    usual: dict[str, Any] = {
        "severity": Severity.MODIFY,
        "region": Region.KNEE,
        "side": Side.RIGHT,
        "patterns": (Pattern.SQUAT,),
        "reason": "The knee is healing and must not bend deep under load.",
        "review_by": date(2026, 12, 14),
        "limits": Limits(arcs=(Arc(movement=Movement.FLEXION, end=90),), max_effort=6),
        "substitutes": (Substitute(name="box squat", pattern=Pattern.SQUAT),),
        "stop_signs": ("swelling the same day",),
        "call": WhomToCall(name="Priya", phone="555 0134"),
    }
    return Terms(**{**usual, **changes})


def flexion_at_least(degrees: float, **more: Any) -> Criterion:
    return Criterion(
        measure="knee_flexion",
        comparison=Comparison.AT_LEAST,
        value=degrees,
        unit="deg",
        side=Side.RIGHT,
        **more,
    )


def flexion(degrees: float, *, at: datetime = NOW, **more: Any) -> Reading:
    return Reading(
        **{
            "measure": "knee_flexion",
            "value": degrees,
            "unit": "deg",
            "side": Side.RIGHT,
            "taken_at": at,
            **more,
        }
    )


def bending_to(degrees: int) -> Bounds:
    return Bounds(
        severity=Severity.MODIFY,
        patterns=(Pattern.SQUAT,),
        limits=Limits(arcs=(Arc(movement=Movement.FLEXION, end=degrees),)),
    )


def milestone(code: str, degrees: float, then: int, **more: Any) -> Milestone:
    return Milestone(
        **{
            "code": code,
            "title": f"Bends to {degrees:g}°",
            "criteria": (flexion_at_least(degrees),),
            "then": bending_to(then),
            **more,
        }
    )


def graduated(**changes: Any) -> Terms:
    """The same knee, with two milestones."""
    return terms(
        milestones=(milestone("bends-100", 100, 100), milestone("bends-120", 120, 120)), **changes
    )


def entry(version: int, fact: Fact, by: Actor = PRIYA, at: datetime = NOW) -> Entry:
    return Entry(CLIENT, version, fact, by.authorship(at), at, position=version * 10)


class Story:
    """A record under way. `do` decides and appends; every fact takes a minute."""

    def __init__(self, *team: Actor) -> None:
        self.entries: list[Entry] = []
        self.record = CareRecord(CLIENT)
        self.now = NOW
        identity = Identity(name="Alex Doe", birth_date=date(1980, 1, 1))
        self.append(CARA, ClientEnrolled(identity=identity))
        for member in team or TEAM:
            trains = member.acting_as is Discipline.TRAINER
            self.append(
                CARA,
                MemberJoined(
                    practitioner=member.id, discipline=member.acting_as, due_to_train=trains
                ),
            )

    def append(self, by: Actor, *facts: Fact) -> None:
        for fact in facts:
            self.now += timedelta(minutes=1)
            added = entry(self.record.version + 1, fact, by, self.now)
            self.entries.append(added)
            self.record = self.record.evolve(added)

    def do(self, decision: Callable[..., list[Fact]], by: Actor, *what: Any, **how: Any) -> Any:
        """Decide now, append what was decided, and return it: the fact, if it is one."""
        facts = decision(self.record, by, *what, now=self.now, **how)
        self.append(by, *facts)
        return facts[0] if len(facts) == 1 else facts

    def wait(self, time: timedelta) -> None:
        self.now += time

    def item(self, restriction: UUID = KNEE) -> Restriction:
        return self.record.restrictions.items[restriction]

    def seen(self, restriction: UUID = KNEE) -> int:
        """The version that somebody who looks now has seen."""
        return self.item(restriction).version


def restricted(what: Terms | None = None, by: Actor = PRIYA) -> Story:
    """A story in which the knee is restricted already."""
    story = Story()
    story.do(impose, by, KNEE, what or terms())
    return story
