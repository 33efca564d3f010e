"""NATS's own kinds of key ("nkeys"): an account's signs JWTs, a curve's seals what is between two.

The text of a key is base32 of a prefix, the 32 bytes, and a CRC-16, as NATS's own programs write
and read it. https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey
from nacl.signing import SigningKey

ACCOUNT: Final = 0  # base32 "A"
CURVE: Final = 23 << 3  # base32 "X"
_SEED: Final = 18 << 3  # base32 "S"

_CURVE_MAGIC: Final = b"xkv1"


class NotSealedForUs(Exception):
    """What was sealed was sealed for, or by, somebody else."""


def new_seed(kind: int) -> str:
    """The text of a new private key of this kind."""
    header = bytes([_SEED | kind >> 5, (kind & 31) << 3])
    return _text(header + secrets.token_bytes(32))


def _text(body: bytes) -> str:
    crc = binascii.crc_hqx(body, 0).to_bytes(2, "little")
    return base64.b32encode(body + crc).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b32decode(text + "=" * (-len(text) % 8))


class AccountKey:
    """Signs as an account. `seed` as `new_seed` makes it."""

    def __init__(self, seed: str) -> None:
        self._key = SigningKey(_bytes(seed)[2:-2])
        self.public = _text(bytes([ACCOUNT]) + bytes(self._key.verify_key))

    def sign(self, claims: Mapping[str, Any], *, issued: int) -> str:
        """A JWT of these claims. `issued` is in seconds since 1970."""
        own = {"jti": str(uuid4()), "iat": issued, "iss": self.public}
        parts = ({"typ": "JWT", "alg": "ed25519-nkey"}, {**claims, **own})
        signed = b".".join(_base64(json.dumps(part).encode()) for part in parts)
        return (signed + b"." + _base64(self._key.sign(signed).signature)).decode()


def _base64(body: bytes) -> bytes:
    return base64.urlsafe_b64encode(body).rstrip(b"=")


class CurveKey:
    """Opens what was sealed for it, and seals for others. `seed` as `new_seed` makes it."""

    def __init__(self, seed: str) -> None:
        self._key = PrivateKey(_bytes(seed)[2:-2])
        self.public = _text(bytes([CURVE]) + bytes(self._key.public_key))

    def seal(self, body: bytes, receiver: str) -> bytes:
        """`body` for the holder of the public key `receiver` only."""
        return _CURVE_MAGIC + bytes(self._box(receiver).encrypt(body))

    def open(self, sealed: bytes, sender: str) -> bytes:
        """What the holder of the public key `sender` sealed for us. Raises NotSealedForUs."""
        if not sealed.startswith(_CURVE_MAGIC):
            raise NotSealedForUs
        try:
            return self._box(sender).decrypt(sealed[len(_CURVE_MAGIC) :])
        except (CryptoError, ValueError, binascii.Error):
            raise NotSealedForUs from None

    def _box(self, other: str) -> Box:
        return Box(self._key, PublicKey(_bytes(other)[1:-2]))
