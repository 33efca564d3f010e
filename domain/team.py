"""The care team: who works with the client, in which discipline, and who coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Self
from uuid import UUID

from pydantic import field_validator, model_validator

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import PRACTITIONERS, Category, Discipline, Lane, lanes_of
from domain.parties import is_client, is_member, require_member, require_open
from domain.refused import Refused
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord


def due_to_train_by_default(discipline: Discipline) -> bool:
    """Whether somebody who joins in `discipline` is taken to be due to train the client."""
    return discipline is Discipline.TRAINER


class Departure(StrEnum):
    """Why somebody left a care team."""

    CARE_COMPLETED = auto()
    CLIENT_ASKED = auto()
    HANDED_OVER = auto()
    OWN_WISH = auto()
    LEFT_ORGANISATION = auto()
    NEVER_STARTED = auto()


class MemberJoined(
    Fact, type="team.member-joined.v1", part="team", category=Category.CONSENTS, policy=True
):
    """A practitioner joins the care team in one discipline.

    `organisation`: through which one they are rostered to this client, if through any.
    `due_to_train`: they train the client, and so see at least the safety minimum.
    """

    practitioner: UUID
    discipline: Discipline
    organisation: UUID | None = None
    due_to_train: bool = False

    @field_validator("discipline")
    @classmethod
    def _on_a_team(cls, discipline: Discipline) -> Discipline:
        if discipline not in PRACTITIONERS:
            raise ValueError(f"one of {', '.join(sorted(PRACTITIONERS))}")
        return discipline

    @model_validator(mode="after")
    def _trains_only_who_reads_limits(self) -> Self:
        reads = Lane.READ in lanes_of(self.discipline, Category.RESTRICTIONS)
        if self.due_to_train and not reads:
            raise ValueError(f"due_to_train: false, as a {self.discipline} does not read limits")
        return self


class MemberLeft(
    Fact, type="team.member-left.v1", part="team", category=Category.CONSENTS, policy=True
):
    """A practitioner is no longer on the care team: reading ends at once.

    In one `discipline`, or (None) in all of them.
    """

    practitioner: UUID
    discipline: Discipline | None = None
    reason: Departure


class CoordinatorAssigned(
    Fact, type="team.coordinator-assigned.v1", part="team", category=Category.CONSENTS, policy=True
):
    """Somebody on the team becomes the client's consistent point of contact."""

    practitioner: UUID


@dataclass(frozen=True, slots=True)
class Membership:
    """One person on the team in one discipline."""

    practitioner: UUID
    discipline: Discipline
    organisation: UUID | None
    due_to_train: bool
    source: Source


MemberKey = tuple[UUID, Discipline]


@dataclass(frozen=True, slots=True)
class CareTeam:
    """Who is on the team now, and who once was.

    `coordinator` is somebody on the team, or None; `departed` are the last departures by person
    and discipline, for those who have not joined again.
    """

    members: Mapping[MemberKey, Membership] = field(default_factory=dict)
    departed: Mapping[MemberKey, Source] = field(default_factory=dict)
    coordinator: UUID | None = None
    coordinator_source: Source | None = None

    def evolve(self, entry: Entry) -> Self:
        """The team with one more entry."""
        match entry.fact:
            case MemberJoined() as fact:
                return self._joined(fact, Source.of(entry))
            case MemberLeft() as fact:
                return self._left(fact, Source.of(entry))
            case CoordinatorAssigned(practitioner=who):
                return replace(self, coordinator=who, coordinator_source=Source.of(entry))
        return self

    def _joined(self, fact: MemberJoined, source: Source) -> Self:
        key = (fact.practitioner, fact.discipline)
        joined = Membership(*key, fact.organisation, fact.due_to_train, source)
        return replace(
            self,
            members={**self.members, key: joined},
            departed={other: gone for other, gone in self.departed.items() if other != key},
        )

    def _left(self, fact: MemberLeft, source: Source) -> Self:
        leaving = {
            key
            for key in self.members
            if key[0] == fact.practitioner and fact.discipline in (None, key[1])
        }
        members = {key: member for key, member in self.members.items() if key not in leaving}
        left = replace(
            self, members=members, departed={**self.departed, **dict.fromkeys(leaving, source)}
        )
        if self.coordinator and not left.member(self.coordinator):
            return replace(left, coordinator=None, coordinator_source=source)
        return left

    def member(self, practitioner: UUID, discipline: Discipline | None = None) -> Membership | None:
        """Their membership in `discipline` (None: in any, the earliest); None if there is none."""
        if discipline is not None:
            return self.members.get((practitioner, discipline))
        return next((m for m in self.members.values() if m.practitioner == practitioner), None)

    def has_left(self, practitioner: UUID) -> bool:
        """Whether they were on the team and are not any more, in any discipline."""
        once = any(who == practitioner for who, _ in self.departed)
        return once and self.member(practitioner) is None

    def coordinates(self, practitioner: UUID) -> bool:
        """Whether they are on the team as a coordinator, and no other one is assigned."""
        on_team = self.member(practitioner, Discipline.COORDINATOR) is not None
        return on_team and self.coordinator in (None, practitioner)

    def trainers(self) -> tuple[Membership, ...]:
        """Everybody due to train the client, in the order in which they joined."""
        return tuple(member for member in self.members.values() if member.due_to_train)

    def rostered(self, organisation: UUID) -> tuple[Membership, ...]:
        """Everybody on the team through `organisation`."""
        return tuple(m for m in self.members.values() if m.organisation == organisation)


def join(
    record: "CareRecord",
    by: Actor,
    practitioner: UUID,
    discipline: Discipline,
    *,
    now: datetime,
    organisation: UUID | None = None,
    due_to_train: bool | None = None,
) -> list[Fact]:
    """Bring somebody onto the team. They read nothing by that alone, but for a coordinator, who
    may change the team and so sees who is on it.

    For the client or a coordinator to decide; while the team has no coordinator, for anyone on it.
    The caller makes sure that `practitioner` holds `discipline` in good standing.
    Refuses `already-on-the-team` unless something about the membership changes.
    """
    _require_say(record, by)
    train = due_to_train_by_default(discipline) if due_to_train is None else due_to_train
    current = record.team.member(practitioner, discipline)
    if current and (current.organisation, current.due_to_train) == (organisation, train):
        raise Refused("already-on-the-team")
    return [
        MemberJoined(
            practitioner=practitioner,
            discipline=discipline,
            organisation=organisation,
            due_to_train=train,
        )
    ]


def leave_team(
    record: "CareRecord",
    by: Actor,
    practitioner: UUID,
    reason: Departure,
    *,
    now: datetime,
    discipline: Discipline | None = None,
) -> list[Fact]:
    """Take somebody off the team: the client, the coordinator, or they themselves."""
    require_open(record)
    if not by.good_standing and by.id != practitioner:
        raise Refused("not-in-good-standing")
    coordinates = by.acting_as is Discipline.COORDINATOR and is_member(record, by)
    if not (is_client(record, by) or coordinates or by.id == practitioner):
        raise Refused("coordinator-or-client-only")
    if not record.team.member(practitioner, discipline):
        raise Refused("not-on-the-team")
    return [MemberLeft(practitioner=practitioner, discipline=discipline, reason=reason)]


def assign_coordinator(
    record: "CareRecord", by: Actor, practitioner: UUID, *, now: datetime
) -> list[Fact]:
    """Say who coordinates; they must be on the team as a coordinator."""
    _require_say(record, by)
    if not record.team.member(practitioner, Discipline.COORDINATOR):
        raise Refused("not-on-the-team")
    if record.team.coordinator == practitioner:
        raise Refused("already-coordinator")
    return [CoordinatorAssigned(practitioner=practitioner)]


def _require_say(record: "CareRecord", by: Actor) -> None:
    if is_client(record, by):
        require_open(record)
        return
    require_member(record, by)
    coordinated = any(d is Discipline.COORDINATOR for _, d in record.team.members)
    if coordinated and by.acting_as is not Discipline.COORDINATOR:
        raise Refused("coordinator-or-client-only")
