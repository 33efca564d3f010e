"""The one kind of route: declared at the door, closed without a token, strict about its body."""

from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api.caller import PRINCIPAL
from api.composition import tandem_of
from api.doors import declared
from api.problems import Problem, invalid_field

DEEPEST_BODY = 32
"""No command nests deeper; a body that does is somebody's test of our stack."""


class StrictRequest(Request):
    """A request whose JSON is standard JSON: no NaN, no Infinity, no huge numbers, no depths."""

    async def json(self) -> Any:
        """The parsed body. Raises Problem 422 if it is not one well-formed JSON document."""
        body = await self.body()
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise malformed() from None
        _require_shallow(parsed)
        return parsed


def malformed() -> Problem:
    """The body is not JSON."""
    return invalid_field("", "is not JSON", "send one JSON document, in UTF-8, at most 32 deep")


def _require_shallow(parsed: Any) -> None:
    level = [parsed]
    for _ in range(DEEPEST_BODY):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return
    raise malformed()


def _within(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    return [inner for inner in value if isinstance(inner, dict | list)] if value else []


class Route(APIRoute):
    """An API route that verifies the token first, then the body, then anything else.

    An endpoint that is not declared with `@door` is a TypeError at import.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, behind the token and a strict reading of the body."""
        declaration = declared(self.endpoint)
        if declaration is None:
            raise TypeError(f"{self.path} does not say what it may release: add @door")
        inner = super().get_route_handler()
        public = declaration.public

        async def handle(request: Request) -> Response:
            if not public:
                tokens = tandem_of(request).tokens
                authorization = request.headers.get("authorization")
                request.scope[PRINCIPAL] = await tokens.verify(authorization)
            strict = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                await strict.body()
            return await inner(strict)

        return handle


def router(tag: str) -> APIRouter:
    """A router for one subject. Its routes need a token and a declaration."""
    return APIRouter(tags=[tag], route_class=Route)
