"""Who has seen my data: in sentences for the client, and as data."""

from uuid import UUID

from fastapi import Request, Response

from api.caller import Calling
from api.doors import Door, door
from api.known_readers import persons
from api.moments import After, Limit
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
    """The position that the `next` of a page is: the page after holds what is older."""
    if after is None:
        return None
    if after.isascii() and after.isdigit() and len(after) <= 18:
        return int(after)
    raise invalid_field("after", "is not a cursor", "the `next` of the page before, as it was")
