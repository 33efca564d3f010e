"""After withdrawing: the proof that nothing more was released on that consent, and what is out.

The proof is complete up to `checked_to`, a position of the log; whoever doubts it later asks again.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from domain.access import AccessRecord, Disclosure, access_stream
from domain.lanes import Category
from domain.ledger.ledger import Ledger
from domain.record import CareRecord
from domain.scope import Scope
from projections.sheet import Body, NothingToShow, Sheet, View


def ever_on_team(record: CareRecord) -> frozenset[UUID]:
    """Everybody who is on the care team or was: whom a consent for care can have reached."""
    keys = [*record.team.members, *record.team.departed]
    return frozenset(person for person, _ in keys)


async def accesses_of(
    ledger: Ledger, client: UUID, readers: Iterable[UUID]
) -> dict[UUID, AccessRecord]:
    """The access record of each reader, with everything that is durable now."""
    return {
        reader: await ledger.refresh(AccessRecord, access_stream(client, reader))
        for reader in readers
    }


def proof_view(
    consent: UUID,
    accesses: dict[UUID, AccessRecord],
    checked_to: int,
    record: CareRecord,
    scope: Scope,
    now: datetime,
) -> View:
    """For each reader: the last disclosure on the consent, how many came after its end (none), and
    the copies that may still be out."""
    sheet = Sheet(record, scope, now)
    given = record.consents.by_id.get(consent)
    if given is None or not sheet.opens(Category.CONSENTS, *given.versions):
        raise NothingToShow
    ended = given.withdrawn.position if given.withdrawn else None
    readers = [
        {"reader": sheet.mention(reader), **_proof(access.resting_on(consent), ended, now)}
        for reader, access in accesses.items()
        if access.resting_on(consent)
    ]
    return sheet.view(
        {
            "view": "withdrawal-proof",
            "client": str(record.id),
            "consent": str(consent),
            "withdrawn_at": {
                "position": ended,
                "time": given.withdrawn.recorded_at.isoformat() if given.withdrawn else None,
            },
            "checked_to": checked_to,
            "readers": readers,
        }
    )


def _proof(made: Sequence[Disclosure], ended: int | None, now: datetime) -> Body:
    last = made[-1]
    after = [one for one in made if ended is not None and one.position > ended]
    return {
        "disclosures": len(made),
        "last_disclosure": {
            "position": last.position,
            "at": last.source.recorded_at.isoformat(),
            "view": last.fact.view,
        },
        "released_after_withdrawal": len(after),
        "outstanding_copies": [
            {
                "disclosure": one.position,
                "held_until": one.held_until.isoformat() if one.held_until else None,
                "forms": [form for form, _ in one.exported],
            }
            for one in made
            if one.outstanding(now)
        ],
    }
