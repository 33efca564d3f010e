"""Putting an assessment right, and who is to be told: everybody who was released what was wrong."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Request, Response

from api.assessments import BEND, ITSELF, OF_PART, ONE, about
from api.caller import Calling
from api.commands import Commanding
from api.doors import Door, door
from api.known_readers import persons
from api.moments import LARGEST_POSITION
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.route import router
from api.showing import show
from api.tags import Seen
from domain import assessment_corrections as corrections
from domain.assessment import Corrected, Retracted
from domain.assessment_reading import ReadingKey
from projections import corrections_shown
from projections.asking import Ask
from projections.withdrawal import accesses_of

routes = router("assessments")
READING = {"recorded": 41, "number": 1}
Position = Annotated[
    int, Path(description="Where in the log the correction is.", ge=1, le=LARGEST_POSITION)
]


@routes.post(f"{ONE}/corrections", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the correction")
async def correct(
    client: UUID,
    assessment: UUID,
    body: Annotated[
        Proposal,
        Of(
            Corrected,
            without=ITSELF,
            also=OF_PART,
            examples=(
                {
                    "part": "clinical",
                    "reading": READING,
                    "measured": {**BEND, "value": 94},
                    "reason": "Misread by ten degrees.",
                },
            ),
        ),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Put one reading right. What was acknowledged of the part is void; `…/informed` names
    everybody to whom the wrong value was released."""
    asked = body.fields()
    return await command.on_client(
        client,
        lambda record, by, now: corrections.correct(
            record, by, assessment, seen=seen, now=now, **asked
        ),
        about(asked["part"], assessment),
    )


@routes.post(f"{ONE}/retractions", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the retraction")
async def retract(
    client: UUID,
    assessment: UUID,
    body: Annotated[
        Proposal,
        Of(
            Retracted,
            without=ITSELF,
            also={**OF_PART, "reading": (ReadingKey | None, None)},
            examples=(
                {"part": "fitness", "reason": "Another client's."},
                {"part": "clinical", "reading": READING, "reason": "The wrong knee."},
            ),
        ),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Take back one reading or, without `reading`, a whole part."""
    asked = body.fields()
    decide = corrections.retract_reading if asked.get("reading") else corrections.retract
    named = {name: value for name, value in asked.items() if value is not None}
    return await command.on_client(
        client,
        lambda record, by, now: decide(record, by, assessment, seen=seen, **named),
        about(asked["part"], assessment),
    )


@routes.get(f"{ONE}/corrections/{{position}}/informed")
@door(Door.DISCLOSED, "to its author, the client, auditors: who was released what was wrong")
async def informed(
    request: Request, client: UUID, assessment: UUID, position: Position, caller: Calling
) -> Response:
    """Everybody to whom the value was released that the correction or retraction at `position`
    puts right; whether they have since been released what is right, and which copies are out."""
    ledger = caller.tandem.ledger
    accesses = await accesses_of(ledger, client, await persons(caller.tandem, client))
    render = corrections_shown.of(assessment, position, accesses)
    ask = Ask("informed", render, item=assessment, accounting=True)
    return await show(request, caller, client, ask)
