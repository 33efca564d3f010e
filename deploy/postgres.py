"""A PostgreSQL of Tandem's own: started as a child, reachable from this machine only.

The state of one server is a folder. Whoever holds its lock is the only one to run it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from urllib.parse import quote

import psycopg

from deploy import postgres_binaries as binaries
from deploy.child import LOOPBACK, free_port, spawn, tail
from deploy.postgres_binaries import Account, PostgresFailed
from deploy.postgres_cluster import SUPERUSER, create_cluster, end_predecessor
from deploy.secret_files import read_or_create

__all__ = ["SUPERUSER", "EmbeddedPostgres", "PostgresFailed"]

SETTINGS: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "192MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
    "log_destination": "stderr",
    # Neither statements nor the values in them: an error's details may name a person.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
    "lc_messages": "C",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# What a start may fail on through no fault of its own, in the words of the server's log: a port
# taken since it was chosen; processes of a killed predecessor that have not all ended yet.
PORT_TAKEN: Final = "could not create any TCP/IP sockets"
PREDECESSOR: Final = ("pre-existing shared memory block", 'lock file "postmaster.pid"')


class EmbeddedPostgres:
    """One PostgreSQL server over the folder `directory`, created on the first start.

    Starting again on the same folder resumes the same data, also after a crash. Usable as a
    context manager. Not for several threads at once.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._secrets = self._directory / "secrets"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._fixed_port = 0
        self._log_start = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """Process id of the running server (its postmaster), or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def folder(self) -> Path:
        """The folder that holds `data`: our own, or one that the server's user can reach."""
        own = self._directory
        account = binaries.server_account(own / "data")
        if account is None or (own / "data").exists():
            return own
        shared = binaries.shared_folder("postgres", str(own), create=False)
        # Data stays where it was made, whatever became of the folders above since.
        if (shared / "data").exists() or not binaries.reachable(own, account):
            return shared
        return own

    @property
    def log(self) -> Path:
        """The server's own log, in words for an operator; no client's data is logged."""
        return self._directory / "server.log"

    def url(
        self, role: str = SUPERUSER, database: str = "postgres", password: str | None = None
    ) -> str:
        """A connection URL; the password may be left out for the superuser only."""
        if password is None and role == SUPERUSER:
            password = self._password()
        secret = f":{quote(password, safe='')}" if password is not None else ""
        return f"postgresql://{quote(role)}{secret}@{LOOPBACK}:{self._port}/{quote(database)}"

    def start(self, *, within: float = 60.0) -> None:
        """Return once a connection has succeeded; create the database cluster if there is none.

        `within` is in seconds. Raises PostgresFailed, its message ending with the server's last
        words, if another Tandem runs on the folder or the server does not come up in time.
        """
        if self.pid is not None:
            return
        if self._lock is None:
            self._take_lock()
        try:
            self._start(time.monotonic() + within)
        except BaseException:
            self.stop()
            raise

    def wait(self, seconds: float) -> bool:
        """Whether the server ended, waiting up to so long for it; `start` then brings it back
        with the same data on the same port, so that URLs given out stay true."""
        if self._process is None:
            return True
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self.pid is None

    def stop(self) -> None:
        """Shut the server down (clients are disconnected) and let go of the folder. Idempotent."""
        process, self._process = self._process, None
        if process is not None:
            # Fast shutdown; then immediate, which the next start recovers from; then by force.
            for number, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
                with suppress(ProcessLookupError):
                    process.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(patience)
                    break
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def erase(self) -> None:
        """Stop, and delete the folder with everything the server stored, wherever it lies.

        Raises PostgresFailed if another Tandem runs on it.
        """
        self.stop()
        if not self._directory.exists():
            return
        self._take_lock()
        folder = self.folder
        end_predecessor(folder / "data", time.monotonic() + 30)
        for each in {folder, self._directory}:
            shutil.rmtree(each, ignore_errors=not each.exists())
        self.stop()

    def _start(self, deadline: float) -> None:
        data = self._prepare_folder() / "data"
        account = binaries.server_account(data)
        programs = binaries.reachable_programs(data, account)
        if not data.exists():
            create_cluster(programs, data, account, self._password())
        end_predecessor(data, deadline)
        while True:
            self._port = self._fixed_port or free_port()
            self._launch(programs / "postgres", data, account)
            last_words = self._await_ready(deadline)
            if last_words is None:
                self._fixed_port = self._port
                return
            retry = PORT_TAKEN in last_words or any(each in last_words for each in PREDECESSOR)
            if not retry or time.monotonic() > deadline:
                raise PostgresFailed(f"PostgreSQL ended while starting. {self.log}:\n{last_words}")
            time.sleep(0.05)

    def _launch(self, program: Path, data: Path, account: Account | None) -> None:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        user = f"{account.uid}:{account.gid}" if account else "-"
        command = [str(program), "-D", str(data), f"--port={self._port}", *settings]
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._process = spawn(command, account=user, log=self.log, folder=data.parent)

    def _await_ready(self, deadline: float) -> str | None:
        """None once a connection succeeds; the log's last lines if the server ended first."""
        assert self._process is not None
        while True:
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url(), connect_timeout=2).close()
                return None
            # Waits for the next try and sees at once if the server ends.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                return tail(self.log, self._log_start)
            if time.monotonic() > deadline:
                words = tail(self.log, self._log_start)
                raise PostgresFailed(f"PostgreSQL is not ready in time. {self.log}:\n{words}")

    def _take_lock(self) -> None:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = (self._directory / "lock").open("a+", encoding="utf-8")
        except PermissionError as error:
            raise PostgresFailed(
                f"{self._directory} belongs to another user: run Tandem as that user, or choose "
                "another TANDEM_STATE_DIR"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise PostgresFailed(
                f"Another Tandem (process {owner}) is running on {self._directory}: stop it first, "
                "or choose another TANDEM_STATE_DIR"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _password(self) -> str:
        return read_or_create(self._secrets / "superuser-password")

    def _prepare_folder(self) -> Path:
        if os.geteuid() == 0:
            # Traversable by the server's user, who lists and writes nothing but its own data.
            self._directory.chmod(0o711)
        folder = self.folder
        if folder != self._directory:
            if not self._secrets.exists() and (folder / "data").exists():
                # Our folder was deleted by hand, and with it the only way into this data.
                end_predecessor(folder / "data", time.monotonic() + 30)
                shutil.rmtree(folder)
            binaries.shared_folder("postgres", str(self._directory))
        return folder
