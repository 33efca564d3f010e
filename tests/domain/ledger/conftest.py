"""What the tests of the ledger share: connections by role, keys, and a ledger that is open."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.migrate import Urls
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.ledger.log import Log
from domain.ledger.sealing import Sealing
from domain.ledger.writer import Writer
from tests.domain.ledger.direct import Connection


@pytest.fixture
def service(database: Urls) -> Iterator[Connection]:
    with psycopg.connect(database.service_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def admin(database: Urls) -> Iterator[Connection]:
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def key_store(tmp_path: Path) -> DirectoryKeyStore:
    return DirectoryKeyStore(tmp_path / "keys", LocalWrapper(os.urandom(32)))


@pytest.fixture
def keys(key_store: DirectoryKeyStore) -> KeyRing:
    return KeyRing(key_store)


@pytest.fixture
def sealing(keys: KeyRing) -> Sealing:
    return Sealing(keys)


@pytest.fixture
async def writer(database: Urls) -> AsyncIterator[Writer]:
    writer = Writer(database.service_url)
    await writer.start()
    yield writer
    await writer.close()


@pytest.fixture
async def log(database: Urls) -> AsyncIterator[Log]:
    log = await Log(database.service_url).open()
    yield log
    await log.close()


@pytest.fixture
async def ledger(database: Urls, keys: KeyRing) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(database.service_url, keys)
    yield ledger
    await ledger.close()


@pytest.fixture
async def elsewhere(database: Urls, keys: KeyRing) -> AsyncIterator[Ledger]:
    """Another process's ledger, as far as the database can tell."""
    ledger = await Ledger.open(database.service_url, KeyRing(keys.store))
    yield ledger
    await ledger.close()
