"""The clocks as the program that the supervisor runs, by the time of the database alone."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from deploy.database import Database
from deploy.key_store import open_keys
from deploy.migrate import Urls
from deploy.settings import Settings
from domain.consent import OralConsentRecorded
from domain.deadline import ConsentDeadlinePassed
from domain.lanes import Category
from domain.ledger.ledger import Ledger
from tests.api.clinic import settings_in
from tests.domain.given import COORDINATOR, PHYSIO, TRAINER, terms, uid
from tests.projections.clinic import Clinic, now
from tests.workers.waiting import until
from workers.lag import lags
from workers.overdue import Overdue, overdue
from workers.program import Program
from workers.programs import clocks, projector

pytestmark = pytest.mark.anyio
PASSED = "SELECT count(*) FROM ledger.log WHERE topic = %s"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
async def clinic(settings: Settings, database: Urls) -> AsyncIterator[Clinic]:
    keys = open_keys(settings)
    ledger = await Ledger.open(database.service_url, keys)
    try:
        made = Clinic(ledger, keys)
        await made.opens()
        yield made
    finally:
        await ledger.close()


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    with ExitStack() as stack:
        for program in programs:
            stack.callback(program.stop)
            program.start()
        yield


async def lapsed(clinic: Clinic, name: str) -> None:
    """A consent given orally, that nobody confirmed until just now."""
    fact = OralConsentRecorded(
        consent=uid(name),
        terms=terms(TRAINER, Category.FITNESS),
        recorder=COORDINATOR.id,
        witness=PHYSIO.id,
        confirm_by=now() - timedelta(seconds=1),
    )
    await clinic.told(COORDINATOR, fact)


def passed(urls: Urls) -> int:
    with psycopg.connect(urls.service_url) as connection:
        row = connection.execute(PASSED, [ConsentDeadlinePassed.type]).fetchone()
    assert row is not None
    return int(row[0])


def late(urls: Urls) -> int:
    """How much is overdue, by a list that is up to date."""
    until(lambda: all(lag.position == lag.head for lag in lags(urls.projector_url)))
    found = overdue(urls.projector_url)
    assert found is not None
    return found.number


async def test_the_program_keeps_the_clocks_and_it_shows_when_it_does_not(
    clinic: Clinic, settings: Settings, database: Urls
) -> None:
    assert overdue(database.projector_url) is None
    made = Database(database, None)
    keeping = clocks(settings, made)
    with running(projector(settings, made), keeping):
        await lapsed(clinic, "first")
        until(lambda: passed(database) == 1)
        until(lambda: overdue(database.projector_url) == Overdue(0, 0.0))
        assert keeping.pid is not None
        os.kill(keeping.pid, signal.SIGKILL)
        until(lambda: not keeping.alive())
        await lapsed(clinic, "second")
        until(lambda: late(database) == 1)
        assert passed(database) == 1
        keeping.start()
        until(lambda: passed(database) == 2)
        until(lambda: late(database) == 0)
