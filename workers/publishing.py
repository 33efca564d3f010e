"""Publishes every notification to JetStream, as a pointer in its reader's subject.

1. Follow the log from the last notification that JetStream has confirmed; one publisher at a time.
2. Count each reader's notifications in log order: that is their sequence number, whoever counts.
3. Publish, many in flight; note how far all is confirmed.

JetStream is a cache. If it is another one than the cursor says (wiped, or another server), or has
lost its end, everything that no reader has confirmed is published again; its message ids make
known what is still there. While it is away nothing else waits.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, Self
from uuid import UUID

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import Header, PubAck
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from deploy.nats_streams import STREAM, ensure_consumer, ensure_stream, subject
from domain.ledger.command import LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.ledger.log import Epochs
from domain.ledger.stored import Stored
from projections.clear import clear
from projections.notifications import NOTIFIED, Pointer, counts, number, unreceived
from projections.pointing import CONTENT_TYPE, Message, message_id
from projections.querying import Lists
from workers.cursor import Cursor, held

IN_FLIGHT: Final = 256
CONFIRMED_WITHIN_SECONDS: Final = 10.0
RETRY_SECONDS: Final = 0.5
LOOK_SECONDS: Final = 2.0
"""How often the stream is looked at, whether it is still there."""

WAITING: Final = 64
"""Batches that wait to be published."""

SELDOM: Final = 1000
"""Lines that are no notification, after which the cursor is moved all the same."""

log = logging.getLogger(__name__)


class Wiped(Exception):
    """JetStream does not hold any more what it confirmed."""


AWAY = (LedgerUnavailable, Wiped, nats.errors.Error, JetStreamError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Held:
    """A stream: when it was made, and the number of the last message in it."""

    made: str
    last: int

    def __str__(self) -> str:
        return f"{self.made} {self.last}"

    @classmethod
    def read(cls, text: str) -> Self:
        """From what `str` gave; from nothing, a stream that no other one holds."""
        made, _, last = text.partition(" ")
        return cls(made, int(last or 0))

    def holds(self, made: str, last: int) -> bool:
        """Whether it is the stream made then, and has not lost its end since that message."""
        return self.made == made and self.last >= last


class Batch(NamedTuple):
    """Lines in log order: all there are after those before, or one that is `offered`."""

    lines: list[Stored]
    offered: bool = False


@dataclass(slots=True)
class Publishing:
    """Publishes over `js`, a connection of ours that is made again whenever it is lost."""

    url: str
    ledger: Ledger
    lists: Lists
    js: JetStreamContext
    _stream: Held = Held("", 0)
    """What is published into, up to the last message that it confirmed."""

    _heard: asyncio.Queue[Batch] | None = None
    _consuming: set[UUID] = field(default_factory=set)
    """Whose consumers are known to be there."""

    async def run(self) -> None:
        """Publish for ever; while PostgreSQL or NATS is away, try again."""
        while True:
            try:
                await self.follow()
            except AWAY as error:
                log.warning("not publishing (%s %s)", type(error).__name__, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def follow(self, upto: int | None = None) -> None:
        """Publish what the log holds, then what it comes to hold; until past position `upto` (None:
        never). Raises one of AWAY."""
        async with held(self.url, "publishing") as cursor:
            await ensure_stream(self.js)
            self._stream = await self._look()
            self._consuming.clear()
            tasks = [
                asyncio.ensure_future(self._follow(cursor, upto)),
                asyncio.ensure_future(self._watch()),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):
                    raise error

    async def _follow(self, cursor: Cursor, upto: int | None) -> None:
        epochs = await self.ledger.log.epochs()
        position, last = await self._caught_up(cursor, epochs)
        if upto is not None and position >= upto:
            return
        counted = position
        async for batch in self._batches(position):
            if batch.offered and batch.lines[0].position != counted + 1:
                continue  # others come before it: the log will tell
            lines = [line for line in batch.lines if line.position > counted]
            pointers = _numbered(lines, last)
            await self._publish(pointers, epochs)
            counted = max(counted, batch.lines[-1].position)
            if pointers or counted >= position + SELDOM:
                position = counted
                await cursor.move(position, str(self._stream))
            if upto is not None and counted >= upto:
                return

    def offer(self, line: Stored) -> None:
        """A notification that this very process has appended, before the log tells of it: it is
        published at once if it is the very next line. A hint: nothing is lost if it is not heard.
        """
        if self._heard is not None and not self._heard.full():
            self._heard.put_nowait(Batch([line], offered=True))

    async def _batches(self, after: int) -> AsyncIterator[Batch]:
        """What the log tells, and what is offered meanwhile."""
        self._heard = heard = asyncio.Queue[Batch](WAITING)

        async def listen() -> None:
            async for lines in self.ledger.log.tail(after, topics=sorted(NOTIFIED)):
                await heard.put(Batch(lines))

        listening = asyncio.ensure_future(listen())
        try:
            while True:
                hearing = asyncio.ensure_future(heard.get())
                await asyncio.wait((hearing, listening), return_when=asyncio.FIRST_COMPLETED)
                if not hearing.done():
                    hearing.cancel()
                    listening.result()
                    return
                yield hearing.result()
        finally:
            self._heard = None
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _look(self) -> Held:
        info = await self.js.stream_info(STREAM)
        return Held(info.created.isoformat() if info.created else "", info.state.last_seq)

    async def _watch(self) -> None:
        """Raise Wiped once the stream is not the one that was published into: also while there is
        nothing to publish, nobody may be left waiting."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            last = self._stream.last
            try:
                if not (await self._look()).holds(self._stream.made, last):
                    raise Wiped("the stream was made anew")
            except NotFoundError as error:
                raise Wiped("the stream is gone") from error
            except (nats.errors.Error, JetStreamError, TimeoutError):
                continue  # away: whoever publishes notices, and nothing is lost meanwhile

    async def _caught_up(self, cursor: Cursor, epochs: Epochs) -> tuple[int, dict[UUID, int]]:
        """Where to go on, and each reader's last number there. Into another stream, publish first
        what nobody has confirmed, as far as the list knows; the log has the rest."""
        done = cursor.position or 0
        position, last = await counts(self.lists, done)
        before = Held.read(cursor.target)
        if not self._stream.holds(before.made, before.last):
            after, most = 0, IN_FLIGHT
            while found := await unreceived(self.lists, after=after, upto=position, limit=most):
                await self._publish(found, epochs)
                after = found[-1].position
            await cursor.move(position, str(self._stream))
            return position, last
        while position < done:
            batch = await self.ledger.log.after(position, until=done)
            if not batch:
                break
            _numbered(batch, last)
            position = batch[-1].position
        return done, last

    async def _publish(self, pointers: Sequence[Pointer], epochs: Epochs) -> None:
        """Publish them in this order, and return once JetStream has all of them on its disk."""
        # Whoever was connected when JetStream was wiped has lost their consumer with it, and may
        # not make one.
        for reader in {pointer.reader for pointer in pointers} - self._consuming:
            await ensure_consumer(self.js, reader)
            self._consuming.add(reader)
        for at in range(0, len(pointers), IN_FLIGHT):
            sent: list[asyncio.Future[PubAck]] = []
            try:
                async with asyncio.timeout(CONFIRMED_WITHIN_SECONDS):
                    for pointer in pointers[at : at + IN_FLIGHT]:
                        sent.append(await self._send(pointer, epochs))
                    for confirmed in await asyncio.gather(*sent):
                        self._confirmed(confirmed)
            finally:
                for future in sent:
                    future.cancel()

    async def _send(self, pointer: Pointer, epochs: Epochs) -> asyncio.Future[PubAck]:
        return await self.js.publish_async(
            subject(pointer.reader),
            Message.of(pointer, epochs).json_bytes(),
            stream=STREAM,
            headers={
                Header.MSG_ID: message_id(pointer, epochs),
                "Content-Type": CONTENT_TYPE,
            },
        )

    def _confirmed(self, ack: PubAck) -> None:
        if ack.duplicate:
            return
        if ack.seq <= self._stream.last:
            raise Wiped("JetStream counts anew")
        self._stream = replace(self._stream, last=ack.seq)


def _numbered(batch: Iterable[Stored], last: dict[UUID, int]) -> list[Pointer]:
    return list(number([clear(line) for line in batch if line.topic in NOTIFIED], last))
