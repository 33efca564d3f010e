"""Whom a consent or a lock is about: one practitioner, an organisation's, or a whole discipline."""

from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import Field, field_validator

from domain.actor import Actor
from domain.fact import Value
from domain.lanes import PRACTITIONERS, Discipline

if TYPE_CHECKING:
    from domain.team import CareTeam, Membership


class ToPractitioner(Value):
    """One practitioner, by name."""

    kind: Literal["practitioner"] = "practitioner"
    practitioner: UUID


class ToOrganisation(Value):
    """Everybody on the care team who is rostered to the client through this organisation."""

    kind: Literal["organisation"] = "organisation"
    organisation: UUID


class ToDiscipline(Value):
    """Everybody on the care team in this discipline."""

    kind: Literal["discipline"] = "discipline"
    discipline: Discipline

    @field_validator("discipline")
    @classmethod
    def _on_a_team(cls, discipline: Discipline) -> Discipline:
        if discipline not in PRACTITIONERS:
            raise ValueError(f"one of {', '.join(sorted(PRACTITIONERS))}")
        return discipline


Grantee = Annotated[ToPractitioner | ToOrganisation | ToDiscipline, Field(discriminator="kind")]


def granted_to(grantee: Grantee, membership: "Membership | None", reader: Actor) -> bool:
    """Whether a consent to `grantee` is one to `reader`, whose membership in the discipline that
    they act in is `membership` (None: not on the team, so only a grant by name can be meant)."""
    match grantee:
        case ToPractitioner(practitioner=practitioner):
            return practitioner == reader.id
        case ToOrganisation(organisation=organisation):
            return membership is not None and membership.organisation == organisation
        case ToDiscipline(discipline=discipline):
            return membership is not None and membership.discipline is discipline


def keeps_out(party: Grantee, team: "CareTeam", reader: Actor) -> bool:
    """Whether a lock against `party` keeps `reader` out. Wider than a grant would reach: an
    organisation's people are kept out whether or not they are rostered to the client."""
    match party:
        case ToPractitioner(practitioner=practitioner):
            return practitioner == reader.id
        case ToOrganisation(organisation=organisation):
            rostered = {member.practitioner for member in team.rostered(organisation)}
            return reader.organisation == organisation or reader.id in rostered
        case ToDiscipline(discipline=discipline):
            return reader.acting_as is discipline


def belongs(person: UUID, grantee: Grantee, team: "CareTeam") -> bool:
    """Whether `person` is the grantee or, as far as the care team tells, one of theirs."""
    match grantee:
        case ToPractitioner(practitioner=practitioner):
            return practitioner == person
        case ToOrganisation(organisation=organisation):
            return any(member.practitioner == person for member in team.rostered(organisation))
        case ToDiscipline(discipline=discipline):
            return team.member(person, discipline) is not None
