"""A line of the log opened as far as it is in clear, without the cost of making it a fact."""

from typing import Any, NamedTuple

import orjson

from domain.ledger.sealing import Unreadable, is_sealed
from domain.ledger.upcast import has_upcast, upcasted
from projections.listing import Line


class Clear(NamedTuple):
    """A line, its envelope, and its body (empty if that is sealed)."""

    line: Line
    header: dict[str, Any]
    body: dict[str, Any]


def clear(line: Line) -> Clear:
    """The layout is that of `domain.ledger.sealing`. Raises Unreadable."""
    state = line.state
    start = 3 + int.from_bytes(state[1:3])
    try:
        header = orjson.loads(state[3:start])
        body = {} if is_sealed(state) else orjson.loads(state[start:])
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"position {line.position}: {error!r}") from error
    if body and has_upcast(line.topic):
        _, body = upcasted(line.topic, body)
    return Clear(line, header, body)
