"""HEAD takes the way of GET, door and all, and sends no body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD = "tandem.head"
"""Set in the scope of a GET that was asked as HEAD: for what would never end by itself."""


class HeadAsGet:
    """Routes know GET only. Whoever asks HEAD is told the same headers, of the same disclosure."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET and drop the body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def bodiless(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        asked = {**scope, "method": "GET", HEAD: True}
        try:
            await self._app(asked, receive, bodiless)
        finally:
            scope["route"] = asked.get("route")
