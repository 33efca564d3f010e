"""Tokens of the demo profile: an issuer of Tandem's own, with a key that never leaves its folder.

In production tokens come from the issuer that `TANDEM_OIDC_ISSUER` names, and this refuses to work.
"""

import json
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from deploy.secret_files import read_or_create
from deploy.settings import Settings
from domain.lanes import Discipline

ISSUER = "urn:tandem:demo-issuer"
ALGORITHM = "Ed25519"
LIFETIME = timedelta(hours=12)


class OnlyInDemo(Exception):
    """Tandem issues no tokens outside its demo profile: sign in with the issuer that is set up."""


class DemoIssuer:
    """Signs tokens for the people of the demo. Its key is made on first use, mode 0600."""

    def __init__(self, settings: Settings) -> None:
        if not settings.demo:
            raise OnlyInDemo(OnlyInDemo.__doc__)
        self._audience = settings.oidc_audience
        kept = read_or_create(settings.secrets_dir / "demo-issuer.jwk", _new_key)
        self._key = OKPKey.import_key(json.loads(kept))
        self._key.ensure_kid()

    def issue(self, person: UUID, acting_as: Discipline | None, now: datetime) -> str:
        """A token for `person`, good for `LIFETIME`. `now` is timezone-aware."""
        claims = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": str(person),
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "jti": str(uuid4()),
        }
        if acting_as is not None:
            claims["acting_as"] = acting_as.value
        header = {"alg": ALGORITHM, "kid": self._key.kid}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])

    def jwks(self) -> bytes:
        """The public half, as the JWKS document that verifiers read."""
        return json.dumps(KeySet([self._key]).as_dict(private=False)).encode()


def _new_key() -> str:
    return json.dumps(OKPKey.generate_key("Ed25519", auto_kid=True).as_dict(private=True))
