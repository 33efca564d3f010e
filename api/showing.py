"""From a request to one client's view: asked at the door, answered with its very bytes."""

from http import HTTPStatus
from uuid import UUID

from fastapi import Request, Response

from api.caller import Caller
from api.release import Disclosed, Tag, of_view
from projections.asking import Ask, Released

CARRIED = ("tandem-position", "idempotency-replayed")


async def show(
    request: Request,
    caller: Caller,
    client: UUID,
    ask: Ask,
    *,
    tag: Tag = of_view,
    instead_of: Response | None = None,
) -> Response:
    """Disclose `ask` to the caller. Raises NotYours.

    `instead_of`: the receipt of a command that is answered with a view; what it says of the
    command travels in headers.
    """

    async def disclose() -> Released:
        return await caller.tandem.door.disclose(caller.reader, client, ask)

    status, headers = HTTPStatus.OK.value, {}
    if instead_of is not None:
        status = instead_of.status_code
        found = instead_of.headers
        headers = {name: found[name] for name in CARRIED if name in found}
    return Disclosed(
        request, caller, await disclose(), disclose, tag=tag, status=status, headers=headers
    )
