"""What the server asks when a stranger connects, and what we answer: sealed, signed, and exact.

https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_callout
"""

import base64
import json
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from deploy.nats_accounts import DOMAIN, READERS, NatsSecrets
from deploy.nats_streams import STREAM, acknowledging, inbox
from deploy.nkeys import NotSealedForUs

ASKED: Final = "$SYS.REQ.USER.AUTH"
SERVER_KEY_HEADER: Final = "Nats-Server-Xkey"

MOST_SUBSCRIPTIONS: Final = 32
LARGEST_REQUEST: Final = 16 * 1024


class NotAsked(Exception):
    """It is no question of a server's that was sealed for us."""


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who knocks. `token` is what they showed; `user`, `server` and `curve` are keys: the one that
    the server made for them, its own, and the one that it opens answers with."""

    user: str
    server: str
    curve: str
    token: str


def asked(body: bytes, curve: str, secrets: NatsSecrets) -> Stranger:
    """The question in a request to ASKED. Raises NotAsked."""
    try:
        _, claims, _ = secrets.curve.open(body, curve).split(b".")
        question = json.loads(base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)))["nats"]
        shown = question["connect_opts"]
        token = shown.get("auth_token") or shown.get("pass") or ""
        return Stranger(question["user_nkey"], question["server_id"]["id"], curve, str(token))
    except (NotSealedForUs, ValueError, KeyError, TypeError, AttributeError):
        raise NotAsked from None


def admits(
    stranger: Stranger, reader: UUID, until: float, now: float, secrets: NatsSecrets
) -> bytes:
    """The answer that lets a reader in until then, to what is theirs and nothing else.

    Instants are in seconds since 1970; the server disconnects at the later one.
    """
    user = {
        "sub": stranger.user,
        "aud": READERS,
        "name": str(reader),
        "exp": int(until),
        "nats": permissions(reader),
    }
    return _answer(stranger, {"jwt": secrets.issuer.sign(user, issued=int(now))}, now, secrets)


def refuses(stranger: Stranger, reason: str, now: float, secrets: NatsSecrets) -> bytes:
    """The answer that keeps a stranger out. `reason` goes to the server's log, not to them."""
    return _answer(stranger, {"error": reason}, now, secrets)


def permissions(reader: UUID) -> dict[str, Any]:
    """All that a reader may do: pull from their own consumer, say that they did, say so to us, and
    be answered. No consumer is made and no stream is asked about by anybody but us."""
    return {
        "type": "user",
        "version": 2,
        "pub": {
            "allow": [
                f"$JS.{DOMAIN}.API.CONSUMER.MSG.NEXT.{STREAM}.{reader}",
                f"$JS.{DOMAIN}.API.CONSUMER.INFO.{STREAM}.{reader}",
                f"$JS.ACK.{STREAM}.{reader}.>",
                acknowledging(reader),
            ]
        },
        "sub": {"allow": [f"{inbox(reader)}.>"]},
        "subs": MOST_SUBSCRIPTIONS,
        "payload": LARGEST_REQUEST,
        "data": -1,
    }


def _answer(stranger: Stranger, said: dict[str, str], now: float, secrets: NatsSecrets) -> bytes:
    nats = {**said, "type": "authorization_response", "version": 2}
    claims = {"sub": stranger.user, "aud": stranger.server, "nats": nats}
    signed = secrets.issuer.sign(claims, issued=int(now))
    return secrets.curve.seal(signed.encode(), stranger.curve)
