"""From a decision to durable facts: a physiotherapist writes down whom to call, for many clients.

A small fact, of the size of most: what is measured is the way into the log, not one decision.
"""

import asyncio
import os
import time
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import uvloop

from deploy.migrate import Urls
from domain.actor import Actor
from domain.client import ClientEnrolled, Identity, correct_emergency_contact
from domain.contact import EmergencyContact
from domain.fact import Fact
from domain.lanes import Discipline
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.practitioner import EquipmentNoted, PractitionerRecord
from domain.record import CareRecord
from domain.team import MemberJoined
from tests.bench.raw_insert import RawInsert, StockRecorder
from tests.bench.rows import Bench, Row, middle

SECONDS = 1.5
ROUNDS = 3
CLIENTS = 256
CONCURRENT = 32

NOW = datetime.now(UTC)
WHOM = EmergencyContact(name="Rania Haddad", phone="+1 514 555 0134", relation="sister")


def measure(bench: Bench) -> list[Row]:
    """One command at a time, and 32 at once, each beside what PostgreSQL itself can do."""
    with bench.database("commands") as urls:
        return uvloop.run(_measure(urls, bench.directory))


async def _measure(urls: Urls, directory: Path) -> list[Row]:
    store = DirectoryKeyStore(directory / "keys", LocalWrapper(os.urandom(32)))
    ledger = await Ledger.open(urls.service_url, KeyRing(store, lease_seconds=5.0))
    try:
        work = await Correcting.prepared(ledger)
        state = await work.state()
        raw = RawInsert(urls.admin_url, directory, state)
        stock = StockRecorder(urls.admin_url, state, CONCURRENT)
        single, many, raw_single, raw_many, stock_many = [], [], [], [], []
        for _ in range(ROUNDS):
            raw_single.append(await asyncio.to_thread(raw.rate, 1, SECONDS))
            single.append(await work.rate(1))
            raw_many.append(await asyncio.to_thread(raw.rate, CONCURRENT, SECONDS))
            many.append(await work.rate(CONCURRENT))
            stock_many.append(await asyncio.to_thread(stock.rate, SECONDS))
        stock.close()
    finally:
        await ledger.close()
    what = "commands decided, sealed, guarded, durable"
    return [
        Row(f"1 at a time: {what}; raw INSERT", middle(single), middle(raw_single), 0.40),
        Row(f"{CONCURRENT} at once: {what}; raw INSERT", middle(many), middle(raw_many), 1.0),
        Row(f"{CONCURRENT} at once: {what}; stock recorder", middle(many), middle(stock_many), 12),
    ]


class Correcting:
    """Commands that a real process would take: the record is known, the actor guarded."""

    def __init__(self, ledger: Ledger, actor: Actor, clients: list[UUID]) -> None:
        self._ledger = ledger
        self._actor = actor
        self._clients = clients
        self._next = 0

    @classmethod
    async def prepared(cls, ledger: Ledger) -> "Correcting":
        """So many clients with a physiotherapist on the team."""
        administrator = Actor(uuid4(), Discipline.ADMINISTRATOR)
        actor = Actor(uuid4(), Discipline.PHYSIOTHERAPIST, version=1)
        await ledger.decide(
            PractitionerRecord,
            actor.id,
            lambda _: [EquipmentNoted(equipment=())],
            actor=administrator,
            effective=NOW,
            command_id=uuid4(),
        )
        clients = [uuid4() for _ in range(CLIENTS)]
        identity = Identity(name="Noor Haddad", birth_date=date(1988, 5, 17))
        joined = MemberJoined(
            practitioner=actor.id,
            discipline=actor.acting_as,
            organisation=None,
            due_to_train=False,
        )
        enrolled: list[Fact] = [ClientEnrolled(identity=identity), joined]
        for client in clients:
            await ledger.decide(
                CareRecord,
                client,
                lambda _: enrolled,
                actor=administrator,
                effective=NOW,
                command_id=uuid4(),
            )
        return cls(ledger, actor, clients)

    async def state(self) -> bytes:
        """The stored form of one such command's fact, so that the limit stores as much."""
        await self._one()
        return (await self._ledger.log.after(await self._ledger.log.head() - 1))[0].state

    async def rate(self, callers: int) -> float:
        """Commands per second, from decision to durable, by so many callers."""
        began = time.perf_counter()
        until = began + SECONDS

        async def caller() -> int:
            done = 0
            while time.perf_counter() < until:
                await self._one()
                done += 1
            return done

        total = sum(await asyncio.gather(*(caller() for _ in range(callers))))
        return total / (time.perf_counter() - began)

    async def _one(self) -> None:
        self._next = (self._next + 1) % len(self._clients)
        await self._ledger.decide(
            CareRecord,
            self._clients[self._next],
            self._decision,
            actor=self._actor,
            effective=NOW,
            command_id=uuid4(),
        )

    def _decision(self, record: CareRecord) -> list[Fact]:
        source = record.client.emergency_contact_source
        seen = source.version if source else 0
        return correct_emergency_contact(record, self._actor, WHOM, seen=seen, now=NOW)
