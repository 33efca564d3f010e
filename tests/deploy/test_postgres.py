"""The server of our own: it resumes after anything, belongs to one owner, and never lingers."""

import os
import select
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr

from deploy import postgres_binaries, unprivileged
from deploy.child import free_port
from deploy.database import open_database
from deploy.postgres import EmbeddedPostgres, PostgresFailed
from deploy.settings import Settings
from deploy.unprivileged import Account

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's process descriptors")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to see it given up")

SUPERVISOR = """
import sys
from pathlib import Path
from deploy.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(tmp_path / "postgres")
    made.start()
    yield made
    made.erase()


def remember(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE remembered AS SELECT 1 AS n")


def remembers(server: EmbeddedPostgres) -> bool:
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT n FROM remembered").fetchall() == [(1,)]


def ends(pid: int, within: float = 20) -> bool:
    """Wait for a process that is not our child to end."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], within)[0])
    finally:
        os.close(descriptor)


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_server_stops_cleanly_and_resumes_its_data(server: EmbeddedPostgres) -> None:
    remember(server)
    pid = server.pid
    assert pid is not None
    server.stop()
    assert not running(pid)
    assert server.pid is None
    server.start()
    assert remembers(server)


def test_what_it_promised_to_keep_survives_power_loss(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url()) as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            assert connection.execute(f"SHOW {name}".encode()).fetchone() == ("on",)


def test_only_this_machine_is_listened_to_and_only_with_a_password(
    server: EmbeddedPostgres,
) -> None:
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        rules = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
    assert rules == [("scram-sha-256",)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.url(password="guess"))


def test_a_killed_server_comes_back_with_its_data_on_the_same_port(
    server: EmbeddedPostgres,
) -> None:
    remember(server)
    url, pid = server.url(), server.pid
    assert pid is not None
    assert not server.wait(0)
    os.kill(pid, signal.SIGKILL)
    assert server.wait(10)
    server.start()
    assert server.url() == url
    assert remembers(server)


def test_its_log_holds_no_value_of_a_row(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE people (name text PRIMARY KEY)")
        connection.execute("INSERT INTO people VALUES ('Invented Person')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("INSERT INTO people VALUES ('Invented Person')")
    logged = server.log.read_text()
    assert "duplicate key" in logged
    assert "Invented" not in logged
    assert stat.S_IMODE(server.log.stat().st_mode) == 0o600


def test_starting_a_running_server_changes_nothing(server: EmbeddedPostgres) -> None:
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_a_second_owner_is_refused(server: EmbeddedPostgres, tmp_path: Path) -> None:
    other = EmbeddedPostgres(tmp_path / "postgres")
    with pytest.raises(PostgresFailed, match=rf"process {os.getpid()}\).*stop it first"):
        other.start()
    with pytest.raises(PostgresFailed, match="stop it first"):
        other.erase()
    remember(server)


@on_linux
def test_a_killed_supervisor_leaves_no_process_and_its_data_is_resumed(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    command = [sys.executable, "-c", SUPERVISOR, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    # At once, while the orphan is still ending, and with nothing left of it afterwards.
    server = EmbeddedPostgres(folder)
    server.start()
    assert ends(pid)
    remember(server)
    server.erase()


def test_a_server_that_outlived_its_supervisor_is_ended_first(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    remember(server)
    server.stop()
    data = server.folder / "data"
    account = unprivileged.server_account(data)
    program = postgres_binaries.reachable_programs(data, account) / "postgres"
    with subprocess.Popen(
        [program, "-D", data, f"--port={free_port()}", "--unix_socket_directories="],
        user=account.uid if account else None,
        stderr=subprocess.PIPE,
        cwd=data,
    ) as orphan:
        assert orphan.stderr is not None
        for line in orphan.stderr:
            if b"ready to accept connections" in line:
                break
        server.start()
        assert orphan.wait(10) == 0
    assert remembers(server)


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    assert not server.wait(0.2)
    remember(server)
    server.erase()


@as_root
def test_root_hands_the_server_to_an_unprivileged_user(server: EmbeddedPostgres) -> None:
    status = Path(f"/proc/{server.pid}/status").read_text()
    ids = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1:]
    assert "0" not in ids
    data = (server.folder / "data").stat()
    assert str(data.st_uid) == ids[0]
    assert stat.S_IMODE(data.st_mode) == 0o700


@as_root
def test_data_whose_folder_was_deleted_by_hand_is_not_resumed(tmp_path: Path) -> None:
    folder = tmp_path / "private" / "postgres"
    folder.parent.mkdir(mode=0o700)
    first = EmbeddedPostgres(folder)
    first.start()
    remember(first)
    first.stop()
    subprocess.run(["rm", "-r", folder], check=True)
    with EmbeddedPostgres(folder) as second:
        with psycopg.connect(second.url()) as connection:
            found = connection.execute("SELECT to_regclass('remembered') IS NULL").fetchone()
            assert found == (True,)
        place = second.folder
        second.erase()
    assert place != folder
    assert not place.exists()


def test_a_port_taken_meanwhile_is_no_obstacle(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = conninfo_to_dict(server.url())["port"]
    ports = iter([int(str(taken)), free_port()])
    monkeypatch.setattr("deploy.embedded.free_port", lambda: next(ports))
    with EmbeddedPostgres(tmp_path / "other") as other:
        remember(other)
        other.erase()


def test_a_server_that_cannot_start_says_its_last_words(
    server: EmbeddedPostgres, tmp_path: Path
) -> None:
    server.stop()
    with (server.folder / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        server.start()


def test_programs_that_the_server_s_user_cannot_reach_are_copied_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unprivileged, "SHARED", tmp_path)
    monkeypatch.setattr(unprivileged, "reachable", lambda path, account: False)
    somebody = Account("somebody", 1, 1)
    copied = postgres_binaries.reachable_programs(tmp_path, somebody)
    assert copied.is_relative_to(tmp_path)
    subprocess.run([copied / "initdb", "--version"], check=True)
    assert postgres_binaries.reachable_programs(tmp_path, somebody) == copied


def test_data_of_a_version_that_is_gone_is_left_alone(server: EmbeddedPostgres) -> None:
    server.stop()
    (server.folder / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(PostgresFailed, match=r"made by PostgreSQL 14, .*pg_upgrade"):
        server.start()


def test_without_any_postgresql_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_binaries, "_candidates", lambda: iter([Path("/no/such/bin")]))
    with pytest.raises(PostgresFailed, match=r"/no/such/bin.*TANDEM_DATABASE_URL"):
        postgres_binaries.find_programs(tmp_path)


def test_the_database_of_the_settings_is_ready_to_use(tmp_path: Path) -> None:
    settings = Settings(profile="demo", state_dir=tmp_path)
    with open_database(settings) as database:
        outside = settings.model_copy(update={"database_url": SecretStr(database.urls.admin_url)})
        with open_database(outside) as same:
            assert same.server is None
            assert same.urls == database.urls
        assert database.server is not None
        pid = database.server.pid
    assert pid is not None
    assert not running(pid)
    database.server.erase()
