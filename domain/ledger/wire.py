"""Commands as the arrays that `append_events` takes, in PostgreSQL's binary format, and its answer.

Written out here, since psycopg's list adapters cost more than the append itself: what each command
contributes is encoded once, on its caller's account, and a call only joins the pieces.
"""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from psycopg.pq.abc import PGresult

from domain.ledger.command import Appended, Command, Conflict, Guard, Kept

PARAMETERS: Final = (
    *("uuid", "bytea", "timestamptz", "int4", "int4"),
    *("int4", "uuid", "int8", "text", "bytea"),
    *("uuid", "int8", "text"),
    *("int4", "uuid", "bytea", "bytea"),
)
"""Element types of the parameters of `append_events`, in order."""

APPEND_EVENTS: Final = "SELECT * FROM ledger.append_events({})".format(
    ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(PARAMETERS, start=1))
)

_OIDS: Final = {"bytea": 17, "int8": 20, "int4": 23, "text": 25, "timestamptz": 1184, "uuid": 2950}
_HEADERS: Final = tuple(struct.pack(">iii", 1, 1, _OIDS[name]) for name in PARAMETERS)
_EMPTY: Final = tuple(struct.pack(">iii", 0, 0, _OIDS[name]) for name in PARAMETERS)
_NOTHING: Final = (b"", b"", b"")
_NULL: Final = b"\xff\xff\xff\xff"
_SIXTEEN: Final = b"\x00\x00\x00\x10"
_POSTGRES_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)

_length = struct.Struct(">i").pack
_int4 = struct.Struct(">ii").pack
_int8 = struct.Struct(">iq").pack
_read_int8 = struct.Struct(">q").unpack


class Encoded:
    """One command as its pieces of each array. `size` is in bytes, roughly.

    Raises ValueError for a command that no call could carry: to its caller, not to its neighbours.
    """

    __slots__ = ("events", "guards", "id", "kept", "not_after", "pieces", "request", "size")

    def __init__(self, command: Command) -> None:
        events, guards, kept = command.events, command.guards, command.kept
        if not events:
            raise ValueError("a command has at least one event")
        self.events, self.guards, self.kept = len(events), len(guards), len(kept)
        self.id = _uuid(command.id)
        self.request = _NULL if command.request is None else _bytea(command.request)
        self.not_after = _NULL if command.not_after is None else _timestamptz(command.not_after)
        self.pieces = (
            b"".join([_uuid(event.stream) for event in events]),
            b"".join([_optional_int8(event.version) for event in events]),
            b"".join([_text(event.topic) for event in events]),
            b"".join([_bytea(event.state) for event in events]),
            *(_guards(guards) if guards else _NOTHING),
            *(_kept(kept) if kept else _NOTHING),
        )
        self.size = sum(map(len, self.pieces))


def parameters(commands: Sequence[Encoded]) -> list[bytes | None]:
    """The parameters of one call of `append_events`."""
    events: list[int] = []
    guards: list[int] = []
    writing: list[int] = []
    keeping: list[int] = []
    last_event = last_guard = 0
    for index, command in enumerate(commands, start=1):
        events.append(last_event := last_event + command.events)
        guards.append(last_guard := last_guard + command.guards)
        writing += [index] * command.events
        keeping += [index] * command.kept
    pieces = [b"".join(column) for column in zip(*[c.pieces for c in commands], strict=True)]
    columns = [
        (len(commands), b"".join([command.id for command in commands])),
        (len(commands), b"".join([command.request for command in commands])),
        (len(commands), b"".join([command.not_after for command in commands])),
        (len(commands), _integers(events)),
        (len(commands), _integers(guards)),
        (last_event, _integers(writing)),
        *[(last_event, column) for column in pieces[:4]],
        *[(last_guard, column) for column in pieces[4:7]],
        (len(keeping), _integers(keeping)),
        *[(len(keeping), column) for column in pieces[7:]],
    ]
    return [_array(index, *column) for index, column in enumerate(columns)]


def answers(result: PGresult) -> list[Appended | Conflict]:
    """What `append_events` answered, in the order of the commands."""
    return [_answer(result, row) for row in range(result.ntuples)]


def _answer(result: PGresult, row: int) -> Appended | Conflict:
    verdict, first = result.get_value(row, 0), result.get_value(row, 1)
    last, moment = result.get_value(row, 2), result.get_value(row, 3)
    if verdict is None:
        raise ValueError("append_events gave no verdict")
    if first is None or last is None or moment is None:
        return Conflict(verdict.decode())
    return Appended(
        positions=tuple(range(_read_int8(first)[0], _read_int8(last)[0] + 1)),
        recorded_at=_POSTGRES_EPOCH + timedelta(microseconds=_read_int8(moment)[0]),
        replayed=verdict == b"replayed",
    )


def _uuid(value: UUID) -> bytes:
    return _SIXTEEN + value.bytes


def _bytea(value: bytes) -> bytes:
    return _length(len(value)) + value


def _text(value: str) -> bytes:
    return _bytea(value.encode())


def _optional_int8(value: int | None) -> bytes:
    return _NULL if value is None else _int8(8, value)


def _timestamptz(value: datetime) -> bytes:
    since = value - _POSTGRES_EPOCH
    return _int8(8, (since.days * 86400 + since.seconds) * 1_000_000 + since.microseconds)


def _guards(guards: tuple[Guard, ...]) -> tuple[bytes, bytes, bytes]:
    return (
        b"".join([_uuid(guard.stream) for guard in guards]),
        b"".join([_int8(8, guard.version) for guard in guards]),
        b"".join([_topics(guard.topics) for guard in guards]),
    )


def _kept(kept: tuple[Kept, ...]) -> tuple[bytes, bytes, bytes]:
    return (
        b"".join([_uuid(item.client) for item in kept]),
        b"".join([_bytea(item.digest) for item in kept]),
        b"".join([_bytea(item.sealed) for item in kept]),
    )


def _topics(topics: tuple[str, ...] | None) -> bytes:
    if topics is None:
        return _NULL
    if not topics or any("\n" in topic for topic in topics):
        raise ValueError("a guard names at least one topic, without line feeds; or None for all")
    return _text("\n".join(topics))


def _integers(values: Iterable[int]) -> bytes:
    return b"".join([_int4(4, value) for value in values])


def _array(index: int, count: int, elements: bytes) -> bytes:
    return _HEADERS[index] + _int4(count, 1) + elements if count else _EMPTY[index]
