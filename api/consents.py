"""Consent: granted, amended, withdrawn with the proof, confirmed; previewed before any of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.caller import Caller, Calling
from api.commands import Commanding
from api.doors import Door, door
from api.known_readers import persons
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from api.showing import show
from api.tags import Seen
from domain import granting
from domain.consent import (
    ConsentAmended,
    ConsentGranted,
    ConsentWithdrawn,
    OralConsentRecorded,
)
from domain.lanes import Category
from domain.ledger.command import LedgerUnavailable
from domain.record import CareRecord
from projections import client as own
from projections.asking import Ask
from projections.previewing import grantees, preview_view
from projections.withdrawal import accesses_of, proof_view

routes = router("consent")
CONSENTS = About(Category.CONSENTS)

TERMS = {
    "terms": {
        "grantee": {
            "kind": "practitioner",
            "practitioner": "5b1a9d30-2f0b-4d3e-9a63-0d3c5b8f7a11",
        },
        "categories": ["identity", "restrictions"],
        "purposes": ["training"],
        "until": "2027-03-14T00:00:00Z",
    }
}


@routes.get("/clients/{client}/consents")
@door(Door.DISCLOSED, "the client's consents, locks and care team, to the client")
async def consents(request: Request, client: UUID, caller: Calling) -> Response:
    """Every consent ever given and what it amounts to now; locks that stand; broken glass."""
    return await show(request, caller, client, Ask("consents", own.consents_view, pure=True))


@routes.post("/clients/{client}/consents", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the consent")
async def grant(
    client: UUID,
    body: Annotated[Proposal, Of(ConsentGranted, without=("consent",), examples=(TERMS,))],
    command: Commanding,
) -> Response:
    """Permit reading. Only the client."""
    consent = command.new_id("consent")
    return await command.on_client(
        client,
        lambda record, by, now: granting.grant(record, by, consent, now=now, **body.fields()),
        CONSENTS,
        ids={"consent": consent},
    )


@routes.post("/clients/{client}/consents/preview")
@door(Door.DISCLOSED, "to the client: exactly what the grantee of these terms would see")
async def preview(
    request: Request,
    client: UUID,
    body: Annotated[Proposal, Of(ConsentGranted, without=("consent",), examples=(TERMS,))],
    caller: Calling,
    instead_of: Annotated[
        UUID | None, Query(description="The consent that these terms would amend.")
    ] = None,
) -> Response:
    """Before granting: each grantee's chart as it would be, and what would be kept back."""
    terms = body.fields()["terms"]
    tandem = caller.tandem
    record = await tandem.ledger.refresh(CareRecord, client)
    reached = await grantees(tandem.ledger, record, terms, tandem.clock())
    return await show(
        request,
        caller,
        client,
        Ask(
            "preview",
            lambda record, scope, now: preview_view(terms, reached, instead_of, record, scope, now),
        ),
    )


@routes.post("/clients/{client}/consents/oral", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the consent")
async def record_oral(
    client: UUID,
    body: Annotated[
        Proposal, Of(OralConsentRecorded, without=("consent", "recorder", "confirm_by"))
    ],
    command: Commanding,
) -> Response:
    """Write down a consent given by word of mouth. The client confirms it within days."""
    consent = command.new_id("consent")
    return await command.on_client(
        client,
        lambda record, by, now: granting.record_oral(record, by, consent, now=now, **body.fields()),
        CONSENTS,
        ids={"consent": consent},
    )


@routes.post(
    "/clients/{client}/consents/{consent}/amendment", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the amendment")
async def amend(
    client: UUID,
    consent: UUID,
    body: Annotated[Proposal, Of(ConsentAmended, without=("consent",), examples=(TERMS,))],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Put other terms in the place of those that a consent has."""
    return await command.on_client(
        client,
        lambda record, by, now: granting.amend(
            record, by, consent, seen=seen, now=now, **body.fields()
        ),
        CONSENTS,
    )


@routes.post("/clients/{client}/consents/{consent}/withdrawal", status_code=201)
@door(Door.DISCLOSED, "to the client: the proof, as below; while nothing is released, a receipt")
async def withdraw(
    request: Request,
    client: UUID,
    consent: UUID,
    body: Annotated[Proposal, Of(ConsentWithdrawn, without=("consent",))],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Withdraw a consent, with effect from this very fact; the answer is the proof."""
    done = await command.on_client(
        client,
        lambda record, by, now: granting.withdraw(
            record, by, consent, seen=seen, now=now, **body.fields()
        ),
        CONSENTS,
    )
    if done.status_code >= 400:
        return done
    try:
        ask = await _proof(command.caller, client, consent)
        return await show(request, command.caller, client, ask, instead_of=done)
    except LedgerUnavailable:
        # The withdrawal is durable, whatever cannot be released now.
        return done


@routes.get("/clients/{client}/consents/{consent}/withdrawal")
@door(Door.DISCLOSED, "to the client: the last disclosure on a consent, and copies still out")
async def withdrawal(request: Request, client: UUID, consent: UUID, caller: Calling) -> Response:
    """The proof: the last disclosure on this consent, that there was none after it ended, and
    which copies are outstanding. Complete up to `checked_to`."""
    return await show(request, caller, client, await _proof(caller, client, consent))


async def _proof(caller: Caller, client: UUID, consent: UUID) -> Ask:
    ledger = caller.tandem.ledger
    checked_to = await ledger.log.head()
    accesses = await accesses_of(ledger, client, await persons(caller.tandem, client))
    return Ask(
        "withdrawal-proof",
        lambda record, scope, now: proof_view(consent, accesses, checked_to, record, scope, now),
        item=consent,
    )


@routes.post(
    "/clients/{client}/consents/{consent}/confirmation", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the confirmation")
async def confirm(client: UUID, consent: UUID, seen: Seen, command: Commanding) -> Response:
    """Stand by a consent given orally, before it lapses."""
    return await command.on_client(
        client,
        lambda record, by, now: granting.confirm(record, by, consent, seen=seen, now=now),
        CONSENTS,
    )
