"""Servers that Tandem runs as its children, on ports of this machine only."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
TETHER: Final = Path(__file__).with_name("tether.py")


def spawn(
    command: Sequence[str],
    *,
    account: str = "-",
    log: Path,
    folder: Path,
    variables: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start `command` in `folder`, its output appended to `log`; it ends when we do.

    `account` is "UID:GID" to run as, or "-" for ourselves. `variables` are added to what it gets
    of our environment. The child has a session of its own, so that Ctrl-C in a terminal reaches
    only us.

    The kernel tells a child when the *thread* that started it ends. A thread that lives as long
    as the child starts it, so that this may be called from a passing thread.
    """
    tether = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), account]
    started: list[subprocess.Popen[bytes]] = []
    failed: list[OSError] = []
    decided = threading.Event()

    def keep() -> None:
        try:
            with open(log, "ab", opener=_private) as output:
                child = subprocess.Popen(
                    [*tether, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    cwd=folder,
                    env=environment() | dict(variables or {}),
                )
            started.append(child)
        except OSError as error:
            failed.append(error)
        finally:
            decided.set()
        for child in started:
            child.wait()

    threading.Thread(target=keep, name=f"keeper of {command[0]}", daemon=True).start()
    decided.wait()
    for error in failed:
        raise error
    return started[0]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def environment() -> dict[str, str]:
    """Our environment without what a server must not see or heed."""
    # Our secrets are none of its business, nor PGPORT and its like meant for it.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "TANDEM_"))}
    return kept | {"LC_ALL": "C"}


def free_port() -> int:
    """A loopback port that was free a moment ago; somebody may take it before its use."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def tail(log: Path, start: int = 0, lines: int = 12) -> str:
    """The last lines of what was logged after byte `start`."""
    with log.open("rb") as file:
        file.seek(start)
        return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
