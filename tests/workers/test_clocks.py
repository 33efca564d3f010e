"""The clocks: what falls due becomes a fact once, at its instant, whatever the time does meanwhile.

No test waits for time to pass: each says what time it is.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from deploy.migrate import Urls
from domain.client import IdentityCorrected
from domain.clock import CLOCK, fall_due
from domain.deadline import Kind, Passed
from domain.entry import Entry
from domain.ledger.command import LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.record import CareRecord
from domain.restriction import RestrictionAcknowledged, RestrictionModified, RestrictionReviewed
from projections.deadlines import Deadlines
from projections.querying import Lists
from tests.domain.given import CLIENT, COORDINATOR, IDENTITY, KNEE, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, marked_terms
from tests.projections.listed import Listed, opened
from tests.workers.clocked import keys_in
from workers import clocks
from workers.clocks import Clocks, database_clock, keep_clocks, listening

pytestmark = pytest.mark.anyio
HOUR, DAY, INSTANT = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


@dataclass
class Timed:
    """A clinic whose restriction was imposed at `began`, and clocks by whose time it is `now`."""

    listed: Listed
    now: datetime = field(init=False)
    began: datetime = field(init=False)

    @property
    def clinic(self) -> Clinic:
        return self.listed.clinic

    def clocks(self, ledger: Ledger | None = None) -> Clocks:
        async def clock(_lists: Lists) -> datetime:
            return self.now

        return Clocks(ledger or self.clinic.ledger, self.listed.lists, clock)

    async def restricts(self, item: UUID = KNEE) -> None:
        await self.clinic.restricts(item)
        self.began = self.now = (await self.clinic.entries())[-1].recorded_at
        self.project()

    def project(self) -> None:
        self.listed.project(Deadlines(self.clinic.keys))

    async def looks(self, after: timedelta, keeping: Clocks | None = None) -> datetime | None:
        """The clocks look, so long after it began; the list has kept up before and after."""
        self.now = self.began + after
        self.project()
        following = await (keeping or self.clocks()).look()
        self.project()
        return following

    async def passed(self) -> list[Entry]:
        return [e for e in await self.clinic.entries() if isinstance(e.fact, Passed)]

    async def kinds(self) -> list[str]:
        return [str(e.fact.kind) for e in await self.passed() if isinstance(e.fact, Passed)]


@pytest.fixture
async def timed(database: Urls, tmp_path: Path) -> AsyncIterator[Timed]:
    (tmp_path / "kek").write_bytes(b"k" * 32)
    (tmp_path / "url").write_text(database.service_url, "utf-8")
    keys = keys_in(tmp_path)
    ledger = await Ledger.open(database.service_url, keys)
    try:
        clinic = Clinic(ledger, keys)
        await clinic.opens()
        async with opened(clinic, database) as listed:
            made = Timed(listed)
            await made.restricts()
            yield made
    finally:
        await ledger.close()


async def test_what_falls_due_becomes_a_fact_of_the_clock_at_its_instant(timed: Timed) -> None:
    assert await timed.looks(DAY - INSTANT) == timed.began + DAY
    assert await timed.passed() == []
    await timed.looks(DAY)
    (entry,) = await timed.passed()
    assert (entry.by.actor, entry.by.acting_as) == (CLOCK.id, CLOCK.acting_as)
    assert entry.by.effective == timed.began + DAY
    assert isinstance(entry.fact, Passed)
    assert (entry.fact.kind, entry.fact.who) == (Kind.ACKNOWLEDGEMENT, (TRAINER.id,))


async def test_found_late_it_is_still_from_when_it_was_due(timed: Timed) -> None:
    await timed.looks(DAY + 5 * HOUR)
    (entry,) = await timed.passed()
    assert entry.by.effective == timed.began + DAY


async def test_what_was_met_in_time_makes_nothing_although_the_list_has_yet_to_say(
    timed: Timed,
) -> None:
    timed.now = timed.began + DAY
    await timed.clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=7))
    await timed.clocks().look()
    assert await timed.passed() == []


async def test_a_review_that_was_moved_does_not_fall_due_as_it_was(timed: Timed) -> None:
    await timed.clinic.told(TRAINER, RestrictionAcknowledged(restriction=KNEE, seen=7))
    later = marked_terms().review_by + timedelta(days=30)
    moved = RestrictionModified(restriction=KNEE, terms=marked_terms(review_by=later))
    await timed.clinic.told(PHYSIO, moved.model_copy(update={"must_be_acknowledged": False}))
    timed.now = timed.began + 60 * DAY
    await timed.clocks().look()
    assert await timed.passed() == [], "the list still had the old date"
    await timed.looks(60 * DAY)
    assert await timed.passed() == []
    await timed.looks(80 * DAY)
    assert await timed.kinds() == ["restriction_review"]
    again = RestrictionReviewed(restriction=KNEE, review_by=later + timedelta(days=30))
    await timed.clinic.told(PHYSIO, again)
    await timed.looks(110 * DAY)
    assert await timed.kinds() == ["restriction_review", "restriction_review"]


async def test_nothing_passes_twice_though_the_list_is_behind_and_clocks_start_anew(
    timed: Timed,
) -> None:
    timed.now = timed.began + DAY
    keeping = timed.clocks()
    for clock in (keeping, keeping, timed.clocks()):
        await clock.look()
    assert len(await timed.passed()) == 1


async def test_what_was_decided_is_not_decided_again_while_the_list_is_behind(
    timed: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed.now = timed.began + DAY
    keeping = timed.clocks()
    decided: list[int] = []

    def counting(record: Any, **how: Any) -> Any:
        decided.append(record.version)
        return fall_due(record, **how)

    monkeypatch.setattr(clocks, "fall_due", counting)
    for _ in range(2):
        await keeping.look()
        assert len(decided) == 1
    # Whatever happens to the record may have opened it again.
    await timed.clinic.told(COORDINATOR, IdentityCorrected(identity=IDENTITY))
    await timed.looks(2 * DAY, keeping)
    assert len(await timed.passed()) == 2
    await timed.looks(2 * DAY, keeping)
    assert keeping._settled == set(), "nothing is remembered that the list does not hold"


async def test_two_at_once_make_one_fact_each(timed: Timed, database: Urls) -> None:
    for number in range(8):
        await timed.restricts(uid(f"number {number}"))
    timed.now = timed.began + DAY
    other = await Ledger.open(database.service_url, timed.clinic.keys)
    try:
        for ledger in (timed.clinic.ledger, other):
            # Both know how the record stood, and neither what the other one decides.
            await ledger.refresh(CareRecord, CLIENT.id)
        await asyncio.gather(timed.clocks().look(), timed.clocks(other).look())
    finally:
        await other.close()
    assert len(await timed.passed()) == 9


async def test_ahead_nothing_is_skipped_and_back_nothing_is_undone(timed: Timed) -> None:
    keeping = timed.clocks()
    for _ in range(4):
        await timed.looks(400 * DAY, keeping)
    chain = ["acknowledgement", "restriction_review", "acknowledgement"]
    assert await timed.kinds() == chain
    effective = [entry.by.effective - timed.began for entry in await timed.passed()]
    assert (effective[0], effective[2]) == (DAY, 2 * DAY)
    for when in (HOUR, 400 * DAY, 3 * DAY, 800 * DAY):
        await timed.looks(when, keeping)
    assert await timed.kinds() == chain
    await timed.restricts(uid("hip"))
    await timed.looks(-30 * DAY, keeping)
    assert await timed.kinds() == chain
    await timed.looks(DAY, keeping)
    assert await timed.kinds() == [*chain, "acknowledgement"]


async def test_one_that_cannot_be_decided_keeps_nothing_else_back(
    timed: Timed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await timed.listed.enrols("other", "Ove Berg")
    await timed.restricts(uid("hip"))

    def failing(record: Any, **how: Any) -> Any:
        if record.id == CLIENT.id:
            raise ZeroDivisionError
        return fall_due(record, **how)

    monkeypatch.setattr(clocks, "fall_due", failing)
    keeping = timed.clocks()
    await timed.looks(DAY, keeping)
    assert len(await timed.passed()) == 1
    timed.listed.of("client")
    assert await timed.passed() == []
    monkeypatch.undo()
    await timed.looks(DAY, keeping)
    assert len(await timed.passed()) == 1


async def test_of_somebody_erased_meanwhile_nothing_is_said(timed: Timed) -> None:
    timed.now = timed.began + DAY
    before = len(await timed.clinic.entries())
    timed.clinic.keys.destroy(CLIENT.id)
    timed.clinic.ledger.forget(CLIENT.id)
    await timed.clocks().look()
    assert len(await timed.clinic.ledger.log.stream(CLIENT.id)) == before


async def test_the_databases_time_is_never_before_what_it_has_recorded(
    timed: Timed, database: Urls
) -> None:
    now = await database_clock(timed.listed.lists)
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
        assert row is not None
        assert timed.began <= now <= row[0]
        # As if the clock had run a day ahead when this was recorded, and been set right since.
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE ledger.log SET recorded_at = recorded_at + interval '1 day' WHERE"
            " notification_id = (SELECT max(notification_id) FROM ledger.log)"
        )
    assert await database_clock(timed.listed.lists) == timed.began + DAY


async def test_it_wakes_when_the_list_changes_and_when_something_falls_due(
    timed: Timed, database: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And looks again by itself only after an hour."""
    monkeypatch.setattr(clocks, "LOOK_AGAIN", HOUR)
    timed.now = timed.began
    async with asyncio.timeout(20), listening(database.service_url) as ear:
        looking = timed.clocks().keep(ear)
        await anext(looking)
        timed.now = timed.began + DAY
        await timed.clinic.told(COORDINATOR, IdentityCorrected(identity=IDENTITY))
        timed.project()
        await anext(looking)
        while not await timed.passed():
            await anext(looking)
        timed.project()
        second = (await timed.passed())[0].by.effective + DAY
        timed.now = second - timedelta(milliseconds=300)
        while len(await timed.passed()) < 2:
            await anext(looking)
            timed.now = second


async def test_while_nothing_can_be_looked_up_it_waits_longer_and_longer(timed: Timed) -> None:
    class Enough(Exception):
        pass

    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 7:
            raise Enough

    with pytest.raises(Enough):
        await keep_clocks("postgresql://nobody@127.0.0.1:1/nothing", timed.clocks(), pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0


async def test_without_a_ledger_it_says_so(timed: Timed) -> None:
    timed.now = timed.began + DAY
    await timed.clinic.ledger.writer.close()
    with pytest.raises(LedgerUnavailable):
        await timed.clocks().look()
