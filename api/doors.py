"""The table of doors: what every route may release, and how it passes the one door out.

Each endpoint is declared with `@door(…)`; `docs/doors.md` is rendered from the declarations, and a
test refuses a route without one. `Route` refuses it earlier still: such a module does not import.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from starlette.routing import BaseRoute

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])


class Door(Enum):
    """How what a route answers passes the door; the value is what the table says of it."""

    NOTHING = "Nothing about a client or a practitioner: there is nothing to disclose."
    RECEIPT = "Ids, positions and times of the caller's own command, nothing of the record."
    POINTER = (
        "Pointers: opaque ids, numbers, times and codes. Each was sent by a `Notified` fact that "
        "policy permitted at that moment; what it points to is fetched, and disclosed then."
    )
    DISCLOSED = "One client's view: a `Disclosed` fact is durable before the first byte."
    LISTED = (
        "A list across clients: one `Disclosed` fact for each client in it; the shell around them "
        "holds no personal data."
    )
    AUDITED = (
        "Accountability: references and codes, recorded as an audit disclosure; content only with "
        "an open audit case."
    )
    LINKED = (
        "One client's view to whoever holds the link of a referral: a `Disclosed` fact as ever; "
        "the token of the link stands for who is asking."
    )
    DIRECTORY = (
        "Practitioners as whoever looks for one finds them: what they do and whether they can take "
        "a client. No client in it."
    )
    STAFF = "A practitioner's registration, to themselves or an administrator. No client in it."


@dataclass(frozen=True, slots=True)
class Declaration:
    """What one endpoint may release. `public`: to a caller without a token."""

    door: Door
    releases: str
    public: bool = False


def door(way: Door, releases: str, *, public: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Declare what the endpoint may release. Public is what passes as NOTHING or, since its path
    holds a token, as LINKED."""
    if public and way not in (Door.NOTHING, Door.LINKED):
        raise TypeError("only a route that releases nothing about anybody may be public")

    def declare(endpoint: Endpoint) -> Endpoint:
        endpoint.__dict__["__door__"] = Declaration(way, releases, public)
        return endpoint

    return declare


def declared(endpoint: Callable[..., object]) -> Declaration | None:
    """What the endpoint was declared to release, if it was."""
    found = getattr(endpoint, "__door__", None)
    return found if isinstance(found, Declaration) else None


def undeclared(routes: Iterable[BaseRoute]) -> list[str]:
    """Paths of routes that say nothing of what they release. Must be empty."""
    return [
        getattr(route, "path", repr(route))
        for route in routes
        if declared(getattr(route, "endpoint", _nowhere)) is None
    ]


def _nowhere() -> None:
    """Stands for the endpoint of a route that has none."""


_PREAMBLE = """# The table of doors

Generated from the routes by `python -m api.doors_page`; a test compares the two. Nothing about a
client leaves but through one of these, and each says how it passes `disclose`.

| way | what it means |
|---|---|
"""

_EVERYWHERE = """
## On every route

- **Refusals** (409) carry a code and what would have to change only if the reader may see the rule
  behind it, and then pass the door as the view *refusal*; otherwise one generic body. To a reader
  who may know nothing of the client the answer is the 404 of an unknown id, byte for byte.
- **Stale edits** (`changed-since-seen`, 409) are refusals: something changed, they do not say what.
- **Idempotent replays** are stored as positions only and rendered again through the door.
- **ETags** of views are commitments with a random salt: they say nothing of the bytes. Those of
  items add the item's version, which the view itself shows.
- **304** and **HEAD** are disclosed like the answer whose place they take.
- **Validation errors** (422) name paths and what would be right, never what was sent, and come
  before the record is consulted.
- **Unknown ids** take the way of forbidden ones: the same work, the same answer.
- **503** releases nothing: no append, no bytes.
- **Logs and metrics** name route templates, statuses and durations: no ids, no values.

## Routes

| method | path | may release | way |
|---|---|---|---|
"""


def table(routes: Iterable[BaseRoute]) -> str:
    """The page `docs/doors.md`: every way, what holds everywhere, and a line for each route."""
    ways = "".join(f"| {way.name.lower()} | {way.value} |\n" for way in Door)
    return _PREAMBLE + ways + _EVERYWHERE + "".join(sorted(_lines(routes)))


def _lines(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        found = declared(getattr(route, "endpoint", _nowhere))
        if found is None:
            continue
        methods = sorted(set(getattr(route, "methods", None) or ()) - {"HEAD"})
        path = getattr(route, "path", "")
        way = found.door.name.lower() + (", public" if found.public else "")
        yield f"| {' '.join(methods)} | `{path}` | {found.releases} | {way} |\n"
