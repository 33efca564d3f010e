"""The exact bytes of something released: where they are kept, and the commitment to them.

A copy is compressed and sealed under the client's key; its address is (client, commitment). The
salt is derived from the client's key, so that the same bytes released again are kept once, and a
commitment says nothing to whoever has no key: not even, after an erasure, to us.
"""

import hashlib
import hmac
import zlib
from dataclasses import dataclass
from uuid import UUID

from domain.ledger.command import Kept
from domain.ledger.sealing import Sealer

SALT_BYTES = 16
DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes about to be released, and how they will be kept. `digest` is the salted commitment."""

    client: UUID
    digest: bytes
    salt: bytes
    body: bytes


def commit_to(sealer: Sealer, client: UUID, body: bytes) -> Copy:
    """The commitment to `body`: SHA-256 over salt and bytes. Raises KeyDestroyed once erased."""
    salt = sealer.derive(client, b"kept-salt", body)[:SALT_BYTES]
    return Copy(client, hashlib.sha256(salt + body).digest(), salt, body)


def keep(sealer: Sealer, copy: Copy) -> Kept:
    """The stored form of `copy`: salt and compressed bytes, sealed, bound to their address."""
    packed = copy.salt + zlib.compress(copy.body, level=1)
    return Kept(copy.client, copy.digest, sealer.seal_bytes(copy.client, copy.digest, packed))


def open_kept(sealer: Sealer, kept: Kept) -> bytes:
    """The exact bytes as they were released. Raises KeyDestroyed once the client is erased."""
    packed = sealer.open_bytes(kept.client, kept.digest, kept.sealed)
    return zlib.decompress(packed[SALT_BYTES:])


def matches(sealer: Sealer, kept: Kept) -> bool:
    """Whether the kept bytes are the ones that were committed to."""
    packed = sealer.open_bytes(kept.client, kept.digest, kept.sealed)
    salt, body = packed[:SALT_BYTES], zlib.decompress(packed[SALT_BYTES:])
    return hmac.compare_digest(hashlib.sha256(salt + body).digest(), kept.digest)
