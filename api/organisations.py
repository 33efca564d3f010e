"""Organisations: the clinics and gyms that practitioners work for. No client is in it."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from api.commands import Command, Commanding, Decision
from api.doors import Door, door
from api.errors import not_as_this, refused_because
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.route import router
from api.streams import ORGANISATION, require_own_stream
from domain import organisation as organisations
from domain.organisation import (
    OrganisationRecord,
    OrganisationRegistered,
    OrganisationRenamed,
)
from domain.refused import Refused

routes = router("people")


@routes.post("/organisations", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the registration")
async def register(
    body: Annotated[
        Proposal, Of(OrganisationRegistered, also={"organisation": (UUID | None, None)})
    ],
    command: Commanding,
) -> Response:
    """Take an organisation into the directory; with `organisation`, under an id of your own."""
    given = body.fields()
    id = given.pop("organisation", None) or command.new_id("organisation")
    await require_own_stream(command.caller.tandem.ledger, id, ORGANISATION)
    return await _decide(
        command,
        id,
        lambda record, by, now: organisations.register(record, by, now=now, **given),
        ids={"organisation": id},
    )


@routes.put("/organisations/{organisation}/name", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the renaming")
async def rename(
    organisation: UUID, body: Annotated[Proposal, Of(OrganisationRenamed)], command: Commanding
) -> Response:
    """Give an organisation another name."""
    return await _decide(
        command,
        organisation,
        lambda record, by, now: organisations.rename(record, by, now=now, **body.fields()),
    )


async def _decide(
    command: Command,
    organisation: UUID,
    decision: Decision[OrganisationRecord],
    *,
    ids: dict[str, UUID] | None = None,
) -> Response:
    try:
        decided = await command.decide(OrganisationRecord, organisation, decision)
    except Refused as refused:
        if refused.code == "administrators-only":
            raise not_as_this(refused) from None
        if refused.code == "not-registered":
            raise not_found() from None
        raise refused_because(refused) from None
    return receipt(decided.appended, await command.version(decided), ids=ids)
