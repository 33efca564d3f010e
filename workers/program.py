"""The parts that a supervisor keeps running: servers of our own, and programs of ours."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from deploy.child import spawn, tail
from deploy.embedded import EmbeddedServer

PATIENCE_SECONDS = 10.0
"""How long a program has to end when asked, before it is made to."""


class Part(Protocol):
    """Something that runs, may end by itself, and can then be started again."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def log(self) -> Path:
        """Where its own words are."""

    def start(self) -> None:
        """Start it, or start it again. Returns without waiting until it is ready."""

    def alive(self) -> bool:
        """Whether it has not ended."""

    def ready(self) -> bool:
        """Whether it does its work already."""

    def stop(self) -> None:
        """End it and wait until it has ended. Idempotent."""


class Program:
    """One program of ours. It ends when we do, even if we are killed.

    `mark` is the part of its command line that nobody else's has.
    """

    def __init__(
        self,
        name: str,
        mark: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        ready: Callable[[], bool] = lambda: True,
    ) -> None:
        self.name = name
        self.mark = mark
        self.log = log
        self._command = command
        self._environment = environment
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self.alive() else None

    def start(self) -> None:
        """Start it, or start it again."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._process = spawn(
            self._command, log=self.log, folder=Path.cwd(), variables=self._environment
        )

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    def ready(self) -> bool:
        """Whether it does its work already."""
        return self.alive() and self._ready()

    def stop(self) -> None:
        """Ask it to end, then make it."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE_SECONDS)
                return


class OwnServer:
    """A server of our own, as a part to be watched. Whoever opened it stops it."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self.name = server.title

    @property
    def log(self) -> Path:
        """Where the server's own words are."""
        return self._server.log

    def start(self) -> None:
        """Bring it back on the same port. Raises ServerFailed."""
        self._server.start(within=15)

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._server.pid is not None

    def ready(self) -> bool:
        """`start` returns only once it is."""
        return self.alive()

    def stop(self) -> None:
        """Nothing: whoever opened it does."""


def last_words(part: Part) -> str:
    """The end of what a part has logged, indented."""
    with suppress(FileNotFoundError):
        return "\n".join(f"    {line}" for line in tail(part.log).splitlines())
    return "    (it has logged nothing)"
