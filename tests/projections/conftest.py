"""What tests of views, the door and the time machine start from."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.migrate import Urls
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from tests.projections.clinic import Clinic


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(DirectoryKeyStore(tmp_path / "keys", LocalWrapper(os.urandom(32))))


@pytest.fixture
async def clinic(database: Urls, keys: KeyRing) -> AsyncIterator[Clinic]:
    """A ledger of the test's own, its staff, and one client with a team and no consents."""
    ledger = await Ledger.open(database.service_url, keys)
    try:
        made = Clinic(ledger, keys)
        await made.opens()
        yield made
    finally:
        await ledger.close()
