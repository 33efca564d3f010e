"""The directory: who can take a client, for whoever looks for one. No client is in it."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from api.caller import Caller, Calling
from api.commands import Commanding
from api.doors import Door, door
from api.errors import not_as_this, refused_because
from api.json_response import Json
from api.moments import After, Limit, not_a_cursor
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.route import router
from domain import directory
from domain.capacity import CapacityNoted
from domain.lanes import PRACTITIONERS, Discipline
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused
from projections.directory_search import START, Place, Search, Sought

routes = router("people")

LOOKING = PRACTITIONERS | {Discipline.ADMINISTRATOR, Discipline.CLIENT}
"""Who looks for practitioners: to refer to, to bring onto a team, to choose from."""


@routes.get("/practitioners")
@door(Door.DIRECTORY, "practitioners in good standing: name, what they do, where, and capacity")
async def search(
    caller: Calling,
    discipline: Annotated[
        Discipline | None, Query(description="Who may act in this, today.", examples=["trainer"])
    ] = None,
    organisation: Annotated[UUID | None, Query(description="Who works there.")] = None,
    language: Annotated[
        str | None,
        Query(description="Who speaks it: a BCP 47 tag.", max_length=35, examples=["fr"]),
    ] = None,
    home_visits: Annotated[bool | None, Query(description="Whether they come home.")] = None,
    population: Annotated[
        str | None,
        Query(description="Whom they serve, in whole words.", max_length=80, examples=["older"]),
    ] = None,
    name: Annotated[
        str | None, Query(description="Only who has all of these words.", max_length=80)
    ] = None,
    accepting: Annotated[bool, Query(description="Only who has a place free now.")] = False,
    after: After = None,
    limit: Limit = 50,
    count: Annotated[bool, Query(description="Also say how many there are in all.")] = False,
) -> Json:
    """Who fits all that is asked for: who has places first, then who has the fewest waiting. For
    practitioners and clients; administrators find all staff, each with their standing."""
    place = START if after is None else _place(after)
    await _require_looking(caller)
    tandem = caller.tandem
    sought = Sought(
        discipline=discipline,
        organisation=organisation,
        language=language,
        home_visits=home_visits,
        population=population,
        name=name,
        accepting=accepting,
        everybody=caller.reader.acting_as is Discipline.ADMINISTRATOR,
    )
    looking = Search(tandem.ledger, tandem.lists, tandem.names, tandem.clock())
    found = await looking.page(sought, limit=limit, after=place, count=count)
    return Json(found.body())


@routes.put("/practitioners/{practitioner}/capacity", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "position of the note")
async def note_capacity(
    practitioner: UUID,
    body: Annotated[
        Proposal,
        Of(CapacityNoted, examples=({"places": 0, "waiting": 4, "next_free": "2026-12-01"},)),
    ],
    command: Commanding,
) -> Response:
    """Say how many more clients can be taken now, and how many wait."""
    try:
        decided = await command.decide(
            PractitionerRecord,
            practitioner,
            lambda record, by, now: directory.note_capacity(record, by, now=now, **body.fields()),
        )
    except Refused as refused:
        if refused.code == "administrators-only":
            raise not_as_this(refused) from None
        if refused.code == "not-registered":
            raise not_found() from None
        raise refused_because(refused) from None
    return receipt(decided.appended, await command.version(decided))


async def _require_looking(caller: Caller) -> None:
    """To anybody else there is no directory."""
    actor = await caller.actor(caller.tandem.clock(), fresh=True)
    if actor.acting_as not in LOOKING or not actor.good_standing:
        raise not_found()
    if actor.acting_as is Discipline.CLIENT:
        record = await caller.tandem.ledger.known(CareRecord, caller.person)
        if not record.client.enrolled or record.erased:
            raise not_found()


def _place(after: str) -> Place:
    try:
        return Place.of_token(after)
    except ValueError:
        raise not_a_cursor() from None
