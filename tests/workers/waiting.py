"""Waiting for a condition, with a deadline; never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(condition: Callable[[], Found], within: float = 20.0) -> Found:
    """What `condition` returns once it is true. Fails after so many seconds."""
    deadline = time.monotonic() + within
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {condition}"
        time.sleep(0.02)
    return found
