"""A NATS server with the callout and the acknowledgements at work beside a clinic's API."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import nats
from nats.aio.client import Client
from nats.js import JetStreamContext

from deploy.nats import EmbeddedNats, nats_directory
from deploy.nats_accounts import CALLOUT, DOMAIN, RELAY, open_nats_secrets
from deploy.nats_connection import connect
from deploy.nats_streams import inbox, subject
from deploy.settings import Settings
from deploy.tokens import trusted_tokens
from tests.api.clinic import Clinic, Person
from workers.acknowledging import Acknowledge, hear_acknowledgements
from workers.callout import Callout


@dataclass
class Desk:
    """What a test has at hand. `said` is what readers said, as it arrived."""

    clinic: Clinic
    server: EmbeddedNats
    settings: Settings
    relay: Client
    callout: Client
    said: list[tuple[UUID, bytes]] = field(default_factory=list)
    durable: Acknowledge | None = None
    """What makes acknowledgements durable; None if that is not what the test is about."""

    @property
    def js(self) -> JetStreamContext:
        """Ours, with every right."""
        return self.relay.jetstream()

    async def acknowledge(self, reader: UUID, message: bytes) -> bytes:
        """What a reader's request is answered with."""
        self.said.append((reader, message))
        return await self.durable(reader, message) if self.durable else b'{"durable": true}'

    async def publish(self, reader: Person, pointer: bytes) -> None:
        """Something for one reader."""
        await self.js.publish(subject(reader.id), pointer)

    async def connect(self, reader: Person) -> "Line":
        """A connection with nothing but the reader's token."""
        line = Line(reader, Client())
        await line.client.connect(
            self.server.url,
            token=reader.token,
            inbox_prefix=inbox(reader.id),
            allow_reconnect=False,
            connect_timeout=5,
            error_cb=line.complain,
            closed_cb=line.ended,
        )
        return line


@dataclass
class Line:
    """A reader's connection, and what the server complained of."""

    reader: Person
    client: Client
    complaints: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _complained: asyncio.Event = field(default_factory=asyncio.Event)

    async def complain(self, error: Exception) -> None:
        """What the client library calls."""
        self.complaints.append(str(error).lower())
        self._complained.set()

    async def ended(self) -> None:
        """What the client library calls once the connection is closed for good."""
        self.closed.set()

    async def refused_to_publish(self, to: str) -> bool:
        """Whether the server complains, within some seconds."""
        await self.client.publish(to, b"")
        return await self._complains(f'publish to "{to.lower()}"')

    async def refused_to_hear(self, to: str) -> bool:
        """Whether the server complains, within some seconds."""
        await self.client.subscribe(to)
        return await self._complains(f'subscription to "{to.lower()}"')

    async def _complains(self, what: str) -> bool:
        try:
            async with asyncio.timeout(5):
                while not any(what in each for each in self.complaints):
                    await self._complained.wait()
                    self._complained.clear()
        except TimeoutError:
            return False
        return True

    async def pull(self, *, within: float = 5) -> bytes:
        """The next of one's own, acknowledged to the server."""
        own = await self.client.jetstream(domain=DOMAIN).pull_subscribe_bind(
            str(self.reader.id), "CARE"
        )
        (message,) = await own.fetch(1, timeout=within)
        await message.ack()
        return bytes(message.data)


@asynccontextmanager
async def opened(clinic: Clinic, settings: Settings) -> AsyncIterator[Desk]:
    """Everything at work until the context ends."""
    secrets = open_nats_secrets(settings.secrets_dir)
    server = EmbeddedNats(nats_directory(settings), secrets)
    async with AsyncExitStack() as stack:
        stack.callback(server.erase)
        await asyncio.to_thread(server.start)
        settings = settings.model_copy(update={"nats_url": server.url})
        relay = await connect(settings, RELAY)
        stack.push_async_callback(relay.close)
        callout = await connect(settings, CALLOUT)
        stack.push_async_callback(callout.close)
        desk = Desk(clinic, server, settings, relay, callout)
        ledger = clinic.tandem.ledger
        await Callout(secrets, trusted_tokens(settings), ledger, desk.js).listen(callout)
        await hear_acknowledgements(relay, desk.acknowledge)
        yield desk


async def is_refused(desk: Desk, reader: Person) -> bool:
    """Whether somebody with this token does not get in."""
    try:
        line = await desk.connect(reader)
    except (nats.errors.Error, TimeoutError):
        return True
    # The library takes a connection that was closed on it for one that was made.
    connected = line.client.is_connected
    await line.client.close()
    return not connected
