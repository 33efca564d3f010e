"""States of streams as this process knows them, and whose turn it is to decide on one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar, cast
from uuid import UUID

from domain.entry import Entry


class State(Protocol):
    """What a stream adds up to: immutable. `version` and `position` are those of the last entry
    folded, 0 for an empty stream. A kind whose facts are sealed also has `erased`."""

    @property
    def id(self) -> UUID:
        """The stream."""
        ...

    @property
    def version(self) -> int:
        """Version of the last entry folded."""
        ...

    @property
    def position(self) -> int:
        """Position of the last entry folded."""
        ...

    def evolve(self, entry: Entry) -> Self:
        """The state with one more entry. Total."""
        ...


S = TypeVar("S", bound=State)

StreamKind = Callable[[UUID], S]
"""What gives the state of an empty stream: the state's class, as `CareRecord`."""


@dataclass(frozen=True, slots=True)
class Known(Generic[S]):
    """A state, and whether it was made of sealed facts: then it must not outlive their key."""

    state: S
    sealed: bool


class States:
    """The most recently used states, at most `size`; unused ones are dropped after `idle` seconds,
    since they are personal data in clear."""

    def __init__(
        self, size: int, *, idle: float = 600.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._size = size
        self._idle = idle
        self._clock = clock
        self._known: OrderedDict[tuple[object, UUID], tuple[float, Known[State]]] = OrderedDict()

    def get(self, kind: StreamKind[S], id: UUID) -> Known[S] | None:
        """The state as last known, perhaps no longer the head of its stream."""
        found = self._known.get((kind, id))
        if found is None:
            return None
        self._known[kind, id] = (self._clock(), found[1])
        self._known.move_to_end((kind, id))
        return cast(Known[S], found[1])

    def put(self, kind: StreamKind[S], known: Known[S]) -> None:
        """Remember a state that is durable. An older one never replaces a newer one."""
        key = (kind, known.state.id)
        before = self._known.get(key)
        if before is not None and before[1].state.version > known.state.version:
            return
        self._known[key] = (self._clock(), cast(Known[State], known))
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def forget(self, id: UUID) -> None:
        """Drop every state of this stream."""
        for key in [key for key in self._known if key[1] == id]:
            del self._known[key]

    def sweep(self) -> None:
        """Drop states that nobody has used for a while."""
        limit = self._clock() - self._idle
        while self._known and next(iter(self._known.values()))[0] < limit:
            self._known.popitem(last=False)


class Turns:
    """One at a time for each stream: whoever would lose the race anyway waits instead."""

    def __init__(self) -> None:
        self._locks: dict[UUID, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, id: UUID) -> AsyncIterator[None]:
        """Wait for this stream's turn and hold it."""
        lock, waiting = self._locks.get(id) or (asyncio.Lock(), 0)
        self._locks[id] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[id]
            if waiting == 1:
                del self._locks[id]
            else:
                self._locks[id] = (lock, waiting - 1)

    def __len__(self) -> int:
        return len(self._locks)
