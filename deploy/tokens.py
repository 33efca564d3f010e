"""Whose tokens are believed: a JWT (RFC 7519) signed by the issuer that the settings name."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError

from deploy.issuer import ISSUER, DemoIssuer
from deploy.settings import Settings
from deploy.token_keys import KeyDirectory, from_file, from_url
from domain.lanes import Discipline

ALGORITHMS = ("Ed25519", "EdDSA", "ES256", "ES384", "PS256", "RS256")
"""Asymmetric ones only. `none` and the HS family can never be turned on by a token's own header."""

LEEWAY_SECONDS = 30
LONGEST_TOKEN = 8 * 1024
TRUSTED_SECONDS = 300.0
"""A verified token is believed for so long before its signature and key are looked at again."""

MOST_REMEMBERED = 10_000


class NotBelieved(Exception):
    """It is no token of the issuer's, for us, at this time."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The person that a token speaks for. `acting_as` if the token says in which discipline."""

    person: UUID
    acting_as: Discipline | None
    expires: float


class Tokens:
    """Turns a token into a principal.

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

    async def believe(self, token: str) -> Principal:
        """The principal of a token. Raises NotBelieved, or KeysUnavailable while no key can be
        had."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise NotBelieved
        sent = token.encode("ascii")
        address = sha256(sent).digest()
        remembered = self._remembered.get(address)
        now = self._clock()
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        principal = await self._check(sent)
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
                raise NotBelieved
            kid = header.get("kid")
            key = await self._keys.find(kid if isinstance(kid, str) else None)
            if key is None:
                raise NotBelieved
            claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
            self._registry().validate(claims)
            return _principal(claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise NotBelieved from None

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._clock()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
        )


def _principal(claims: dict[str, Any]) -> Principal:
    """Raises ValueError unless `sub` is a person's id and `acting_as`, if given, a discipline."""
    acting_as = claims.get("acting_as")
    return Principal(
        person=UUID(claims["sub"]),
        acting_as=None if acting_as is None else Discipline(acting_as),
        expires=float(claims["exp"]),
    )


def demo_issuer(settings: Settings) -> DemoIssuer | None:
    """The issuer of our own, if these settings trust that one."""
    return DemoIssuer(settings) if settings.demo and settings.oidc_jwks is None else None


def trusted_tokens(settings: Settings) -> Tokens:
    """The tokens that these settings trust."""
    if (own := demo_issuer(settings)) is not None:
        published = own.jwks()

        async def read() -> bytes:
            return published

        return Tokens(KeyDirectory(read), ISSUER, settings.oidc_audience)
    jwks = settings.oidc_jwks or ""
    source = from_url(jwks) if "://" in jwks else from_file(Path(jwks))
    return Tokens(KeyDirectory(source), settings.oidc_issuer or "", settings.oidc_audience)
