"""The data directory of a PostgreSQL server: made whole, and free of an earlier server."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from deploy.child import environment
from deploy.postgres_binaries import PostgresFailed
from deploy.secret_files import write_private
from deploy.unprivileged import Account

SUPERUSER: Final = "postgres"
PROC: Final = Path("/proc")


def create_cluster(programs: Path, data: Path, account: Account | None, password: str) -> None:
    """Run initdb next to `data` and move the result there: it exists whole or not at all."""
    draft, pwfile = data.with_name("data.new"), data.with_name("pwfile")
    shutil.rmtree(draft, ignore_errors=True)
    pwfile.unlink(missing_ok=True)
    draft.mkdir(mode=0o700)
    locale = "C.UTF-8" if sys.platform == "linux" else "C"
    command = [str(programs / "initdb"), "-D", str(draft), "-U", SUPERUSER, f"--pwfile={pwfile}"]
    options = ["--auth=scram-sha-256", "--encoding=UTF8", f"--locale={locale}"]
    ids = (account.uid, account.gid) if account else (-1, -1)
    try:
        write_private(pwfile, password)
        os.chown(draft, *ids)
        os.chown(pwfile, *ids)
        answer = subprocess.run(
            [*command, *options],
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            cwd=draft.parent,
            env=environment(),
            capture_output=True,
            text=True,
        )
    finally:
        pwfile.unlink(missing_ok=True)
    if answer.returncode != 0:
        raise PostgresFailed(f"PostgreSQL's initdb failed:\n{answer.stdout}{answer.stderr}".strip())
    draft.rename(data)


def end_predecessor(data: Path, deadline: float) -> None:
    """End a server that outlived its supervisor: nobody else can own it, we hold the lock."""
    try:
        pid = int((data / "postmaster.pid").read_text("utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    # The number may since have gone to another program, which is none of our business.
    while str(data) in _command_line(pid):
        if time.monotonic() > deadline:
            raise PostgresFailed(f"An earlier PostgreSQL (process {pid}) on {data} does not end")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        time.sleep(0.05)


def _command_line(pid: int) -> str:
    if (PROC / "self").exists():
        try:
            return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    answer = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return answer.stdout
