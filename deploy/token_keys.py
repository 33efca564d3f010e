"""The public keys by which tokens are verified: a JWKS (RFC 7517) from a URL or from a file.

Kept between requests, fetched again when it has aged or when a token names a key that is not in
it, but never more often than once per `COOLDOWN_SECONDS`: a stranger's tokens must not make us
hammer the issuer. If the issuer cannot be reached, the keys that are known remain good.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

PublicKey = OKPKey | ECKey | RSAKey
Source = Callable[[], Awaitable[bytes]]

MAX_AGE_SECONDS = 600.0
COOLDOWN_SECONDS = 10.0
FETCH_TIMEOUT_SECONDS = 3.0
LARGEST_JWKS = 256 * 1024


class KeysUnavailable(Exception):
    """No key is known and none could be fetched: whether a token is good cannot be told now."""


class KeyDirectory:
    """Finds the public key that a token names."""

    def __init__(self, source: Source, clock: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._clock = clock
        self._keys: dict[str, PublicKey] = {}
        self._fetched: float | None = None
        self._tried: float | None = None
        self._fetching = asyncio.Lock()

    async def find(self, kid: str | None) -> PublicKey | None:
        """The key called `kid`, or the only one if the token names none. Raises KeysUnavailable."""
        found = self._pick(kid)
        if found is not None and not self._older_than(self._fetched, MAX_AGE_SECONDS):
            return found
        await self._refresh()
        if not self._keys:
            raise KeysUnavailable
        return self._pick(kid)

    def _pick(self, kid: str | None) -> PublicKey | None:
        if kid is not None:
            return self._keys.get(kid)
        return next(iter(self._keys.values())) if len(self._keys) == 1 else None

    def _older_than(self, instant: float | None, seconds: float) -> bool:
        return instant is None or self._clock() - instant > seconds

    async def _refresh(self) -> None:
        async with self._fetching:
            if not self._older_than(self._tried, COOLDOWN_SECONDS):
                return
            self._tried = self._clock()
            try:
                self._keys = read_jwks(await self._source())
            except (OSError, httpx.HTTPError, ValueError):
                return
            self._fetched = self._clock()


def read_jwks(document: bytes) -> dict[str, PublicKey]:
    """The usable public keys of a JWKS by key id. Raises ValueError if it is not one.

    Symmetric keys are passed over whatever they claim: with one, whoever can verify can also sign.
    """
    parsed = orjson.loads(document)
    if not isinstance(parsed, dict) or not isinstance(parsed.get("keys"), list):
        raise ValueError("not a JWKS")
    usable = [key for entry in parsed["keys"] if (key := _public_key(entry)) is not None]
    for key in usable:
        key.ensure_kid()
    return {key.kid: key for key in usable if key.kid}


def _public_key(entry: Any) -> PublicKey | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return key if isinstance(key, PublicKey) else None


def from_file(path: Path) -> Source:
    """Reads the JWKS from a file each time it is asked for."""

    async def read() -> bytes:
        return await asyncio.to_thread(path.read_bytes)

    return read


def from_url(url: str) -> Source:
    """Fetches the JWKS. Redirects are not followed: the issuer's address is a setting."""

    async def fetch() -> bytes:
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS) as client:
            answer = await client.get(url, headers={"Accept": "application/json"})
        answer.raise_for_status()
        if len(answer.content) > LARGEST_JWKS:
            raise ValueError("a JWKS of implausible size")
        return answer.content

    return fetch
