"""The one way in: what `append_events` accepts, refuses and assigns."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from domain.ledger.command import Appended, Conflict, Guard, Kept
from tests.domain.ledger.direct import Connection, call, command, event, rows, verdicts

FUTURE = timedelta(hours=1)


def test_positions_are_dense_and_in_the_order_of_the_commands(service: Connection) -> None:
    a, b = uuid4(), uuid4()
    first, second = call(service, command(event(a, 1), event(a, 2)), command(event(b, 1)))
    (third,) = call(service, command(event(a, 3)))
    assert [r.positions for r in (first, second, third) if isinstance(r, Appended)] == [
        (1, 2),
        (3,),
        (4,),
    ]
    assert [(position, version) for position, _, version, _ in rows(service)] == [
        (1, 1),
        (2, 2),
        (3, 1),
        (4, 3),
    ]


def test_a_refused_command_leaves_no_trace_and_its_neighbours_unharmed(service: Connection) -> None:
    a, b = uuid4(), uuid4()
    results = call(
        service,
        command(event(a, 7), event(a, 8)),
        command(event(a, 1), not_after=datetime.now(UTC) - FUTURE),
        command(event(b, 1), event(b, 2)),
        command(event(b, 2)),
        command(event(a, 1)),
    )
    assert verdicts(results) == ["version", "expired", "appended", "version", "appended"]
    assert [row[1:3] for row in rows(service)] == [(b, 1), (b, 2), (a, 1)]
    known = service.execute("SELECT count(*) FROM ledger.commands").fetchone()
    assert known == (2,)


@pytest.mark.parametrize(
    ("versions", "verdict"),
    [
        ((0,), "appended"),
        ((1, 2), "appended"),
        ((0, 1), "appended"),
        ((2,), "version"),
        ((-1,), "version"),
        ((1, 3), "version"),
        ((1, 1), "version"),
        ((1, 0), "version"),
    ],
)
def test_a_stream_begins_at_0_or_1_and_goes_on_by_one(
    service: Connection, versions: tuple[int, ...], verdict: str
) -> None:
    stream = uuid4()
    results = call(service, command(*(event(stream, version) for version in versions)))
    assert verdicts(results) == [verdict]


def test_versions_of_several_streams_are_told_apart_within_one_command(service: Connection) -> None:
    a, b = uuid4(), uuid4()
    interleaved = command(event(a, 1), event(b, 1), event(a, 2), event(b, 2), event(a, 3))
    assert verdicts(call(service, interleaved)) == ["appended"]
    assert verdicts(call(service, command(event(b, 3), event(a, 3)))) == ["version"]


def test_an_event_without_a_version_goes_to_the_end_of_its_stream(service: Connection) -> None:
    access = uuid4()
    call(service, command(event(access, None)))
    call(
        service,
        command(event(access, None), event(uuid4(), 1), event(access, None)),
        command(event(access, 99)),
        command(event(access, None)),
        command(event(access, 5)),
    )
    assert [row[2] for row in rows(service) if row[1] == access] == [1, 2, 3, 4, 5]


def test_a_disclosure_after_a_withdrawal_in_the_same_call_loses(service: Connection) -> None:
    record, access = uuid4(), uuid4()
    call(service, command(event(record, 1, "consent.granted.v1")))
    seen = Guard(record, 1, ("consent.withdrawn.v1", "consent.granted.v1"))
    withdrawal = command(event(record, 2, "consent.withdrawn.v1"))
    disclosure = command(event(access, None, "access.disclosed.v1"), guards=[seen])
    assert verdicts(call(service, withdrawal, disclosure)) == ["appended", "guard"]
    assert verdicts(call(service, disclosure)) == ["guard"]


def test_a_disclosure_before_a_withdrawal_in_the_same_call_stands(service: Connection) -> None:
    record, access = uuid4(), uuid4()
    call(service, command(event(record, 1)))
    withdrawal = command(event(record, 2, "consent.withdrawn.v1"))
    disclosure = command(event(access, None), guards=[Guard(record, 1)])
    assert verdicts(call(service, disclosure, withdrawal)) == ["appended", "appended"]


def test_a_guard_with_topics_looks_at_these_only(service: Connection) -> None:
    record = uuid4()
    call(service, command(event(record, 1), event(record, 2, "session.noted.v1")))
    topics = ("consent.granted.v1", "consent.withdrawn.v1")
    later = command(event(record, 3, "session.noted.v1"))
    guarded = [
        command(event(uuid4(), None), guards=[Guard(record, 1, topics)]),
        command(event(uuid4(), None), guards=[Guard(record, 1, ("session.noted.v1",))]),
        command(event(uuid4(), None), guards=[Guard(record, 2)]),
        command(event(uuid4(), None), guards=[Guard(record, 3)]),
    ]
    assert verdicts(call(service, *guarded)) == ["appended", "guard", "appended", "appended"]
    again = [command(*c.events, guards=c.guards) for c in guarded]
    assert verdicts(call(service, later, *again)) == [
        "appended",
        "appended",
        "guard",
        "guard",
        "appended",
    ]


def test_a_guard_does_not_see_what_its_own_command_or_a_refused_one_writes(
    service: Connection,
) -> None:
    a, b = uuid4(), uuid4()
    call(service, command(event(a, 1)))
    results = call(
        service,
        command(event(a, 5)),
        command(event(b, 1), guards=[Guard(a, 1)]),
        command(event(a, 2), guards=[Guard(a, 1)]),
    )
    assert verdicts(results) == ["version", "appended", "appended"]


def test_a_guard_on_an_unknown_stream_holds_until_something_is_there(service: Connection) -> None:
    unknown = uuid4()
    guarded = command(event(uuid4(), 1), guards=[Guard(unknown, 0)])
    again = command(event(uuid4(), 1), guards=[Guard(unknown, 0)])
    results = call(service, guarded, command(event(unknown, 1)), again)
    assert verdicts(results) == ["appended", "appended", "guard"]


def test_a_repeated_command_finds_its_own_result(service: Connection) -> None:
    stream = uuid4()
    once = command(event(stream, 1), event(stream, 2))
    first, twin = call(service, once, once)
    (again,) = call(service, once)
    assert verdicts([first, twin, again]) == ["appended", "replayed", "replayed"]
    assert isinstance(first, Appended)
    for repeat in (twin, again):
        assert isinstance(repeat, Appended)
        assert (repeat.positions, repeat.recorded_at) == (first.positions, first.recorded_at)
    assert len(rows(service)) == 2


def test_a_command_that_was_refused_may_be_tried_again(service: Connection) -> None:
    stream, id = uuid4(), uuid4()
    late = command(event(stream, 2), id=id)
    results = call(service, late, command(event(stream, 1)), late, late)
    assert verdicts(results) == ["version", "appended", "appended", "replayed"]


def test_an_id_used_for_another_request_is_a_conflict(service: Connection) -> None:
    id = uuid4()
    one = command(event(uuid4(), 1), id=id, request=b"one")
    other = command(event(uuid4(), 1), id=id, request=b"other")
    none = command(event(uuid4(), 1), id=id)
    assert verdicts(call(service, one, other, none)) == ["appended", "key_reused", "key_reused"]
    results = call(service, other, one, none)
    assert verdicts(results) == ["key_reused", "replayed", "key_reused"]


def test_nothing_is_recorded_at_or_after_its_not_after(
    service: Connection, admin: Connection
) -> None:
    now = datetime.now(UTC)
    assert verdicts(
        call(
            service,
            command(event(uuid4(), 1), not_after=now - FUTURE),
            command(event(uuid4(), 1), not_after=now + FUTURE),
        )
    ) == ["expired", "appended"]
    _record_in_the_future(admin, now + 2 * FUTURE)
    # The clock has not come so far, but this is what the log would say.
    assert call(service, command(event(uuid4(), 1), not_after=now + FUTURE)) == [Conflict.EXPIRED]


def test_recorded_times_rise_with_every_command_even_if_the_clock_goes_back(
    service: Connection, admin: Connection
) -> None:
    call(service, command(event(uuid4(), 1)))
    ahead = datetime.now(UTC) + FUTURE
    _record_in_the_future(admin, ahead)
    call(service, command(event(uuid4(), 1), event(uuid4(), 1)), command(event(uuid4(), 1)))
    times = [
        time
        for (time,) in service.execute(
            "SELECT recorded_at FROM ledger.log ORDER BY notification_id"
        )
    ]
    assert times[1] == ahead
    assert times[2] == times[3] == ahead + timedelta(microseconds=1)
    assert times[4] == ahead + timedelta(microseconds=2)


def test_what_is_kept_goes_with_its_command_and_is_kept_once(service: Connection) -> None:
    client, stream = uuid4(), uuid4()
    kept = [Kept(client, b"digest", b"first")]
    results = call(
        service,
        command(event(stream, 9), kept=[Kept(client, b"other", b"never")]),
        command(event(stream, 1), kept=kept),
        command(event(stream, 2), kept=[Kept(client, b"digest", b"second"), *kept]),
    )
    assert verdicts(results) == ["version", "appended", "appended"]
    found = service.execute("SELECT client, digest, sealed FROM ledger.kept").fetchall()
    assert found == [(client, b"digest", b"first")]


def test_one_notification_a_call_names_the_last_position(
    service: Connection, admin: Connection
) -> None:
    admin.execute("LISTEN ledger_log")
    call(service, *(command(event(uuid4(), 1)) for _ in range(3)))
    call(service, command(event(uuid4(), 9)))
    call(service, command(event(uuid4(), 1)))
    heard = [notice.payload for notice in admin.notifies(timeout=5, stop_after=2)]
    assert heard == ["3", "4"]


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_an_older_snapshot_is_refused(service: Connection, isolation: str) -> None:
    service.execute(f"BEGIN ISOLATION LEVEL {isolation}".encode())
    with pytest.raises(psycopg.errors.InvalidTransactionState):
        call(service, command(event(uuid4(), 1)))


def test_an_append_that_would_not_be_durable_is_refused(service: Connection) -> None:
    service.execute("SET synchronous_commit = off")
    with pytest.raises(psycopg.errors.InvalidTransactionState):
        call(service, command(event(uuid4(), 1)))


def test_a_log_that_grew_from_empty_is_never_scanned(
    service: Connection, admin: Connection
) -> None:
    call(service, command(event(uuid4(), 1), kept=[Kept(uuid4(), b"d", b"s")]))
    # What autovacuum does, at the worst moment: now a scan of the whole table is what is cheapest.
    admin.execute("VACUUM ANALYZE ledger.log, ledger.commands, ledger.kept")
    before = _scanned(service)
    streams = [uuid4() for _ in range(400)]
    for index, stream in enumerate(streams):
        previous = streams[index - 1]
        call(
            service,
            command(
                event(stream, 1),
                event(stream, 2),
                guards=[Guard(previous, 2), Guard(previous, 0, ("never",))],
                kept=[Kept(stream, b"d", b"s")],
            ),
        )
    assert _scanned(service) == before


def _scanned(service: Connection) -> dict[str, int]:
    """Rows read by scanning whole tables so far."""
    service.execute("SELECT pg_stat_force_next_flush()")
    return dict(
        service.execute(
            "SELECT relname, seq_tup_read FROM pg_stat_user_tables"
            " WHERE schemaname = 'ledger' AND relname IN ('log', 'commands', 'kept')"
        ).fetchall()
    )


def _record_in_the_future(admin: Connection, time: datetime) -> None:
    admin.execute(
        "INSERT INTO ledger.log SELECT gen_random_uuid(), 1, 'x', '', max(notification_id) + 1, %s"
        " FROM ledger.log",
        (time,),
    )
