"""Ctrl-C, SIGTERM and a closed terminal: each a request to stop, heeded between two steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(Exception):
    """Somebody asked for an end while something was still starting."""


class Asked:
    """Whether somebody has asked us to stop.

    A signal only leaves a note (in a queue that may be written to from within itself), so that
    nothing is ever interrupted half-way; whoever works looks here between two steps.
    """

    def __init__(self) -> None:
        self._notes: SimpleQueue[int] = SimpleQueue()
        self._heard = False

    def leave_note(self, number: int, _frame: object = None) -> None:
        """What the signals do."""
        self._notes.put(number)

    def within(self, seconds: float) -> bool:
        """Whether somebody has asked, waiting up to so long for it."""
        if not self._heard:
            with suppress(Empty):
                self._notes.get(timeout=seconds)
                self._heard = True
        return self._heard

    def proceed(self) -> None:
        """Go on, unless somebody has asked: then raises StopAsked."""
        if self.within(0):
            raise StopAsked


@contextmanager
def listening() -> Iterator[Asked]:
    """Signals leave notes for as long as the context lasts."""
    asked = Asked()
    before = {number: signal.signal(number, asked.leave_note) for number in SIGNALS}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
