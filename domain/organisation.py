"""Organisations: clinics and gyms. A stream of its own; nothing in it is about a client."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from domain.actor import Actor
from domain.contact import PersonName
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.refused import Refused


class OrganisationRegistered(
    Fact,
    type="organisation.registered.v1",
    part="organisation",
    category=Category.IDENTITY,
    sealed=False,
):
    """A clinic, gym or other organisation that practitioners work for."""

    name: PersonName


class OrganisationRenamed(
    Fact,
    type="organisation.renamed.v1",
    part="organisation",
    category=Category.IDENTITY,
    sealed=False,
):
    """An organisation goes by another name."""

    name: PersonName


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """State of one organisation's stream at `version`."""

    id: UUID
    version: int = 0
    position: int = 0
    name: str | None = None

    def evolve(self, entry: Entry) -> Self:
        """The record with one more entry."""
        moved = replace(self, version=entry.version, position=entry.position)
        match entry.fact:
            case OrganisationRegistered(name=name) | OrganisationRenamed(name=name):
                return replace(moved, name=name)
        return moved


def register(record: OrganisationRecord, by: Actor, name: str, *, now: datetime) -> list[Fact]:
    """Take an organisation into the directory.

    Refuses `administrators-only`, `already-registered`.
    """
    _require_administrator(by)
    if record.version:
        raise Refused("already-registered")
    return [OrganisationRegistered(name=name)]


def rename(record: OrganisationRecord, by: Actor, name: str, *, now: datetime) -> list[Fact]:
    """Give it another name. Refuses `administrators-only`, `not-registered`, `nothing-changed`."""
    _require_administrator(by)
    if not record.version:
        raise Refused("not-registered")
    if record.name == name:
        raise Refused("nothing-changed")
    return [OrganisationRenamed(name=name)]


def _require_administrator(by: Actor) -> None:
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    if by.acting_as is not Discipline.ADMINISTRATOR:
        raise Refused("administrators-only")
