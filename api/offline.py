"""The card on a lease: disclosed ahead, held by a device until a time, wiped after a withdrawal."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Request, Response

from api.caller import Calling
from api.commands import Commanding
from api.deliveries import Position
from api.doors import Door, door
from api.moments import rfc3339
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.release import Disclosed, of_view
from api.route import router
from domain import offline
from domain.access import AccessRecord, Channel, HeldOffline, OfflineCopyWiped, access_stream
from domain.fact import Fact
from domain.refused import Refused
from projections import card_shown
from projections.asking import Ask, Released

routes = router("restrictions")

CARD = Ask("card", card_shown.view, channel=Channel.OFFLINE, pure=True)
LEASE = Of(HeldOffline, without=("disclosure",), optional=("until",), examples=({},))


@routes.post("/clients/{client}/card/offline-copies", status_code=201)
@door(Door.DISCLOSED, "the merged card, to be held by a device until `Tandem-Held-Until`")
async def take(
    request: Request, client: UUID, body: Annotated[Proposal, LEASE], caller: Calling
) -> Response:
    """The card as a copy that may be read without a connection, for at most 24 hours."""
    now = caller.tandem.clock()
    asked: datetime | None = body.fields().get("until")
    until = offline.lease_until(asked, now)

    async def disclose() -> Released:
        """Both facts are durable before the bytes are let go of."""
        released = await caller.tandem.door.disclose(caller.reader, client, CARD)
        await caller.tandem.ledger.decide(
            AccessRecord,
            access_stream(client, caller.reader.person),
            lambda access: offline.hold_offline(access, released.position, until),
            actor=await caller.actor(now),
            effective=now,
            command_id=uuid4(),
        )
        return released

    headers = {"Tandem-Held-Until": rfc3339(until)}
    return Disclosed(
        request, caller, await disclose(), disclose, tag=of_view, status=201, headers=headers
    )


@routes.post(
    "/clients/{client}/disclosures/{position}/wiping", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the note")
async def wipe(
    client: UUID,
    position: Position,
    body: Annotated[Proposal, Of(OfflineCopyWiped, without=("disclosure",))],
    command: Commanding,
) -> Response:
    """The device says that its offline copy of this disclosure is gone."""

    def decision(access: AccessRecord) -> list[Fact]:
        try:
            return offline.wipe_offline_copy(access, position)
        except Refused:
            raise not_found() from None

    stream = access_stream(client, command.caller.reader.person)
    decided = await command.decide(AccessRecord, stream, lambda access, by, now: decision(access))
    return receipt(decided.appended, await command.version(decided))
