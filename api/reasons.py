"""Pages of the lists that say of each client why they are on it."""

from typing import Annotated

from fastapi import Query, Response

from api.caller import Caller
from api.listing import list_page
from api.moments import not_a_cursor
from projections.concerns_queries import Place
from projections.disclosing_reasons import reasons_page
from projections.pages import Page
from projections.reasons import Lens

Count = Annotated[bool, Query(description="Also say how many clients there are in all.")]


async def reasons_of(
    caller: Caller, lens: Lens, after: str | None, limit: int, count: bool
) -> Response:
    """The caller's page of one of these lists. Raises Problem 422 for an `after` that is none."""
    if after is not None:
        _require_place(after)
    tandem = caller.tandem

    async def look() -> Page:
        return await reasons_page(
            tandem.lists, tandem.door, caller.reader, lens, limit=limit, after=after, count=count
        )

    return await list_page(caller, look)


def _require_place(after: str) -> None:
    try:
        Place.of_token(after)
    except ValueError:
        raise not_a_cursor() from None
