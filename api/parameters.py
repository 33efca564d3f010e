"""Parameters that dependencies read by themselves, and what OpenAPI says of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from fastapi.dependencies.models import Dependant

Reading = TypeVar("Reading", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One header, or one parameter of the query, of a request."""

    name: str
    description: str
    example: str
    required: bool = False
    place: Literal["header", "query"] = "header"

    def parameter(self) -> dict[str, Any]:
        """The same as OpenAPI says it."""
        return {
            "name": self.name,
            "in": self.place,
            "required": self.required,
            "description": self.description,
            "schema": {"type": "string"},
            "example": self.example,
        }


def reads(*parameters: Parameter) -> Callable[[Reading], Reading]:
    """Declare which parameters a dependency reads."""

    def declare(dependency: Reading) -> Reading:
        dependency.__dict__["__reads__"] = parameters
        return dependency

    return declare


def parameters_of(dependant: Dependant) -> Iterator[Parameter]:
    """All that a route's dependencies read."""
    yield from getattr(dependant.call, "__reads__", ())
    for inner in dependant.dependencies:
        yield from parameters_of(inner)
