"""The one door out. Nothing about a client leaves but through `Door.disclose`.

1. Render the view from the record as this process knows it, in the scope that policy gives.
2. Append a `Disclosed` fact, guarded by everything that the policy rested on; the exact bytes are
   kept, sealed, in the same transaction.
3. Only then let go of the bytes. No append, no bytes.

The first attempt is guarded by the whole record, so that what is shown is never stale; if the
record moved meanwhile it is read again, and from then on only what policy rests on is guarded, so
that a busy record never starves its readers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from time import monotonic
from uuid import UUID, uuid4

import orjson

from domain.access import (
    AccessRecord,
    Channel,
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
from projections.kept import Copies, Copy
from projections.people import people
from projections.reader import Reader
from projections.rendered import Rendered, Renderings, good_until
from projections.sheet import NothingToShow, View

ATTEMPTS = 6
RELEASE_WITHIN_SECONDS = 3.0
"""A response not started by then is discarded and disclosed again."""


class NotYours(Exception):
    """There is no such client, or nothing of it is this reader's to know: the two look the same."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for: a view of one client by name, made by `render`.

    `item`: what it is about, if about one thing. `accounting`: it tells who was told what, and
    nothing of what it said, so that an auditor needs no case. `render` raises NothingToShow if
    there is nothing that it may show.
    """

    view: str
    render: Callable[[CareRecord, Scope, datetime], View]
    item: UUID | None = None
    accounting: bool = False
    pure: bool = False
    """`render` rests on nothing but its arguments: what it made holds while they do."""
    channel: Channel = Channel.API
    content_type: str = "application/json"
    language: str = "en"
    serialise: Callable[[object], bytes] = orjson.dumps


def _nothing(record: CareRecord, scope: Scope, now: datetime) -> View:
    raise NothingToShow


_NO_VIEW = Ask("none", _nothing)


@dataclass(frozen=True, slots=True)
class Released:
    """Bytes that may be let go of now, and the fact that says so at log position `position`."""

    client: UUID
    reader: UUID
    position: int
    body: bytes
    commitment: bytes
    record_version: int
    as_of: datetime
    content_type: str
    durable_at: float = field(default_factory=monotonic)

    @property
    def etag(self) -> str:
        """An opaque tag of the reader's own view; the same bytes have the same tag for a while."""
        return self.commitment.hex()[:32]

    @property
    def stale(self) -> bool:
        """Whether it is too late after the disclosure to start letting go of the bytes."""
        return monotonic() - self.durable_at > RELEASE_WITHIN_SECONDS


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One try: what was read, what it permits, and what that rests on."""

    record: CareRecord
    actor: Actor
    scope: Scope
    case: AccessRecord | None
    now: datetime
    fresh: bool
    rendered: Rendered | None = None


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
            attempt = await self._look(reader, client, ask, fresh=number > 0)
            if attempt.scope.empty:
                if not attempt.fresh:
                    continue
                await self._deny(reader, client, ask)
                raise NotYours
            try:
                return await self._release(reader, client, ask, attempt)
            except NothingToShow:
                if attempt.fresh:
                    await self._deny(reader, client, ask)
                    raise NotYours from None
            except Conflicted:
                continue
        raise LedgerUnavailable("what this reader may see kept changing", retry_after=1)

    async def scope(self, reader: Reader, client: UUID) -> tuple[CareRecord, Scope]:
        """The record and what policy lets `reader` see of it now. Releases nothing."""
        attempt = await self._look(reader, client, _NO_VIEW, fresh=True)
        return attempt.record, attempt.scope

    async def _look(self, reader: Reader, client: UUID, ask: Ask, *, fresh: bool) -> _Attempt:
        now = self.clock()
        find = self.ledger.refresh if fresh else self.ledger.known
        actor = await reader.actor(self.ledger, now, fresh=fresh)
        record = await find(CareRecord, client)
        if ask.accounting and reader.acting_as is Discipline.AUDITOR:
            scope = accountability(record, actor, reader.purpose, now)
            return _Attempt(record, actor, scope, None, now, fresh)
        access: AccessRecord | None = None
        case: AuditCase | None = None
        if reader.acting_as is Discipline.AUDITOR:
            access = await self.ledger.refresh(AccessRecord, access_stream(client, reader.person))
            case = access.audit_case(now)
        elif ask.pure:
            key = (client, reader, ask.view, ask.item)
            if (rendered := self._renderings.find(key, record, actor, now)) is not None:
                return _Attempt(record, actor, rendered.scope, None, now, fresh, rendered)
        scope = scope_of(record, actor, reader.purpose, now, audit_case=case)
        return _Attempt(record, actor, scope, access, now, fresh)

    async def _release(self, reader: Reader, client: UUID, ask: Ask, attempt: _Attempt) -> Released:
        view, body = await self._made(reader, client, ask, attempt)
        copy = self._copy(client, body)
        fact = _disclosed(reader, client, ask, attempt, view, copy)
        command = Command(
            id=uuid4(),
            events=(self._event(reader, client, fact, attempt.now),),
            guards=self._guards(client, attempt),
            not_after=attempt.scope.not_after,
            kept=(copy.kept,) if copy.kept else (),
        )
        appended = await self.ledger.append(command)
        if copy.kept:
            self.copies.remember(client, body, copy)
        return Released(
            client=client,
            reader=reader.person,
            position=appended.positions[0],
            body=body,
            commitment=copy.commitment,
            record_version=attempt.record.version,
            as_of=attempt.now,
            content_type=ask.content_type,
        )

    async def _made(
        self, reader: Reader, client: UUID, ask: Ask, attempt: _Attempt
    ) -> tuple[View, bytes]:
        """The view, and its bytes with the names of those whom it mentions."""
        before, record, now = attempt.rendered, attempt.record, attempt.now
        view = before.view if before else ask.render(record, attempt.scope, now)
        names = await people(self.ledger, view.mentions)
        if before is not None and names == before.names:
            return view, before.body
        body = ask.serialise({**view.body, "people": names} if view.mentions else view.body)
        if ask.pure:
            until = good_until(record, attempt.scope, now)
            made = Rendered(record, attempt.actor, attempt.scope, view, names, body, now, until)
            self._renderings.remember((client, reader, ask.view, ask.item), made)
        return view, body

    def _copy(self, client: UUID, body: bytes) -> Copy:
        try:
            return self.copies.copy(client, body)
        except KeyDestroyed:
            # Accountability outlives the client's key; there is nothing left to keep a copy under.
            return Copy(sha256(body).digest(), None)

    def _guards(self, client: UUID, attempt: _Attempt) -> tuple[Guard, ...]:
        topics = self._policy_topics if attempt.fresh else None
        guards = [Guard(client, attempt.record.version, topics)]
        if attempt.actor.version:
            guards.append(Guard(attempt.actor.id, attempt.actor.version))
        if attempt.case is not None:
            guards.append(Guard(attempt.case.id, attempt.case.version, (AuditClosed.type,)))
        return tuple(guards)

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


def _disclosed(
    reader: Reader, client: UUID, ask: Ask, attempt: _Attempt, view: View, copy: Copy
) -> Disclosed:
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
        commitment=copy.commitment.hex(),
        labels=attempt.scope.labels,
    )
