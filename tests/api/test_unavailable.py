"""PostgreSQL goes away and comes back: 503 with Retry-After, nothing half-done, then as before."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from deploy.migrate import migrate
from deploy.postgres import EmbeddedPostgres
from deploy.settings import Settings
from domain.record import CareRecord
from tests.api.clinic import TERMS, Clinic, Scene, scene, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, to be stopped."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("away") / "postgres")
    server.start()
    try:
        yield server
    finally:
        server.erase()


@pytest.fixture
async def s(server: EmbeddedPostgres, settings: Settings, tmp_path: Path) -> AsyncIterator[Scene]:
    urls = migrate(server.url(), tmp_path / "away-secrets")
    async with serving(create_app(settings, service_url=urls.service_url)) as app:
        clinic = Clinic(app, settings, urls)
        await clinic.open()
        yield await scene(clinic)


def unavailable(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503
        and answer.json()["code"] == "unavailable"
        and int(answer.headers["retry-after"]) >= 1
    )


async def test_nothing_is_recorded_or_released_meanwhile(
    s: Scene, server: EmbeddedPostgres
) -> None:
    ask, chart = s.clinic.ask, f"/clients/{s.client.id}"
    body = {"terms": TERMS}
    assert (await ask(s.trainer, "GET", chart)).status_code == 200
    await asyncio.to_thread(server.stop)

    assert (await ask(None, "GET", "/livez")).status_code == 200
    ready = await ask(None, "GET", "/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    read = await ask(s.trainer, "GET", chart)
    assert unavailable(read)
    assert "Meierhofer" not in read.text
    written = await ask(s.physio, "POST", f"{chart}/restrictions", body, Idempotency_Key="the-same")
    assert unavailable(written)
    assert (await ask(None, "GET", "/metrics")).status_code == 200

    await asyncio.to_thread(server.start)
    await _until_ready(s)
    again = await ask(s.physio, "POST", f"{chart}/restrictions", body, Idempotency_Key="the-same")
    assert again.status_code == 201, again.text
    record = await s.clinic.tandem.ledger.refresh(CareRecord, s.client.id)
    assert len(record.restrictions.items) == 2
    assert (await ask(s.trainer, "GET", chart)).status_code == 200


async def _until_ready(s: Scene) -> None:
    """Each look waits for the pools, which reconnect in their own time."""
    async with asyncio.timeout(60):
        while (await s.clinic.ask(None, "GET", "/readyz")).status_code != 200:
            continue
