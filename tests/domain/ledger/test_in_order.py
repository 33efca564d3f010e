"""A call means the same as its commands one by one: whatever they are."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.ledger.command import Command, Guard, NewEvent
from tests.domain.ledger.direct import Connection, call, rows, verdicts

_topics = st.sampled_from(["plain", "policy"])
_streams = st.integers(0, 2)


@dataclass(frozen=True)
class Sketch:
    """A command before its streams have ids: streams and ids are small numbers."""

    id: int
    request: bytes | None
    events: tuple[tuple[int, int | None, str], ...]
    guards: tuple[tuple[int, int, tuple[str, ...] | None], ...]


sketches = st.builds(
    Sketch,
    id=st.integers(0, 9),
    request=st.sampled_from([None, b"a"]),
    events=st.lists(
        st.tuples(_streams, st.one_of(st.none(), st.integers(0, 4)), _topics),
        min_size=1,
        max_size=3,
    ).map(tuple),
    guards=st.lists(
        st.tuples(_streams, st.integers(0, 3), st.sampled_from([None, ("policy",), ("other",)])),
        max_size=2,
    ).map(tuple),
)


def commands(plan: list[Sketch]) -> tuple[list[Command], dict[UUID, int]]:
    streams = [uuid4() for _ in range(3)]
    ids = [uuid4() for _ in range(10)]
    return [
        Command(
            ids[sketch.id],
            tuple(NewEvent(streams[s], version, topic, b"") for s, version, topic in sketch.events),
            tuple(Guard(streams[s], version, topics) for s, version, topics in sketch.guards),
            request=sketch.request,
        )
        for sketch in plan
    ], {stream: number for number, stream in enumerate(streams)}


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(sketches, min_size=2, max_size=8))
def test_a_call_means_the_same_as_its_commands_in_order(
    service: Connection, plan: list[Sketch]
) -> None:
    together, names = commands(plan)
    one_by_one, other_names = commands(plan)
    names |= other_names

    before = len(rows(service))
    in_one_call = verdicts(call(service, *together))
    between = len(rows(service))
    alone = [verdict for one in one_by_one for verdict in verdicts(call(service, one))]

    assert in_one_call == alone
    logged = [
        (names[stream], version, topic) for _, stream, version, topic in rows(service)[before:]
    ]
    assert logged[: between - before] == logged[between - before :]
