"""Servers that outlived the supervisor that started them: ended before another is started."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from deploy.unprivileged import ServerFailed

PROC: Final = Path("/proc")


def end_predecessor(pid_file: Path, data: Path, deadline: float) -> None:
    """End the server on `data`, if one runs: nobody else can own it, we hold the lock.

    Raises ServerFailed if it has not ended by `deadline`, an instant of the monotonic clock.
    """
    try:
        pid = int(pid_file.read_text("utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    # The number may since have gone to another program, which is none of our business.
    while str(data) in command_line(pid):
        if time.monotonic() > deadline:
            raise ServerFailed(f"An earlier server (process {pid}) on {data} does not end")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.05)


def command_line(pid: int) -> str:
    """How a process was started; empty if there is none of this number."""
    if (PROC / "self").exists():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    answer = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return answer.stdout
