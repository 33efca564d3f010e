"""No more of a body is read than a command can need: 413 before anything is parsed."""

from fastapi import Request

from api.problems import Problem

LARGEST_BODY = 256 * 1024
READ = "tandem.body"
"""Where the body is kept in the ASGI scope once it has been read."""


async def read_body(request: Request) -> bytes:
    """The body, read once. Refused by its announced length at once, else counted as it comes.

    Raises Problem 413, or 400 if it broke off.
    """
    known: bytes | None = request.scope.get(READ)
    if known is not None:
        return known
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or len(announced) > 12 or int(announced) > LARGEST_BODY:
        raise too_large()
    body = bytearray()
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "incomplete", "The body broke off. Nothing was recorded.")
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise too_large()
        more = message.get("more_body", False)
    whole = bytes(body)
    request.scope[READ] = whole
    return whole


def too_large() -> Problem:
    """The body is larger than any command can be."""
    return Problem(
        413,
        "too-large",
        f"A body holds at most {LARGEST_BODY // 1024} KiB. Nothing was recorded.",
        headers={"Connection": "close"},
    )
