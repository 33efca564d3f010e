"""Clients: taking them in, putting right who they are, and the chart as the caller may see it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.caller import Caller, Calling
from api.commands import Commanding
from api.doors import Door, door
from api.moments import At, Moment
from api.problems import Problem, invalid_field, not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.refusals import About
from api.route import router
from api.showing import show
from api.streams import CARE_RECORD, require_own_stream
from api.tags import Seen
from domain import client as intake
from domain.client import (
    ClientEnrolled,
    ContactCorrected,
    EmergencyContactCorrected,
    IdentityCorrected,
)
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from projections import auditor, card_shown, past, time_machine
from projections.asking import Ask
from projections.sheet import NothingToShow
from projections.views import CHART

routes = router("clients")

ENROLLING = Of(
    ClientEnrolled,
    also={"client": (UUID | None, None)},
    examples=({"identity": {"name": "Anna Meier", "birth_date": "1979-05-02"}},),
)


@routes.post("/clients", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the enrolment")
async def enrol(body: Annotated[Proposal, ENROLLING], command: Commanding) -> Response:
    """Take a client in. Whoever does so joins their care team.

    `client`, if the client signs in: the `sub` of their tokens. Otherwise an id is made.
    """
    given = body.fields()
    client = given.pop("client", None) or command.new_id("client")
    await require_own_stream(command.caller.tandem.ledger, client, CARE_RECORD)
    return await command.on_client(
        client,
        lambda record, by, now: intake.enrol(record, by, now=now, **given),
        About(Category.IDENTITY),
        ids={"client": client},
    )


@routes.get("/clients/{client}")
@door(Door.DISCLOSED, "the caller's own chart of the client, now or as it was")
async def chart(
    request: Request,
    client: UUID,
    caller: Calling,
    at: At,
    reader: Annotated[
        UUID | None,
        Query(description="For auditors with an open case: whose chart, as they would have seen."),
    ] = None,
    acting_as: Annotated[
        Discipline | None, Query(description="In which discipline that reader acted.")
    ] = None,
) -> Response:
    """The chart of a client: all that the caller may see of them."""
    if reader is not None:
        return await show(
            request, caller, client, await _as_seen(caller, client, at, reader, acting_as)
        )
    if acting_as is not None:
        raise invalid_field("acting_as", "goes with reader only", "name the reader too")
    if at is not None:
        return await show(request, caller, client, await _past(caller, client, at))
    view = CHART.get(caller.reader.acting_as)
    if view is None:
        raise _no_chart(caller)
    return await show(request, caller, client, Ask("chart", view, pure=True))


def _no_chart(caller: Caller) -> Problem:
    if caller.reader.acting_as is Discipline.AUDITOR:
        return invalid_field("reader", "is missing", "whose chart: the id of a reader")
    return not_found()


async def _past(caller: Caller, client: UUID, at: Moment) -> Ask:
    tandem = caller.tandem
    moment = await time_machine.moment(tandem.ledger, at, tandem.clock())
    then = await tandem.ledger.read(CareRecord, client, moment.position)
    return Ask(
        "past-chart",
        lambda record, scope, now: past.past_chart_view(then, moment, record, scope, now),
    )


async def _as_seen(
    caller: Caller, client: UUID, at: Moment | None, person: UUID, acting_as: Discipline | None
) -> Ask:
    if caller.reader.acting_as is not Discipline.AUDITOR:
        raise not_found()
    tandem = caller.tandem
    moment = await time_machine.moment(tandem.ledger, at, tandem.clock())
    try:
        whose = await time_machine.reader_of(tandem.ledger, client, person, acting_as)
    except NothingToShow:
        raise not_found() from None
    then, scope_then = await auditor.chart_as_of(tandem.ledger, client, whose, moment)
    return Ask(
        "as-seen",
        lambda record, scope, now: auditor.as_seen_view(
            then, scope_then, moment, record, scope, now
        ),
    )


@routes.get("/clients/{client}/card")
@door(Door.DISCLOSED, "the merged card: at most five lines, never the reason")
async def card(request: Request, client: UUID, caller: Calling) -> Response:
    """What restricts the client, merged: No, Limit, Do instead, Stop if, Call."""
    return await show(request, caller, client, Ask("card", card_shown.view, pure=True))


@routes.post("/clients/{client}/corrections/identity", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the correction")
async def correct_identity(
    client: UUID,
    body: Annotated[Proposal, Of(IdentityCorrected)],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Write down anew who the client is."""
    return await command.on_client(
        client,
        lambda record, by, now: intake.correct_identity(
            record, by, seen=seen, now=now, **body.fields()
        ),
        About(Category.IDENTITY),
    )


@routes.post("/clients/{client}/corrections/contact", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the correction")
async def correct_contact(
    client: UUID,
    body: Annotated[Proposal, Of(ContactCorrected)],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Write down anew how the client is reached. If-Match is `"0"` if nothing was there."""
    return await command.on_client(
        client,
        lambda record, by, now: intake.correct_contact(
            record, by, seen=seen, now=now, **body.fields()
        ),
        About(Category.CONTACT),
    )


@routes.post(
    "/clients/{client}/corrections/emergency-contact", status_code=201, response_model=Receipt
)
@door(Door.RECEIPT, "position of the correction")
async def correct_emergency_contact(
    client: UUID,
    body: Annotated[Proposal, Of(EmergencyContactCorrected)],
    seen: Seen,
    command: Commanding,
) -> Response:
    """Write down anew whom to call. If-Match is `"0"` if nobody was there."""
    whom = body.fields()["emergency_contact"]
    return await command.on_client(
        client,
        lambda record, by, now: intake.correct_emergency_contact(
            record, by, whom, seen=seen, now=now
        ),
        About(Category.ALERTS),
    )
