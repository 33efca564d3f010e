"""One command for one intention, however often it is sent.

The id of a command is made from who sends it, where, and the Idempotency-Key; the log keeps it
with a digest of the request. The same key again finds the first result; for another request it is
refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID, uuid4, uuid5

from fastapi import Request

from api.body import read_body
from api.caller import Caller
from api.parameters import Parameter
from api.problems import Problem, invalid_field

LONGEST_KEY = 64
NAMESPACE = UUID("9d3b6a52-6a0e-5f5c-8f39-0f6c2a4be1d7")
"""Of command ids made from keys. Never change it: keys already used would be free again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, once: the command's id and, with a key, the request's digest."""

    command: UUID
    request: bytes | None

    def new_id(self, kind: str) -> UUID:
        """The id of an item that this command makes: the same again when it is replayed."""
        return uuid5(self.command, kind)


KEY = Parameter(
    "Idempotency-Key",
    "Recommended: 1 to 64 printable characters, new for each intention. The same request with the "
    "same key is recorded once; its answer says `Idempotency-Replayed: true`.",
    "7d9f3c1e-5a41-4a8e-9a53-3f0b8a1c2d4e",
)


async def identify(request: Request, caller: Caller) -> Asked:
    """The identity of the command in this request."""
    key = request.headers.get(KEY.name)
    if key is None:
        return Asked(uuid4(), None)
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        mend = f"1 to {LONGEST_KEY} printable ASCII characters"
        raise invalid_field("Idempotency-Key", "is not a key", mend)
    place = f"{request.method} {request.url.path}"
    digest = sha256("\n".join((place, *_meant(request, caller))).encode() + b"\n")
    digest.update(await read_body(request))
    return Asked(uuid5(NAMESPACE, f"{caller.person}\n{place}\n{key}"), digest.digest())


def _meant(request: Request, caller: Caller) -> Iterator[str]:
    """What a request means beside its body: all that changes what would be recorded."""
    yield request.url.query
    yield caller.reader.acting_as
    yield caller.reader.purpose
    for name in ("if-match", "tandem-effective"):
        yield request.headers.get(name, "")


def key_reused() -> Problem:
    """The key was used before, for something else."""
    return Problem(
        422,
        "idempotency-key-reused",
        "This Idempotency-Key was used for another request. Use a new one. Nothing was recorded.",
    )
