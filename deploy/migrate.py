"""Brings a database to the shape that this version of Tandem needs: roles, schemas, SQL files.

Each SQL file is applied once, in order, in a transaction of its own, and never changes afterwards:
a change of shape is a new file. The files of the log run as a role that nobody can log in as.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from deploy.roles import LOG_OWNER, PROJECTOR, SERVICE, prepare_roles, url_as

__all__ = ["SOURCES", "MigrationFailed", "Source", "Urls", "migrate"]

Connection = psycopg.Connection[tuple[object, ...]]

ONE_AT_A_TIME: Final = 0x7461_6E64_656D  # "tandem": the key of the advisory lock


class MigrationFailed(Exception):
    """The database cannot be brought to the shape that is needed; the message says why."""


@dataclass(frozen=True)
class Source:
    """A folder of SQL files, applied in the order of their names as `role`, with `schema` first
    in the search path. A folder that does not exist holds no files."""

    folder: Path
    role: str
    schema: str


@dataclass(frozen=True)
class Urls:
    """Where to connect, and as whom: never as more than the work needs."""

    admin_url: str = field(repr=False)
    """May create roles and databases. For migrating; nothing that serves a request has it."""
    service_url: str = field(repr=False)
    """Appends through the log's one function, reads the log and the lists."""
    projector_url: str = field(repr=False)
    """Reads the log, owns the lists."""


_ROOT: Final = Path(__file__).parents[1]

SOURCES: Final = (
    Source(_ROOT / "domain" / "ledger" / "migrations", LOG_OWNER, "ledger"),
    Source(_ROOT / "projections" / "migrations", PROJECTOR, "lists"),
)


def migrate(admin_url: str, secrets_dir: Path, sources: Sequence[Source] = SOURCES) -> Urls:
    """Apply what has not been applied yet, and return URLs that were seen to connect.

    `admin_url` names a superuser, or an owner of the database who may create roles. Passwords of
    Tandem's own roles are kept in `secrets_dir`, made on first use. Of several that migrate at
    once, one does it and the others wait. Raises MigrationFailed if a file that has been applied
    was changed or deleted, if one fails, or if the database is too old.
    """
    # Autocommit, so that each file's transaction is its own and the lock outlives them all.
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _require_version(connection)
        connection.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        passwords = prepare_roles(connection, admin_url, secrets_dir)
        _apply(connection, sources)
    return Urls(
        admin_url=admin_url,
        service_url=url_as(admin_url, SERVICE, passwords[SERVICE]),
        projector_url=url_as(admin_url, PROJECTOR, passwords[PROJECTOR]),
    )


def _require_version(connection: Connection) -> None:
    if connection.info.server_version < 150000:
        found = connection.info.server_version // 10000
        raise MigrationFailed(f"Tandem needs PostgreSQL 15 or newer; this server is {found}.")


def _apply(connection: Connection, sources: Sequence[Source]) -> None:
    applied = _applied(connection)
    for source in sources:
        for name, text in _files(source):
            digest = hashlib.sha256(text.encode()).hexdigest()
            match applied.pop(name, None):
                case None:
                    _apply_file(connection, source, name, text, digest)
                case known if known != digest:
                    raise MigrationFailed(
                        f"{name} has been applied to this database and was changed since. Restore "
                        "it as it was, and put the change into a new file with the next number."
                    )
    if applied:
        raise MigrationFailed(
            f"This database has had {', '.join(sorted(applied))} applied, unknown to this version "
            "of Tandem. Run the version that made it, or a newer one."
        )


def _applied(connection: Connection) -> dict[str, str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.tandem_migrations ("
        " name text PRIMARY KEY, sha256 text NOT NULL,"
        " applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    rows = connection.execute("SELECT name, sha256 FROM public.tandem_migrations").fetchall()
    return {str(name): str(digest) for name, digest in rows}


def _files(source: Source) -> Iterator[tuple[str, LiteralString]]:
    for path in sorted(source.folder.glob("[0-9]*.sql")):
        # Named by schema, not by folder: packages may move, what was applied stays applied.
        yield f"{source.schema}/{path.name}", path.read_text("utf-8")


def _apply_file(
    connection: Connection, source: Source, name: str, text: LiteralString, digest: str
) -> None:
    try:
        with connection.transaction():
            connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(source.role)))
            schema = sql.Identifier(source.schema)
            connection.execute(sql.SQL("SET LOCAL search_path TO {}").format(schema))
            connection.execute(sql.SQL(text))
            connection.execute("RESET ROLE")
            connection.execute(
                "INSERT INTO public.tandem_migrations (name, sha256) VALUES (%s, %s)",
                [name, digest],
            )
    except psycopg.Error as error:
        raise MigrationFailed(f"{name} failed, and nothing of it was kept: {error}") from error
