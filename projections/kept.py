"""The exact bytes of something released: where they are kept, and the commitment to them.

A copy is compressed and sealed under the client's key; its address is (client, commitment). The
salt is inside what is sealed: after an erasure a commitment says nothing to anybody, us included.
"""

import hashlib
import os
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID

from domain.ledger.command import Kept
from domain.ledger.sealing import Sealing

SALT_BYTES = 16
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes about to be released: their salted commitment, and the stored form if it is new."""

    commitment: bytes
    kept: Kept | None


@dataclass(slots=True)
class Copies:
    """Makes copies. What this process is known to have kept of a client is not kept again."""

    sealing: Sealing
    _known: OrderedDict[tuple[UUID, bytes], bytes] = field(default_factory=OrderedDict)

    def copy(self, client: UUID, body: bytes) -> Copy:
        """The copy of `body`. Raises KeyDestroyed once the client is erased."""
        known = self._known.get((client, hashlib.sha256(body).digest()))
        if known is not None:
            return Copy(known, None)
        salt = os.urandom(SALT_BYTES)
        commitment = hashlib.sha256(salt + body).digest()
        packed = salt + zlib.compress(body, level=1)
        sealed = self.sealing.seal_bytes(client, commitment, packed)
        return Copy(commitment, Kept(client, commitment, sealed))

    def remember(self, client: UUID, body: bytes, copy: Copy) -> None:
        """Note that `copy` is durable."""
        self._known[client, hashlib.sha256(body).digest()] = copy.commitment
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """Kept bytes, and whether they are the ones that were committed to."""

    body: bytes
    matches: bool


def open_kept(sealing: Sealing, kept: Kept) -> Opened:
    """The bytes as they were released. Raises KeyDestroyed once the client is erased, Unreadable
    if they were altered or moved."""
    packed = sealing.open_bytes(kept.client, kept.digest, kept.sealed)
    salt, body = packed[:SALT_BYTES], zlib.decompress(packed[SALT_BYTES:])
    return Opened(body, hashlib.sha256(salt + body).digest() == kept.digest)
