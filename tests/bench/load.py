"""A load generator that costs little: keep-alive connections, prepared bytes, one event loop.

It shares the machine with what it measures, so it parses no more of an answer than where it ends.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import cast


@dataclass(frozen=True, slots=True)
class Load:
    """What a run came to. Latencies in milliseconds; `failed` are answers other than expected."""

    per_second: float
    p50: float
    p99: float
    failed: int


class _Connection(asyncio.Protocol):
    """One caller: sends a request, waits for its answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], expected: bytes, until: float) -> None:
        self._requests = requests
        self._expected = expected
        self._until = until
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._began = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole."""
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self._buffer.find(b"ontent-length:", 0, head)
        if at < 0:
            at = self._buffer.find(b"ontent-Length:", 0, head)
        end = self._buffer.find(b"\r\n", at, head + 2)
        length = int(self._buffer[at + 14 : end]) if at >= 0 else 0
        if len(self._buffer) < head + 4 + length:
            return
        self.failed += self._expected not in self._buffer[:16]
        self.latencies.append(perf_counter() - self._began)
        self._buffer = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        """The server hung up: everything not answered by then has failed."""
        if not self.done.done():
            self.failed += 1
            self.done.set_result(None)

    def _next(self) -> None:
        assert self._transport is not None
        self._began = perf_counter()
        if self._began >= self._until:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._transport.write(next(self._requests))


async def drive(
    port: int, requests: list[Iterator[bytes]], *, expected: int = 200, seconds: float = 3.0
) -> Load:
    """Send from one connection for each of `requests` for so long, and say how fast it went."""
    loop = asyncio.get_running_loop()
    began = perf_counter()
    status = f" {expected} ".encode()
    connections: list[_Connection] = []
    for each in requests:
        _, connection = await loop.create_connection(
            partial(_Connection, each, status, began + seconds), "127.0.0.1", port
        )
        connections.append(connection)
    await asyncio.gather(*(connection.done for connection in connections))
    took = perf_counter() - began
    latencies = sorted(one for connection in connections for one in connection.latencies)
    return Load(
        per_second=len(latencies) / took,
        p50=1000 * latencies[len(latencies) // 2],
        p99=1000 * latencies[len(latencies) * 99 // 100],
        failed=sum(connection.failed for connection in connections),
    )


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of one POST of JSON."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(path: str, headers: dict[str, str]) -> bytes:
    """The bytes of one GET."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
