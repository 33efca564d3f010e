"""A whole running Tandem, started by the command as a user starts it, and its processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from deploy.child import free_port
from deploy.nats import EmbeddedNats
from deploy.nats_accounts import open_nats_secrets
from deploy.postgres import EmbeddedPostgres
from tests.workers.waiting import until
from workers.running import Running, StateFolder

READY: Final = "Tandem is ready"
PROC: Final = Path("/proc")

Process = tuple[int, int]
"""A process id and when it started: a number that was given away again is another process."""


class System:
    """One state folder and port, and the `tandem up` that runs on it, if one does."""

    def __init__(self, state: Path, variables: Mapping[str, str]) -> None:
        self.state = state
        self._variables = variables
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._output = state.with_name(f"{state.name}.output")

    @property
    def output(self) -> str:
        """All that the last `up` has said."""
        return self._output.read_text("utf-8")

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> Running:
        """What other commands know of it."""
        return StateFolder(self.state).require()

    def environment(self) -> dict[str, str]:
        """What a user would have set."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("TANDEM_")}
        return clean | {
            "TANDEM_PROFILE": "demo",
            "TANDEM_STATE_DIR": str(self.state),
            "TANDEM_PORT": str(self.port),
            **self._variables,
        }

    def begin(self, *options: str) -> None:
        """Start `tandem up` and return at once."""
        command = [sys.executable, "-m", "workers", "up", *options]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=self.environment(), stdout=output, stderr=output
            )

    def start(self, *options: str) -> None:
        """Start `tandem up` and wait until it says that it is ready."""
        self.begin(*options)
        until(lambda: READY in self.output or self.ended(), 60)
        assert READY in self.output, self.output

    def ended(self) -> bool:
        """Whether the supervisor has."""
        return self._process is None or self._process.poll() is not None

    def signal(self, number: signal.Signals) -> int:
        """Send the supervisor a signal, and wait until it has ended; its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(30)

    def stop(self) -> None:
        """End it, if it runs."""
        if not self.ended():
            self.signal(signal.SIGTERM)

    def tandem(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `tandem` command beside it."""
        return subprocess.run(
            [sys.executable, "-m", "workers", *arguments],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def ready(self) -> bool:
        """Whether the API says that it is."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=3).status_code == 200
        except httpx.TransportError:
            return False

    def family(self) -> set[Process]:
        """The supervisor and everything that descends from it."""
        parents = dict(_processes())
        family = {(self.pid, parents[self.pid][1])}
        grown = True
        while grown:
            ids = {pid for pid, _ in family}
            more = {(p, since) for p, (parent, since) in parents.items() if parent in ids}
            grown, family = not more <= family, family | more
        return family


def alive(processes: set[Process]) -> set[Process]:
    """Those that still run (a zombie does not)."""
    now = {(pid, since) for pid, (_, since) in _processes()}
    return processes & now


@contextmanager
def system(state: Path, **variables: str) -> Iterator[System]:
    """A system that is stopped, and its servers deleted, when the context ends."""
    made = System(state, variables)
    try:
        yield made
    finally:
        made.stop()
        EmbeddedPostgres(state / "postgres").erase()
        EmbeddedNats(state / "nats", open_nats_secrets(state / "secrets")).erase()


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Of each process: its id, its parent's, and when it started."""
    for folder in PROC.glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text("utf-8", "replace")
        except OSError:
            continue
        state, parent, *rest = text.rpartition(")")[2].split()
        if state != "Z":
            yield int(folder.name), (int(parent), int(rest[17]))
