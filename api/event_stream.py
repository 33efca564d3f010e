"""A reader's notifications as server-sent events: pointers only, for as long as they may have them.

It ends when the token expires or the reader's standing does: what is sent over an open connection
must not outlive what a new request would be refused for.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fastapi import Request
from starlette.responses import StreamingResponse

from api.caller import Caller
from api.head import HEAD
from api.problems import Problem
from domain.ledger.command import LedgerUnavailable
from projections.notifications import pointers
from projections.pointing import Message

HEARTBEAT_SECONDS: Final = 15.0
"""Silence is broken so often, so that whoever is between does not take it for the end."""

AT_A_TIME: Final = 100
_HELLO: Final = b"retry: 1000\n\n"
_HEARTBEAT: Final = b": \n\n"


class EventStream(StreamingResponse):
    """Everything after sequence number `after`, then what comes. `expires`: the token's, in
    seconds since the epoch."""

    def __init__(self, request: Request, caller: Caller, after: int, expires: float) -> None:
        tail = _Tail(caller, after, datetime.fromtimestamp(expires, UTC))
        # Whoever asks for the head of it is not kept waiting for its end.
        events = _nothing() if request.scope.get(HEAD) else tail.events()
        super().__init__(events, media_type="text/event-stream")


async def _nothing() -> AsyncIterator[bytes]:
    yield _HELLO


@dataclass(slots=True)
class _Tail:
    caller: Caller
    after: int
    expires: datetime
    """When it has to end, by the clock alone."""

    async def events(self) -> AsyncIterator[bytes]:
        """What is sent, until it ends."""
        yield _HELLO
        code: str | None = None
        try:
            with self.caller.tandem.bell.of(self.caller.person) as rung:
                while (code := await self._ended()) is None:
                    rung.clear()
                    async for event in self._new():
                        yield event
                    if not await self._wait(rung):
                        yield _HEARTBEAT
        except LedgerUnavailable:
            code = "unavailable"  # nobody can tell what they may have: come again
        yield f'event: closed\ndata: {{"code":"{code}"}}\n\n'.encode()

    async def _ended(self) -> str | None:
        """Why it ends here, if it does."""
        now = self.caller.tandem.clock()
        if now >= self.expires:
            return "token-expired"
        try:
            actor = await self.caller.actor(now, fresh=True)
        except Problem:
            return "does-not-hold-discipline"
        if actor.not_after is not None:
            self.expires = min(self.expires, actor.not_after)
        return None if actor.good_standing else "not-in-good-standing"

    async def _new(self) -> AsyncIterator[bytes]:
        """What has come since."""
        tandem = self.caller.tandem
        epochs = await tandem.ledger.log.epochs()
        while found := await pointers(
            tandem.lists, self.caller.person, after=self.after, limit=AT_A_TIME
        ):
            for pointer in found:
                message = Message.of(pointer, epochs).json_bytes()
                yield b"id: %d\nevent: notification\ndata: %b\n\n" % (pointer.sequence, message)
                self.after = pointer.sequence

    async def _wait(self, rung: asyncio.Event) -> bool:
        """Until there may be news; False if there was none for a while."""
        left = (self.expires - self.caller.tandem.clock()).total_seconds()
        try:
            async with asyncio.timeout(max(0.0, min(HEARTBEAT_SECONDS, left))):
                await rung.wait()
        except TimeoutError:
            return False
        return True
