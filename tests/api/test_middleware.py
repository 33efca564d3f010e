"""What stands around every route: the limit on bodies, HEAD, the access log and the last resort."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from api.access_log import AccessLog, ResponseBroken
from api.body import LARGEST_BODY, read_body
from api.head import HeadAsGet
from api.metrics import Metrics

pytestmark = pytest.mark.anyio

NAME = "Anna-Meier"


async def _show(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {len(await read_body(request))}")


async def _fail(request: Request) -> Response:
    raise RuntimeError(f"no record of {request.path_params['name']}")


async def _break(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        raise RuntimeError(NAME)

    return StreamingResponse(chunks())


Lines = list[str]


@pytest.fixture
def lines() -> Lines:
    return []


def served(metrics: Metrics | None = None, lines: Lines | None = None) -> httpx.AsyncClient:
    inner = Starlette(
        routes=[
            Route("/show/{name}", _show, methods=["GET", "POST"]),
            Route("/fail/{name}", _fail),
            Route("/break", _break),
        ],
        middleware=[
            Middleware(
                AccessLog,
                metrics=metrics or Metrics(),
                log=None if lines is None else lines.append,
            ),
            Middleware(HeadAsGet),
        ],
    )
    transport = httpx.ASGITransport(inner)
    return httpx.AsyncClient(transport=transport, base_url="http://tandem")


async def test_a_body_of_the_limit_passes_and_one_byte_more_does_not() -> None:
    async with served() as client:
        passed = await client.post("/show/x", content=b"a" * LARGEST_BODY)
        stopped = await client.post("/show/x", content=b"a" * (LARGEST_BODY + 1))
    assert passed.text == f"POST {LARGEST_BODY}"
    assert (stopped.status_code, stopped.json()["code"]) == (413, "too-large")


async def test_a_body_without_a_length_is_counted_as_it_comes() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"a" * 65536

    async with served() as client:
        stopped = await client.post("/show/x", content=endless())
    assert stopped.status_code == 413
    assert sent <= LARGEST_BODY + 2 * 65536


@pytest.mark.parametrize("length", ["-1", "x", "9" * 40])
async def test_a_length_that_is_none_is_refused(length: str) -> None:
    async with served() as client:
        answer = await client.post("/show/x", content=b"", headers={"Content-Length": length})
    assert answer.status_code == 413


async def test_head_is_get_without_a_body() -> None:
    async with served() as client:
        answer = await client.head("/show/x")
    assert answer.status_code == 200
    assert answer.content == b""
    assert answer.headers["content-length"] == str(len("GET 0"))


async def test_what_nobody_caught_is_a_500_that_says_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with served() as client:
        answer = await client.get(f"/fail/{NAME}")
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert NAME not in answer.text
    logged = capsys.readouterr().out
    assert NAME not in logged
    fault = json.loads(logged.splitlines()[0])
    assert fault["fault"] == "builtins.RuntimeError"
    assert "_fail" in fault["where"][-1]
    assert fault["request"] == answer.headers["tandem-request"]


async def test_an_answer_that_breaks_off_is_told_without_its_cause(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with served() as client:
        with pytest.raises(ResponseBroken) as caught:
            await client.get("/break")
    assert caught.value.__suppress_context__
    logged = capsys.readouterr().out
    assert "builtins.RuntimeError" in logged
    assert NAME not in logged


async def test_a_line_names_the_template_and_never_the_path(lines: Lines) -> None:
    async with served(lines=lines) as client:
        answer = await client.get(f"/show/{NAME}?name={NAME}", headers={"X-Name": NAME})
        await client.get(f"/{NAME}")
    found, unknown = (json.loads(line) for line in lines)
    assert (found["method"], found["route"], found["status"]) == ("GET", "/show/{name}", 200)
    assert found["request"] == answer.headers["tandem-request"]
    assert unknown["route"] == "unmatched"
    assert NAME not in "".join(lines)


async def test_nothing_is_kept_on_the_way() -> None:
    async with served() as client:
        answer = await client.get("/show/x")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_metrics_count_by_template() -> None:
    metrics = Metrics()
    async with served(metrics) as client:
        await client.get("/show/a")
        await client.get("/show/b")
        await client.request("WHATEVER", "/show/b")
    count = metrics.registry.get_sample_value
    labels = {"method": "GET", "route": "/show/{name}", "status": "200"}
    assert count("tandem_http_requests_total", labels) == 2
    other = {"method": "OTHER", "route": "/show/{name}", "status": "405"}
    assert count("tandem_http_requests_total", other) == 1
