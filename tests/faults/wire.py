"""A keep-alive connection that costs next to nothing, so that the load is the servers' own."""

import asyncio
from dataclasses import dataclass
from typing import Any, Self

import orjson

from deploy.child import LOOPBACK
from tests.api.clinic import Person

PATIENCE_SECONDS = 30.0


class Cut(Exception):
    """The connection ended before the whole answer had arrived; `received` is what had."""

    def __init__(self, received: bytes = b"") -> None:
        super().__init__(f"after {len(received)} bytes")
        self.received = received


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The parsed body."""
        return orjson.loads(self.body)

    @property
    def disclosure(self) -> int:
        """The position of the disclosure that the body was released by."""
        return int(self.headers["tandem-disclosure"])


class Connection:
    """One HTTP/1.1 connection to a port of this machine. One request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect. Raises Cut if nobody listens."""
        try:
            return cls(*await asyncio.open_connection(LOOPBACK, port))
        except OSError as error:
            raise Cut from error

    async def ask(
        self, who: Person, method: str, path: str, body: Any = None, **headers: str
    ) -> Answer:
        """One request and its answer. Raises Cut if the server goes away meanwhile."""
        self.send(request(who, method, path, body, **headers))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.answer()

    def send(self, message: bytes) -> None:
        """Send without waiting for anything."""
        self._writer.write(message)

    async def answer(self) -> Answer:
        """The next answer. Raises Cut."""
        received = b""
        try:
            received = await self._reader.readuntil(b"\r\n\r\n")
            status, *lines = received.decode("latin-1").split("\r\n")
            pairs = (line.partition(": ") for line in lines if line)
            headers = {name.lower(): value for name, _, value in pairs}
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except asyncio.IncompleteReadError as error:
            raise Cut(received + error.partial) from error
        except OSError as error:
            raise Cut(received) from error
        return Answer(int(status.split(" ")[1]), headers, body)

    async def some(self) -> bytes:
        """The next bytes, however many."""
        return await self._reader.read(65536)

    def abort(self) -> None:
        """Cut the connection without a word, as a machine does that loses its network."""
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


def request(who: Person, method: str, path: str, body: Any = None, **headers: str) -> bytes:
    """The bytes of one request."""
    content = b"" if body is None else orjson.dumps(body)
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {LOOPBACK}",
        f"Authorization: Bearer {who.token}",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join((*lines, "", "")).encode() + content
