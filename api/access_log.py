"""One line of JSON for each request, and the last resort for what nobody caught.

A line names the route's template, never the path: paths hold ids. An exception is logged by its
type and by where it was raised, never by its message: messages quote values.
"""

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_hex
from time import perf_counter

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem_for
from api.metrics import Metrics
from api.problems import unexpected

REQUEST_ID = b"tandem-request"
UNMATCHED = "unmatched"
KNOWN_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})

Write = Callable[[str], None]

SAFE_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""On every answer: what is disclosed is for its reader, not for caches on the way."""


class ResponseBroken(Exception):
    """An answer broke off after its first byte. What went wrong is in the fault log."""


class AccessLog:
    """Outermost: times, counts and logs every request, and answers what is raised with a problem.

    `log` is given each line, `None` if requests are not to be logged.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, log: Write | None) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under a fresh request id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = perf_counter()
        request_id = token_hex(8)
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                mark = (REQUEST_ID, request_id.encode())
                message["headers"] = [*message["headers"], mark, *SAFE_HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as fault:
            problem = problem_for(fault)
            if problem is None or status:
                log_fault(fault, request_id)
            if status:
                raise ResponseBroken from None
            await (problem or unexpected()).response()(scope, receive, noted)
        finally:
            self._note(scope, status, perf_counter() - began, request_id)

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", UNMATCHED)
        method = scope["method"] if scope["method"] in KNOWN_METHODS else "OTHER"
        self._metrics.answered(method, route, status, seconds)
        if self._log is not None:
            # Written by hand: every part is a word of ours, and this is done for every request.
            self._log(
                f'{{"at":"{datetime.now(UTC).isoformat()}","method":"{method}","route":"{route}",'
                f'"status":{status},"ms":{seconds * 1000:.2f},"request":"{request_id}"}}\n'
            )


def to_standard_output(line: str) -> None:
    """Write a line as it is, at once."""
    sys.stdout.write(line)
    sys.stdout.flush()


def log_fault(fault: BaseException, request_id: str) -> None:
    """Say what was raised and where. Not the message, not the locals, not the chain's messages."""
    frames = traceback.extract_tb(fault.__traceback__)
    line = {
        "at": datetime.now(UTC),
        "fault": f"{type(fault).__module__}.{type(fault).__qualname__}",
        "where": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
        "request": request_id,
    }
    to_standard_output(orjson.dumps(line, option=orjson.OPT_UTC_Z).decode() + "\n")


def silence_others() -> None:
    """Silence what would log paths: the server's own access log, and clients that we use."""
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).disabled = True
