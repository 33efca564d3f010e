"""What administrators look after: staff and their licences, organisations, and how it all runs."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query

from api.caller import Calling
from api.doors import Door, door
from api.json_response import Json
from api.problems import not_found
from api.route import router
from domain.lanes import Discipline
from projections.administrator import Administration

routes = router("operations")


@routes.get("/administration")
@door(Door.STAFF, "to administrators: licences that end, who is suspended, counts, lists, parts")
async def administration(
    caller: Calling,
    within_days: Annotated[
        int, Query(description="Licences that end within so many days.", ge=1, le=366)
    ] = 60,
) -> Json:
    """Licences that ended or end soon, the worst first; who is suspended; staff and organisations
    in numbers; whether lists, log and clocks keep up. No client is in it."""
    tandem = caller.tandem
    now = tandem.clock()
    actor = await caller.actor(now, fresh=True)
    if actor.acting_as is not Discipline.ADMINISTRATOR or not actor.good_standing:
        raise not_found()
    looking = Administration(tandem.ledger, tandem.lists, now)
    within = timedelta(days=within_days)
    return Json(await looking.body(await tandem.parts(), within=within))
