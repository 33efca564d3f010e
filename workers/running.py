"""That a Tandem is running, and where: one lock and one file in its state folder.

Whoever holds the lock is the only supervisor. The file tells the other commands where to connect;
it is as secret as the passwords beside it (mode 0600), and gone once the supervisor has stopped.
"""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from deploy.migrate import Urls
from deploy.predecessor import command_line
from deploy.secret_files import write_private
from workers.failed import Exit, Failed

PREDECESSORS_END_WITHIN = 15.0


@dataclass(frozen=True, slots=True)
class Running:
    """A running Tandem. `children` are the process ids of what its supervisor keeps running."""

    pid: int
    profile: str
    base_url: str
    service_url: str = field(repr=False)
    projector_url: str = field(repr=False)
    children: Mapping[str, int] = field(default_factory=dict)
    nats_url: str = ""

    @property
    def urls(self) -> Urls:
        """Where to connect; a command that is not the supervisor never administers the server."""
        return Urls("", self.service_url, self.projector_url)


class StateFolder:
    """The folder of one installation's state, as far as it says what is running."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "running.json"

    @contextmanager
    def claim(self) -> Iterator[None]:
        """Be the one supervisor on this folder. Raises Failed if there is one already.

        Children of a supervisor that was killed, if any are still ending, are ended first.
        """
        lock = self._lock()
        if lock is None:
            raise Failed(
                f"{self._owner()} Stop it first, or choose another TANDEM_STATE_DIR.",
                Exit.ALREADY_RUNNING,
            )
        with lock:
            left = self._read()
            if left is not None:
                end_all(left.children)
            self.forget()
            try:
                yield
            finally:
                self.forget()

    def announce(self, running: Running) -> None:
        """Tell other commands where to connect."""
        draft = self._file.with_name(f"running.{os.getpid()}")
        draft.unlink(missing_ok=True)
        write_private(draft, json.dumps(asdict(running)))
        draft.replace(self._file)

    def forget(self) -> None:
        """Nothing runs here any more."""
        self._file.unlink(missing_ok=True)

    def find(self) -> Running | None:
        """What runs on this folder now; None if nothing does, whatever a killed one left behind."""
        lock = self._lock()
        if lock is not None:
            lock.close()
            return None
        return self._read()

    def require(self) -> Running:
        """The same; raises Failed if nothing runs."""
        running = self.find()
        if running is None:
            raise Failed(
                f"No Tandem is running on {self._folder}. Start it with `make demo` or "
                "`tandem up`, or set TANDEM_STATE_DIR to the folder of the one you mean.",
                Exit.NOT_RUNNING,
            )
        return running

    def _owner(self) -> str:
        running = self._read()
        if running is None:
            return f"A Tandem is starting or stopping on {self._folder}."
        return f"A Tandem (process {running.pid}) is running on {self._folder}: {running.base_url}."

    def _lock(self) -> IO[str] | None:
        """The lock, held until it is closed; None if somebody else holds it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = (self._folder / "up.lock").open("a", encoding="utf-8")
        except OSError as error:
            raise Failed(
                f"{self._folder} cannot be written ({error.strerror}): choose another "
                "TANDEM_STATE_DIR."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return None
        return lock

    def _read(self) -> Running | None:
        try:
            return Running(**json.loads(self._file.read_text("utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None


def end_all(children: Mapping[str, int]) -> None:
    """End what a killed supervisor left behind, unless its number has gone to another program.

    On Linux the kernel has asked them to end already; elsewhere nobody has.
    """
    deadline = time.monotonic() + PREDECESSORS_END_WITHIN
    for mark, pid in children.items():
        while mark in command_line(pid):
            number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            time.sleep(0.05)
