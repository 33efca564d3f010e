"""The first administrator comes from the command line, and nobody after them does."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from deploy.key_store import open_keys
from deploy.migrate import Urls
from deploy.settings import Settings
from domain.lanes import Discipline
from domain.ledger.ledger import Ledger
from domain.practitioner import PractitionerRecord
from workers.bootstrap import anybody_registered, bootstrap
from workers.failed import Exit, Failed


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    kek = tmp_path / "kek"
    kek.write_text("A" * 43 + "=")
    kek.chmod(0o600)
    return Settings(profile="demo", state_dir=tmp_path, key_encryption_key_file=kek)


async def registered(settings: Settings, url: str, person: UUID) -> PractitionerRecord:
    ledger = await Ledger.open(url, open_keys(settings))
    try:
        return await ledger.read(PractitionerRecord, person)
    finally:
        await ledger.close()


def test_the_first_administrator_is_registered_through_the_ledger(
    database: Urls, settings: Settings
) -> None:
    person = uuid4()
    assert not anybody_registered(database.service_url)
    assert bootstrap(settings, database, person, "Alex Morgan") == 1
    assert anybody_registered(database.service_url)
    record = asyncio.run(registered(settings, database.service_url, person))
    assert record.acting(Discipline.ADMINISTRATOR, datetime.now(UTC)).good_standing


def test_there_is_no_second_first_administrator(database: Urls, settings: Settings) -> None:
    person = uuid4()
    bootstrap(settings, database, person, "Alex Morgan")
    for another in (uuid4(), person):
        with pytest.raises(Failed, match="already") as refused:
            bootstrap(settings, database, another, "Robin Other")
        assert refused.value.code == Exit.REFUSED


def test_of_several_at_once_one_becomes_administrator(database: Urls, settings: Settings) -> None:
    def attempt(number: int) -> int | None:
        try:
            return bootstrap(settings, database, uuid4(), f"Person {number}")
        except Failed:
            return None

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4)), key=str) == [1, None, None, None]
