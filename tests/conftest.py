"""The servers that tests run against: real ones, started by the project's own code."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.migrate import Urls, migrate
from deploy.postgres import EmbeddedPostgres

_number = itertools.count(1)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests (marked `anyio`) run on asyncio, as the program does."""
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One server for the whole session (with xdist: for each worker), with production settings."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("server") / "postgres")
    server.start()
    try:
        yield server
    finally:
        server.erase()


@pytest.fixture(scope="session")
def secrets_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the passwords of the server's roles are kept."""
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres, secrets_dir: Path) -> str:
    """Name of a migrated, empty database that others are copied from."""
    _create(postgres, "migrated", "template0")
    migrate(postgres.url(database="migrated"), secrets_dir)
    return "migrated"


@pytest.fixture
def database(postgres: EmbeddedPostgres, secrets_dir: Path, template: str) -> Iterator[Urls]:
    """A migrated database of the test's own: `.service_url`, `.projector_url`, `.admin_url`."""
    name = f"test_{next(_number)}"
    _create(postgres, name, template)
    try:
        # A copy has the template's tables but not its rights on the database itself.
        yield migrate(postgres.url(database=name), secrets_dir)
    finally:
        _execute(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _create(postgres: EmbeddedPostgres, name: str, template: str) -> None:
    _execute(
        postgres,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template)
        ),
    )


def _execute(postgres: EmbeddedPostgres, statement: sql.Composed) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(statement)
