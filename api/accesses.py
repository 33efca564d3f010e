"""Who has seen my data: in sentences for the client, and as data."""

from uuid import UUID

from fastapi import Request, Response

from api.caller import Calling
from api.doors import Door, door
from api.known_readers import persons
from api.moments import After, Limit, read_position
from api.route import router
from api.showing import show
from projections.accesses import accesses_view
from projections.asking import Ask
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
    found = await accesses_of(ledger, client, await persons(caller.tandem, client))
    names = await people(ledger, found)
    before = read_position(after)
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
