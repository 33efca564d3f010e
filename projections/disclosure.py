"""The one door out. Nothing about a client leaves but through `Door.disclose`.

1. Render the view from the record as this process knows it, in the scope that policy gives.
2. Append a `Disclosed` fact, guarded by everything that the policy rested on; the exact bytes are
   kept, sealed, in the same transaction.
3. Only then let go of the bytes. No append, no bytes.

The first attempt is guarded by the whole record, so that what is shown is never stale; if the
record moved meanwhile it is read again, and from then on only what policy rests on is guarded, so
that a busy record never starves its readers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from domain.access import (
    AccessRecord,
    Denied,
    Disclosed,
    ShownBasis,
    WithheldCategory,
    access_stream,
    ranges,
)
from domain.accountability import accountability
from domain.actor import Actor
from domain.auditing import AuditCase, AuditClosed
from domain.fact import Fact, policy_topics
from domain.lanes import Discipline
from domain.ledger.command import Command, Conflicted, Guard, LedgerUnavailable, NewEvent
from domain.ledger.keys import KeyDestroyed
from domain.ledger.ledger import Ledger
from domain.policy import scope as scope_of
from domain.record import CareRecord
from domain.scope import Scope
from projections.asking import NO_VIEW, Ask, Attempt, NotYours, Part, Released
from projections.kept import Copies, Copy
from projections.people import people
from projections.reader import Reader
from projections.rendered import Key, Rendered, Renderings, good_until
from projections.sheet import NothingToShow, View

ATTEMPTS = 6


@dataclass(slots=True)
class Door:
    """Discloses. `clock` gives the time (timezone-aware) that policy and views are asked about."""

    ledger: Ledger
    clock: Callable[[], datetime]
    copies: Copies
    _renderings: Renderings = field(default_factory=Renderings)
    _policy_topics: tuple[str, ...] = field(default_factory=policy_topics)

    async def disclose(self, reader: Reader, client: UUID, ask: Ask) -> Released:
        """Release one view of one client.

        Raises NotYours (after recording the denial), LedgerUnavailable, Refused
        `does-not-hold-discipline`.
        """
        for number in range(ATTEMPTS):
            attempt = await self.look(reader, client, ask, fresh=number > 0)
            if attempt.scope.empty:
                if not attempt.fresh:
                    continue
                await self._deny(reader, client, ask)
                raise NotYours
            try:
                part = await self.prepare(reader, client, ask, attempt)
                return (await self.let_go(reader, [part]))[0]
            except NothingToShow:
                if attempt.fresh:
                    await self._deny(reader, client, ask)
                    raise NotYours from None
            except Conflicted:
                continue
        raise LedgerUnavailable("what this reader may see kept changing", retry_after=1)

    async def scope(self, reader: Reader, client: UUID) -> tuple[CareRecord, Scope]:
        """The record and what policy lets `reader` see of it now. Releases nothing."""
        attempt = await self.look(reader, client, NO_VIEW, fresh=True)
        return attempt.record, attempt.scope

    async def look(self, reader: Reader, client: UUID, ask: Ask, *, fresh: bool) -> Attempt:
        """What policy permits of the record, as known or (`fresh`) as it is now. Nothing leaves."""
        now = self.clock()
        find = self.ledger.refresh if fresh else self.ledger.known
        actor = await reader.actor(self.ledger, now, fresh=fresh)
        record = await find(CareRecord, client)
        if ask.accounting and reader.acting_as is Discipline.AUDITOR:
            scope = accountability(record, actor, reader.purpose, now)
            return Attempt(record, actor, scope, None, now, fresh)
        access: AccessRecord | None = None
        case: AuditCase | None = None
        if reader.acting_as is Discipline.AUDITOR:
            access = await self.ledger.refresh(AccessRecord, access_stream(client, reader.person))
            case = access.audit_case(now)
        elif ask.pure:
            rendered = self._renderings.find(_key(client, reader, ask), record, actor, now)
            if rendered is not None:
                return Attempt(record, actor, rendered.scope, None, now, fresh, rendered)
        scope = scope_of(record, actor, reader.purpose, now, audit_case=case)
        return Attempt(record, actor, scope, access, now, fresh)

    async def prepare(self, reader: Reader, client: UUID, ask: Ask, attempt: Attempt) -> Part:
        """Render, and seal a copy. Raises NothingToShow. Nothing leaves yet."""
        body, told = await self._made(reader, client, ask, attempt)
        copy = self._copy(client, body)
        fact = told.model_copy(update={"as_of": attempt.now, "commitment": copy.commitment.hex()})
        event = self._event(reader, client, fact, attempt.now)
        return Part(client, ask, attempt, body, copy, event)

    async def let_go(self, reader: Reader, parts: Sequence[Part]) -> tuple[Released, ...]:
        """Disclose all the parts in one command, or none. Raises Conflicted, LedgerUnavailable."""
        ends = (part.attempt.scope.not_after for part in parts)
        appended = await self.ledger.append(
            Command(
                id=uuid4(),
                events=tuple(part.event for part in parts),
                guards=self.guards(parts),
                not_after=min((end for end in ends if end is not None), default=None),
                kept=tuple(part.copy.kept for part in parts if part.copy.kept),
            )
        )
        return tuple(
            self._released(reader, part, position)
            for part, position in zip(parts, appended.positions, strict=True)
        )

    def _released(self, reader: Reader, part: Part, position: int) -> Released:
        if part.copy.kept:
            self.copies.remember(part.client, part.body, part.copy)
        return Released(
            client=part.client,
            reader=reader.person,
            position=position,
            body=part.body,
            commitment=part.copy.commitment,
            record_version=part.attempt.record.version,
            as_of=part.attempt.now,
            content_type=part.ask.content_type,
        )

    async def _made(
        self, reader: Reader, client: UUID, ask: Ask, attempt: Attempt
    ) -> tuple[bytes, Disclosed]:
        """The view's bytes with the names of those whom it mentions, and what is to be told of it
        but for the clock and the commitment."""
        before, record, now = attempt.rendered, attempt.record, attempt.now
        view = before.view if before else ask.render(record, attempt.scope, now)
        names = await people(self.ledger, view.mentions)
        if before is not None and names == before.names:
            return before.body, before.told
        body = ask.serialise({**view.body, "people": names} if view.mentions else view.body)
        told = _disclosed(reader, client, ask, attempt, view)
        if ask.pure:
            until = good_until(record, attempt.scope, now)
            made = Rendered(
                record, attempt.actor, attempt.scope, view, names, body, told, now, until
            )
            self._renderings.remember(_key(client, reader, ask), made)
        return body, told

    def _copy(self, client: UUID, body: bytes) -> Copy:
        try:
            return self.copies.copy(client, body)
        except KeyDestroyed:
            # Accountability outlives the client's key; there is nothing left to keep a copy under.
            return Copy(sha256(body).digest(), None)

    def guards(self, parts: Sequence[Part]) -> tuple[Guard, ...]:
        """What the parts rest on. The reader's standing may have been read anew between two
        clients: the oldest reading is what all of them rest on."""
        guards: dict[tuple[UUID, tuple[str, ...] | None], Guard] = {}
        for part in parts:
            for guard in self._rests_on(part):
                known = guards.setdefault((guard.stream, guard.topics), guard)
                if guard.version < known.version:
                    guards[guard.stream, guard.topics] = guard
        return tuple(guards.values())

    def _rests_on(self, part: Part) -> Iterator[Guard]:
        attempt = part.attempt
        topics = self._policy_topics if attempt.fresh else None
        yield Guard(part.client, attempt.record.version, topics)
        if attempt.actor.version:
            yield Guard(attempt.actor.id, attempt.actor.version)
        if attempt.case is not None:
            yield Guard(attempt.case.id, attempt.case.version, (AuditClosed.type,))

    def _event(self, reader: Reader, client: UUID, fact: Fact, now: datetime) -> NewEvent:
        by = Actor(reader.person, reader.acting_as).authorship(now, reader.purpose)
        stream = access_stream(client, reader.person)
        return self.ledger.sealing.event(fact, by, stream=stream, version=None, subject=client)

    async def _deny(self, reader: Reader, client: UUID, ask: Ask) -> None:
        denied = Denied(
            client=client,
            reader=reader.person,
            acting_as=reader.acting_as,
            view=ask.view,
            code="nothing-to-show",
            purpose=reader.purpose,
            channel=ask.channel,
        )
        event = self._event(reader, client, denied, self.clock())
        await self.ledger.append(Command(id=uuid4(), events=(event,)))


def _key(client: UUID, reader: Reader, ask: Ask) -> Key:
    return client, reader, ask.view, ask.item, ask.content_type, ask.language


NOT_YET = "0" * 64
"""Stands for the commitment until the bytes have been committed to."""


def _disclosed(reader: Reader, client: UUID, ask: Ask, attempt: Attempt, view: View) -> Disclosed:
    return Disclosed(
        client=client,
        reader=reader.person,
        acting_as=reader.acting_as,
        view=ask.view,
        item=ask.item,
        as_of=attempt.now,
        record_version=attempt.record.version,
        record_position=attempt.record.position,
        shown=ranges(view.shown),
        categories_shown=tuple(
            ShownBasis(category=category, rule=basis.rule, reference=basis.reference)
            for category, bases in sorted(view.categories.items())
            for basis in bases
        ),
        categories_withheld=tuple(
            WithheldCategory(category=category, code=code)
            for category, code in sorted(view.withheld.items())
        ),
        hidden=len(attempt.scope.hidden),
        purpose=reader.purpose,
        channel=ask.channel,
        content_type=ask.content_type,
        language=ask.language,
        commitment=NOT_YET,
        labels=attempt.scope.labels,
    )
