"""Receipt: the reader's device says that it has what was disclosed."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from api.commands import Commanding
from api.doors import Door, door
from api.moments import LARGEST_POSITION
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.route import router
from domain.access import AccessRecord, Received, access_stream
from domain.fact import Fact
from domain.refused import Refused

routes = router("accountability")
Position = Annotated[int, Path(description="A log position.", ge=1, le=LARGEST_POSITION)]


@routes.post(
    "/clients/{client}/disclosures/{position}/receipt", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the receipt")
async def receive(
    client: UUID,
    position: Position,
    body: Annotated[Proposal, Of(Received, without=("disclosure",))],
    command: Commanding,
) -> Response:
    """Confirm that a device of the caller's has what was disclosed to them at this position."""
    device = body.fields().get("device")

    def decision(access: AccessRecord) -> list[Fact]:
        known = access.disclosures.get(position)
        if known is None:
            # Refused, not answered: what is known here may be behind, and is then looked up.
            raise Refused("unknown-disclosure")
        return [] if known.received else [Received(disclosure=position, device=device)]

    stream = access_stream(client, command.caller.person)
    try:
        decided = await command.decide(
            AccessRecord, stream, lambda access, by, now: decision(access)
        )
    except Refused:
        raise not_found() from None
    return receipt(decided.appended, await command.version(decided))
