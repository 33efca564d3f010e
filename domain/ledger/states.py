"""States of streams as this process knows them, and whose turn it is to decide on one."""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar, cast
from uuid import UUID

from domain.entry import Entry
from domain.ledger.command import LedgerUnavailable


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


@dataclass(slots=True)
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
        self._known: OrderedDict[tuple[object, int], tuple[float, Known[State]]] = OrderedDict()

    def get(self, kind: StreamKind[S], id: UUID) -> Known[S] | None:
        """The state as last known, perhaps no longer the head of its stream."""
        key = (kind, id.int)  # an int is hashed in a fifth of the time of a UUID
        found = self._known.get(key)
        if found is None:
            return None
        self._known[key] = (self._clock(), found[1])
        self._known.move_to_end(key)
        return cast(Known[S], found[1])

    def put(self, kind: StreamKind[S], known: Known[S]) -> None:
        """Remember a state that is durable. An older one never replaces a newer one."""
        key = (kind, known.state.id.int)
        before = self._known.get(key)
        if before is not None and before[1].state.version > known.state.version:
            return
        self._known[key] = (self._clock(), cast(Known[State], known))
        self._known.move_to_end(key)
        if len(self._known) > self._size:
            self._known.popitem(last=False)

    def forget(self, id: UUID) -> None:
        """Drop every state of this stream."""
        for key in [key for key in self._known if key[1] == id.int]:
            del self._known[key]

    def sweep(self) -> None:
        """Drop states that nobody has used for a while."""
        limit = self._clock() - self._idle
        while self._known and next(iter(self._known.values()))[0] < limit:
            self._known.popitem(last=False)


class Turns:
    """One at a time for each stream: whoever would lose the race anyway waits instead, but not
    for longer than `patience` seconds."""

    def __init__(self, patience: float = 5.0) -> None:
        self._patience = patience
        # Who has the turn is in nobody's hands: a key says that someone has, its queue who waits.
        self._waiting: dict[int, deque[asyncio.Future[None]] | None] = {}

    def of(self, id: UUID) -> "_Turn":
        """To be entered with `async with`: waits for this stream's turn and holds it. Raises
        LedgerUnavailable if it does not come in time."""
        return _Turn(self._waiting, id.int, self._patience)

    def __len__(self) -> int:
        return len(self._waiting)


class _Turn:
    """An asyncio.Lock for each stream would do; this costs a third of it, on every command."""

    __slots__ = ("_id", "_patience", "_waiting")

    def __init__(
        self,
        waiting: dict[int, "deque[asyncio.Future[None]] | None"],
        id: int,
        patience: float,
    ) -> None:
        self._waiting = waiting
        self._id = id
        self._patience = patience

    async def __aenter__(self) -> None:
        if self._id not in self._waiting:
            self._waiting[self._id] = None
            return
        queue = self._waiting[self._id]
        if queue is None:
            queue = self._waiting[self._id] = deque()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self._patience):
                await turn
        except TimeoutError:
            self._give_back(turn)
            raise LedgerUnavailable("others are still deciding on this stream") from None
        except asyncio.CancelledError:
            self._give_back(turn)
            raise

    def _give_back(self, turn: "asyncio.Future[None]") -> None:
        """Whoever leaves with the turn just given to them hands it on."""
        if turn.done() and not turn.cancelled():
            self._pass_on()

    async def __aexit__(self, *_: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        queue = self._waiting[self._id]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[self._id]
