"""The API with a hole in its door, to see that the tests of the door would notice.

It looks at the record afresh before every disclosure, as a careful program does that checks first
and acts then; but what it appends is guarded by nothing.
"""

from typing import Any

from starlette.types import ASGIApp

from api.app import create_app
from projections.disclosure import Door

FACTORY = "tests.faults.unguarded:unguarded_app"

_look = Door.look


async def _afresh(door: Door, *asked: Any, **_: Any) -> Any:
    return await _look(door, *asked, fresh=True)


def unguarded_app() -> ASGIApp:
    """What uvicorn serves."""
    setattr(Door, "look", _afresh)  # noqa: B010 - not the type's own idea of itself
    setattr(Door, "guards", lambda *_: ())  # noqa: B010
    return create_app()
