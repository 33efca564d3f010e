"""The ledger as one process uses it: from a decision to durable facts."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Purpose
from domain.ledger import startup
from domain.ledger.command import Appended, Command, Conflict, Conflicted, Guard, Kept, NewEvent
from domain.ledger.deciding import Decided, Proposal
from domain.ledger.keys import KeyDestroyed, KeyRing
from domain.ledger.log import Log
from domain.ledger.reading import At, Reading, Version, fold, is_erased
from domain.ledger.sealing import as_read
from domain.ledger.states import Known, S, StreamKind, Turns
from domain.ledger.writer import Writer
from domain.refused import Refused

__all__ = ["At", "Decided", "Ledger", "Version"]

ATTEMPTS: Final = 5
"""How often a decision is taken on a record that keeps moving."""

_SWEEP_SECONDS: Final = 1.0


class Ledger(Reading):
    """A writer, a reader, the keys on lease, and what is known of the streams used last. All
    methods belong to the event loop that it was opened on."""

    def __init__(self, writer: Writer, log: Log, keys: KeyRing, *, remember: int = 4096) -> None:
        super().__init__(log, keys, remember=remember)
        self.writer = writer
        self._turns = Turns()
        self._sweeper: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        keys: KeyRing,
        *,
        queue_limit: int = 1024,
        max_batch: int = 128,
        connections: int = 4,
        remember: int = 4096,
        gathered: Callable[[int], None] | None = None,
    ) -> Self:
        """Check the database, connect to it (as `tandem_service`) and start writing.

        Raises startup.NotFit, which says what to do, or LedgerUnavailable. `remember`: how many
        states are held; `connections`: for reading; see `Writer` for the rest.
        """
        await startup.check(url)
        log = await Log(url, connections=connections).open()
        writer = Writer(url, queue_limit=queue_limit, max_batch=max_batch, gathered=gathered)
        try:
            await writer.start()
        except BaseException:
            await log.close()
            raise
        self = cls(writer, log, keys, remember=remember)
        self._sweeper = asyncio.create_task(self._sweep(), name="ledger sweeper")
        return self

    async def close(self) -> None:
        """Stop writing (callers still waiting get LedgerUnavailable), then close."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        await self.writer.close()
        await self.log.close()

    async def append(self, command: Command) -> Appended:
        """Append a command as it is; see `Writer.append`."""
        return await self.writer.append(command)

    async def decide(
        self,
        kind: StreamKind[S],
        id: UUID,
        decision: Callable[[S], Sequence[Fact]],
        *,
        actor: Actor,
        effective: datetime,
        command_id: UUID,
        purpose: Purpose | None = None,
        request: bytes | None = None,
        extra_guards: Iterable[Guard] = (),
        extra_events: Iterable[NewEvent] = (),
        kept: Iterable[Kept] = (),
        not_after: datetime | None = None,
    ) -> Decided[S]:
        """Take a decision on a stream and make it durable, in one round trip if the stream is hot.

        1. `decision` (pure; may be called again) gives facts for the state as known, or refuses.
        2. They are sealed and appended, at the next version, guarded by the actor's standing.
        3. If the stream had moved, or a state that may be behind gave a refusal or no facts, it is
           read again and decided again, at most ATTEMPTS times.

        `effective` is the clinical time. `request` is the digest of what an Idempotency-Key is
        used for; a `command_id` that was used before gives its first result (`replayed`), with the
        present state. `extra_events` belong to other streams and are appended with the facts.

        Raises Refused (also `erased`); Conflicted: VERSION if the stream kept moving, GUARD if the
        actor's standing or anything of `extra_guards` has changed (look it up and come again),
        EXPIRED, KEY_REUSED; LedgerUnavailable; ValueError for a fact that could not be read back.
        """
        guards = (Guard(actor.id, actor.version),) if actor.version > 0 else ()
        proposal = Proposal(
            kind,
            id,
            decision,
            actor.authorship(effective, purpose),
            command_id,
            request,
            (*guards, *extra_guards),
            tuple(extra_events),
            tuple(kept),
            min(filter(None, (not_after, actor.not_after)), default=None),
        )
        async with self._turns.of(id):
            return await self._decide(proposal)

    async def _decide(self, proposal: Proposal[S]) -> Decided[S]:
        known = await self._known(proposal.kind, proposal.id)
        at_head = known is None
        moved = Conflicted(Conflict.VERSION)
        for _ in range(ATTEMPTS):
            if known is None:
                known = await self._refreshed(proposal.kind, proposal.id)
            try:
                decided = await self._attempt(proposal, known, at_head)
                if decided.appended is not None:
                    return decided
                if at_head:
                    return await self._earlier(proposal) or decided
            except Refused:
                if at_head:
                    # A command that is repeated often finds its own effect in the way.
                    if earlier := await self._earlier(proposal):
                        return earlier
                    raise
            except Conflicted as conflicted:
                if conflicted.conflict is not Conflict.VERSION:
                    raise
                moved = conflicted
            known, at_head = None, True
        raise moved

    async def _attempt(self, proposal: Proposal[S], known: Known[S], at_head: bool) -> Decided[S]:
        state = known.state
        if is_erased(state):
            raise Refused("erased")
        proposed = [as_read(fact) for fact in proposal.decision(state)]
        if not proposed:
            return Decided(None, (), state)
        facts = tuple(fact for fact, _ in proposed)
        sealed = any(fact.sealed for fact in facts)
        try:
            if sealed:
                await self._key_for(state, at_head)
            events = self._events(proposal, state, proposed)
        except KeyDestroyed:
            self.forget(proposal.id)
            raise Refused("erased") from None
        appended = await self.writer.append(proposal.command(events))
        if appended.replayed:
            return await self._replayed(proposal, appended.positions)
        state = fold(state, proposal.entries(state, facts, appended))
        self._states.put(proposal.kind, Known(state, known.sealed or sealed))
        return Decided(appended, facts, state)

    def _events(
        self, proposal: Proposal[S], state: S, proposed: list[tuple[Fact, bytes]]
    ) -> list[NewEvent]:
        id, by = proposal.id, proposal.by
        event = self.sealing.event
        return [
            event(fact, by, stream=id, version=state.version + n, subject=id, body=body)
            for n, (fact, body) in enumerate(proposed, start=1)
        ]

    async def _key_for(self, state: S, at_head: bool) -> None:
        # Minted for an empty stream only, so that nothing sealed is ever without its key's trace.
        if state.version == 0 and at_head:
            await asyncio.to_thread(self.keys.create, state.id)
        else:
            await self._lease(state.id)

    async def _earlier(self, proposal: Proposal[S]) -> Decided[S] | None:
        past = await self.log.command(proposal.command_id)
        if past is None:
            return None
        if past.request != proposal.request:
            raise Conflicted(Conflict.KEY_REUSED)
        return await self._replayed(proposal, past.positions)

    async def _replayed(self, proposal: Proposal[S], positions: tuple[int, ...]) -> Decided[S]:
        rows = await self.log.after(positions[0] - 1, until=positions[-1], limit=len(positions))
        own = await self.entries([row for row in rows if row.stream == proposal.id])
        facts = tuple(entry.fact for entry in own if isinstance(entry.fact, Fact))
        state = await self.refresh(proposal.kind, proposal.id)
        return Decided(Appended(positions, rows[0].recorded_at, replayed=True), facts, state)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self.keys.sweep()
            self._states.sweep()
