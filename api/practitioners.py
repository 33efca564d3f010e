"""The directory of practitioners and other staff: kept by administrators. No client is in it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Response

from api.caller import Caller, Calling
from api.commands import Command, Commanding, Decision
from api.doors import Door, door
from api.errors import not_as_this, refused_because
from api.json_response import Json
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.route import router
from api.streams import PRACTITIONER, require_own_stream
from domain import directory
from domain.lanes import Discipline
from domain.practitioner import (
    CredentialVerified,
    CredentialWithdrawn,
    EquipmentNoted,
    PractitionerContactCorrected,
    PractitionerRecord,
    PractitionerRegistered,
    PractitionerSuspended,
)
from domain.refused import Refused

routes = router("people")

REGISTERING = Of(
    PractitionerRegistered,
    also={"person": (UUID, ...)},
    examples=(
        {
            "person": "5b1a9d30-2f0b-4d3e-9a63-0d3c5b8f7a11",
            "profile": {"name": "Priya Nair", "disciplines": ["physiotherapist"]},
        },
    ),
)


@routes.post("/practitioners", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the registration")
async def register(body: Annotated[Proposal, REGISTERING], command: Commanding) -> Response:
    """Take somebody into the directory. `person` is the `sub` of the tokens they sign in with."""
    given = body.fields()
    person: UUID = given["person"]
    await require_own_stream(command.caller.tandem.ledger, person, PRACTITIONER)
    return await _decide(
        command,
        person,
        lambda record, by, now: directory.register(record, by, given["profile"], now=now),
        ids={"practitioner": person},
    )


@routes.get("/practitioners/{practitioner}")
@door(Door.STAFF, "a registration, to the practitioner and to administrators")
async def read(practitioner: UUID, caller: Calling) -> Json:
    """One registration: profile, credentials, equipment, standing."""
    tandem = caller.tandem
    if practitioner != caller.person:
        await _require_administrator(caller)
    record = await tandem.ledger.refresh(PractitionerRecord, practitioner)
    if record.profile is None or record.erased:
        raise not_found()
    return Json(_registration(record))


async def _require_administrator(caller: Caller) -> None:
    """To anybody else there is nobody: a directory of staff is not theirs to list."""
    actor = await caller.actor(caller.tandem.clock())
    if actor.acting_as is not Discipline.ADMINISTRATOR or not actor.good_standing:
        raise not_found()


def _registration(record: PractitionerRecord) -> dict[str, Any]:
    assert record.profile is not None
    return {
        "practitioner": str(record.id),
        "version": record.version,
        "profile": record.profile.model_dump(mode="json", exclude_none=True),
        "credentials": [
            {
                "discipline": credential.discipline,
                "body": credential.body,
                "number": credential.number,
                "valid_until": credential.valid_until,
            }
            for credential in record.credentials.values()
        ],
        "equipment": record.equipment,
        "suspended": record.suspended is not None,
        "left": record.left is not None,
    }


@routes.post("/practitioners/{practitioner}/credentials", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the verification")
async def verify_credential(
    practitioner: UUID,
    body: Annotated[Proposal, Of(CredentialVerified)],
    command: Commanding,
) -> Response:
    """Note that a licence was checked with the body that issued it; again: that it was renewed."""
    return await _decide(
        command,
        practitioner,
        lambda record, by, now: directory.verify_credential(record, by, now=now, **body.fields()),
    )


@routes.post(
    "/practitioners/{practitioner}/credentials/withdrawal",
    status_code=201,
    response_model=Receipt,
)
@door(Door.RECEIPT, "position of the withdrawal")
async def withdraw_credential(
    practitioner: UUID,
    body: Annotated[Proposal, Of(CredentialWithdrawn)],
    command: Commanding,
) -> Response:
    """Note that a licence no longer holds."""
    return await _decide(
        command,
        practitioner,
        lambda record, by, now: directory.withdraw_credential(record, by, now=now, **body.fields()),
    )


@routes.put("/practitioners/{practitioner}/contact", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the correction")
async def correct_contact(
    practitioner: UUID,
    body: Annotated[Proposal, Of(PractitionerContactCorrected)],
    command: Commanding,
) -> Response:
    """Write down anew how a practitioner is reached."""
    return await _decide(
        command,
        practitioner,
        lambda record, by, now: directory.correct_contact(record, by, now=now, **body.fields()),
    )


@routes.put("/practitioners/{practitioner}/equipment", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the note")
async def note_equipment(
    practitioner: UUID, body: Annotated[Proposal, Of(EquipmentNoted)], command: Commanding
) -> Response:
    """Say what is at hand, all of it."""
    return await _decide(
        command,
        practitioner,
        lambda record, by, now: directory.note_equipment(record, by, now=now, **body.fields()),
    )


@routes.post("/practitioners/{practitioner}/suspension", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the suspension")
async def suspend(
    practitioner: UUID,
    body: Annotated[Proposal, Of(PractitionerSuspended)],
    command: Commanding,
) -> Response:
    """End somebody's standing for the time being: reading ends at once."""
    return await _decide(
        command,
        practitioner,
        lambda record, by, now: directory.suspend(record, by, now=now, **body.fields()),
    )


@routes.post("/practitioners/{practitioner}/reinstatement", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the reinstatement")
async def reinstate(practitioner: UUID, command: Commanding) -> Response:
    """End a suspension."""
    return await _decide(
        command, practitioner, lambda record, by, now: directory.reinstate(record, by, now=now)
    )


@routes.post("/practitioners/{practitioner}/departure", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the departure")
async def leave(practitioner: UUID, command: Commanding) -> Response:
    """Note that somebody has left for good."""
    return await _decide(
        command, practitioner, lambda record, by, now: directory.leave(record, by, now=now)
    )


async def _decide(
    command: Command,
    practitioner: UUID,
    decision: Decision[PractitionerRecord],
    *,
    ids: dict[str, UUID] | None = None,
) -> Response:
    """Decide on a practitioner's stream. Who is no administrator learns of nobody there."""
    try:
        decided = await command.decide(PractitionerRecord, practitioner, decision)
    except Refused as refused:
        if refused.code == "administrators-only":
            raise not_as_this(refused) from None
        if refused.code == "not-registered":
            raise not_found() from None
        raise refused_because(refused) from None
    return receipt(decided.appended, await command.version(decided), ids=ids)
