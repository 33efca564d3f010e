"""As whom a server of our own runs when Tandem itself is root, and what that user can reach."""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

SHARED = Path("/var/tmp")
"""Where root puts what its unprivileged server could not reach below a private folder."""


class ServerFailed(Exception):
    """A server of our own cannot be run; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user that a server runs as when Tandem itself is root."""

    name: str
    uid: int
    gid: int

    @property
    def ids(self) -> str:
        """As `deploy.child.spawn` is told."""
        return f"{self.uid}:{self.gid}"


def server_account(data: Path) -> Account | None:
    """The user to run a server as: None (ourselves) unless we are root.

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
    raise ServerFailed(
        "No server of Tandem's own runs as root, and this machine has neither a user 'postgres' "
        "nor 'nobody'. Run Tandem as an ordinary user."
    )


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

    The name depends on `kind` and `key` only. Raises ServerFailed if someone else made it
    first, since that person could then swap what root runs.
    """
    folder = SHARED / f"tandem-{kind}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if not create:
        return folder
    folder.mkdir(mode=0o711, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ServerFailed(f"{folder} is not ours: remove it, or choose another TANDEM_STATE_DIR")
    folder.chmod(0o711)
    return folder
