"""The caller themselves: who the token says they are, and what they may act as."""

from typing import Any

from api.caller import Calling
from api.doors import Door, door
from api.json_response import Json
from api.route import router
from domain.practitioner import PractitionerRecord

routes = router("people")


@routes.get("/me")
@door(Door.STAFF, "the caller's own registration, name and disciplines")
async def me(caller: Calling) -> Json:
    """Who I am here, in which discipline this request acts and for what, and which I hold."""
    tandem, reader = caller.tandem, caller.reader
    record = await tandem.ledger.refresh(PractitionerRecord, reader.person)
    now = tandem.clock()
    held: list[dict[str, Any]] = []
    for discipline in record.disciplines:
        actor = record.acting(discipline, now)
        held.append({"discipline": discipline, "in_good_standing": actor.good_standing})
    return Json(
        {
            "person": str(reader.person),
            "name": record.name or None,
            "acting_as": reader.acting_as,
            "purpose": reader.purpose,
            "disciplines": held,
        }
    )
