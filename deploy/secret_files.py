"""Secrets that Tandem makes for itself: each a file only its owner reads, made once."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def read_or_create(path: Path, generate: Callable[[], str] = secrets.token_urlsafe) -> str:
    """The secret kept at `path`, generated first if there is none.

    The file is mode 0600 in a folder of mode 0700. Of two processes that race to create it, both
    return the same secret: the file appears whole, under its name, or not at all.
    """
    with suppress(FileNotFoundError):
        return path.read_text("utf-8").strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_private(draft, generate() + "\n")
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text("utf-8").strip()


def write_private(path: Path, text: str) -> None:
    """Write a new file of mode 0600, whatever the umask, and make it durable.

    Raises FileExistsError if there is one already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
