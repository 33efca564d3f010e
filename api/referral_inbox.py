"""The referral inbox: what the caller sent, was sent, or coordinates, and why each is there."""

from typing import Annotated

from fastapi import Query, Response

from api.caller import Calling
from api.doors import Door, door
from api.listing import list_page
from api.moments import After, Limit, not_a_cursor
from api.route import router
from projections.pages import Page
from projections.referral_inbox_page import Place, inbox_page

routes = router("referrals")


@routes.get("/referral-inbox")
@door(Door.LISTED, "a line for each referral under way that the caller is a party to, and why")
async def inbox(
    caller: Calling,
    after: After = None,
    limit: Limit = 50,
    count: Annotated[bool, Query(description="Also say how many rows there are in all.")] = False,
) -> Response:
    """Referrals under way that the caller sent, was sent, or coordinates: emergencies first, then
    what has been due longest. Each line says why it is there."""
    if after is not None:
        _require_place(after)
    tandem = caller.tandem

    async def look() -> Page:
        return await inbox_page(
            tandem.lists, tandem.door, caller.reader, limit=limit, after=after, count=count
        )

    return await list_page(caller, look)


def _require_place(after: str) -> None:
    try:
        Place.of_token(after)
    except ValueError:
        raise not_a_cursor() from None
