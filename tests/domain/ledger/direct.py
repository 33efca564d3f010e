"""Calls of `append_events` without the writer, and commands to call it with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg

from domain.ledger.command import Appended, Command, Conflict, Guard, Kept, NewEvent
from domain.ledger.wire import APPEND_EVENTS, PARAMETERS, Encoded, answers, parameters

Connection = psycopg.Connection[Any]


def event(
    stream: UUID, version: int | None, topic: str = "noted", state: bytes = b"{}"
) -> NewEvent:
    return NewEvent(stream, version, topic, state)


def command(
    *events: NewEvent,
    id: UUID | None = None,
    guards: Sequence[Guard] = (),
    not_after: datetime | None = None,
    request: bytes | None = None,
    kept: Sequence[Kept] = (),
) -> Command:
    return Command(id or uuid4(), events, tuple(guards), not_after, request, tuple(kept))


def call(connection: Connection, *commands: Command) -> list[Appended | Conflict]:
    """One call with these commands. Raises psycopg.Error if it is refused as a whole."""
    pgconn = connection.pgconn
    result = pgconn.exec_params(
        APPEND_EVENTS.encode(),
        parameters([Encoded(command) for command in commands]),
        param_formats=[1] * len(PARAMETERS),
        result_format=1,
    )
    if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
        raise psycopg.errors.lookup((result.error_field(67) or b"XX000").decode())(
            result.get_error_message()
        )
    return answers(result)


def verdicts(results: Sequence[Appended | Conflict]) -> list[str]:
    """'appended', 'replayed', or the conflict."""
    return [
        result.value if isinstance(result, Conflict) else ("appended", "replayed")[result.replayed]
        for result in results
    ]


def rows(connection: Connection) -> list[tuple[int, UUID, int, str]]:
    """Position, stream, version and topic of all that was logged, in order of position."""
    return connection.execute(
        "SELECT notification_id, originator_id, originator_version, topic FROM ledger.log"
        " ORDER BY notification_id"
    ).fetchall()
