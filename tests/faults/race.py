"""Withdrawals racing reads: a client who grants and withdraws, and a trainer who keeps reading."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count, cycle
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from domain.lanes import Discipline
from tests.api.clinic import Person
from tests.faults.installation import Api, Installation
from tests.faults.wire import Answer, Connection

CATEGORIES = ("identity", "restrictions")
LOOK_EVERY = 10


@dataclass(frozen=True, slots=True)
class Received:
    """What a reader received with success: by which disclosure, when, and a digest of the body."""

    client: UUID
    reader: UUID
    position: int
    digest: bytes
    at: datetime


def received(answer: Answer, client: Person, reader: Person) -> Received:
    """That `answer` has just arrived."""
    digest = sha256(answer.body).digest()
    return Received(client.id, reader.id, answer.disclosure, digest, datetime.now(UTC))


@dataclass
class Seen:
    """What all readers saw. `late`: released to a request that was begun after the withdrawal had
    been answered. `early`: not released although the consent stood throughout. `missing`: received
    while its disclosure was not in the log."""

    received: list[Received] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    rounds: int = 0
    refused: int = 0


class Witness:
    """Looks into the log, past the program, whether a disclosure is there at this moment."""

    def __init__(self, connection: psycopg.AsyncConnection) -> None:
        self._connection = connection
        self._turn = asyncio.Lock()

    async def sees(self, position: int) -> bool:
        """Whether it is durable now."""
        query = "SELECT 1 FROM ledger.log WHERE notification_id = %s"
        async with self._turn:
            found = await self._connection.execute(query, [position])
            return await found.fetchone() is not None


@dataclass
class Lane:
    """One client, their own connection, and the trainer's connections to several processes.

    `minimum`: the client leaves trainers the safety minimum, which no consent opens or closes.
    """

    client: Person
    trainer: Person
    paths: tuple[str, ...]
    own: Connection
    reading: list[Connection]
    seen: Seen
    witness: Witness
    chance: Random
    minimum: bool
    _granted: bool = False
    _withdrawn: bool = False
    _wanted: int = 0
    _enough: asyncio.Event = field(default_factory=asyncio.Event)
    _number: Any = field(default_factory=count)

    async def round(self) -> None:
        """Grant; withdraw while the trainer reads; read until a whole read came after that."""
        path = f"/clients/{self.client.id}/consents"
        granted = await self._command(path, terms_for(self.trainer))
        self._granted, self._withdrawn = True, False
        self._wanted = self.chance.randrange(4)
        self._enough.clear()
        readers = [asyncio.create_task(self._read(each)) for each in self.reading]
        if self._wanted:
            await self._enough.wait()
        self._granted = False
        consent, version = granted["ids"]["consent"], granted["version"]
        await self._command(f"{path}/{consent}/withdrawal", {}, If_Match=f'"{version}"')
        self._withdrawn = True
        await asyncio.gather(*readers)
        self.seen.rounds += 1

    async def _command(self, path: str, body: Any, **headers: str) -> Any:
        answer = await self.own.ask(self.client, "POST", path, body, **headers)
        assert answer.status == 201, answer
        return answer.json()

    async def _read(self, connection: Connection) -> None:
        for path in cycle(self.paths):
            granted, late = self._granted, self._withdrawn
            answer = await connection.ask(self.trainer, "GET", path)
            assert answer.status in (200, 404), answer
            if answer.status == 200:
                await self._released(answer, late)
            else:
                self.seen.refused += 1
                if granted and self._granted:
                    self.seen.early.append(path)
            self._wanted -= 1
            if self._wanted <= 0:
                self._enough.set()
            if late:
                return

    async def _released(self, answer: Answer, late: bool) -> None:
        self.seen.received.append(received(answer, self.client, self.trainer))
        if next(self._number) % LOOK_EVERY == 0 and not await self.witness.sees(answer.disclosure):
            self.seen.missing.append(answer.disclosure)
        if late and not (self.minimum and b"Meierhofer" not in answer.body):
            self.seen.late.append(f"{self.client.id} at {answer.disclosure}")


def terms_for(trainer: Person) -> dict[str, Any]:
    """The body of a grant to them."""
    grantee = {"kind": "practitioner", "practitioner": str(trainer.id)}
    return {
        "terms": {"grantee": grantee, "categories": CATEGORIES, "purposes": ["training"]},
    }


@asynccontextmanager
async def lanes(
    installation: Installation, apis: list[Api], number: int, *, readers: int
) -> AsyncIterator[list[Lane]]:
    """So many lanes, each with so many of the trainer's connections, spread over `apis`."""
    physio = await installation.staff(Discipline.PHYSIOTHERAPIST)
    trainer = await installation.staff(Discipline.TRAINER, "Sam Ortiz")
    seen, ports = Seen(), cycle([api.port for api in apis])
    connection = await psycopg.AsyncConnection.connect(
        installation.urls.service_url, autocommit=True
    )
    witness = Witness(connection)
    made: list[Lane] = []
    for n in range(number):
        minimum = n % 4 == 0
        client, paths = await _client(installation, physio, trainer, minimum)
        own = await Connection.open(next(ports))
        reading = [await Connection.open(next(ports)) for _ in range(readers)]
        next(ports)  # so that clients, too, are spread over the processes
        made.append(
            Lane(
                client=client,
                trainer=trainer,
                paths=paths,
                own=own,
                reading=reading,
                seen=seen,
                witness=witness,
                chance=Random(n),
                minimum=minimum,
            )
        )
    try:
        yield made
    finally:
        await connection.close()
        for lane in made:
            for each in (lane.own, *lane.reading):
                each.close()


async def _client(
    installation: Installation, physio: Person, trainer: Person, minimum: bool
) -> tuple[Person, tuple[str, ...]]:
    client = await installation.client_of(physio)
    await installation.join(client, trainer)
    path = f"/clients/{client.id}"
    if not minimum:
        refusal = {"told_consequence": True}
        await installation.done(client, "POST", f"{path}/safety-minimum/refusal", refusal)
    imposed = await installation.impose(client, physio)
    restriction = f"{path}/restrictions/{imposed['ids']['restriction']}"
    return client, (path, f"{path}/card", restriction)
