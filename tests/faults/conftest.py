"""An installation of the test's own, with nobody in it but an administrator."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.migrate import Urls
from tests.faults.installation import Installation


@pytest.fixture
async def installation(tmp_path: Path, database: Urls) -> AsyncIterator[Installation]:
    """No process runs yet."""
    made = Installation(tmp_path, database)
    await made.open()
    try:
        yield made
    finally:
        await made.http.aclose()
        made.close()
