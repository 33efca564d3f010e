"""No more of a body is read than a command can need: 413 before anything is parsed."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import Problem

LARGEST_BODY = 256 * 1024


def too_large() -> Problem:
    """The body is larger than any command can be."""
    return Problem(
        413,
        "too-large",
        f"A body holds at most {LARGEST_BODY // 1024} KiB. Nothing was recorded.",
        headers={"Connection": "close"},
    )


class BodyLimit:
    """Refuses by the announced length at once, and counts what arrives without one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a `receive` that stops at the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or len(announced) > 12 or int(announced) > LARGEST_BODY:
            await too_large().response()(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > LARGEST_BODY:
                raise too_large()
            return message

        await self._app(scope, counted, send)
