"""The key store that needs nothing but a directory: one file for each subject.

A file says `TANDEMK1`, the key's id and the wrapped key; once destroyed it says `DESTROY1` and
nothing else, for ever. The file's name never becomes free again, and a file is only ever created
by linking a complete one to a name that is not taken: so no two processes mint two keys, and an
interrupted erasure never leaves a key that works.

Overwriting in place is what a program can do. Where a file system copies on write, or a flash disk
moves blocks, old bytes may survive below; they are wrapped, and useless without the wrapping key.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ledger.keys import DataKey, KeyDestroyed, KeyMissing, KeyStoreDamaged, KeyWrapper

_KEY: Final = b"TANDEMK1"
_TOMBSTONE: Final = b"DESTROY1"
_MARK: Final = len(_KEY)


class DirectoryKeyStore:
    """Keys as files of mode 0600 in `directory` (mode 0700, created if missing).

    Keep it out of the database's backups; back it up apart, and no longer than erasure allows.
    """

    def __init__(self, directory: Path, wrapper: KeyWrapper) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)
        self._directory = directory
        self._wrapper = wrapper

    def create(self, subject: UUID) -> DataKey:
        """Mint the subject's key, or give the one that another process minted first. Raises
        KeyDestroyed if there was one once."""
        if not self._path(subject).exists():
            key = AESGCM.generate_key(256)
            wrapped = self._wrapper.wrap(key, subject.bytes)
            self._link(subject, _KEY + uuid4().bytes + wrapped)
        # Also where another process won: it may not have got this far when we seal with its key.
        self._sync_directory()
        return self.unwrap(subject)

    def unwrap(self, subject: UUID) -> DataKey:
        """Raises KeyDestroyed (KeyMissing), or KeyStoreDamaged for a file that is neither."""
        try:
            content = self._path(subject).read_bytes()
        except FileNotFoundError:
            raise KeyMissing("there is no key") from None
        if content.startswith(_TOMBSTONE):
            raise KeyDestroyed("the key was destroyed")
        if not content.startswith(_KEY):
            raise KeyStoreDamaged("a key file is not readable")
        key_id = UUID(bytes=content[_MARK : _MARK + 16])
        key = self._wrapper.unwrap(content[_MARK + 16 :], subject.bytes)
        return DataKey.of(subject, key_id, key)

    def destroy(self, subject: UUID) -> None:
        """Overwrite the key and leave a tombstone; also where there was none, so that none ever
        comes. Returns once that is on the disk."""
        if not self._link(subject, _TOMBSTONE):
            with self._path(subject).open("r+b") as file:
                size = os.fstat(file.fileno()).st_size
                # The mark first: from here on, whatever happens, no reader takes it for a key.
                for offset, content in ((0, _TOMBSTONE), (_MARK, bytes(max(0, size - _MARK)))):
                    os.pwrite(file.fileno(), content, offset)
                    os.fsync(file.fileno())
                os.ftruncate(file.fileno(), _MARK)
                os.fsync(file.fileno())
        self._sync_directory()

    def _link(self, subject: UUID, content: bytes) -> bool:
        """Give the subject's name to a complete file, unless it is taken."""
        draft = self._directory / f".{uuid4().hex}.draft"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(draft, self._path(subject))
                return True
            return False
        finally:
            draft.unlink()

    def _path(self, subject: UUID) -> Path:
        return self._directory / f"{subject.hex}.key"

    def _sync_directory(self) -> None:
        handle = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
