"""Restrictions: imposed, looked at, changed, reviewed, lifted, taken back."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Request, Response

from api.caller import Calling
from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from api.showing import show
from api.tags import Seen, item_tag
from domain import restrict
from domain.lanes import Category
from domain.restriction import (
    RestrictionCorrected,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionModified,
    RestrictionRetracted,
    RestrictionReviewed,
)
from projections import restriction_shown
from projections.asking import Ask, Released

routes = router("restrictions")
ONE = "/clients/{client}/restrictions/{restriction}"
ITSELF = ("restriction",)

TERMS = {
    "terms": {
        "severity": "modify",
        "region": "knee",
        "side": "right",
        "patterns": ["squat", "jump", "run"],
        "limits": {"arcs": [{"movement": "flexion", "start": 0, "end": 90, "mode": "loaded"}]},
        "reason": "The new joint is not to be bent far under load yet.",
        "review_by": "2027-03-14",
        "stop_signs": ["swelling the same day"],
        "call": {"name": "Priya Nair", "phone": "555 0134"},
    },
    "clinical_reason": "Six weeks after total knee replacement.",
}


def about(restriction: UUID) -> About:
    """What a decision on one restriction is on."""
    return About(Category.RESTRICTIONS, restriction)


@routes.post("/clients/{client}/restrictions", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the restriction")
async def impose(
    client: UUID,
    body: Annotated[Proposal, Of(RestrictionImposed, without=ITSELF, examples=(TERMS,))],
    command: Commanding,
) -> Response:
    """Say what the client must not do, or only so far."""
    restriction = command.new_id("restriction")
    return await command.on_client(
        client,
        lambda record, by, now: restrict.impose(record, by, restriction, now=now, **body.fields()),
        About(Category.RESTRICTIONS),
        ids={"restriction": restriction},
    )


@routes.get(ONE)
@door(Door.DISCLOSED, "one restriction, or as much of it as the caller may see")
async def read(request: Request, client: UUID, restriction: UUID, caller: Calling) -> Response:
    """One restriction as the caller may see it. Decisions on it send its ETag as If-Match."""
    ask = Ask("restriction", restriction_shown.of(restriction), item=restriction, pure=True)
    return await show(request, caller, client, ask, tag=_tag)


def _tag(released: Released) -> str:
    version = orjson.loads(released.body).get("version", 0)
    return item_tag(int(version), released.etag)


@routes.put(f"{ONE}/terms", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the modification")
async def modify(
    client: UUID,
    restriction: UUID,
    body: Annotated[Proposal, Of(RestrictionModified, without=ITSELF, examples=(TERMS,))],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Replace the terms, because the client has changed."""
    return await command.on_client(
        client,
        lambda record, by, now: restrict.modify(
            record, by, restriction, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )


@routes.post(f"{ONE}/correction", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the correction")
async def correct(
    client: UUID,
    restriction: UUID,
    body: Annotated[Proposal, Of(RestrictionCorrected, without=ITSELF)],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Put right what was recorded wrongly: what was acknowledged of it is void."""
    return await command.on_client(
        client,
        lambda record, by, now: restrict.correct(
            record, by, restriction, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )


@routes.post(f"{ONE}/review", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the review")
async def review(
    client: UUID,
    restriction: UUID,
    body: Annotated[
        Proposal,
        Of(RestrictionReviewed, without=ITSELF, examples=({"review_by": "2027-04-14"},)),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Having looked again, leave the terms and move the review date on."""
    return await command.on_client(
        client,
        lambda record, by, now: restrict.review(
            record, by, restriction, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )


@routes.post(f"{ONE}/lifting", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the lifting")
async def lift(
    client: UUID,
    restriction: UUID,
    body: Annotated[
        Proposal, Of(RestrictionLifted, without=ITSELF, examples=({"rationale": "All reached."},))
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """End a restriction whose milestones have all been reached."""
    return await command.on_client(
        client,
        lambda record, by, now: restrict.lift(
            record, by, restriction, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )


@routes.post(f"{ONE}/retraction", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the retraction")
async def retract(
    client: UUID,
    restriction: UUID,
    body: Annotated[Proposal, Of(RestrictionRetracted, without=ITSELF)],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Take back what should never have been recorded."""
    return await command.on_client(
        client,
        lambda record, by, now: restrict.retract(
            record, by, restriction, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )
