"""Who can have read a record: found in the record itself, without a list across clients."""

from uuid import UUID

from domain.actor import DEFAULT_PURPOSE
from domain.grantee import ToPractitioner
from domain.lanes import Discipline
from domain.record import CareRecord
from projections.reader import Reader


def capacities(record: CareRecord) -> frozenset[tuple[UUID, Discipline | None]]:
    """Every person and discipline that a rule of policy can ever have let in: the care team, past
    and present, whom a consent names (None: in whatever discipline they act), who broke the glass.
    """
    team = {*record.team.members, *record.team.departed}
    named = {
        (given.terms.grantee.practitioner, None)
        for given in record.consents
        if isinstance(given.terms.grantee, ToPractitioner)
    }
    glass = {
        (made.clinician, made.acting_as) for made in record.consents.break_glass.by_id.values()
    }
    return frozenset(team | named | glass)


def persons(record: CareRecord) -> frozenset[UUID]:
    """The same people, whatever they act as."""
    return frozenset(person for person, _ in capacities(record))


def as_reader(person: UUID, acting_as: Discipline) -> Reader:
    """That person in that discipline, for what it usually acts for."""
    return Reader(person, acting_as, DEFAULT_PURPOSE[acting_as])
