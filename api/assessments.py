"""Assessments: started, filled part by part, and taken note of; and what has changed since."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query, Request, Response
from pydantic import Field

from api.acknowledgements import require_shown
from api.caller import Calling
from api.commands import Commanding, Extras
from api.doors import Door, door
from api.problems import invalid_field
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from api.showing import show
from api.tags import Seen, item_tag
from domain import assessment_decisions as decisions
from domain.access import Acknowledged as AccountedFor
from domain.access import access_stream
from domain.actor import Actor
from domain.assessment import Acknowledged, ClinicalPartRecorded, FitnessPartRecorded, Started
from domain.assessment_part import Part
from domain.body import Side
from domain.measures_table import MEASURES
from domain.record import CareRecord
from projections import assessment_shown, trends_shown
from projections.asking import Ask, Released

routes = router("assessments")
ONE = "/clients/{client}/assessments/{assessment}"
ITSELF = ("assessment",)
Parts = Annotated[tuple[Part, ...], Field(json_schema_extra={"minItems": 1}, min_length=1)]
OF_PART = {"part": (Part, ...)}
COMPLETE = {"complete": (bool, False)}

BEND = {
    "measure": "knee_flexion",
    "value": 104,
    "unit": "deg",
    "side": "right",
    "method": "goniometer",
    "taken_at": "2026-03-14T09:00:00Z",
}
HOP = {
    "measure": "hop",
    "value": 82,
    "unit": "cm",
    "side": "right",
    "method": "tape",
    "taken_at": "2026-03-14T17:00:00Z",
}
CLINICAL = {
    "readings": [BEND],
    "findings": "Bends well; still swollen in the evening.",
    "clinical_findings": "Illustrative: effusion grade 1, no laxity.",
    "complete": True,
}
FITNESS = {
    "readings": [HOP],
    "movement": [
        {
            "pattern": "squat",
            "side": "right",
            "compensation": "Shifts to the left below 60 degrees.",
            "extent": "clear",
            "pain": 2,
        }
    ],
}


def about(part: Part, assessment: UUID) -> About:
    """What a decision on one part of an assessment is on."""
    return About(part.category, assessment=assessment)


@routes.post("/clients/{client}/assessments", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and positions of the assessment")
async def start(
    client: UUID,
    body: Annotated[
        Proposal,
        Of(
            Started,
            without=ITSELF,
            also={"parts": (Parts, tuple(Part))},
            examples=({"occasion": "baseline"}, {"occasion": "progress", "parts": ["fitness"]}),
        ),
    ],
    command: Commanding,
) -> Response:
    """Start an assessment. Each part is read on a consent of its own, and filled by its own lane:
    whichever starts, the other completes."""
    assessment = command.new_id("assessment")
    return await command.on_client(
        client,
        lambda record, by, now: decisions.start(record, by, assessment, **body.fields()),
        About(Part.FITNESS.category),
        ids={"assessment": assessment},
    )


@routes.get(ONE)
@door(Door.DISCLOSED, "one assessment, those of its parts that the caller may see")
async def read(request: Request, client: UUID, assessment: UUID, caller: Calling) -> Response:
    """One assessment as the caller may see it. Decisions on it send its ETag as If-Match."""
    ask = Ask("assessment", assessment_shown.of(assessment), item=assessment, pure=True)
    return await show(request, caller, client, ask, tag=_tag)


def _tag(released: Released) -> str:
    version = orjson.loads(released.body).get("version", 0)
    return item_tag(int(version), released.etag)


@routes.post(f"{ONE}/parts/clinical", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "positions of what was recorded")
async def record_clinical(
    client: UUID,
    assessment: UUID,
    body: Annotated[
        Proposal, Of(ClinicalPartRecorded, without=ITSELF, also=COMPLETE, examples=(CLINICAL,))
    ],
    command: Commanding,
) -> Response:
    """Add to the clinical part what was measured and found. The caller is the rater. A trainer adds
    what trainers measure, a client what is theirs to answer."""
    return await command.on_client(
        client,
        lambda record, by, now: decisions.record_clinical(
            record, by, assessment, now=now, **body.fields()
        ),
        about(Part.CLINICAL, assessment),
    )


@routes.post(f"{ONE}/parts/fitness", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "positions of what was recorded")
async def record_fitness(
    client: UUID,
    assessment: UUID,
    body: Annotated[
        Proposal, Of(FitnessPartRecorded, without=ITSELF, also=COMPLETE, examples=(FITNESS,))
    ],
    command: Commanding,
) -> Response:
    """Add to the fitness part what was measured, and how the client moved. The caller is the
    rater."""
    return await command.on_client(
        client,
        lambda record, by, now: decisions.record_fitness(
            record, by, assessment, now=now, **body.fields()
        ),
        about(Part.FITNESS, assessment),
    )


@routes.post(f"{ONE}/acknowledgements", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the acknowledgement")
async def acknowledge(
    client: UUID,
    assessment: UUID,
    body: Annotated[
        Proposal,
        Of(
            Acknowledged,
            without=("assessment", "seen"),
            also=OF_PART,
            examples=({"part": "clinical", "disclosed_at": 412},),
        ),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Say that one has taken note of a part, as it was displayed: If-Match names the version. It is
    void once anything of the part is corrected or taken back."""
    asked = body.fields()
    part, shown_at = asked["part"], asked.get("disclosed_at")
    if shown_at is not None:
        await require_shown(command, client, shown_at)
    reader = command.caller.reader
    ledger = command.caller.tandem.ledger

    async def accounted(now: datetime) -> Extras:
        """The same in the reader's own access stream, where accountability is read."""
        record = await ledger.refresh(CareRecord, client)
        item = record.assessments.items.get(assessment)
        version = item.parts[part].version if item and part in item.parts else seen
        fact = AccountedFor(disclosure=shown_at, item=assessment, version=version)
        by = Actor(reader.person, reader.acting_as).authorship(now, reader.purpose)
        stream = access_stream(client, reader.person)
        event = ledger.sealing.event(fact, by, stream=stream, version=None, subject=client)
        return Extras(events=(event,))

    return await command.on_client(
        client,
        lambda record, by, now: decisions.acknowledge(
            record, by, assessment, seen=seen, now=now, purpose=reader.purpose, **asked
        ),
        about(part, assessment),
        extra=accounted,
    )


@routes.get("/clients/{client}/trends")
@door(Door.DISCLOSED, "trends of the readings that the caller may see")
async def trends(
    request: Request,
    client: UUID,
    caller: Calling,
    code: Annotated[
        str | None,
        Query(description="A measure of the catalogue; default: all.", examples=["knee_flexion"]),
    ] = None,
    side: Annotated[Side | None, Query(description="Default: each side.")] = None,
) -> Response:
    """Readings alike (measure, side, method, of what), oldest first; whether the change is more
    than the measure's own noise, and for better or worse. `unknown` where no range is known."""
    if code is not None and code not in MEASURES:
        raise invalid_field("code", "is not a measure", f"one of {', '.join(sorted(MEASURES))}")
    return await show(request, caller, client, Ask("trends", trends_shown.of(code, side)))
