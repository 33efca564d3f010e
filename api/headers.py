"""Headers that dependencies read by themselves, which is quicker, and what OpenAPI says of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi.dependencies.models import Dependant

Reading = TypeVar("Reading", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """One header of a request."""

    name: str
    description: str
    example: str
    required: bool = False

    def parameter(self) -> dict[str, Any]:
        """The header as an OpenAPI parameter."""
        return {
            "name": self.name,
            "in": "header",
            "required": self.required,
            "description": self.description,
            "schema": {"type": "string"},
            "example": self.example,
        }


def reads(*headers: RequestHeader) -> Callable[[Reading], Reading]:
    """Declare which headers a dependency reads."""

    def declare(dependency: Reading) -> Reading:
        dependency.__dict__["__headers__"] = headers
        return dependency

    return declare


def headers_of(dependant: Dependant) -> Iterator[RequestHeader]:
    """All headers that a route's dependencies read."""
    yield from getattr(dependant.call, "__headers__", ())
    for inner in dependant.dependencies:
        yield from headers_of(inner)
