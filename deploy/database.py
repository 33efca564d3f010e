"""The database that the settings name, ready to use: a server of our own, or one outside."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from deploy.migrate import MigrationFailed, Urls, migrate
from deploy.postgres import EmbeddedPostgres
from deploy.settings import Settings

DATABASE: Final = "tandem"


@dataclass(frozen=True)
class Database:
    """Where to connect, and the server behind it if it is our own (to watch, and to restart)."""

    urls: Urls
    server: EmbeddedPostgres | None


def server_directory(settings: Settings) -> Path:
    """The folder of the server of our own."""
    return settings.state_dir / "postgres"


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """A migrated database for as long as the context lasts.

    Raises PostgresFailed if the server of our own does not start, MigrationFailed if one outside
    cannot be reached or brought to shape.
    """
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        try:
            urls = migrate(url, settings.secrets_dir)
        except psycopg.OperationalError as error:
            raise MigrationFailed(
                f"TANDEM_DATABASE_URL cannot be reached: {error}. Start that server, correct the "
                "setting, or leave it out to use a server of Tandem's own."
            ) from error
        yield Database(urls, None)
        return
    with EmbeddedPostgres(server_directory(settings)) as server:
        _create_database(server.url())
        yield Database(migrate(server.url(database=DATABASE), settings.secrets_dir), server)


def _create_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(known, [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
