"""A clinic with lists and a relay that is run when the test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from deploy.migrate import Urls
from domain.actor import Actor
from domain.notified import Notified
from projections.notifications import Notifications, Pointer, pointers
from tests.projections.clinic import Clinic
from tests.projections.listed import Listed, opened
from workers.relay import Relay


@dataclass
class Relayed:
    """`relays` does what the relay would do about all that is in the log by then."""

    listed: Listed
    relay: Relay

    @property
    def clinic(self) -> Clinic:
        return self.listed.clinic

    async def relays(self) -> None:
        self.listed.project()
        await self.relay.follow(upto=await self.clinic.ledger.log.head())

    def project(self) -> None:
        self.listed.project(Notifications())

    async def notified(self, person: Actor, client: UUID | None = None) -> list[Notified]:
        """What this person was sent about the client, in order."""
        entries = await self.clinic.accessed(person, client)
        return [entry.fact for entry in entries if isinstance(entry.fact, Notified)]

    async def facts(self, person: Actor) -> list[int]:
        """The positions of the facts that this person was notified of."""
        return [one.fact for one in await self.notified(person)]

    async def pointers(self, person: Actor, after: int = 0, limit: int = 100) -> list[Pointer]:
        return await pointers(self.listed.lists, person.id, after=after, limit=limit)


@asynccontextmanager
async def relaying(clinic: Clinic, urls: Urls) -> AsyncIterator[Relayed]:
    """The clinic with a relay that has not run yet."""
    async with opened(clinic, urls) as listed:
        listed.project(listed.board, listed.register, Notifications())
        yield Relayed(listed, Relay(urls.service_url, clinic.ledger, listed.lists))
