"""A PostgreSQL of Tandem's own: started as a child, reachable from this machine only."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from typing import Final
from urllib.parse import quote

import psycopg

from deploy import postgres_binaries as binaries
from deploy import unprivileged
from deploy.child import LOOPBACK
from deploy.embedded import EmbeddedServer
from deploy.postgres_binaries import PostgresFailed
from deploy.postgres_cluster import SUPERUSER, create_cluster
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


class EmbeddedPostgres(EmbeddedServer):
    """One PostgreSQL server over a folder of ours."""

    title = "PostgreSQL"
    kind = "postgres"
    failure = PostgresFailed
    data_name = "data"
    pid_name = "postmaster.pid"
    # Fast shutdown; then immediate, which the next start recovers from; then by force.
    endings = ((SIGINT, 20), (SIGQUIT, 5), (SIGKILL, 5))
    # A port taken since it was chosen; processes of a killed predecessor that have not all ended.
    transient = (
        "could not create any TCP/IP sockets",
        "pre-existing shared memory block",
        'lock file "postmaster.pid"',
    )

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._secrets = self._directory / "secrets"
        self._programs = Path()

    def url(
        self, role: str = SUPERUSER, database: str = "postgres", password: str | None = None
    ) -> str:
        """A connection URL; the password may be left out for the superuser only."""
        if password is None and role == SUPERUSER:
            password = self._password()
        secret = f":{quote(password, safe='')}" if password is not None else ""
        return f"postgresql://{quote(role)}{secret}@{LOOPBACK}:{self._port}/{quote(database)}"

    def _prepare(self, deadline: float) -> None:
        self._prepare_folder()
        data = self.data
        account = unprivileged.server_account(data)
        self._programs = binaries.reachable_programs(data, account)
        if not data.exists():
            create_cluster(self._programs, data, account, self._password())
        self._end_predecessor(deadline)

    def _command(self) -> Sequence[str]:
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        program = self._programs / "postgres"
        return [str(program), "-D", str(self.data), f"--port={self._port}", *settings]

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _password(self) -> str:
        return read_or_create(self._secrets / "superuser-password")

    def _prepare_folder(self) -> None:
        folder = self.folder
        if folder != self._directory:
            if not self._secrets.exists() and (folder / "data").exists():
                # Our folder was deleted by hand, and with it the only way into this data.
                self._end_predecessor(time.monotonic() + 30)
                shutil.rmtree(folder)
            unprivileged.shared_folder("postgres", str(self._directory))
