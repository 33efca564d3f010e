"""A clinic with its API, and NATS beside it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.app import create_app
from deploy.migrate import Urls
from deploy.settings import Settings
from tests.api.clinic import Clinic, serving, settings_in
from tests.nats.desk import Desk, opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a demo with a state folder and keys of its own."""
    return settings_in(tmp_path)


@pytest.fixture
async def desk(settings: Settings, database: Urls) -> AsyncIterator[Desk]:
    """The API and NATS, with an administrator and nobody else."""
    async with serving(create_app(settings, service_url=database.service_url)) as served:
        clinic = Clinic(served, settings, database)
        await clinic.open()
        async with opened(clinic, settings) as made:
            yield made
