"""A clinic whose notifications are published to a NATS server of the test's own."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import nats.errors
from nats.js import JetStreamContext
from nats.js.api import RawStreamMsg
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from deploy.migrate import Urls
from deploy.nats import EmbeddedNats, nats_directory
from deploy.nats_accounts import RELAY, open_nats_secrets
from deploy.nats_connection import connect
from deploy.nats_streams import STREAM, subject
from domain.actor import Actor
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from projections.pointing import Message
from tests.api.clinic import settings_in
from tests.domain.given import uid
from tests.projections.clinic import Clinic
from tests.projections.relayed import Relayed, relaying
from workers.publishing import Publishing


@dataclass
class Published:
    """`publishes` does what the publisher would about all that is in the log by then."""

    relayed: Relayed
    server: EmbeddedNats
    js: JetStreamContext
    publishing: Publishing
    _numbers: "count[int]" = field(default_factory=count)

    async def restricts(self, times: int) -> None:
        """So many restrictions, and everybody is notified of them."""
        for _ in range(times):
            await self.relayed.clinic.restricts(uid(f"restriction {next(self._numbers)}"))
        await self.relayed.relay.follow(upto=await self.relayed.clinic.ledger.log.head())

    async def publishes(self) -> None:
        async with asyncio.timeout(30):
            await self.publishing.follow(upto=await self.relayed.clinic.ledger.log.head())

    def forget(self) -> None:
        """The cursor is lost."""
        self.relayed.listed.rows("UPDATE lists.relayed SET position = 0, target = '' RETURNING 1")

    def another(self) -> Publishing:
        """One more publisher, as of another process."""
        own = self.publishing
        return Publishing(own.url, own.ledger, own.lists, own.js)

    async def raw(self, person: Actor) -> list[RawStreamMsg]:
        """What JetStream holds for this person, in its order."""
        found: list[RawStreamMsg] = []
        try:
            last = (await self.js.stream_info(STREAM)).state.last_seq
            for number in range(1, last + 1):
                try:
                    message = await self.js.get_msg(STREAM, number)
                except NotFoundError:
                    continue
                if message.subject == subject(person.id):
                    found.append(message)
        except NotFoundError:
            return []
        return found

    async def messages(self, person: Actor) -> list[Message]:
        """The same, read as a subscriber would."""
        return [Message.model_validate_json(raw.data or b"") for raw in await self.raw(person)]

    async def arrives(self, person: Actor, number: int) -> None:
        """Wait until JetStream holds so many for this person."""

        async def there() -> bool:
            with suppress(nats.errors.Error, JetStreamError, TimeoutError):  # away, for now
                return len(await self.raw(person)) >= number
            return False

        await _until(there)

    async def looked(self, publisher: Publishing) -> None:
        """Wait until this publisher knows what stream it publishes into."""
        made = (await self.js.stream_info(STREAM)).created
        assert made is not None

        async def known() -> bool:
            return publisher._stream.made == made.isoformat()

        await _until(known)


async def _until(condition: Callable[[], Awaitable[bool]], within: float = 30) -> None:
    deadline = asyncio.get_running_loop().time() + within
    while not await condition():
        left = deadline - asyncio.get_running_loop().time()
        assert left > 0, f"not within {within:.0f} s"
        await asyncio.sleep(0.02)


@asynccontextmanager
async def opened(urls: Urls, folder: Path) -> AsyncIterator[Clinic]:
    """A ledger with a clinic in it."""
    wrapper = LocalWrapper(os.urandom(32))
    keys = KeyRing(DirectoryKeyStore(folder / "clinic-keys", wrapper))
    ledger = await Ledger.open(urls.service_url, keys)
    try:
        made = Clinic(ledger, keys)
        await made.opens()
        yield made
    finally:
        await ledger.close()


@asynccontextmanager
async def publishing(clinic: Clinic, urls: Urls, folder: Path) -> AsyncIterator[Published]:
    """Everything ready; nothing published yet."""
    settings = settings_in(folder)
    secrets = open_nats_secrets(settings.secrets_dir)
    server = EmbeddedNats(nats_directory(settings), secrets)
    await asyncio.to_thread(server.start)
    try:
        line = await connect(settings.model_copy(update={"nats_url": server.url}), RELAY)
        try:
            async with relaying(clinic, urls) as relayed:
                js = line.jetstream()
                lists = relayed.listed.lists
                own = Publishing(urls.service_url, clinic.ledger, lists, js)
                yield Published(relayed, server, js, own)
        finally:
            await line.close()
    finally:
        await asyncio.to_thread(server.erase)
