"""What all servers of Tandem's own share: a child over a folder, on a port of this machine.

Whoever holds the folder's lock is the only one to run the server on it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Self

from deploy import unprivileged
from deploy.child import free_port, spawn, tail
from deploy.predecessor import end_predecessor
from deploy.unprivileged import ServerFailed


class EmbeddedServer(ABC):
    """One server over the folder `directory`, created on the first start.

    Starting again on the same folder resumes the same data, also after a crash. Usable as a
    context manager. Not for several threads at once. Everything that fails raises `failure`.
    """

    title: ClassVar[str]
    """What people call it."""
    kind: ClassVar[str]
    """What its shared folder is called after, if it needs one."""
    failure: ClassVar[type[ServerFailed]]
    data_name: ClassVar[str]
    """The folder, in `folder`, of what the server stores."""
    pid_name: ClassVar[str]
    """The file, in the data, in which the server notes its process id."""
    endings: ClassVar[Sequence[tuple[signal.Signals, float]]]
    """How it is stopped: signals in turn, and how many seconds each is given."""
    transient: ClassVar[Sequence[str]]
    """What a start may fail on through no fault of its own, in the words of the server's log."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory.absolute()
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._fixed_port = 0
        self._log_start = 0

    @abstractmethod
    def _prepare(self, deadline: float) -> None:
        """Make `folder` fit to start in, and end a server that outlived its supervisor."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """What to run, listening on `self._port`."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether the server does its work already. Returns within two seconds."""

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
        """Process id of the running server, or None."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def log(self) -> Path:
        """The server's own log, in words for an operator; no client's data is logged."""
        return self._directory / "server.log"

    @property
    def folder(self) -> Path:
        """The folder that holds the data: our own, or one that the server's user can reach."""
        own, name = self._directory, self.data_name
        account = unprivileged.server_account(own / name)
        if account is None or (own / name).exists():
            return own
        shared = unprivileged.shared_folder(self.kind, str(own), create=False)
        # Data stays where it was made, whatever became of the folders above since.
        if (shared / name).exists() or not unprivileged.reachable(own, account):
            return shared
        return own

    @property
    def data(self) -> Path:
        """The folder of what the server stores."""
        return self.folder / self.data_name

    def start(self, *, within: float = 60.0) -> None:
        """Return once the server answers; create its data if there is none.

        `within` is in seconds. Raises `failure`, its message ending with the server's last
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
            for number, patience in self.endings:
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

        Raises `failure` if another Tandem runs on it.
        """
        self.stop()
        if not self._directory.exists():
            return
        self._take_lock()
        folder = self.folder
        self._end_predecessor(time.monotonic() + 30)
        for each in {folder, self._directory}:
            shutil.rmtree(each, ignore_errors=not each.exists())
        self.stop()

    def _start(self, deadline: float) -> None:
        if os.geteuid() == 0:
            # Traversable by the server's user, who lists and writes nothing but its own data.
            self._directory.chmod(0o711)
        self._prepare(deadline)
        while True:
            self._port = self._fixed_port or free_port()
            self._launch()
            last_words = self._await_ready(deadline)
            if last_words is None:
                self._fixed_port = self._port
                return
            retry = any(each in last_words for each in self.transient)
            if not retry or time.monotonic() > deadline:
                raise self.failure(f"{self.title} ended while starting. {self.log}:\n{last_words}")
            time.sleep(0.05)

    def _launch(self) -> None:
        account = unprivileged.server_account(self.data)
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._process = spawn(
            self._command(),
            account=account.ids if account else "-",
            log=self.log,
            folder=self.folder,
        )

    def _await_ready(self, deadline: float) -> str | None:
        """None once it answers; the log's last lines if the server ended first."""
        assert self._process is not None
        while True:
            if self._answers():
                return None
            # Waits for the next try and sees at once if the server ends.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                return tail(self.log, self._log_start)
            if time.monotonic() > deadline:
                words = tail(self.log, self._log_start)
                raise self.failure(f"{self.title} is not ready in time. {self.log}:\n{words}")

    def _end_predecessor(self, deadline: float) -> None:
        end_predecessor(self.data / self.pid_name, self.data, deadline)

    def _take_lock(self) -> None:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            lock = (self._directory / "lock").open("a+", encoding="utf-8")
        except PermissionError as error:
            raise self.failure(
                f"{self._directory} belongs to another user: run Tandem as that user, or choose "
                "another TANDEM_STATE_DIR"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise self.failure(
                f"Another Tandem (process {owner}) is running on {self._directory}: stop it first, "
                "or choose another TANDEM_STATE_DIR"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
