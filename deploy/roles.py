"""Who may do what in the database: three roles, each able to do its own work and nothing more.

`tandem_log_owner` owns the log and cannot log in, so that no process can alter a fact by being
its owner. `tandem_service` appends through the log's one function. `tandem_projector` owns the
lists, which can be thrown away and rebuilt, and cannot append.
"""

from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from deploy.secret_files import read_or_create

Connection = psycopg.Connection[tuple[object, ...]]

LOG_OWNER: Final = "tandem_log_owner"
SERVICE: Final = "tandem_service"
PROJECTOR: Final = "tandem_projector"

SCHEMAS: Final = {"ledger": LOG_OWNER, "lists": PROJECTOR}


def prepare_roles(connection: Connection, admin_url: str, secrets_dir: Path) -> dict[str, str]:
    """Create what is missing of roles, schemas and rights; the passwords of those that log in."""
    _create_roles(connection)
    if not _is_prepared(connection):
        _create_schemas(connection)
    passwords = {}
    for role in (SERVICE, PROJECTOR):
        password = read_or_create(secrets_dir / role)
        if not _connects(url_as(admin_url, role, password)):
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(password)
                )
            )
        passwords[role] = password
    return passwords


def url_as(admin_url: str, role: str, password: str) -> str:
    """The same database as another role, as a `postgresql://` URL, whatever form came in."""
    parts = {name: str(value) for name, value in conninfo_to_dict(admin_url).items()}
    database = quote(parts.pop("dbname", ""), safe="")
    own = {"user", "password", "passfile", "options"}
    rest = {name: value for name, value in parts.items() if name not in own}
    at = ""
    # Several hosts, or a socket's folder, do not fit before the slash.
    if rest.get("host", "").replace(".", "").replace("-", "").isalnum():
        at = f"{rest.pop('host')}:{rest.pop('port', '5432')}"
    query = f"?{urlencode(rest)}" if rest else ""
    return f"postgresql://{quote(role, safe='')}:{quote(password, safe='')}@{at}/{database}{query}"


def _create_roles(connection: Connection) -> None:
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for role in {LOG_OWNER, SERVICE, PROJECTOR} - known:
        login = "NOLOGIN" if role == LOG_OWNER else "LOGIN"
        # Roles belong to the whole server: another database's migration may be faster.
        connection.execute(
            f"DO $$ BEGIN CREATE ROLE {role} {login} NOINHERIT;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )


def _is_prepared(connection: Connection) -> bool:
    """Whether this database has its schemas and has shut everybody else out."""
    row = connection.execute(
        "SELECT to_regnamespace('ledger') IS NOT NULL AND to_regnamespace('lists') IS NOT NULL"
        " AND NOT has_schema_privilege('public', 'public', 'CREATE')"
        " AND NOT has_database_privilege('public', current_database(), 'CONNECT')"
        f" AND has_database_privilege('{SERVICE}', current_database(), 'CONNECT')"
    ).fetchone()
    return row is not None and row[0] is True


def _create_schemas(connection: Connection) -> None:
    database = sql.Identifier(connection.info.dbname)
    service, projector = sql.Identifier(SERVICE), sql.Identifier(PROJECTOR)
    with connection.transaction():
        _may_become_owners(connection)
        for schema, owner in SCHEMAS.items():
            connection.execute(
                sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(
                    sql.Identifier(schema), sql.Identifier(owner)
                )
            )
        for statement in (
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {service}, {projector}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "SET LOCAL ROLE {projector}",
            "GRANT USAGE ON SCHEMA lists TO {service}",
            "ALTER DEFAULT PRIVILEGES IN SCHEMA lists GRANT SELECT ON TABLES TO {service}",
        ):
            connection.execute(
                sql.SQL(statement).format(database=database, service=service, projector=projector)
            )


def _may_become_owners(connection: Connection) -> None:
    """Let an administrator who is not a superuser act as the schemas' owners.

    Since PostgreSQL 16, having created a role is not enough to become it.
    """
    for owner in set(SCHEMAS.values()):
        row = connection.execute(
            "SELECT pg_has_role(%s, %s)",
            [owner, "SET" if connection.info.server_version >= 160000 else "MEMBER"],
        ).fetchone()
        if row != (True,):
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))


def _connects(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True
