"""Starts again what has ended by itself: at once the first time, then ever more slowly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic

from deploy.unprivileged import ServerFailed
from workers.display import Display
from workers.program import Part, last_words

STEADY_SECONDS = 60.0
"""A part that has run for so long has recovered; if it ends later, that is a first time again."""

LONGEST_DELAY_SECONDS = 30.0


def delay(failures: int) -> float:
    """How long to wait before starting again after so many ends in a row, in seconds."""
    return 0.0 if failures <= 1 else min(LONGEST_DELAY_SECONDS, 2.0 ** (failures - 2))


@dataclass(slots=True)
class Watched:
    """One part under watch. `due` is when to start it again, `back` whether that was announced."""

    part: Part
    started: float
    failures: int = 0
    due: float | None = None
    back: bool = True


class Watch:
    """Looks after parts that have been started. `changed` is called after each restart."""

    def __init__(
        self, parts: Sequence[Part], display: Display, changed: Callable[[], object]
    ) -> None:
        self._watched = [Watched(part, monotonic()) for part in parts]
        self._display = display
        self._changed = changed

    def look(self) -> None:
        """See how every part is, and do what is due. Returns soon, unless PostgreSQL is due."""
        for watched in self._watched:
            if watched.due is not None:
                if monotonic() >= watched.due:
                    self._start(watched)
            elif not watched.part.alive():
                self._has_ended(watched)
            elif not watched.back and watched.part.ready():
                watched.back = True
                self._display.note(f"{watched.part.name} is back")

    def _has_ended(self, watched: Watched) -> None:
        steady = monotonic() - watched.started > STEADY_SECONDS
        watched.failures = 1 if steady else watched.failures + 1
        wait = delay(watched.failures)
        watched.due = monotonic() + wait
        when = f"in {wait:.0f} s" if wait else "now"
        self._display.warn(
            f"{watched.part.name} has ended unexpectedly; starting it again {when}. "
            f"Its last words ({watched.part.log}):\n{last_words(watched.part)}"
        )

    def _start(self, watched: Watched) -> None:
        watched.due, watched.started, watched.back = None, monotonic(), False
        try:
            watched.part.start()
        except (ServerFailed, OSError) as error:
            # Not alive: the next look says so, and waits longer.
            self._display.warn(f"{watched.part.name} does not start: {error}")
        else:
            self._changed()
