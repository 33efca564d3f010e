"""Who has seen my data: in sentences for the client, and as data."""

from uuid import UUID

from fastapi import Request, Response

from api.caller import Calling
from api.doors import Door, door
from api.known_readers import persons
from api.moments import After, Limit, read_cursor
from api.problems import invalid_field
from api.route import router
from api.showing import show
from domain.record import CareRecord
from projections.accesses import accesses_view
from projections.disclosure import Ask
from projections.people import people
from projections.withdrawal import accesses_of

routes = router("accountability")


@routes.get("/clients/{client}/accesses")
@door(Door.DISCLOSED, "to the client: who was shown or refused what of theirs, when and why")
async def accesses(
    request: Request, client: UUID, caller: Calling, after: After = None, limit: Limit = 50
) -> Response:
    """Releases and refusals, newest first; `next` is what to send as `after` for older ones."""
    ledger = caller.tandem.ledger
    record = await ledger.refresh(CareRecord, client)
    found = await accesses_of(ledger, client, persons(record))
    names = await people(ledger, found)
    before = read_before(after)
    return await show(
        request,
        caller,
        client,
        Ask(
            "accesses",
            lambda record, scope, now: accesses_view(
                found, names, before, limit, record, scope, now
            ),
        ),
    )


def read_before(after: str | None) -> int | None:
    """The position in a cursor: the page holds what is older."""
    match read_cursor(after):
        case None:
            return None
        case [int(position)] if not isinstance(position, bool):
            return position
    raise invalid_field("after", "is not a cursor", "the `next` of the page before, as it was")
