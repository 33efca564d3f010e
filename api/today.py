"""Today, for whoever trains: whom, what not to do with them, and what is to be acknowledged."""

from fastapi import Response

from api.caller import Calling
from api.doors import Door, door
from api.moments import After, Limit
from api.reasons import Count, reasons_of
from api.route import router
from projections.today import TODAY

routes = router("lists")


@routes.get("/me/today")
@door(Door.LISTED, "a line and the card for each client whom the caller is due to train")
async def today(
    caller: Calling, after: After = None, limit: Limit = 50, count: Count = False
) -> Response:
    """Whom I train: what I have yet to acknowledge, what is on hold, what has changed since I last
    acknowledged it; and the card of each."""
    return await reasons_of(caller, TODAY, after, limit, count)
