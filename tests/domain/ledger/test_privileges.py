"""Who may do what to the log: append through the one function, read, and nothing else."""

from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from deploy.migrate import Urls
from domain.ledger.command import Appended, Kept
from tests.domain.ledger.direct import Connection, call, command, event

CHANGES = [
    "UPDATE ledger.{table} SET {column} = {column}",
    "DELETE FROM ledger.{table}",
    "TRUNCATE ledger.{table}",
    "DROP TABLE ledger.{table}",
    "ALTER TABLE ledger.{table} DISABLE TRIGGER ALL",
]
TABLES = {"log": "topic", "commands": "request", "kept": "sealed", "epoch": "why"}
APPEND_ONLY = ("log", "commands", "epoch")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", TABLES)
def test_the_service_cannot_change_what_was_logged(
    service: Connection, table: str, change: str
) -> None:
    call(service, command(event(uuid4(), 1), kept=[Kept(uuid4(), b"d", b"s")]))
    with pytest.raises(InsufficientPrivilege):
        service.execute(change.format(table=table, column=TABLES[table]).encode())


def test_the_service_cannot_insert_past_the_function(service: Connection) -> None:
    with pytest.raises(InsufficientPrivilege):
        service.execute("INSERT INTO ledger.log VALUES (gen_random_uuid(), 1, 'x', '', 1, now())")
    with pytest.raises(InsufficientPrivilege):
        service.execute("INSERT INTO ledger.kept VALUES (gen_random_uuid(), '', '')")


def test_the_service_cannot_open_an_epoch_or_become_the_owner(service: Connection) -> None:
    with pytest.raises(InsufficientPrivilege):
        service.execute("SELECT ledger.open_epoch('mine')")
    with pytest.raises(InsufficientPrivilege):
        service.execute("SET ROLE tandem_log_owner")


def test_a_callers_search_path_does_not_change_what_the_function_does(
    admin: Connection, service: Connection
) -> None:
    admin.execute("CREATE SCHEMA theirs")
    admin.execute("GRANT USAGE ON SCHEMA theirs TO PUBLIC")
    admin.execute(
        "CREATE FUNCTION theirs.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
        " AS $$ SELECT timestamptz '2000-01-01' $$"
    )
    service.execute("SET search_path = theirs, pg_catalog")
    assert service.execute("SELECT clock_timestamp() < '2001-01-01'").fetchone() == (True,)
    (appended,) = call(service, command(event(uuid4(), 1)))
    assert isinstance(appended, Appended)
    assert appended.recorded_at.year > 2001


@pytest.mark.parametrize("change", CHANGES[:3])
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_not_even_the_owner_changes_the_log_by_mistake(
    admin: Connection, table: str, change: str
) -> None:
    admin.execute("SET ROLE tandem_log_owner")
    with pytest.raises(InsufficientPrivilege, match="append-only"):
        admin.execute(change.format(table=table, column=TABLES[table]).encode())


def test_the_service_may_purge_what_is_kept_of_one_client(service: Connection) -> None:
    gone, other = uuid4(), uuid4()
    kept = [Kept(gone, b"1", b""), Kept(gone, b"2", b""), Kept(other, b"1", b"")]
    call(service, command(event(uuid4(), 1), kept=kept))
    assert service.execute("SELECT ledger.purge_kept(%s)", (gone,)).fetchone() == (2,)
    assert service.execute("SELECT client FROM ledger.kept").fetchall() == [(other,)]


def test_the_projector_reads_and_cannot_append(database: Urls) -> None:
    with psycopg.connect(database.projector_url, autocommit=True) as projector:
        projector.execute("SELECT * FROM ledger.log")
        for statement in (
            "SELECT ledger.purge_kept(gen_random_uuid())",
            "DELETE FROM ledger.log",
            "INSERT INTO ledger.log VALUES (gen_random_uuid(), 1, 'x', '', 1, now())",
        ):
            with pytest.raises(InsufficientPrivilege):
                projector.execute(statement.encode())
        with pytest.raises(InsufficientPrivilege):
            call(projector, command(event(uuid4(), 1)))
