"""Waiting for a condition from within an event loop, with a deadline; never for a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


async def eventually(condition: Callable[[], Found], within: float = 20.0) -> Found:
    """What `condition` returns once it is true. Fails after so many seconds."""
    deadline = asyncio.get_running_loop().time() + within
    while not (found := condition()):
        left = deadline - asyncio.get_running_loop().time()
        assert left > 0, f"not within {within:.0f} s: {condition}"
        await asyncio.sleep(0.01)
    return found
