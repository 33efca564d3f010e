"""An asynchronous program of ours, from its start to SIGTERM or SIGINT."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any


def until_asked_to_end(work: Coroutine[Any, Any, None]) -> None:
    """Run it; asked to end, cancel it and wait until it has let go of what it holds."""

    async def run() -> None:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(run())
