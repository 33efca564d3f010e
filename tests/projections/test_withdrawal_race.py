"""A withdrawal at position p is followed by no disclosure after p that rests on it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from deploy.migrate import Urls
from domain.access import Disclosed
from domain.client import ClientEnrolled
from domain.consent import ConsentWithdrawn
from domain.lanes import Category
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.team import MemberJoined
from tests.domain.given import COORDINATOR, IDENTITY, PHYSIO, uid
from tests.projections.clinic import Clinic

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
CLIENTS, ROUNDS = 100, 20
AT_MOST = 200
JOINED = MemberJoined(practitioner=PHYSIO.id, discipline=PHYSIO.acting_as)


@pytest.fixture
async def elsewhere(clinic: Clinic, database: Urls) -> AsyncIterator[Ledger]:
    """Another process's ledger, on the same database."""
    ledger = await Ledger.open(database.service_url, KeyRing(clinic.keys.store))
    yield ledger
    await ledger.close()


async def test_nothing_is_disclosed_on_a_consent_after_it_was_withdrawn(
    clinic: Clinic, elsewhere: Ledger
) -> None:
    clients = [uid(f"client {number}") for number in range(CLIENTS)]
    outcomes = await asyncio.gather(
        *(races(clinic, elsewhere, number, client) for number, client in enumerate(clients))
    )
    for client in clients:
        await no_disclosure_follows_its_withdrawal(clinic, client)
    assert sum(outcomes) > CLIENTS * ROUNDS / 2, "readers are let in until then"


async def races(clinic: Clinic, elsewhere: Ledger, number: int, client: UUID) -> int:
    """For each round, grant here, then look here until shut out, while it is withdrawn there. How
    many looks showed something."""
    here = Clinic(clinic.ledger, clinic.keys, client)
    there = Clinic(elsewhere, clinic.keys, client)
    here.door = clinic.door
    await here.told(COORDINATOR, ClientEnrolled(identity=IDENTITY), JOINED)
    seen = 0
    for round in range(ROUNDS):
        consent = f"consent {number} {round}"
        await here.grants(consent, PHYSIO, Category.IDENTITY)
        looked, _ = await asyncio.gather(looks(here), there.withdraws(consent))
        seen += looked
    return seen


async def looks(clinic: Clinic) -> int:
    """Look until there is nothing to see any more; how often there was."""
    for seen in range(AT_MOST):
        if await clinic.tries(PHYSIO) is None:
            return seen
    raise AssertionError("never shut out")


async def no_disclosure_follows_its_withdrawal(clinic: Clinic, client: UUID) -> None:
    withdrawn = {
        entry.fact.consent: entry.position
        for entry in await clinic.entries(client)
        if isinstance(entry.fact, ConsentWithdrawn)
    }
    assert len(withdrawn) == ROUNDS
    for entry in await clinic.accessed(PHYSIO, client):
        if isinstance(entry.fact, Disclosed):
            bases = {shown.reference for shown in entry.fact.categories_shown}
            assert bases
            assert all(entry.position < withdrawn[basis] for basis in bases if basis)
