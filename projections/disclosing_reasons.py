"""Pages of the lists that are made of reasons, through the one door.

A client is on a page once: where the worst reason is that the reader may know of. So neither the
order nor the number of rows tells of a reason that is not theirs.
"""

from collections.abc import AsyncIterator
from uuid import UUID

from projections.asking import Ask
from projections.concerns_queries import Candidate, Place, candidates
from projections.disclosing_lists import AT_MOST, CHUNK
from projections.disclosure import Door
from projections.pages import Looking, Page, first, tried
from projections.querying import Lists
from projections.reader import Reader
from projections.reasons import Lens, line, told
from projections.sheet import Sheet


async def reasons_page(
    lists: Lists,
    door: Door,
    reader: Reader,
    lens: Lens,
    *,
    limit: int = 50,
    after: str | None = None,
    count: bool = False,
) -> Page:
    """The next clients of a list, the worst first, each with the reasons that `reader` may know.

    `after` is the `next` of the page before; `count` asks for the total. A row says whether it is
    `being_updated`. Raises ValueError for an `after` that is none, LedgerUnavailable, Refused
    `does-not-hold-discipline`.
    """
    place = Place.of_token(after) if after else Place.start(door.clock())
    start = Place.start(place.at)
    limit = max(1, min(limit, AT_MOST))
    ask = Ask(lens.name, line(lens))

    async def attempt(looking: Looking) -> Page:
        rows = await first(limit + 1, _on_list(lists, looking, lens, place))
        page = rows[:limit]
        total = len(await first(None, _on_list(lists, looking, lens, start))) if count else None
        return Page(
            rows=tuple({"client": str(row.client), "being_updated": row.moved} for row in page),
            fragments=await looking.release({row.client: ask for row in page}),
            next=page[-1].place.token() if len(rows) > limit else None,
            total=total,
            hint=lens.hint if not page and after is None else None,
        )

    return await tried(door, reader, ask, attempt)


async def _on_list(
    lists: Lists, looking: Looking, lens: Lens, place: Place
) -> AsyncIterator[Candidate]:
    """The clients after `place`, each where the worst reason stands that may be told."""
    reader = looking.reader
    if reader.acting_as not in lens.disciplines:
        return
    known: dict[UUID, set[str]] = {}
    while True:
        chunk = await candidates(lists, reader.person, lens.name, place, limit=CHUNK)
        await looking.at(row.client for row in chunk)
        for row in chunk:
            if row.client not in known:
                found = looking[row.client]
                sheet = Sheet(found.record, found.scope, found.now)
                known[row.client] = {reason.key for reason, _ in told(lens, sheet)}
            if _is_here(row, known[row.client]):
                yield row
        if len(chunk) < CHUNK:
            return
        place = chunk[-1].place


def _is_here(row: Candidate, known: set[str]) -> bool:
    """Whether this is the place of its client, of whom the reader may know these reasons. Where the
    record has moved and all of them are new, it is the last one that the list has."""
    if row.place.reason in known:
        return known.isdisjoint(row.earlier)
    return row.moved and row.last and bool(known) and known.isdisjoint(row.reasons)
