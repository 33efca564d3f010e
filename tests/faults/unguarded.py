"""The API with a hole in its door, to see that the tests of the door would notice.

It looks at the record afresh before every disclosure, as a careful program does that checks first
and acts then; but what it appends is guarded by nothing.
"""

from dataclasses import replace

from starlette.types import ASGIApp

from api.app import create_app
from domain.ledger.command import Appended, Command
from domain.ledger.ledger import Ledger

FACTORY = "tests.faults.unguarded:unguarded_app"

_append = Ledger.append


async def _without_guards(ledger: Ledger, command: Command) -> Appended:
    return await _append(ledger, replace(command, guards=()))


def unguarded_app() -> ASGIApp:
    """What uvicorn serves."""
    setattr(Ledger, "known", Ledger.refresh)  # noqa: B010 - not the type's own idea of itself
    setattr(Ledger, "append", _without_guards)  # noqa: B010
    return create_app()
