"""Who may connect to be told of notifications, and until when."""

from datetime import UTC, datetime

from deploy.tokens import Principal
from domain.lanes import Discipline
from domain.ledger.ledger import Ledger
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused


async def admitted(ledger: Ledger, principal: Principal, now: datetime) -> datetime:
    """Until when this person, whose token is believed, may stay connected: until it expires, and
    no longer than a credential that their standing rests on.

    1. Of staff: whoever acts in the discipline that the token names, or holds any if it names
       none, in good standing.
    2. Anybody else: a client who is enrolled.

    Raises Refused, or LedgerUnavailable while nobody can tell.
    """
    expires = datetime.fromtimestamp(principal.expires, UTC)
    if expires <= now:
        raise Refused("token-expired")
    staff = await ledger.refresh(PractitionerRecord, principal.person)
    if staff.version == 0 or principal.acting_as is Discipline.CLIENT:
        record = await ledger.refresh(CareRecord, principal.person)
        if record.erased or not record.client.enrolled:
            raise Refused("nobody-known-here")
        return expires
    return min(expires, _stands_until(staff, principal, now) or expires)


def _stands_until(
    staff: PractitionerRecord, principal: Principal, now: datetime
) -> datetime | None:
    """When the standing ends by itself; None if never. Raises Refused if there is none."""
    disciplines = (principal.acting_as,) if principal.acting_as else staff.disciplines
    actors = [staff.acting(discipline, now) for discipline in disciplines]
    standing = [actor.not_after for actor in actors if actor.good_standing]
    if not standing:
        raise Refused("not-in-good-standing")
    ends = [end for end in standing if end is not None]
    return max(ends) if len(ends) == len(standing) else None
