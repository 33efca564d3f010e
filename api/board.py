"""The restriction board: what restricts the caller's clients, the worst first."""

from typing import Annotated

from fastapi import Query, Response

from api.caller import Calling
from api.doors import Door, door
from api.listing import list_page
from api.moments import After, Limit, not_a_cursor
from api.route import router
from projections.board_queries import Place
from projections.disclosing_lists import Named, board_page
from projections.pages import Page

routes = router("restrictions")


@routes.get("/restriction-board")
@door(Door.LISTED, "a line for each restriction that the caller may see, names where they may")
async def board(
    caller: Calling,
    after: After = None,
    limit: Limit = 50,
    name: Annotated[
        str | None,
        Query(description="Only clients with all of these words in their name.", max_length=80),
    ] = None,
    count: Annotated[bool, Query(description="Also say how many rows there are in all.")] = False,
) -> Response:
    """Restrictions of the caller's clients. A row whose record has just moved says
    `being_updated`."""
    if after is not None:
        _require_place(after)
    tandem = caller.tandem

    async def look() -> Page:
        return await board_page(
            tandem.lists,
            tandem.door,
            caller.reader,
            limit=limit,
            after=after,
            named=Named(name, tandem.names) if name else None,
            count=count,
        )

    return await list_page(caller, look)


def _require_place(after: str) -> None:
    try:
        Place.of_token(after)
    except ValueError:
        raise not_a_cursor() from None
