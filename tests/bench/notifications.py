"""From a committed fact to a message in the practitioner's hands, and how many facts are relayed in
a second; beside raw JetStream on the same server, with the same stream and consumer.

The relay is a process of its own, as ever. A restriction is modified while the trainer waits with
a pull request open; the raw message is as long, and goes to the same trainer.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from statistics import quantiles

import psycopg
import uvloop
from nats.aio.client import Client
from nats.js import JetStreamContext

from deploy.database import Database
from deploy.key_store import open_keys
from deploy.migrate import Urls
from deploy.nats import EmbeddedNats, Nats, nats_directory
from deploy.nats_accounts import RELAY, open_nats_secrets
from deploy.nats_connection import connect
from deploy.nats_streams import STREAM, ensure_consumer, ensure_stream, subject
from deploy.settings import Settings
from domain.ledger.ledger import Ledger
from domain.ledger.log import CHANNEL
from domain.restriction import RestrictionModified
from projections.lists import every_list
from projections.projecting import follow
from projections.querying import Lists
from tests.api.clinic import settings_in
from tests.bench.rows import Bench, Row, middle
from tests.domain.given import KNEE, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, marked_terms
from tests.projections.listed import INDEX, Listed
from workers.lists import open_lists
from workers.programs import relay as program_of
from workers.publishing import Publishing
from workers.relay import Relay

MESSAGES = 150
ROUNDS = 3
CLIENTS, FACTS = 20, 25
IN_FLIGHT = 256
MILLISECONDS = 1000.0
Send = Callable[[], Awaitable[float]]


def measure(bench: Bench) -> list[Row]:
    """Latency, then throughput."""
    folder = bench.directory / "notifications"
    folder.mkdir()
    with bench.database("notifications") as urls:
        return uvloop.run(_measure(settings_in(folder), urls))


@dataclass
class Scene:
    """Everything at hand. `length` is that of one of our messages."""

    settings: Settings
    urls: Urls
    clinic: Clinic
    lists: Lists
    js: JetStreamContext
    pull: JetStreamContext.PullSubscription
    commits: "Commits"
    length: int = 0

    async def modify(self) -> float:
        """A fact, durable. When the log told of its commit."""
        changed = RestrictionModified(restriction=KNEE, terms=marked_terms())
        (position,) = await self.clinic.told(PHYSIO, changed)
        return await asyncio.to_thread(self.commits.at, position)

    async def publish(self) -> float:
        """A message, durable. When it was sent."""
        began = time.time()
        await self.js.publish(subject(TRAINER.id), os.urandom(self.length))
        return began


class Commits:
    """When each call of the log was committed: as PostgreSQL tells whoever listens, heard in a
    thread that does nothing else."""

    def __init__(self, url: str) -> None:
        self._heard: dict[int, float] = {}
        self._news = threading.Condition()
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute(f"LISTEN {CHANNEL}")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(psycopg.OperationalError):  # ends with the server
            for note in self._connection.notifies():
                with self._news:
                    self._heard[int(note.payload)] = time.time()
                    self._news.notify_all()

    def at(self, position: int) -> float:
        """When the call whose last event has this position was committed."""
        with self._news:
            assert self._news.wait_for(lambda: position in self._heard, 30)
            return self._heard[position]


async def _measure(settings: Settings, urls: Urls) -> list[Row]:
    async with _opened(settings, urls) as scene:
        program = program_of(
            scene.settings, Database(urls, None), Nats(scene.settings.nats_url or "", None)
        )
        program.start()
        try:
            for _ in range(CLIENTS + 1):  # of what stood in the log before
                await _arrival(scene)
            ours, raw = [], []
            for _ in range(ROUNDS):
                raw.append(await _latencies(scene, scene.publish))
                ours.append(await _latencies(scene, scene.modify))
        finally:
            program.stop()
        relayed, published = [], []
        for _ in range(ROUNDS):
            published.append(await _published(scene))
            relayed.append(await _relayed(scene))
    what = "commit → message in the practitioner's hands"
    limit = "raw JetStream publish → deliver"
    return [
        Row(f"{what}, {name}; {limit}", middle(own), middle(bare), target, " ms", "lower")
        for name, own, bare, target in (
            ("p50", [each[0] for each in ours], [each[0] for each in raw], 3),
            ("p99", [each[1] for each in ours], [each[1] for each in raw], 5),
        )
    ] + [
        Row(
            f"facts relayed and published; raw JetStream publish, {IN_FLIGHT} in flight",
            middle(relayed),
            middle(published),
            0.25,
        )
    ]


async def _latencies(scene: Scene, send: Send) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds."""
    found = [await _taken(scene, send) for _ in range(MESSAGES)]
    cuts = quantiles(found, n=100)
    return cuts[49], cuts[98]


async def _taken(scene: Scene, send: Send) -> float:
    """From when it was sent until it is in the trainer's hands, who asked before."""
    arrived = asyncio.create_task(_arrival(scene))
    await asyncio.sleep(0)
    began = await send()
    return (await arrived - began) * MILLISECONDS


async def _arrival(scene: Scene) -> float:
    (message,) = await scene.pull.fetch(1, timeout=30)
    at = time.time()
    scene.length = len(message.data)
    await message.ack()
    return at


async def _published(scene: Scene) -> float:
    """Messages a second, so many in flight, each durable."""
    payload, number = os.urandom(scene.length), CLIENTS * FACTS
    began = time.perf_counter()
    for at in range(0, number, IN_FLIGHT):
        sent = [
            await scene.js.publish_async(subject(TRAINER.id), payload)
            for _ in range(min(IN_FLIGHT, number - at))
        ]
        await asyncio.gather(*sent)
    return number / (time.perf_counter() - began)


async def _relayed(scene: Scene) -> float:
    """Facts a second that lie in the log already, until a message of each is durable."""
    changed = RestrictionModified(restriction=KNEE, terms=marked_terms())
    for number in range(CLIENTS):
        scene.clinic.client = uid(f"client {number}")
        await scene.clinic.told(PHYSIO, *[changed] * FACTS)
    ledger, url = scene.clinic.ledger, scene.urls.service_url
    head = await ledger.log.head()
    began = time.perf_counter()
    publishing = Publishing(url, ledger, scene.lists, scene.js)
    relay = Relay(url, ledger, scene.lists, offer=publishing.offer)
    following = asyncio.create_task(relay.follow(upto=head))
    await publishing.follow(upto=head + CLIENTS * FACTS)
    taken = time.perf_counter() - began
    await following
    return CLIENTS * FACTS / taken


@asynccontextmanager
async def _opened(settings: Settings, urls: Urls) -> AsyncIterator[Scene]:
    server = EmbeddedNats(nats_directory(settings), open_nats_secrets(settings.secrets_dir))
    keys = open_keys(settings)
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(server.start)
        stack.callback(server.erase)
        settings = settings.model_copy(update={"nats_url": server.url})
        line: Client = await connect(settings, RELAY)
        stack.push_async_callback(line.close)
        ledger = await Ledger.open(urls.service_url, keys)
        stack.push_async_callback(ledger.close)
        clinic = Clinic(ledger, keys)
        await clinic.opens()
        lists = await Lists(urls.service_url).open()
        stack.push_async_callback(lists.close)
        await _clients(Listed(clinic, urls, lists))
        with open_lists(urls.projector_url) as (recorder, log):
            for listing in every_list(keys, INDEX):
                follow(listing, recorder, log)
        await ensure_stream(line.jetstream())
        await ensure_consumer(line.jetstream(), TRAINER.id)
        pull = await line.jetstream().pull_subscribe_bind(str(TRAINER.id), STREAM)
        commits = Commits(urls.service_url)
        yield Scene(settings, urls, clinic, lists, line.jetstream(), pull, commits)


async def _clients(listed: Listed) -> None:
    """Several clients, each with a restriction; and the one whose trainer waits."""
    for number in range(CLIENTS):
        await listed.enrols(f"client {number}", "Noor Haddad", PHYSIO, TRAINER)
        await listed.clinic.restricts()
    listed.of("client")
    await listed.clinic.restricts()
