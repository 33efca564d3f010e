"""Finds the route of a request: by method and depth first, for there are many routes.

The framework asks every route in turn, which for the last of them costs as much as a command.
"""

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from api.problems import Problem, not_found
from api.route import Route


class Dispatch:
    """Calls the route that a request is for. Raises Problem 404, or 405 with what is allowed.

    `otherwise` gets what is no request (start and stop of the application).
    """

    def __init__(self, routes: Iterable[Route], otherwise: ASGIApp) -> None:
        self._otherwise = otherwise
        self._routes: dict[tuple[str, int], list[Route]] = {}
        for route in routes:
            for method in route.methods or ():
                self._routes.setdefault((method, route.path.count("/")), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the first route that fits."""
        if scope["type"] != "http":
            await self._otherwise(scope, receive, send)
            return
        path: str = scope["path"]
        depth = path.count("/")
        for route in self._routes.get((scope["method"], depth), ()):
            if found := route.path_regex.match(path):
                scope["route"], scope["path_params"] = route, found.groupdict()
                await route.app(scope, receive, send)
                return
        raise self._nothing(path, depth)

    def _nothing(self, path: str, depth: int) -> Problem:
        allowed = {
            method
            for (method, at), routes in self._routes.items()
            if at == depth and any(route.path_regex.match(path) for route in routes)
        }
        if not allowed:
            return not_found()
        allow = {"Allow": ", ".join(sorted(allowed))}
        return Problem(405, "method-not-allowed", "Not with this method.", headers=allow)
