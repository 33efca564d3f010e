"""Who is calling: a bearer token (RFC 6750), a JWT (RFC 7519) signed by the issuer we trust."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError

from api.keys import KeyDirectory, KeysUnavailable
from api.problems import unauthenticated, unavailable
from domain.lanes import Discipline

ALGORITHMS = ("Ed25519", "EdDSA", "ES256", "ES384", "PS256", "RS256")
"""Asymmetric ones only. `none` and the HS family can never be turned on by a token's own header."""

LEEWAY_SECONDS = 30
LONGEST_TOKEN = 8 * 1024
TRUSTED_SECONDS = 300.0
"""A verified token is believed for so long before its signature and key are looked at again."""

MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Principal:
    """The person that a token speaks for. `acting_as` if the token says in which discipline."""

    person: UUID
    acting_as: Discipline | None
    expires: float


class TokenVerifier:
    """Turns an Authorization header into a principal, or raises a 401 problem.

    A verified token is remembered under its SHA-256 for at most `TRUSTED_SECONDS`, never beyond
    its expiry: hot routes would otherwise spend more on signatures than on their work.
    """

    def __init__(
        self, keys: KeyDirectory, issuer: str, audience: str, clock: Callable[[], float] = time
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._audience = audience
        self._remembered: dict[bytes, tuple[float, Principal]] = {}

    async def verify(self, authorization: str | None) -> Principal:
        """The principal of a bearer token. Raises Problem 401, or 503 while no key can be had."""
        token = _bearer(authorization)
        address = sha256(token).digest()
        remembered = self._remembered.get(address)
        now = self._clock()
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        principal = await self._check(token)
        self._remember(address, principal, now)
        return principal

    def _remember(self, address: bytes, principal: Principal, now: float) -> None:
        while len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.pop(next(iter(self._remembered)))
        until = min(now + TRUSTED_SECONDS, principal.expires + LEEWAY_SECONDS)
        self._remembered[address] = (until, principal)

    async def _check(self, token: bytes) -> Principal:
        try:
            header = jws.extract_compact(token).headers()
            if header.get("alg") not in ALGORITHMS:
                raise unauthenticated("invalid_token")
            kid = header.get("kid")
            key = await self._keys.find(kid if isinstance(kid, str) else None)
            if key is None:
                raise unauthenticated("invalid_token")
            claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
            self._registry().validate(claims)
            return _principal(claims)
        except KeysUnavailable:
            raise unavailable(retry_after=5) from None
        except (JoseError, ValueError, TypeError, KeyError):
            raise unauthenticated("invalid_token") from None

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
        )


def _bearer(authorization: str | None) -> bytes:
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if not token:
        raise unauthenticated("")
    if scheme.lower() != "bearer" or len(token) > LONGEST_TOKEN or not token.isascii():
        raise unauthenticated("invalid_token")
    return token.encode("ascii")


def _principal(claims: dict[str, Any]) -> Principal:
    """Raises ValueError unless `sub` is a person's id and `acting_as`, if given, a discipline."""
    acting_as = claims.get("acting_as")
    return Principal(
        person=UUID(claims["sub"]),
        acting_as=None if acting_as is None else Discipline(acting_as),
        expires=float(claims["exp"]),
    )
