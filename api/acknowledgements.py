"""Acknowledgement: somebody has understood the version of a restriction that they were shown."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Response

from api.commands import Command, Commanding, Extras
from api.doors import Door, door
from api.problems import invalid_field
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.restrictions import ONE, about
from api.route import router
from api.tags import Seen
from domain import acknowledgement
from domain.access import AccessRecord, Acknowledged, access_stream
from domain.actor import Actor
from domain.restriction import RestrictionAcknowledged

routes = router("restrictions")


@routes.post(f"{ONE}/acknowledgements", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the acknowledgement")
async def acknowledge(
    client: UUID,
    restriction: UUID,
    body: Annotated[
        Proposal,
        Of(
            RestrictionAcknowledged,
            without=("restriction", "seen"),
            examples=({"disclosed_at": 412},),
        ),
    ],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Say that one has understood it, as it was displayed: If-Match names the version.

    `disclosed_at` is the `Tandem-Disclosure` of the answer that showed it.
    """
    shown_at: int | None = body.fields().get("disclosed_at")
    if shown_at is not None:
        await require_shown(command, client, shown_at)

    async def accounted(now: datetime) -> Extras:
        """The same in the reader's own access stream, where accountability is read."""
        reader = command.caller.reader
        fact = Acknowledged(disclosure=shown_at, item=restriction, version=seen)
        by = Actor(reader.person, reader.acting_as).authorship(now, reader.purpose)
        stream = access_stream(client, reader.person)
        sealing = command.caller.tandem.ledger.sealing
        return Extras(
            events=(sealing.event(fact, by, stream=stream, version=None, subject=client),)
        )

    return await command.on_client(
        client,
        lambda record, by, now: acknowledgement.acknowledge(
            record, by, restriction, seen=seen, now=now, disclosed_at=shown_at
        ),
        about(restriction),
        extra=accounted,
    )


async def require_shown(command: Command, client: UUID, position: int) -> None:
    """Raise Problem 422 unless that is a disclosure to the caller: one of somebody else, or of
    another client, is none."""
    caller = command.caller
    stream = access_stream(client, caller.person)
    access = await caller.tandem.ledger.refresh(AccessRecord, stream)
    if position not in access.disclosures:
        mend = "the Tandem-Disclosure of an answer of yours that showed it, or leave it out"
        raise invalid_field("/disclosed_at", "is no disclosure to you", mend)
