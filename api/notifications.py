"""Notifications: what I was told of, in its sequence; live; received. Pointers, and nothing else.

What a pointer leads to is fetched, and passes the door like anything else.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from api.caller import PRINCIPAL, Caller, Calling
from api.doors import Door, door
from api.errors import not_as_this
from api.event_stream import EventStream
from api.json_response import Json
from api.moments import LARGEST_POSITION, Limit, rfc3339
from api.parameters import Parameter, reads
from api.problems import invalid_field, not_found
from api.proposal import Of, Proposal
from api.route import router
from api.showing import show
from domain.actor import DEFAULT_PURPOSE
from domain.notified import NotificationReceived
from domain.refused import Refused
from projections.asking import Ask
from projections.confirming import Confirmation, Confirmed, Confirming, Said
from projections.notifications import Pointer, pointers
from projections.notified import notification_of, pointed_to
from projections.reader import Reader

routes = router("notifications")

Id = Annotated[UUID, Path(description="A notification.")]
Sequence = Annotated[
    int,
    Query(description="A sequence number: those after it.", ge=0, le=LARGEST_POSITION),
]
LAST_EVENT_ID = Parameter(
    "Last-Event-ID", "The last sequence number that one has: go on after it.", "41"
)


@routes.get("/me/notifications")
@door(Door.POINTER, "which notifications the caller was sent, and which they confirmed")
async def notifications(caller: Calling, after: Sequence = 0, limit: Limit = 50) -> Json:
    """What the caller was told of, oldest first. Sequence numbers leave no gap; `next` is what to
    send as `after`, whether or not there is more yet."""
    await _require_standing(caller)
    found = await pointers(caller.tandem.lists, caller.person, after=after, limit=limit)
    last = found[-1].sequence if found else after
    return Json({"notifications": [_line(one) for one in found], "next": last})


@reads(LAST_EVENT_ID)
async def last_event_id(request: Request) -> int | None:
    """Where an event stream was broken off. Raises Problem 422."""
    written = request.headers.get(LAST_EVENT_ID.name)
    if not written:
        return None
    if written.isascii() and written.isdigit() and len(written) <= 18:
        return int(written)
    raise invalid_field(LAST_EVENT_ID.name, "is no sequence number", "the `id` of the last event")


@routes.get("/me/notifications/stream", response_class=Response)
@door(Door.POINTER, "the same as they come, until the token expires or the caller's standing ends")
async def stream(
    request: Request,
    caller: Calling,
    since: Annotated[int | None, Depends(last_event_id)],
    after: Sequence = 0,
) -> Response:
    """Server-sent events: `notification` (a CloudEvent; its `id` is the sequence number), and
    `closed` with the reason before the server ends the stream."""
    await _require_standing(caller)
    expires = request.scope[PRINCIPAL].expires
    return EventStream(request, caller, after if since is None else since, expires)


@routes.get("/me/notifications/{notification}")
@door(Door.DISCLOSED, "what the notification points to, as far as the caller may see it now")
async def notification(request: Request, notification: Id, caller: Calling) -> Response:
    """The item that it is about, or the chart where nothing of the item is to be seen any more."""
    found = await notification_of(caller.tandem.ledger, caller.person, notification)
    if found is None:
        raise not_found()
    about = found.fact
    reader = Reader(caller.person, about.acting_as, DEFAULT_PURPOSE[about.acting_as])
    ask = Ask("notification", pointed_to(about), item=about.item)
    return await show(request, Caller(reader, caller.tandem), about.client, ask)


@routes.post("/me/notifications/{notification}/receipt", status_code=201, response_model=Confirmed)
@door(Door.RECEIPT, "position of the receipt")
async def receive(
    notification: Id,
    body: Annotated[Proposal, Of(NotificationReceived, without=("notification", "notified"))],
    caller: Calling,
) -> Response:
    """Confirm that a device of the caller's has it. Again: the answer of the first time."""
    device = body.fields().get("device")
    said = Confirmation(notification=notification, kind=Said.RECEIVED, device=device)
    try:
        confirming = Confirming(caller.tandem.ledger, caller.tandem.clock)
        made = await confirming.confirm(caller.person, said)
    except Refused:
        raise not_found() from None
    return Json(made.model_dump(mode="json"), status_code=201)


async def _require_standing(caller: Caller) -> None:
    """Whoever is suspended or has left is told nothing, not even that there was something."""
    actor = await caller.actor(caller.tandem.clock(), fresh=True)
    if not actor.good_standing:
        raise not_as_this(Refused("not-in-good-standing"))


def _line(pointer: Pointer) -> dict[str, Any]:
    return {
        "sequence": pointer.sequence,
        "notification": str(pointer.notification),
        "sent_at": rfc3339(pointer.recorded_at),
        "urgency": pointer.urgency,
        "must_acknowledge": pointer.must_acknowledge,
        "received": pointer.received is not None,
        "acknowledged": pointer.acknowledged is not None,
        "href": f"/me/notifications/{pointer.notification}",
    }
