"""What a command shows while it works: a moving line on a terminal, plain lines anywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import monotonic
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text


class Display:
    """Progress and messages of one command."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    @classmethod
    def on(cls, stream: TextIO) -> "Display":
        """A display that writes to `stream`."""
        return cls(Console(highlight=False, soft_wrap=True, file=stream))

    def say(self, text: str = "", style: str = "") -> None:
        """A line that stays. Never read as markup."""
        self._console.print(Text(text, style=style))

    def warn(self, text: str) -> None:
        """A line that must not be overlooked, with the time it was said."""
        self._console.print(Text(f"{_clock()} ! {text}", style="bold red"))

    def note(self, text: str) -> None:
        """A line of the running commentary, with the time it was said."""
        self._console.print(Text(f"{_clock()} · {text}", style="dim"))

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """Show `doing` while it lasts, then `done` and how long it took; nothing if it failed."""
        began = monotonic()
        with self._console.status(f"{doing} …", spinner="dots"):
            yield
        line = Text("✓ ", style="green").append(done, style="default")
        self._console.print(line.append(f"  {monotonic() - began:.1f} s", style="dim"))

    @contextmanager
    def bar(self, doing: str, total: int) -> Iterator["Bar"]:
        """A bar from 0 to `total`. Off a terminal it is drawn once, when it is full."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            yield Bar(progress, doing, total)


class Bar:
    """A bar that is being filled."""

    def __init__(self, progress: Progress, doing: str, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task(doing, total=total)

    def show(self, completed: int, total: int) -> None:
        """So much of so much is done."""
        self._progress.update(self._task, completed=completed, total=total)


def _clock() -> str:
    return datetime.now().strftime("%H:%M:%S")
