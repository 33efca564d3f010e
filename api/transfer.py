"""Whether a reader was still there when an answer had been handed over to them."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_NOTHING_YET: Message = {"type": "http.response.body", "body": b"", "more_body": True}
_END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


async def transfer(response: ASGIApp, scope: Scope, receive: Receive, send: Send) -> bool:
    """Send `response`; whether its reader had not gone before all of it was on its way.

    A server takes what is sent to a reader who has gone without a word, and forgets who has gone
    once an answer has ended: so its end is kept back until they have been asked for.
    """

    async def but_the_end(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "more_body": True}
        await send(message)

    await response(scope, receive, but_the_end)
    # Accepted only once what was sent before has left the buffers of this process.
    await send(_NOTHING_YET)
    there = not _gone(receive)
    await send(_END)
    return there


def _gone(receive: Receive) -> bool:
    """Whether the server has noticed that the reader has gone. Never waits, and so is cheap."""
    asking = receive().__await__()
    try:
        next(asking)
    except StopIteration as told:
        return bool(told.value["type"] == "http.disconnect")
    asking.close()
    return False
