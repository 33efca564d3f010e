"""kill -9 of the clocks at every stage of their work, and several of them at once: each deadline
that has come is answered by exactly one fact."""

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from deploy.migrate import Urls
from domain.deadline import Key, Passed
from domain.ledger.ledger import Ledger
from projections.deadlines import Deadlines
from projections.projecting import follow
from tests.domain.given import uid
from tests.projections.clinic import Clinic, now
from tests.projections.listed import Listed, opened
from tests.workers.clocked import STAGES, keys_in, set_clock
from tests.workers.waiting import until
from workers.lists import open_lists

pytestmark = pytest.mark.anyio
NAMES = ("one", "two", "three", "four")
EACH = 3
"""Of each client: two steps of an acknowledgement, and a review."""


@pytest.fixture
async def listed(database: Urls, tmp_path: Path) -> AsyncIterator[Listed]:
    """Several clients, each with a restriction; the list knows of all, and a year has gone by."""
    (tmp_path / "kek").write_bytes(b"k" * 32)
    (tmp_path / "url").write_text(database.service_url, "utf-8")
    keys = keys_in(tmp_path)
    ledger = await Ledger.open(database.service_url, keys)
    try:
        clinic = Clinic(ledger, keys)
        await clinic.opens()
        async with opened(clinic, database) as made:
            for name in NAMES:
                await made.enrols(name, f"Client {name}")
                await clinic.restricts(uid(f"knee of {name}"))
            made.project(Deadlines(keys))
            set_clock(tmp_path, now() + timedelta(days=365))
            yield made
    finally:
        await ledger.close()


@contextmanager
def running(folder: Path, stage: str = "never") -> Iterator[subprocess.Popen[bytes]]:
    """Clocks in a process of their own."""
    command = (sys.executable, "-m", "tests.workers.clocked", str(folder), stage)
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def topics(listed: Listed) -> int:
    """How many facts there are that a deadline has passed."""
    query = "SELECT count(*) FROM ledger.log WHERE topic LIKE %s"
    ((number,),) = listed.rows(query, "%.deadline-passed.v1")
    return int(number)


def catches_up(listed: Listed, least: int) -> None:
    """The list is kept up until there are as many facts."""
    listing = Deadlines(listed.clinic.keys)
    with open_lists(listed.urls.projector_url) as (recorder, log):

        def enough() -> bool:
            follow(listing, recorder, log)
            return topics(listed) >= least

        until(enough)
        follow(listing, recorder, log)


async def answered(listed: Listed) -> Counter[tuple[UUID, Key]]:
    """How often each deadline has passed."""
    found: Counter[tuple[UUID, Key]] = Counter()
    for name in NAMES:
        for entry in await listed.clinic.entries(uid(name)):
            if isinstance(fact := entry.fact, Passed):
                found[entry.stream, (fact.kind, fact.item, fact.set_by)] += 1
    return found


async def require_each_once(listed: Listed) -> None:
    counted = await answered(listed)
    assert set(counted.values()) == {1}
    assert Counter(client for client, _ in counted) == {uid(name): EACH for name in NAMES}


@pytest.mark.parametrize("stage", STAGES)
async def test_killed_at_any_stage_and_started_again_each_is_answered_once(
    listed: Listed, tmp_path: Path, stage: str
) -> None:
    with running(tmp_path, stage) as process:
        until((tmp_path / "stopped").exists)
        process.send_signal(signal.SIGKILL)
        process.wait()
    left = {"looked": 0, "decided": 0, "recorded": 1, "half": 3}[stage]
    assert left <= topics(listed) < EACH * len(NAMES), "killed in the middle of it"
    with running(tmp_path):
        catches_up(listed, EACH * len(NAMES))
    await require_each_once(listed)


async def test_one_that_was_stopped_and_goes_on_later_repeats_nothing(
    listed: Listed, tmp_path: Path
) -> None:
    """As a machine does that was suspended: others have done its work meanwhile."""
    with running(tmp_path) as first:
        until(lambda: topics(listed) > 0)
        first.send_signal(signal.SIGSTOP)
        with running(tmp_path):
            catches_up(listed, EACH * len(NAMES))
        first.send_signal(signal.SIGCONT)
        set_clock(tmp_path, now() + timedelta(days=400))
        await listed.enrols("five", "Client five")
        await listed.clinic.restricts(uid("knee of five"))
        catches_up(listed, EACH * len(NAMES) + EACH)
    await require_each_once(listed)


async def test_several_at_once_answer_each_once(listed: Listed, tmp_path: Path) -> None:
    with running(tmp_path), running(tmp_path), running(tmp_path):
        catches_up(listed, EACH * len(NAMES))
    await require_each_once(listed)


async def test_asked_to_end_it_ends(listed: Listed, tmp_path: Path) -> None:
    with running(tmp_path) as process:
        until(lambda: topics(listed) > 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
