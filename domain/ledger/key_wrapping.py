"""Key-encryption keys: one held by the process, or HashiCorp Vault's transit engine."""

import base64
import os
from typing import Final

import httpx
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.ledger.keys import KeyStoreDamaged

_NONCE_BYTES: Final = 12


class LocalWrapper:
    """Wraps under a key-encryption key of 32 bytes that the process was given."""

    def __init__(self, kek: bytes) -> None:
        if len(kek) != 32:
            raise ValueError("the key-encryption key must have 32 bytes")
        self._cipher = AESGCM(kek)

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """AES-256-GCM: nonce, then ciphertext and tag; `context` is associated data."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Raises KeyStoreDamaged for another wrapping key, another subject, or other bytes."""
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise KeyStoreDamaged("a data key does not open with this wrapping key") from error


class VaultTransitWrapper:
    """Wraps with a key that never leaves Vault (transit engine, `aes256-gcm96`).

    Needs `update` on `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`. Raises httpx.HTTPError
    if Vault cannot be reached or refuses.
    """

    def __init__(
        self, address: str, token: str, key: str, *, mount: str = "transit", timeout: float = 5.0
    ) -> None:
        self._key = key
        self._client = httpx.Client(
            base_url=f"{address.rstrip('/')}/v1/{mount}/",
            headers={"X-Vault-Token": token, "X-Vault-Request": "true"},
            timeout=timeout,
        )

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """What Vault answers: `vault:v1:…`, as bytes."""
        return self._ask("encrypt", "ciphertext", plaintext=_base64(key), context=context).encode()

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Raises KeyStoreDamaged if Vault says that these bytes do not decrypt (400)."""
        try:
            text = self._ask("decrypt", "plaintext", ciphertext=wrapped.decode(), context=context)
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.BAD_REQUEST:
                raise KeyStoreDamaged("Vault cannot decrypt a data key") from error
            raise
        return base64.b64decode(text)

    def close(self) -> None:
        """Close the connections to Vault."""
        self._client.close()

    def _ask(self, operation: str, wanted: str, *, context: bytes, **body: str) -> str:
        response = self._client.post(
            f"{operation}/{self._key}", json={**body, "associated_data": _base64(context)}
        )
        response.raise_for_status()
        return str(response.json()["data"][wanted])


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
