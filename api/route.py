"""The one kind of route: declared at the door, closed without a token, strict about its body."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from api.caller import PRINCIPAL
from api.composition import tandem_of
from api.doors import declared
from api.invocation import Invocation


class Route(APIRoute):
    """An API route that verifies the token first, then reads the request, then does anything else.

    An endpoint that is not declared with `@door` is a TypeError at import.
    """

    def __init__(self, path: str, endpoint: Any, **more: Any) -> None:
        declaration = declared(endpoint)
        if declaration is None:
            raise TypeError(f"{path} does not say what it may release: add @door")
        super().__init__(path, endpoint, **more)
        self._public = declaration.public
        self._invoke = Invocation(endpoint, self.dependant, self.body_field is not None)
        # In the place of the framework's own way of calling an endpoint; see `invocation`.
        self.app = self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        if not self._public:
            authorization = request.headers.get("authorization")
            scope[PRINCIPAL] = await tandem_of(request).tokens.verify(authorization)
        response = await self._invoke(request)
        await response(scope, receive, send)


def router(tag: str) -> APIRouter:
    """A router for one subject. Its routes need a token and a declaration."""
    return APIRouter(tags=[tag], route_class=Route)
