"""From a request to durable facts: one decision, taken on one stream, answered with a receipt."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import ValidationError

from api import refusals
from api.caller import ACTING_AS, PURPOSE, Caller, caller
from api.errors import WHO_SOMEBODY_IS, not_as_this
from api.idempotency import KEY, Asked, identify, key_reused
from api.moments import read_moment
from api.parameters import Parameter, reads
from api.problems import invalid_field, unavailable
from api.receipts import receipt
from api.refusals import About
from api.validation import invalid_from
from domain.actor import Actor
from domain.fact import Fact
from domain.ledger.command import Conflict, Conflicted, Guard, NewEvent
from domain.ledger.ledger import Decided
from domain.ledger.states import State, StreamKind
from domain.record import CareRecord
from domain.refused import Refused

S = TypeVar("S", bound=State)
Decision = Callable[[S, Actor, datetime], Sequence[Fact]]


@dataclass(frozen=True, slots=True)
class Extras:
    """What else a command appends (to other streams), and what else it rests on."""

    events: tuple[NewEvent, ...] = ()
    guards: tuple[Guard, ...] = ()


Extra = Callable[[datetime], Awaitable[Extras]]


async def nothing_else(now: datetime) -> Extras:
    """Most commands append to one stream and rest on it alone."""
    return Extras()


ATTEMPTS = 3
"""How often a decision is taken again because the caller's own standing has changed meanwhile."""

CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Command:
    """What a request wants recorded: by whom, under which id, and from when it holds clinically."""

    request: Request
    caller: Caller
    asked: Asked
    effective: datetime | None

    def new_id(self, kind: str) -> UUID:
        """The id of an item that this command makes; the same when it is replayed."""
        return self.asked.new_id(kind)

    async def on_client(
        self,
        client: UUID,
        decision: Decision[CareRecord],
        about: About,
        *,
        ids: Mapping[str, UUID] | None = None,
        extra: Extra = nothing_else,
    ) -> Response:
        """Decide on a care record. A refusal leaves through the door, if the caller may know it."""
        try:
            decided = await self.decide(CareRecord, client, decision, extra=extra)
        except Refused as refused:
            return await refusals.answer(self.request, self.caller, client, refused, about)
        return receipt(decided.appended, await self.version(decided), ids=ids)

    async def decide(
        self,
        kind: StreamKind[S],
        stream: UUID,
        decision: Decision[S],
        *,
        extra: Extra = nothing_else,
    ) -> Decided[S]:
        """Decide on any stream.

        Raises Refused; Problem 403 without discipline or standing, 422 for what no record could
        accept, or for a key used before; LedgerUnavailable.
        """
        for number in range(ATTEMPTS):
            now = self.caller.tandem.clock()
            actor = await self.caller.actor(now, fresh=number > 0)
            try:
                more = await extra(now)
                return await self._attempt(kind, stream, decision, actor, now, more)
            except Refused as refused:
                if not actor.good_standing or refused.code in WHO_SOMEBODY_IS:
                    raise not_as_this(Refused("not-in-good-standing")) from None
                raise
            except Conflicted as conflicted:
                if conflicted.conflict is Conflict.KEY_REUSED:
                    raise key_reused() from None
        raise unavailable(retry_after=1)

    async def _attempt(
        self,
        kind: StreamKind[S],
        stream: UUID,
        decision: Decision[S],
        actor: Actor,
        now: datetime,
        more: Extras,
    ) -> Decided[S]:
        try:
            return await self.caller.tandem.ledger.decide(
                kind,
                stream,
                lambda state: decision(state, actor, now),
                actor=actor,
                effective=self.effective or now,
                command_id=self.asked.command,
                purpose=self.caller.reader.purpose,
                request=self.asked.request,
                extra_events=more.events,
                extra_guards=more.guards,
            )
        except ValidationError as error:
            raise invalid_from(error.errors()) from None

    async def version(self, decided: Decided[S]) -> int:
        """The stream's version right after this command, also when it is replayed later."""
        appended = decided.appended
        if appended is None or not appended.replayed:
            return decided.state.version
        first, last = appended.positions[0], appended.positions[-1]
        rows = await self.caller.tandem.ledger.log.after(first - 1, until=last)
        return max(row.version for row in rows if row.stream == decided.state.id)


EFFECTIVE = Parameter(
    "Tandem-Effective",
    "From when it holds clinically, if not from now. It never reaches back into what was "
    "recorded: a consent legitimises nothing earlier.",
    "2026-03-14T09:00:00Z",
)


def _effective(request: Request, now: datetime) -> datetime | None:
    written = request.headers.get(EFFECTIVE.name)
    if written is None:
        return None
    moment = read_moment(written, EFFECTIVE.name)
    if isinstance(moment, int):
        raise invalid_field(EFFECTIVE.name, "is not a time", "an RFC 3339 time")
    if moment > now + CLOCK_SKEW:
        raise invalid_field(EFFECTIVE.name, "is in the future", "a time up to now")
    return moment


@reads(ACTING_AS, PURPOSE, KEY, EFFECTIVE)
async def command(request: Request) -> Command:
    """The command in this request: who gives it, under which id, and from when it holds."""
    giver = await caller(request)
    effective = _effective(request, giver.tandem.clock())
    return Command(request, giver, await identify(request, giver), effective)


Commanding = Annotated[Command, Depends(command)]
