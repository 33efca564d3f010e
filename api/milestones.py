"""Graduated return: measured and proposed by whoever trains, confirmed by who answers for it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic import Field

from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.restrictions import ONE, about
from api.route import router
from api.tags import Seen
from domain import milestone as milestones
from domain.actor import Actor
from domain.assessment_evidence import Assessed, evidence
from domain.fact import Fact
from domain.record import CareRecord
from domain.restriction import (
    MilestoneConfirmed,
    MilestoneDeclined,
    MilestoneProposed,
    MilestoneRevoked,
)

routes = router("restrictions")
STEP = f"{ONE}/milestones/{{milestone}}"
ITSELF = ("restriction", "milestone")
ASSESSED = {"assessed": (Annotated[tuple[Assessed, ...], Field(max_length=40)], ())}
Step = Annotated[str, Path(description="The milestone's code.", max_length=40)]


@routes.post(f"{STEP}/proposals", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the proposal")
async def propose(
    client: UUID,
    restriction: UUID,
    milestone: Step,
    body: Annotated[
        Proposal,
        Of(MilestoneProposed, without=ITSELF, optional=("evidence",), also=ASSESSED),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Say, with what was measured, that the client has reached the next milestone. `assessed` names
    readings of assessments that the caller may read; they become evidence as they stand."""
    told = body.fields()
    assessed, typed = told.pop("assessed", ()), told.pop("evidence", ())
    purpose = command.caller.reader.purpose

    def decide(record: CareRecord, by: Actor, now: datetime) -> list[Fact]:
        found = evidence(record, by, assessed, now=now, purpose=purpose)
        return milestones.propose_milestone(
            record, by, restriction, milestone, (*typed, *found), seen=seen, now=now, **told
        )

    return await command.on_client(
        client,
        decide,
        about(restriction),
    )


@routes.post(f"{STEP}/confirmation", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the confirmation")
async def confirm(
    client: UUID,
    restriction: UUID,
    milestone: Step,
    body: Annotated[Proposal, Of(MilestoneConfirmed, without=ITSELF, optional=("bounds",))],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Confirm a milestone: with this very fact the limits change."""
    return await command.on_client(
        client,
        lambda record, by, now: milestones.confirm_milestone(
            record, by, restriction, milestone, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )


@routes.post(f"{STEP}/decline", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the decline")
async def decline(
    client: UUID,
    restriction: UUID,
    milestone: Step,
    body: Annotated[Proposal, Of(MilestoneDeclined, without=ITSELF, also={"proposal": (int, ...)})],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Do not confirm a proposed milestone, and say why. `proposal` is its version."""
    return await command.on_client(
        client,
        lambda record, by, now: milestones.decline_milestone(
            record, by, restriction, milestone, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )


@routes.post(f"{STEP}/revocation", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the revocation")
async def revoke(
    client: UUID,
    restriction: UUID,
    milestone: Step,
    body: Annotated[Proposal, Of(MilestoneRevoked, without=ITSELF, optional=("bounds",))],
    seen: Seen,
    command: Commanding,
) -> Response:
    """After a flare-up, step back to before this milestone; those after it go with it."""
    return await command.on_client(
        client,
        lambda record, by, now: milestones.revoke_milestone(
            record, by, restriction, milestone, seen=seen, now=now, **body.fields()
        ),
        about(restriction),
    )
