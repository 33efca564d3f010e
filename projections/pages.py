"""What leaves of many clients at once: a fragment for each, and one command that discloses them.

The command holds one `Disclosed` for each client and is guarded by every record and by the reader's
standing, until the earliest moment at which any of it ends by itself: so all of the page is let go
of, or nothing.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import orjson

from domain.ledger.command import Command, Guard, NewEvent
from projections.disclosure import Ask, Door, Released, _Attempt, _disclosed
from projections.kept import Copy
from projections.reader import Reader
from projections.sheet import Body


@dataclass(frozen=True, slots=True)
class Page:
    """Bytes that may be let go of now: a fragment for each client, kept and committed to as such.

    `rows`: the order of the rows, by client and reference into the fragments. `next`: where the
    next page starts, None at the end. `total`: how many rows there are that the reader may see, if
    that was asked for. `complete_to`: the log position that the list had got to.
    """

    rows: tuple[Body, ...]
    fragments: tuple[Released, ...] = ()
    next: str | None = None
    total: int | None = None
    complete_to: int | None = None

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
        return orjson.dumps(shell)


@dataclass(slots=True)
class Looking:
    """One try at a page. Each client is looked at once, so that everything on the page, and in its
    total, is decided on the same state of their record."""

    door: Door
    reader: Reader
    ask: Ask
    fresh: bool
    _found: dict[UUID, _Attempt] = field(default_factory=dict)

    async def at(self, clients: Iterable[UUID]) -> None:
        """Have looked at these clients."""
        new = [client for client in dict.fromkeys(clients) if client not in self._found]
        looked = await asyncio.gather(
            *(self.door._look(self.reader, one, self.ask, fresh=self.fresh) for one in new)
        )
        self._found.update(zip(new, looked, strict=True))

    def __getitem__(self, client: UUID) -> _Attempt:
        return self._found[client]

    async def release(self, asks: Mapping[UUID, Ask]) -> tuple[Released, ...]:
        """What is asked of each client, all of it or nothing. Raises Conflicted."""
        parts = [await self._part(client, ask) for client, ask in asks.items()]
        if not parts:
            return ()
        ends = (part.attempt.scope.not_after for part in parts)
        appended = await self.door.ledger.append(
            Command(
                id=uuid4(),
                events=tuple(part.event for part in parts),
                guards=self._guards(parts),
                not_after=min((end for end in ends if end is not None), default=None),
                kept=tuple(part.copy.kept for part in parts if part.copy.kept),
            )
        )
        return tuple(
            self._released(part, position)
            for part, position in zip(parts, appended.positions, strict=True)
        )

    async def _part(self, client: UUID, ask: Ask) -> "_Part":
        door, attempt = self.door, self._found[client]
        view, body = await door._made(self.reader, client, ask, attempt)
        copy = door._copy(client, body)
        fact = _disclosed(self.reader, client, ask, attempt, view, copy)
        event = door._event(self.reader, client, fact, attempt.now)
        return _Part(client, ask, attempt, body, copy, event)

    def _guards(self, parts: Iterable["_Part"]) -> tuple[Guard, ...]:
        # The reader's standing may have been read anew between two clients: the oldest reading is
        # what all of them rest on.
        guards: dict[tuple[UUID, tuple[str, ...] | None], Guard] = {}
        for part in parts:
            for guard in self.door._guards(part.client, part.attempt):
                known = guards.setdefault((guard.stream, guard.topics), guard)
                if guard.version < known.version:
                    guards[guard.stream, guard.topics] = guard
        return tuple(guards.values())

    def _released(self, part: "_Part", position: int) -> Released:
        if part.copy.kept:
            self.door.copies.remember(part.client, part.body, part.copy)
        return Released(
            client=part.client,
            reader=self.reader.person,
            position=position,
            body=part.body,
            commitment=part.copy.commitment,
            record_version=part.attempt.record.version,
            as_of=part.attempt.now,
            content_type=part.ask.content_type,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one client's share of a page is going to be."""

    client: UUID
    ask: Ask
    attempt: _Attempt
    body: bytes
    copy: Copy
    event: NewEvent
