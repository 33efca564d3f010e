"""Names for the professionals that a view mentions. Who somebody is, never what they know."""

from collections.abc import Iterable
from uuid import UUID

from domain.ledger.ledger import Ledger
from domain.organisation import OrganisationRecord
from domain.practitioner import PractitionerRecord
from projections.sheet import Body


async def people(ledger: Ledger, mentioned: Iterable[UUID], *, at: int | None = None) -> Body:
    """Name and organisation of each practitioner, by id, as of log position `at` (None: now).

    Ids that are no practitioner's (the client's own) are left out; an erased practitioner has no
    name any more.
    """
    found: Body = {}
    for person in sorted(mentioned):
        record = (
            await ledger.known(PractitionerRecord, person)
            if at is None
            else await ledger.read(PractitionerRecord, person, at)
        )
        if record.profile is not None:
            at_work = await _organisation(ledger, record.profile.organisation, at)
            found[str(person)] = {"name": record.profile.name, "organisation": at_work}
    return found


async def _organisation(ledger: Ledger, organisation: UUID | None, at: int | None) -> str | None:
    if organisation is None:
        return None
    if at is None:
        return (await ledger.known(OrganisationRecord, organisation)).name
    return (await ledger.read(OrganisationRecord, organisation, at)).name
