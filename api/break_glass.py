"""Broken glass: reading without consent, for a reason, briefly, and reviewed by somebody else."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from domain.break_glass import (
    BreakGlassDeclared,
    BreakGlassReviewed,
    declare_break_glass,
    review_break_glass,
)
from domain.lanes import Category

routes = router("break-glass")
GLASS = About(Category.CONSENTS)


@routes.post("/clients/{client}/break-glass", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the declaration")
async def declare(
    client: UUID,
    body: Annotated[
        Proposal,
        Of(
            BreakGlassDeclared,
            without=("declaration",),
            optional=("until",),
            examples=({"reason": "acute_deterioration"},),
        ),
    ],
    command: Commanding,
) -> Response:
    """Read without consent for at most an hour. Client and coordinator are alerted."""
    declaration = command.new_id("declaration")
    return await command.on_client(
        client,
        lambda record, by, now: declare_break_glass(
            record, by, declaration, now=now, **body.fields()
        ),
        GLASS,
        ids={"declaration": declaration},
    )


@routes.post(
    "/clients/{client}/break-glass/{declaration}/review", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the review")
async def review(
    client: UUID,
    declaration: UUID,
    body: Annotated[Proposal, Of(BreakGlassReviewed, without=("declaration",))],
    command: Commanding,
) -> Response:
    """Say whether a break-glass was justified. If not, it ends at that."""
    return await command.on_client(
        client,
        lambda record, by, now: review_break_glass(
            record, by, declaration, now=now, **body.fields()
        ),
        GLASS,
    )
