"""The worklist of whoever coordinates: what of their clients' care waits for somebody."""

from fastapi import Response

from api.caller import Calling
from api.doors import Door, door
from api.moments import After, Limit
from api.reasons import Count, reasons_of
from api.route import router
from projections.worklist import WORKLIST

routes = router("lists")


@routes.get("/me/worklist")
@door(Door.LISTED, "a line for each client for whom something waits; not what that says")
async def worklist(
    caller: Calling, after: After = None, limit: Limit = 50, count: Count = False
) -> Response:
    """What waits, and since when: acknowledgements, referrals, what was not done in time, oral
    consents to confirm, broken glass to review. For coordinators."""
    return await reasons_of(caller, WORKLIST, after, limit, count)
