"""The care team: who joins, who leaves, who coordinates."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response

from api.commands import Commanding, Extras
from api.doors import Door, door
from api.problems import invalid_field
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from domain import team
from domain.lanes import Category
from domain.ledger.command import Guard
from domain.practitioner import PractitionerRecord
from domain.refused import Refused
from domain.team import CoordinatorAssigned, MemberJoined, MemberLeft

routes = router("care team")
TEAM = About(Category.CONSENTS)


@routes.post("/clients/{client}/team", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the joining")
async def join(
    client: UUID, body: Annotated[Proposal, Of(MemberJoined)], command: Commanding
) -> Response:
    """Bring somebody onto the care team. They read nothing by that alone."""
    given = body.fields()

    async def in_good_standing(now: datetime) -> Extras:
        """The team rests on their standing: should it end meanwhile, this is decided again."""
        ledger = command.caller.tandem.ledger
        record = await ledger.refresh(PractitionerRecord, given["practitioner"])
        try:
            actor = record.acting(given["discipline"], now)
        except Refused:
            actor = None
        if actor is None or not actor.good_standing:
            mend = "somebody registered, in good standing in that discipline"
            raise invalid_field("/practitioner", "does not act in this discipline", mend)
        given.setdefault("organisation", record.organisation)
        return Extras(guards=(Guard(record.id, record.version),))

    return await command.on_client(
        client,
        lambda record, by, now: team.join(record, by, now=now, **given),
        TEAM,
        extra=in_good_standing,
    )


@routes.post(
    "/clients/{client}/team/{practitioner}/departure", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the departure")
async def leave(
    client: UUID,
    practitioner: UUID,
    body: Annotated[Proposal, Of(MemberLeft, without=("practitioner",))],
    command: Commanding,
) -> Response:
    """Take somebody off the care team: their reading ends at once."""
    return await command.on_client(
        client,
        lambda record, by, now: team.leave_team(record, by, practitioner, now=now, **body.fields()),
        TEAM,
    )


@routes.put("/clients/{client}/coordinator", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the assignment")
async def assign_coordinator(
    client: UUID, body: Annotated[Proposal, Of(CoordinatorAssigned)], command: Commanding
) -> Response:
    """Make somebody on the team the client's consistent point of contact."""
    return await command.on_client(
        client,
        lambda record, by, now: team.assign_coordinator(record, by, now=now, **body.fields()),
        TEAM,
    )
