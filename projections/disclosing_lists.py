"""Pages of the lists across clients, through the one door.

1. Go through the list in its order and keep what policy lets the reader see, until the page is
   full: what they may not see is left out before anything is counted.
2. Render one fragment for each client, within the reader's scope. What joins the fragments to a
   page says nothing of anybody.
3. Disclose all of them in one command (`pages`). If anything moved meanwhile, look again.

A list may be behind the log, so it only says where to look: whether a row is shown, and what of it,
is decided on the record.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from domain.lanes import Category, Discipline, Purpose
from projections import board_shown, register_shown
from projections.asking import Ask
from projections.blind_index import BlindIndex, has_words, words
from projections.board_queries import Candidate, Order, Place, candidates
from projections.disclosure import Door
from projections.pages import Looking, Page, by_client, first, tried
from projections.querying import Lists
from projections.reader import Reader
from projections.register_queries import Access, accesses
from projections.sheet import Sheet

AT_MOST: Final = 100
"""Rows on a page, and so clients that one command discloses."""

CHUNK: Final = 100
"""Rows of a list that are looked at together."""


@dataclass(frozen=True, slots=True)
class Named:
    """Only rows of clients with every word of `name` in theirs: found by the blind index, and then
    compared with the name itself, if the reader may see that."""

    name: str
    index: BlindIndex


async def board_page(
    lists: Lists,
    door: Door,
    reader: Reader,
    *,
    limit: int = 50,
    after: str | None = None,
    named: Named | None = None,
    count: bool = False,
) -> Page:
    """The next restrictions, the worst first, as much of each as `reader` may see.

    `after` is the `next` of the page before; `count` asks for the total. A row says whether it is
    `being_updated`. Raises ValueError for an `after` that is none, LedgerUnavailable, Refused
    `does-not-hold-discipline`.
    """
    start = Place.start(door.clock().date())
    place = Place.of_token(after) if after else start
    limit = max(1, min(limit, AT_MOST))

    async def attempt(looking: Looking) -> Page:
        rows = await first(limit + 1, _on_board(lists, looking, place, named))
        page = rows[:limit]
        total = len(await first(None, _on_board(lists, looking, start, named))) if count else None
        asks = {
            client: Ask("board", board_shown.of([row.restriction for row in own]))
            for client, own in by_client(page).items()
        }
        return Page(
            rows=tuple(
                {
                    "client": str(row.client),
                    "restriction": str(row.restriction),
                    "being_updated": row.moved,
                }
                for row in page
            ),
            fragments=await looking.release(asks),
            next=page[-1].place.token() if len(rows) > limit else None,
            total=total,
        )

    return await tried(door, reader, Ask("board", board_shown.of(())), attempt)


async def register_page(
    lists: Lists,
    door: Door,
    reader: Reader,
    *,
    client: UUID | None = None,
    who: UUID | None = None,
    kinds: Iterable[str] = (),
    disclosure: int | None = None,
    limit: int = 50,
    before: int | None = None,
) -> Page:
    """The next rows of the access register, newest first, that fit all that is given; see
    `register_queries.accesses`. For auditors, who need no case: it tells who was told what, never
    what it said. A client sees the rows about themselves. To anybody else there are none.

    `before` is the `next` of the page before, a log position. Raises LedgerUnavailable, Refused
    `does-not-hold-discipline`.
    """
    wanted = tuple(kinds)
    limit = max(1, min(limit, AT_MOST))
    if not await _may_ask(door, reader, client):
        return Page(rows=())
    whose = client if reader.acting_as is Discipline.AUDITOR else reader.person

    async def attempt(looking: Looking) -> Page:
        complete_to: list[int] = []

        async def after(position: int | None) -> list[Access]:
            found = await accesses(
                lists,
                client=whose,
                reader=who,
                kinds=wanted,
                disclosure=disclosure,
                before=position,
                limit=CHUNK,
            )
            complete_to.append(found.complete_to)
            return list(found.rows)

        rows = await first(limit + 1, _in_register(looking, after, before))
        page = rows[:limit]
        asks = {
            one: Ask("register", register_shown.of(own), accounting=True)
            for one, own in by_client(page).items()
        }
        return Page(
            rows=tuple({"client": str(row.client), "position": row.position} for row in page),
            fragments=await looking.release(asks),
            next=str(page[-1].position) if len(rows) > limit else None,
            complete_to=complete_to[0],
        )

    return await tried(
        door, reader, Ask("register", register_shown.of(()), accounting=True), attempt
    )


async def _on_board(
    lists: Lists, looking: Looking, place: Place, named: Named | None
) -> AsyncIterator[Candidate]:
    """The rows after `place` that the reader may see anything of."""
    reader = looking.reader
    order = Order.for_reader(reader.acting_as)
    sought = words(named.name) if named else frozenset()
    digests = named.index.digests(named.name) if named else []
    if named and not digests:
        return
    while True:
        chunk = await candidates(lists, reader.person, order, place, names=digests, limit=CHUNK)
        await looking.at(row.client for row in chunk)
        for row in chunk:
            found = looking[row.client]
            sheet = Sheet(found.record, found.scope, found.now)
            if board_shown.line(sheet, row.restriction) is None:
                continue
            if sought and not has_words(board_shown.name(sheet) or "", sought):
                continue
            yield row
        if len(chunk) < CHUNK:
            return
        place = chunk[-1].place


async def _in_register(
    looking: Looking,
    after: Callable[[int | None], Awaitable[list[Access]]],
    position: int | None,
) -> AsyncIterator[Access]:
    """The rows before `position` that the reader may see."""
    while True:
        chunk = await after(position)
        await looking.at(row.client for row in chunk)
        for row in chunk:
            if looking[row.client].scope.sees(Category.CONSENTS) is not None:
                yield row
        if len(chunk) < CHUNK:
            return
        position = chunk[-1].position


async def _may_ask(door: Door, reader: Reader, client: UUID | None) -> bool:
    """Whether there can be a row for this reader at all: so that nobody makes us go through the
    whole register to find that there is none."""
    if reader.acting_as is Discipline.CLIENT:
        return client in (None, reader.person)
    if reader.acting_as is not Discipline.AUDITOR or reader.purpose is not Purpose.AUDIT:
        return False
    actor = await reader.actor(door.ledger, door.clock(), fresh=True)
    return actor.good_standing
