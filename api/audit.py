"""The time machine over HTTP: who knew what and when, and the exact screen as it was."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import StringConstraints

from api.caller import Caller, Calling
from api.commands import Commanding
from api.deliveries import Position
from api.doors import Door, door
from api.errors import refused_because
from api.known_readers import Capacity, as_reader, let_in, released_to
from api.listing import list_page
from api.moments import After, At, Limit, Moment, read_moment, read_position
from api.problems import not_found
from api.proposal import Of, Proposal
from api.receipts import Receipt, receipt
from api.route import router
from api.showing import show
from domain import auditing
from domain.access import AccessRecord, Disclosed, access_stream
from domain.actor import Actor
from domain.auditing import AuditOpened
from domain.fact import Fact
from domain.lanes import Discipline
from domain.record import CareRecord
from domain.refused import Refused
from projections import auditor, time_machine
from projections.asking import Ask
from projections.disclosing_lists import register_page
from projections.pages import Page
from projections.reader import Reader
from projections.sheet import Body, View
from projections.time_machine import Knowledge, accounted

routes = router("audit")
Whose = Annotated[UUID, Query(description="Whose knowledge: a practitioner's id, or the client's.")]
ActedAs = Annotated[Discipline | None, Query(description="In which discipline they acted.")]


@routes.post("/audit/clients/{client}/cases", status_code=201, response_model=Receipt)
@door(Door.RECEIPT, "id and position of the case")
async def open_case(
    client: UUID,
    body: Annotated[
        Proposal,
        Of(
            AuditOpened,
            without=("case", "client", "auditor", "note"),
            optional=("until",),
            also={"note": (Annotated[str, StringConstraints(max_length=2000)] | None, None)},
            examples=({"reason": "complaint"},),
        ),
    ],
    command: Commanding,
) -> Response:
    """Open a client's content to the calling auditor, for a recorded purpose and not for ever."""
    given = body.fields()
    note = given.pop("note", None)
    ledger = command.caller.tandem.ledger
    case = command.new_id("case")
    await _require_auditable(command.caller, client)
    sealed = ledger.sealing.seal_text(client, case.bytes, note) if note else None

    def decision(access: AccessRecord, by: Actor, now: datetime) -> list[Fact]:
        return auditing.open_audit(access, by, client, case, now=now, sealed_note=sealed, **given)

    stream = access_stream(client, command.caller.person)
    try:
        decided = await command.decide(AccessRecord, stream, decision)
    except Refused as refused:
        raise refused_because(refused) from None
    return receipt(decided.appended, await command.version(decided), ids={"case": case})


async def _require_auditable(caller: Caller, client: UUID) -> None:
    """To whoever is no auditor in good standing, or of a client that there never was: nothing."""
    await _require_auditor(caller)
    record = await caller.tandem.ledger.refresh(CareRecord, client)
    if not record.client.enrolled:
        raise not_found()


async def _require_auditor(caller: Caller) -> None:
    actor = await caller.actor(caller.tandem.clock())
    if actor.acting_as is not Discipline.AUDITOR or not actor.good_standing:
        raise not_found()


@routes.get("/audit/clients/{client}/knowledge")
@door(Door.AUDITED, "each fact's five states for one reader at one moment; no content")
async def knowledge(
    request: Request,
    client: UUID,
    reader: Whose,
    caller: Calling,
    at: At,
    acting_as: ActedAs = None,
) -> Response:
    """Each fact with its five states, when, by which disclosure and on which consent; and beside
    them what was true and not shown."""
    found = await _knowledge(caller, client, reader, acting_as, at)
    return await _account(request, caller, client, "knowledge", lambda: _told(found))


def _told(found: Knowledge) -> Body:
    return time_machine.knowledge_view(found)


@routes.get("/audit/clients/{client}/facts/{position}/knowers")
@door(Door.AUDITED, "who has had one fact, in which state, since when; no content")
async def knowers(
    request: Request, client: UUID, position: Position, caller: Calling, at: At
) -> Response:
    """For one fact, who has known it since when."""
    await _require_auditable(caller, client)
    tandem = caller.tandem
    moment = await time_machine.moment(tandem.ledger, at, tandem.clock())
    record = await tandem.ledger.read(CareRecord, client, moment.position)
    once = await _candidates(caller, client, let_in(record))
    found = await time_machine.knowers(tandem.ledger, client, position, once, moment)
    return await _account(request, caller, client, "knowers", lambda: found)


async def _candidates(caller: Caller, client: UUID, let_in: frozenset[Capacity]) -> list[Reader]:
    """The client, whom the record lets in or ever let in, and to whom anything was released."""
    ledger = caller.tandem.ledger
    found = [as_reader(client, Discipline.CLIENT)]
    for person, acting_as in sorted(let_in | await released_to(caller.tandem, client), key=str):
        found.append(
            as_reader(person, acting_as)
            if acting_as is not None
            else await time_machine.reader_of(ledger, client, person, None)
        )
    return list(dict.fromkeys(found))


@routes.get("/audit/register")
@door(Door.LISTED, "who was released, refused or told what, of which client; never what it said")
async def register(
    caller: Calling,
    client: Annotated[UUID | None, Query(description="Only of this client.")] = None,
    reader: Annotated[UUID | None, Query(description="Only of this reader.")] = None,
    kind: Annotated[list[str] | None, Query(description="Only of these kinds.")] = None,
    disclosure: Annotated[
        int | None, Query(description="Only this disclosure, and what became of it.", ge=1)
    ] = None,
    after: After = None,
    limit: Limit = 50,
) -> Response:
    """The access register, newest first: disclosures, denials, broken glass."""
    before = read_position(after)
    tandem = caller.tandem

    async def look() -> Page:
        return await register_page(
            tandem.lists,
            tandem.door,
            caller.reader,
            client=client,
            who=reader,
            kinds=kind or (),
            disclosure=disclosure,
            limit=limit,
            before=before,
        )

    return await list_page(caller, look)


@routes.get("/audit/clients/{client}/differences")
@door(Door.AUDITED, "two readers or two moments side by side; no content")
async def differences(
    request: Request,
    client: UUID,
    reader: Whose,
    caller: Calling,
    at: At,
    acting_as: ActedAs = None,
    and_reader: Annotated[UUID | None, Query(description="Default: the same reader.")] = None,
    and_at: Annotated[str | None, Query(description="Default: the same moment.")] = None,
    and_acting_as: ActedAs = None,
) -> Response:
    """Every fact in which two readers, or one reader at two moments, differ."""
    other_at = at if and_at is None else read_moment(and_at, "and_at")
    other = reader if and_reader is None else and_reader
    other_as = acting_as if and_reader is None and and_acting_as is None else and_acting_as
    one = await _knowledge(caller, client, reader, acting_as, at)
    two = await _knowledge(caller, client, other, other_as, other_at)
    body = time_machine.differences(one, two)
    return await _account(request, caller, client, "differences", lambda: body)


@routes.get("/audit/disclosures/{position}/screen")
@door(Door.AUDITED, "with an open case: the exact bytes of one disclosure, and their commitment")
async def screen(request: Request, position: Position, caller: Calling) -> Response:
    """The exact screen as it was, and whether today's code would render the same."""
    ledger = caller.tandem.ledger
    await _require_auditor(caller)
    entry = await auditor.disclosure_at(ledger, position)
    assert isinstance(entry.fact, Disclosed)
    found = await auditor.screen(ledger, entry)
    return await show(
        request,
        caller,
        entry.fact.client,
        Ask(
            "screen",
            lambda record, scope, now: auditor.screen_view(found, record, scope, now),
        ),
    )


async def _knowledge(
    caller: Caller, client: UUID, person: UUID, acting_as: Discipline | None, at: Moment | None
) -> Knowledge:
    await _require_auditable(caller, client)
    tandem = caller.tandem
    moment = await time_machine.moment(tandem.ledger, at, tandem.clock())
    whose: Reader = await time_machine.reader_of(tandem.ledger, client, person, acting_as)
    return await time_machine.knew(tandem.ledger, client, whose, moment)


async def _account(
    request: Request, caller: Caller, client: UUID, view: str, body: Callable[[], Body]
) -> Response:
    """Disclose what tells who was told what, and nothing of what it said."""

    def render(record: Any, scope: Any, now: datetime) -> View:
        return accounted(body(), record, scope, now)

    return await show(request, caller, client, Ask(view, render, accounting=True))
