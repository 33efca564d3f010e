"""Who knew what and when, beside itself: the same client in a log of 10k events and of 210k.

The answer costs what it says, never what else is in the log. Both logs are asked in turn, so that
whatever else the machine is doing slows both.
"""

import asyncio
import os
import time
from contextlib import ExitStack
from datetime import UTC, datetime

import psycopg
import uvloop

from deploy.migrate import Urls
from domain.lanes import Category
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from projections.time_machine import knew, knowledge_view, moment
from tests.bench.rows import Bench, Row, middle
from tests.domain.given import TRAINER, uid
from tests.projections.clinic import Clinic, reader

SMALL, LARGE = 10_000, 210_000
PORTIONS = 20
"""The client's facts lie all over the log: so many of others' come between them, each time."""
ASKED = 400

FILL = """
INSERT INTO ledger.log
    (originator_id, originator_version, topic, state, notification_id, recorded_at)
SELECT gen_random_uuid(), 1, 'access.sent.v1', convert_to(repeat('x', 320), 'UTF8'),
       head.position + n, head.moment + n * interval '1 microsecond'
  FROM (SELECT max(notification_id) AS position, max(recorded_at) AS moment FROM ledger.log) head,
       generate_series(1, %s) n"""


def measure(bench: Bench) -> list[Row]:
    """One row: the time that the answer takes in the large log and in the small one."""
    with ExitStack() as databases:
        small = databases.enter_context(bench.database("small_log"))
        large = databases.enter_context(bench.database("large_log"))
        return uvloop.run(_measure(bench, small, large))


async def _measure(bench: Bench, small: Urls, large: Urls) -> list[Row]:
    clinics = [
        await _clinic(bench, urls, events) for urls, events in ((small, SMALL), (large, LARGE))
    ]
    try:
        times: tuple[list[float], list[float]] = ([], [])
        for number in range(ASKED):
            for clinic, taken in zip(clinics, times, strict=True):
                taken.append(await _ask(clinic, number))
    finally:
        for clinic in clinics:
            await clinic.ledger.close()
    ours, limit = middle(times[1]), middle(times[0])
    return [
        Row(
            f"who knew what and when, {LARGE // 1000}k events in the log; itself at"
            f" {SMALL // 1000}k",
            ours,
            limit,
            1.2,
            unit=" ms",
            better="lower",
        )
    ]


async def _clinic(bench: Bench, urls: Urls, events: int) -> Clinic:
    """A client with a few dozen facts and as many disclosures, among all the others' events."""
    store = DirectoryKeyStore(bench.directory / f"keys-{events}", LocalWrapper(os.urandom(32)))
    keys = KeyRing(store, lease_seconds=600)
    clinic = Clinic(await Ledger.open(urls.service_url, keys), keys)
    await clinic.opens()
    await clinic.grants("to-sam", TRAINER, Category.IDENTITY, Category.RESTRICTIONS)
    for portion in range(PORTIONS):
        await asyncio.to_thread(_fill, urls, events // PORTIONS)
        await clinic.restricts(uid(f"item {portion}"))
        for _ in range(3):
            await clinic.sees(TRAINER)
    await asyncio.to_thread(_analyse, urls)
    return clinic


def _fill(urls: Urls, events: int) -> None:
    with psycopg.connect(urls.admin_url) as connection:
        connection.execute(FILL, (events,))


def _analyse(urls: Urls) -> None:
    with psycopg.connect(urls.admin_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) ledger.log")


async def _ask(clinic: Clinic, number: int) -> float:
    """How many milliseconds the whole answer takes: as of now, or as of an earlier position."""
    began = time.perf_counter()
    now = datetime.now(UTC)
    at = None if number % 2 else (await clinic.ledger.log.head()) * (number % 10 + 1) // 11
    cut = await moment(clinic.ledger, at, now)
    found = knowledge_view(await knew(clinic.ledger, clinic.client, reader(TRAINER), cut))
    assert found["known"] or at is not None
    return 1000 * (time.perf_counter() - began)
