"""Data keys: one for each subject, wrapped, in a store apart from the database and its backups.

Destroying a subject's key is what erases them. Hence: no path ever mints a second key, and no
process holds one unwrapped for longer than a lease of seconds.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, Self
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class KeyDestroyed(Exception):
    """The subject has no key any more, or never had one: what was sealed for them is gone."""


class KeyMissing(KeyDestroyed):
    """There is no trace of a key. Perhaps there will be one: nothing may have been sealed yet."""


class KeyStoreDamaged(Exception):
    """What is stored for a subject is neither a key nor the trace of one: restore the key store."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped key. `id` is its own, random; `cipher` is AES-256-GCM under it."""

    subject: UUID
    id: UUID
    cipher: AESGCM = field(repr=False)
    _derivation: bytes = field(repr=False)

    @classmethod
    def of(cls, subject: UUID, id: UUID, key: bytes) -> Self:
        """From the key itself: 32 bytes."""
        # A key of its own for deriving, so that nothing derived says anything of the cipher's.
        return cls(subject, id, AESGCM(key), hmac.digest(key, b"tandem: derivation", "sha256"))

    def derive(self, label: bytes, data: bytes) -> bytes:
        """32 bytes that only this key gives for this label and data."""
        return hmac.digest(self._derivation, len(label).to_bytes(2) + label + data, "sha256")


class KeyWrapper(Protocol):
    """Encrypts data keys under a key-encryption key that the key store never sees.

    `context` is bound to the result: what was wrapped under one does not unwrap under another.
    May block on a network; may raise its own errors when it cannot be reached.
    """

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Encrypt `key`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Decrypt what `wrap` gave. Raises KeyStoreDamaged if it is not that."""
        ...


class KeyStore(Protocol):
    """Where wrapped keys live. May block on a disk or a network."""

    def create(self, subject: UUID) -> DataKey:
        """Mint the subject's key; if there is one already, that one. Raises KeyDestroyed if there
        was one once. Call it only for a subject of whom nothing has been sealed."""
        ...

    def unwrap(self, subject: UUID) -> DataKey:
        """The subject's key. Raises KeyDestroyed if it was destroyed or is missing."""
        ...

    def destroy(self, subject: UUID) -> None:
        """Destroy the subject's key for ever, and keep the trace that it was. Idempotent."""
        ...


class KeyRing:
    """Unwrapped keys, held on a lease of `lease_seconds` from unwrapping, whether used or not.

    So a key that was destroyed, by whatever process, stops working here within that time.
    `clock` is monotonic, in seconds. Call `sweep` now and then: an expired key is dropped from
    memory by the next use of the ring or sweep, whichever comes first.
    """

    def __init__(
        self,
        store: KeyStore,
        lease_seconds: float = 5.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self._lease_seconds = lease_seconds
        self._clock = clock
        # In order of expiry, since every lease is equally long. None: known to be destroyed, so
        # that an erased record is not looked up in the store for each of its facts.
        self._held: dict[int, tuple[float, DataKey | None]] = {}

    def leased(self, subject: UUID) -> bool:
        """Whether `key` answers at once, without the store."""
        lease = self._held.get(subject.int)
        return lease is not None and lease[0] > self._clock()

    def key(self, subject: UUID) -> DataKey:
        """The key; blocks on the store if it is not on lease. Raises KeyDestroyed."""
        lease = self._held.get(subject.int)
        if lease is None or lease[0] <= self._clock():
            try:
                return self._lease(subject, self.store.unwrap(subject))
            except KeyMissing:
                raise
            except KeyDestroyed:
                self._remember(subject, None)
                raise
        if lease[1] is None:
            raise KeyDestroyed("the key was destroyed")
        return lease[1]

    def create(self, subject: UUID) -> DataKey:
        """Mint the key of a subject of whom nothing has been sealed yet; see `KeyStore.create`."""
        return self._lease(subject, self.store.create(subject))

    def destroy(self, subject: UUID) -> None:
        """Destroy the subject's key for ever; other processes may use it until their lease ends."""
        self._held.pop(subject.int, None)
        self.store.destroy(subject)
        self._remember(subject, None)

    def forget(self, subject: UUID) -> None:
        """End the lease now."""
        self._held.pop(subject.int, None)

    def sweep(self) -> int:
        """Drop every key whose lease has ended; the number still held."""
        now = self._clock()
        while self._held:
            try:
                oldest, (until, _) = next(iter(self._held.items()))
            except (StopIteration, RuntimeError):  # another thread is at it too
                break
            if until > now:
                break
            self._held.pop(oldest, None)
        return len(self._held)

    def _lease(self, subject: UUID, key: DataKey) -> DataKey:
        self._remember(subject, key)
        return key

    def _remember(self, subject: UUID, key: DataKey | None) -> None:
        self.sweep()
        self._held.pop(subject.int, None)
        self._held[subject.int] = (self._clock() + self._lease_seconds, key)
