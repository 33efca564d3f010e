"""A database is brought to shape once, by roles that can do no more than their work."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.migrate import SOURCES, MigrationFailed, Source, Urls, migrate
from deploy.postgres import EmbeddedPostgres
from deploy.roles import LOG_OWNER, PROJECTOR, url_as


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[str]:
    """URL, as superuser, of a database that nothing has been applied to."""
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty TEMPLATE template0")
        yield postgres.url(database="empty")
        connection.execute("DROP DATABASE empty WITH (FORCE)")


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Source, Source]:
    ledger, lists = tmp_path / "ledger", tmp_path / "lists"
    ledger.mkdir()
    lists.mkdir()
    (ledger / "0001_log.sql").write_text("CREATE TABLE log (n int); INSERT INTO log VALUES (1);")
    (ledger / "0002_more.sql").write_text("INSERT INTO ledger.log VALUES (2);")
    (lists / "0001_board.sql").write_text("CREATE TABLE lists.board (n int);")
    return Source(ledger, LOG_OWNER, "ledger"), Source(lists, PROJECTOR, "lists")


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_each_file_is_applied_once_in_order_as_its_owner(
    empty: str, secrets_dir: Path, sources: tuple[Source, Source]
) -> None:
    assert migrate(empty, secrets_dir, sources) == migrate(empty, secrets_dir, sources)
    assert rows(empty, "SELECT n FROM ledger.log") == [(1,), (2,)]
    assert rows(empty, "SELECT name FROM tandem_migrations ORDER BY applied_at") == [
        ("ledger/0001_log.sql",),
        ("ledger/0002_more.sql",),
        ("lists/0001_board.sql",),
    ]
    owners = "SELECT tablename, tableowner FROM pg_tables WHERE tablename IN ('log', 'board')"
    assert set(rows(empty, owners)) == {("log", LOG_OWNER), ("board", PROJECTOR)}


def test_several_that_migrate_at_once_apply_each_file_once(
    empty: str, secrets_dir: Path, sources: tuple[Source, Source]
) -> None:
    done: list[Urls] = []
    threads = [
        threading.Thread(target=lambda: done.append(migrate(empty, secrets_dir, sources)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 4
    assert rows(empty, "SELECT n FROM ledger.log") == [(1,), (2,)]


def test_a_changed_file_is_refused(
    empty: str, secrets_dir: Path, sources: tuple[Source, Source]
) -> None:
    migrate(empty, secrets_dir, sources)
    (sources[0].folder / "0001_log.sql").write_text("CREATE TABLE log (n bigint);")
    with pytest.raises(MigrationFailed, match=r"ledger/0001_log\.sql .* new file"):
        migrate(empty, secrets_dir, sources)


def test_a_database_of_a_newer_version_is_refused(
    empty: str, secrets_dir: Path, sources: tuple[Source, Source]
) -> None:
    migrate(empty, secrets_dir, sources)
    (sources[1].folder / "0001_board.sql").unlink()
    with pytest.raises(MigrationFailed, match="unknown to this version"):
        migrate(empty, secrets_dir, sources)


def test_of_a_file_that_fails_nothing_is_kept(
    empty: str, secrets_dir: Path, sources: tuple[Source, Source]
) -> None:
    wrong = sources[0].folder / "0003_wrong.sql"
    wrong.write_text("INSERT INTO ledger.log VALUES (3); SELECT 1/0;")
    with pytest.raises(MigrationFailed, match="0003_wrong"):
        migrate(empty, secrets_dir, sources)
    wrong.write_text("INSERT INTO ledger.log VALUES (4);")
    migrate(empty, secrets_dir, sources)
    assert rows(empty, "SELECT n FROM ledger.log") == [(1,), (2,), (4,)]


def test_an_administrator_need_not_be_superuser(
    postgres: EmbeddedPostgres, tmp_path: Path, sources: tuple[Source, Source]
) -> None:
    """On a server of its own, where no superuser has made the roles before."""
    with EmbeddedPostgres(tmp_path / "outside") as outside:
        with psycopg.connect(outside.url(), autocommit=True) as connection:
            connection.execute("CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'keeper'")
            connection.execute("CREATE DATABASE care OWNER keeper")
        url = outside.url("keeper", "care", "keeper")
        urls = migrate(url, tmp_path / "secrets", sources)
        assert migrate(url, tmp_path / "secrets", sources) == urls
        assert rows(urls.projector_url, "SELECT current_user, count(*) FROM lists.board") == [
            (PROJECTOR, 0)
        ]
        outside.erase()


def test_roles_can_do_their_work_and_no_more(database: Urls) -> None:
    roles = """
        SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
               OR rolbypassrls OR rolinherit
        FROM pg_roles WHERE rolname LIKE 'tandem%' ORDER BY rolname"""
    assert rows(database.admin_url, roles) == [
        ("tandem_log_owner", False, False),
        ("tandem_projector", True, False),
        ("tandem_service", True, False),
    ]


def test_nobody_logs_in_as_the_owner_of_the_log_even_with_a_password(database: Urls) -> None:
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(f"ALTER ROLE {LOG_OWNER} PASSWORD 'known'")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        psycopg.connect(url_as(database.admin_url, LOG_OWNER, "known"))


@pytest.mark.parametrize("door", ["service_url", "projector_url"])
@pytest.mark.parametrize(
    "attempt",
    [
        f"SET ROLE {LOG_OWNER}",
        "CREATE TABLE public.mine (n int)",
        "CREATE TABLE ledger.mine (n int)",
        "CREATE TEMP TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "DELETE FROM public.tandem_migrations",
        "ALTER SCHEMA ledger RENAME TO mine",
        "DROP SCHEMA ledger CASCADE",
    ],
)
def test_what_serves_requests_cannot_reshape_the_database(
    database: Urls, door: str, attempt: str
) -> None:
    with (
        psycopg.connect(getattr(database, door)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(attempt.encode())


def test_the_service_reads_lists_and_does_not_write_them(database: Urls) -> None:
    with psycopg.connect(database.projector_url) as projector:
        projector.execute("CREATE TABLE lists.extra (n int)")
        projector.execute("INSERT INTO lists.extra VALUES (1)")
    assert rows(database.service_url, "SELECT n FROM lists.extra") == [(1,)]
    with (
        psycopg.connect(database.service_url) as service,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        service.execute("DELETE FROM lists.extra")


def test_urls_are_urls_whatever_form_the_administrator_used(database: Urls) -> None:
    assert database.service_url.startswith("postgresql://tandem_service:")
    words = make_conninfo(database.admin_url, sslmode="disable")
    assert url_as(words, "r le", "p/w?").startswith("postgresql://r%20le:p%2Fw%3F@127.0.0.1:")
    socket = url_as("host=/run/x dbname=d", "role", "word")
    assert socket == "postgresql://role:word@/d?host=%2Frun%2Fx"


def test_the_packaged_files_all_belong_to_a_known_owner(database: Urls) -> None:
    applied = {name for (name,) in rows(database.admin_url, "SELECT name FROM tandem_migrations")}
    files = {f"{s.schema}/{p.name}" for s in SOURCES for p in s.folder.glob("*.sql")}
    assert applied == files


def test_a_lost_password_is_replaced(
    postgres: EmbeddedPostgres, empty: str, secrets_dir: Path, sources: tuple[Source, Source]
) -> None:
    urls = migrate(empty, secrets_dir, sources)
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER ROLE tandem_service PASSWORD {}").format(sql.Literal("something else"))
        )
    assert migrate(empty, secrets_dir, sources) == urls
    psycopg.connect(urls.service_url).close()
