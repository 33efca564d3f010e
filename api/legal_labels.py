"""Legal labels: notices that travel with what they label on every way out."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from domain.lanes import Category
from domain.legal_label import LabelAttached, attach_label, remove_label

routes = router("consent")
LABELS = About(Category.CONSENTS)


@routes.post("/clients/{client}/labels", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the label")
async def attach(
    client: UUID,
    body: Annotated[Proposal, Of(LabelAttached, without=("attachment",))],
    command: Commanding,
) -> Response:
    """Put a notice on the record, a category, or one item of it."""
    attachment = command.new_id("attachment")
    return await command.on_client(
        client,
        lambda record, by, now: attach_label(record, by, attachment, now=now, **body.fields()),
        LABELS,
        ids={"attachment": attachment},
    )


@routes.delete("/clients/{client}/labels/{attachment}", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the removal")
async def remove(client: UUID, attachment: UUID, command: Commanding) -> Response:
    """Take a notice off."""
    return await command.on_client(
        client, lambda record, by, now: remove_label(record, by, attachment, now=now), LABELS
    )
