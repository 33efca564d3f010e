"""Who is calling: the bearer token (RFC 6750) of a request."""

from api.problems import unauthenticated, unavailable
from deploy.token_keys import KeysUnavailable
from deploy.tokens import NotBelieved, Principal, Tokens

__all__ = ["Principal", "TokenVerifier"]


class TokenVerifier:
    """Turns an Authorization header into a principal, or raises a 401 problem."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def verify(self, authorization: str | None) -> Principal:
        """The principal of a bearer token. Raises Problem 401, or 503 while no key can be had."""
        try:
            return await self._tokens.believe(_bearer(authorization))
        except NotBelieved:
            raise unauthenticated("invalid_token") from None
        except KeysUnavailable:
            raise unavailable(retry_after=5) from None


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    token = token.strip()
    if not token:
        raise unauthenticated("")
    if scheme.lower() != "bearer":
        raise unauthenticated("invalid_token")
    return token
