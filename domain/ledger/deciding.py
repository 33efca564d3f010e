"""A decision on its way into the log, and what it came to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from uuid import UUID

from domain.entry import Authorship, Entry
from domain.fact import Fact
from domain.ledger.command import Appended, Command, Guard, Kept, NewEvent
from domain.ledger.states import S, StreamKind


@dataclass(frozen=True, slots=True)
class Decided(Generic[S]):
    """What a decision came to. `appended` is None if it gave no facts; `facts` are as they will be
    read back; `state` is that of the stream with them."""

    appended: Appended | None
    facts: tuple[Fact, ...]
    state: S


@dataclass(slots=True)
class Proposal(Generic[S]):
    """All that `Ledger.decide` was asked for: constant while the decision is taken again."""

    kind: StreamKind[S]
    id: UUID
    decision: Callable[[S], Sequence[Fact]]
    by: Authorship
    command_id: UUID
    request: bytes | None
    guards: tuple[Guard, ...]
    extra_events: tuple[NewEvent, ...]
    kept: tuple[Kept, ...]
    not_after: datetime | None

    def command(self, events: Sequence[NewEvent]) -> Command:
        """The command that appends the decision's events and whatever goes with them."""
        return Command(
            self.command_id,
            (*events, *self.extra_events),
            self.guards,
            self.not_after,
            self.request,
            self.kept,
        )

    def entries(self, state: S, facts: Sequence[Fact], appended: Appended) -> list[Entry]:
        """What the log now holds of `facts`, which were decided on `state`."""
        return [
            Entry(self.id, state.version + n, fact, self.by, appended.recorded_at, position)
            for n, (fact, position) in enumerate(
                zip(facts, appended.positions, strict=False), start=1
            )
        ]
