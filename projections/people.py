"""Names for the professionals that a view mentions. Who somebody is, never what they know."""

from collections.abc import Iterable
from uuid import UUID

from domain.ledger.ledger import Ledger
from domain.practitioner import PractitionerRecord
from projections.sheet import Body


async def people(ledger: Ledger, mentioned: Iterable[UUID], *, at: int | None = None) -> Body:
    """Name and organisation of each practitioner, by id, as of log position `at` (None: now).

    Ids that are no practitioner's (the client's own) are left out; an erased practitioner has no
    name any more.
    """
    found: Body = {}
    for person in sorted(mentioned):
        if at is None:
            record = await ledger.known(PractitionerRecord, person)
        else:
            record = await ledger.read(PractitionerRecord, person, at=at)
        if record.registered:
            found[str(person)] = {"name": record.name, "organisation": record.organisation}
    return found
