"""A trainer's hold: a provisional stop, until a physiotherapist has looked."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from api.tags import Seen
from domain import hold as holds
from domain.lanes import Category
from domain.restriction import ClinicalReason, HoldPlaced, HoldReviewed
from domain.terms import Terms

routes = router("restrictions")


@routes.post("/clients/{client}/holds", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the hold")
async def place(
    client: UUID, body: Annotated[Proposal, Of(HoldPlaced, without=("hold",))], command: Commanding
) -> Response:
    """Stop something provisionally. `review_by` is by when a physiotherapist should look."""
    hold = command.new_id("hold")
    return await command.on_client(
        client,
        lambda record, by, now: holds.place_hold(record, by, hold, now=now, **body.fields()),
        About(Category.RESTRICTIONS),
        ids={"hold": hold},
    )


@routes.post("/clients/{client}/holds/{hold}/review", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the review; id of the restriction that it became")
async def review(
    client: UUID,
    hold: UUID,
    body: Annotated[
        Proposal,
        Of(
            HoldReviewed,
            without=("hold", "outcome", "restriction"),
            also={"terms": (Terms | None, None), "clinical_reason": (ClinicalReason, None)},
        ),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Having looked, release the hold; or, with `terms`, impose a restriction in its stead."""
    given = body.fields()
    imposed = command.new_id("restriction") if given.get("terms") else None
    return await command.on_client(
        client,
        lambda record, by, now: holds.review_hold(
            record, by, hold, seen=seen, now=now, restriction=imposed, **given
        ),
        About(Category.RESTRICTIONS, hold),
        ids={"restriction": imposed} if imposed else None,
    )
