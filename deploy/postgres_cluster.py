"""The data directory of a PostgreSQL server: made whole or not at all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.child import environment
from deploy.postgres_binaries import PostgresFailed
from deploy.secret_files import write_private
from deploy.unprivileged import Account

SUPERUSER: Final = "postgres"


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
