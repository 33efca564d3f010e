"""The API, able to be stopped in its tracks: as a factory for uvicorn, for tests only.

A request with the header `Test-Stop` is stopped at the stage that it names, which the file
`stopped` in the state folder then says, until the file `go-on` is there:

- `before`: before the application has seen it;
- `answered`: after the application has done everything and before the first byte is sent;
- `half`: when half of the body has been sent, until `go-on` is there or the client has gone.
"""

import asyncio
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.app import create_app
from deploy.settings import load_settings
from tests.faults.waiting import eventually

FACTORY = "tests.faults.stages:stoppable_app"
STOPPED = "stopped"
GO_ON = "go-on"


class Stoppable:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, stopping where it asks to be."""
        stage = dict(scope.get("headers", ())).get(b"test-stop", b"").decode()
        if stage == "before":
            await self._stop(stage)

        async def stopping(message: Message) -> None:
            kind = message["type"]
            if stage == "answered" and kind == "http.response.start":
                await self._stop(stage)
            if stage == "half" and kind == "http.response.body" and message["body"]:
                body, middle = message["body"], len(message["body"]) // 2
                await send({**message, "body": body[:middle], "more_body": True})
                await self._stop(stage, receive)
                message = {**message, "body": body[middle:]}
            await send(message)

        await self._app(scope, receive, stopping)

    async def _stop(self, stage: str, receive: Receive | None = None) -> None:
        gone = asyncio.ensure_future(_gone(receive)) if receive else None
        stopped, go_on = self._folder / STOPPED, self._folder / GO_ON
        stopped.write_text(stage)
        await eventually(lambda: go_on.exists() or (gone is not None and gone.done()), 60)
        if gone is not None:
            gone.cancel()
        stopped.unlink()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def stoppable_app() -> ASGIApp:
    """What uvicorn serves."""
    return Stoppable(create_app(), load_settings().state_dir)
