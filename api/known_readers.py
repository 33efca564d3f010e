"""Who can have read a record: whom a rule of policy may have let in, and to whom anything left."""

from uuid import UUID

from api.composition import Tandem
from domain.actor import DEFAULT_PURPOSE
from domain.grantee import ToPractitioner
from domain.lanes import Discipline
from domain.record import CareRecord
from projections.reader import Reader
from projections.register_queries import DENIALS, accesses, readers_of

MOST_DENIALS = 500

Capacity = tuple[UUID, Discipline | None]
"""A person, and what they acted as (None: whatever they usually do)."""


def let_in(record: CareRecord) -> frozenset[Capacity]:
    """Whom the record itself names: the care team, past and present, whom a consent names, who was
    sent a referral, and who broke the glass. They may have known something without anything having
    been released."""
    team = {*record.team.members, *record.team.departed}
    named = {
        (given.terms.grantee.practitioner, None)
        for given in record.consents
        if isinstance(given.terms.grantee, ToPractitioner)
    }
    glass = {(one.clinician, one.acting_as) for one in record.consents.break_glass.by_id.values()}
    referred = {(person, None) for person in record.referrals.people() - {record.id}}
    return frozenset(team | named | glass | referred)


async def released_to(tandem: Tandem, client: UUID) -> frozenset[Capacity]:
    """Everybody to whom anything was released, at the head of the log. Raises LedgerUnavailable
    while the register is being made."""
    return frozenset(await readers_of(tandem.lists, client))


async def persons(tandem: Tandem, client: UUID) -> frozenset[UUID]:
    """Everybody to whom anything was released, and the latest who were denied it."""
    denied = await accesses(tandem.lists, client=client, kinds=DENIALS, limit=MOST_DENIALS)
    released = await released_to(tandem, client)
    return frozenset({person for person, _ in released} | {row.reader for row in denied.rows})


def as_reader(person: UUID, acting_as: Discipline) -> Reader:
    """That person in that discipline, for what it usually acts for."""
    return Reader(person, acting_as, DEFAULT_PURPOSE[acting_as])
