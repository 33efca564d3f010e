"""The stored form of a fact: who stands for it in clear, what it says under its subject's key.

    kind (1 byte) · length of the header (2) · header (JSON) · nonce (12) and ciphertext, or body

Associated data are the first three of these, the stream, the version and the topic: a sealed body
cannot be moved to another place, nor given another actor, purpose, effective time or key.
"""

import base64
import os
import struct
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from pydantic import ValidationError

from domain.entry import Authorship, Entry, Erased
from domain.fact import STORED, Fact, fact_type
from domain.lanes import Discipline, Purpose
from domain.ledger.command import NewEvent
from domain.ledger.keys import DataKey, KeyDestroyed, KeyRing
from domain.ledger.stored import Stored
from domain.ledger.upcast import has_upcast, upcasted

_CLEAR: Final = 1
_SEALED: Final = 2
_NONCE_BYTES: Final = 12
_PREFIX: Final = struct.Struct(">BH")
_VERSION: Final = struct.Struct(">q")


class Unreadable(Exception):
    """A stored event is not what was written: damaged, altered, moved, or of a topic that this
    version of the program does not know."""


class Sealing:
    """Makes events of facts, and entries of stored events, with the keys of `keys`.

    Blocks on the key store for a subject whose key is not on lease.
    """

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys

    def event(
        self,
        fact: Fact,
        by: Authorship,
        *,
        stream: UUID,
        version: int | None,
        subject: UUID,
        body: bytes | None = None,
    ) -> NewEvent:
        """The event that records `fact`. `subject` is whose key seals it: that of the stream it is
        in, so that nothing stored can point to another. A sealed fact needs its version. Raises
        KeyDestroyed if the subject has no key. `body`: what `as_read` gave with the fact, if it was
        asked.
        """
        if body is None:
            body = fact.model_dump_json(warnings="none").encode()
        if not fact.sealed:
            return NewEvent(stream, version, fact.type, _head(_CLEAR, by, None) + body)
        if version is None or subject != stream:
            raise ValueError("a sealed fact is bound to its version and its stream's own key")
        key = self.keys.key(subject)
        head = _head(_SEALED, by, key)
        nonce = os.urandom(_NONCE_BYTES)
        place = head + _place(stream, version, fact.type)
        state = head + nonce + key.cipher.encrypt(nonce, body, place)
        return NewEvent(stream, version, fact.type, state)

    def entry(self, stored: Stored) -> Entry:
        """The entry that `stored` records; its fact is `Erased` if the key has been destroyed.
        Raises Unreadable."""
        try:
            kind, length = _PREFIX.unpack_from(stored.state)
            start = _PREFIX.size + length
            header = orjson.loads(stored.state[_PREFIX.size : start])
            by = _authorship(header)
            if kind == _SEALED:
                fact = self._unsealed(stored, start, _uuid(header["key"]))
            elif kind == _CLEAR:
                fact = _fact(stored.topic, stored.state[start:], sealed=False)
            else:
                raise ValueError(f"kind {kind}")
        except (struct.error, ValueError, KeyError, InvalidTag) as error:
            raise Unreadable(f"position {stored.position}: {error!r}") from error
        return Entry(stored.stream, stored.version, fact, by, stored.recorded_at, stored.position)

    def seal_bytes(self, subject: UUID, bound_to: bytes, data: bytes) -> bytes:
        """`data` sealed under the subject's key, to be opened only with the same `bound_to`.
        Raises KeyDestroyed."""
        key = self.keys.key(subject)
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + key.cipher.encrypt(nonce, data, key.id.bytes + bound_to)

    def open_bytes(self, subject: UUID, bound_to: bytes, sealed: bytes) -> bytes:
        """What `seal_bytes` sealed. Raises KeyDestroyed, or Unreadable for anything else."""
        key = self.keys.key(subject)
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return key.cipher.decrypt(nonce, rest, key.id.bytes + bound_to)
        except (InvalidTag, ValueError) as error:
            raise Unreadable("sealed bytes are not what was sealed here") from error

    def derive(self, subject: UUID, label: bytes, data: bytes) -> bytes:
        """32 bytes that follow from the subject's key, `label` and `data`, and from nothing else:
        a salt or a blind index that nobody can recompute once the key is gone. Raises KeyDestroyed.
        """
        return self.keys.key(subject).derive(label, data)

    def seal_text(self, subject: UUID, bound_to: bytes, text: str) -> str:
        """Free text of a fact whose body is in clear, as base64. Raises KeyDestroyed."""
        return base64.b64encode(self.seal_bytes(subject, bound_to, text.encode())).decode()

    def open_text(self, subject: UUID, bound_to: bytes, sealed: str) -> str:
        """What `seal_text` sealed. Raises KeyDestroyed or Unreadable."""
        return self.open_bytes(subject, bound_to, base64.b64decode(sealed)).decode()

    def _unsealed(self, stored: Stored, start: int, key_id: UUID) -> Fact | Erased:
        try:
            key = self.keys.key(stored.stream)
        except KeyDestroyed:
            return Erased(stored.topic)
        if key.id != key_id:
            raise ValueError("sealed with a key that is not its stream's")
        state = stored.state
        place = state[:start] + _place(stored.stream, stored.version, stored.topic)
        body_at = start + _NONCE_BYTES
        body = key.cipher.decrypt(state[start:body_at], state[body_at:], place)
        return _fact(stored.topic, body, sealed=True)


def is_sealed(state: bytes) -> bool:
    """Whether the body of a stored state needs a key."""
    return state[:1] == bytes([_SEALED])


def as_read(fact: Fact) -> tuple[Fact, bytes]:
    """`fact` as it will be read back, and its body. Raises ValueError for one that could not be:
    whoever stores a fact passes it through here, so that nothing is stored that cannot be read."""
    body = fact.model_dump_json(warnings="none").encode()
    try:
        return type(fact).model_validate_json(body, context=STORED), body
    except ValidationError as error:
        raise ValueError(_misfit(fact.type, error)) from None


def _fact(topic: str, body: bytes, *, sealed: bool) -> Fact:
    if has_upcast(topic):
        topic, upgraded = upcasted(topic, orjson.loads(body))
        body = orjson.dumps(upgraded)
    try:
        kind = fact_type(topic)
    except KeyError:
        raise ValueError(f"no fact is called {topic!r} in this version") from None
    if kind.sealed and not sealed:
        # Anybody who can write to the database could have put it there.
        raise ValueError(f"{topic} is never stored in clear")
    try:
        return kind.model_validate_json(body, context=STORED)
    except ValidationError as error:
        raise ValueError(_misfit(topic, error)) from None


def _misfit(topic: str, error: ValidationError) -> str:
    # Names the fields only: pydantic's own message quotes what they say.
    fields = {".".join(map(str, one["loc"])) for one in error.errors(include_input=False)}
    return f"{topic} does not fit: {', '.join(sorted(fields))}"


def _head(kind: int, by: Authorship, key: DataKey | None) -> bytes:
    header: dict[str, object] = {
        "actor": by.actor,
        "acting_as": by.acting_as,
        "purpose": by.purpose,
        "effective": by.effective.isoformat(),
    }
    if by.on_behalf_of is not None:
        header["on_behalf_of"] = by.on_behalf_of
    if key is not None:
        header["key"] = key.id
    encoded = orjson.dumps(header)
    return _PREFIX.pack(kind, len(encoded)) + encoded


def _authorship(header: dict[str, str]) -> Authorship:
    behalf = header.get("on_behalf_of")
    return Authorship(
        actor=_uuid(header["actor"]),
        acting_as=Discipline(header["acting_as"]),
        purpose=Purpose(header["purpose"]),
        effective=datetime.fromisoformat(header["effective"]),
        on_behalf_of=None if behalf is None else _uuid(behalf),
    )


@lru_cache(maxsize=16384)
def _uuid(text: str) -> UUID:
    # Few people, many facts: parsing the same ids again is a third of what opening a fact costs.
    return UUID(text)


def _place(stream: UUID, version: int, topic: str) -> bytes:
    return stream.bytes + _VERSION.pack(version) + topic.encode()
