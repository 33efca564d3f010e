"""What leaves of many clients at once: a fragment for each, and one command that discloses them.

The command holds one `Disclosed` for each client and is guarded by every record and by the reader's
standing, until the earliest moment at which any of it ends by itself: so all of the page is let go
of, or nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol, TypeVar
from uuid import UUID

import orjson

from domain.ledger.command import Conflicted, LedgerUnavailable
from projections.asking import Ask, Attempt, Released
from projections.disclosure import ATTEMPTS, Door
from projections.reader import Reader
from projections.sheet import Body


class Row(Protocol):
    """A row of a list, before policy was asked."""

    @property
    def client(self) -> UUID:
        """Whom it is about."""
        ...


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Page:
    """Bytes that may be let go of now: a fragment for each client, kept and committed to as such.

    `rows`: the order of the rows, by client and reference into the fragments. `next`: where the
    next page starts, None at the end. `total`: how many rows there are that the reader may see, if
    that was asked for. `complete_to`: the log position that the list had got to. `hint`: what would
    put something on a list on which there is nothing.
    """

    rows: tuple[Body, ...]
    fragments: tuple[Released, ...] = ()
    next: str | None = None
    total: int | None = None
    complete_to: int | None = None
    hint: str | None = None

    @property
    def stale(self) -> bool:
        """Whether it is too late after the disclosure to start letting go of the bytes."""
        return any(fragment.stale for fragment in self.fragments)

    def json(self) -> bytes:
        """The page: the fragments to the byte as they were committed to, and the shell."""
        shell: Body = {"rows": list(self.rows)}
        shell["clients"] = [orjson.Fragment(fragment.body) for fragment in self.fragments]
        shell["next"] = self.next
        if self.total is not None:
            shell["total"] = self.total
        if self.complete_to is not None:
            shell["complete_to"] = self.complete_to
        if self.hint is not None:
            shell["hint"] = self.hint
        return orjson.dumps(shell)


@dataclass(slots=True)
class Looking:
    """One try at a page. Each client is looked at once, so that everything on the page, and in its
    total, is decided on the same state of their record."""

    door: Door
    reader: Reader
    ask: Ask
    fresh: bool
    _found: dict[UUID, Attempt] = field(default_factory=dict)

    async def at(self, clients: Iterable[UUID]) -> None:
        """Have looked at these clients."""
        new = [client for client in dict.fromkeys(clients) if client not in self._found]
        looked = await asyncio.gather(
            *(self.door.look(self.reader, one, self.ask, fresh=self.fresh) for one in new)
        )
        self._found.update(zip(new, looked, strict=True))

    def __getitem__(self, client: UUID) -> Attempt:
        return self._found[client]

    async def release(self, asks: Mapping[UUID, Ask]) -> tuple[Released, ...]:
        """What is asked of each client, all of it or nothing. Raises Conflicted."""
        parts = [
            await self.door.prepare(self.reader, client, ask, self._found[client])
            for client, ask in asks.items()
        ]
        return await self.door.let_go(self.reader, parts) if parts else ()


async def tried(
    door: Door, reader: Reader, ask: Ask, attempt: Callable[[Looking], Awaitable[Page]]
) -> Page:
    """The page of the first attempt during which nothing moved that it rests on. Raises
    LedgerUnavailable."""
    for number in range(ATTEMPTS):
        try:
            return await attempt(Looking(door, reader, ask, fresh=number > 0))
        except Conflicted:
            continue
    raise LedgerUnavailable("what this reader may see kept changing", retry_after=1)


async def first(number: int | None, rows: AsyncIterator[R]) -> list[R]:
    """The first so many rows (None: all)."""
    found: list[R] = []
    async with aclosing(rows) as coming:  # type: ignore[type-var]
        async for row in coming:
            found.append(row)
            if len(found) == number:
                break
    return found


def by_client(rows: Iterable[R]) -> Mapping[UUID, list[R]]:
    """Rows by whom they are about, in their order."""
    grouped: dict[UUID, list[R]] = {}
    for row in rows:
        grouped.setdefault(row.client, []).append(row)
    return grouped
