"""Data keys: one for each subject, wrapped, in a store apart from the database and its backups.

Destroying a subject's key is what erases them. Hence: no path ever mints a second key, and no
process holds one unwrapped for longer than a lease of seconds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class KeyDestroyed(Exception):
    """The subject has no key any more, or never had one: what was sealed for them is gone."""


class KeyStoreDamaged(Exception):
    """What is stored for a subject is neither a key nor the trace of one: restore the key store."""


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped key. `id` is its own, random; `cipher` is AES-256-GCM under it."""

    subject: UUID
    id: UUID
    cipher: AESGCM = field(repr=False)


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
        # In order of expiry, since every lease is equally long.
        self._held: dict[UUID, tuple[float, DataKey]] = {}

    def held(self, subject: UUID) -> DataKey | None:
        """The key if it is on lease; never blocks."""
        lease = self._held.get(subject)
        if lease is None or lease[0] <= self._clock():
            return None
        return lease[1]

    def key(self, subject: UUID) -> DataKey:
        """The key; blocks on the store if it is not on lease. Raises KeyDestroyed."""
        return self.held(subject) or self._lease(subject, self.store.unwrap(subject))

    def create(self, subject: UUID) -> DataKey:
        """Mint the key of a subject of whom nothing has been sealed yet; see `KeyStore.create`."""
        return self._lease(subject, self.store.create(subject))

    def destroy(self, subject: UUID) -> None:
        """Destroy the subject's key for ever; other processes may use it until their lease ends."""
        self._held.pop(subject, None)
        self.store.destroy(subject)

    def forget(self, subject: UUID) -> None:
        """End the lease now."""
        self._held.pop(subject, None)

    def sweep(self) -> int:
        """Drop every key whose lease has ended; the number still held."""
        now = self._clock()
        while self._held:
            try:
                subject, (until, _) = next(iter(self._held.items()))
            except (StopIteration, RuntimeError):  # another thread is at it too
                break
            if until > now:
                break
            self._held.pop(subject, None)
        return len(self._held)

    def _lease(self, subject: UUID, key: DataKey) -> DataKey:
        self.sweep()
        self._held.pop(subject, None)
        self._held[subject] = (self._clock() + self._lease_seconds, key)
        return key
