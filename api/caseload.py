"""The caseload of whoever treats: their clients by risk, each with why they stand where they do."""

from fastapi import Response

from api.caller import Calling
from api.doors import Door, door
from api.moments import After, Limit
from api.reasons import Count, reasons_of
from api.route import router
from projections.caseload import CASELOAD

routes = router("lists")


@routes.get("/me/caseload")
@door(Door.LISTED, "a line for each client whom the caller treats, with the reasons they may know")
async def caseload(
    caller: Calling, after: After = None, limit: Limit = 50, count: Count = False
) -> Response:
    """Whom I treat, by risk: what is not acknowledged, on hold, overdue or to be confirmed, and
    since when. For physiotherapists and massage therapists."""
    return await reasons_of(caller, CASELOAD, after, limit, count)
