"""What of a story has been told, so that a telling that was interrupted goes on where it was.

One line of JSON for each step, written once the step has been answered. A step that was sent but
not written down is sent again, word for word and with the same Idempotency-Key: whatever it asks
for rests only on answers that are written down here.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from workers.failed import Failed

BEGUN = "begun"
"""Stands in a journal for no request, but for the day that all dates of the story follow from."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a story and its answer. `sent` are its headers, but for the token."""

    name: str
    who: str
    method: str
    path: str
    request: Any
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: Any = None
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Of a command: the version of the record right after it, to be named as seen next."""
        return int(self.answer["version"])

    @property
    def position(self) -> int:
        """Where in the log the command, or the disclosure, was recorded."""
        return int(self.headers.get("tandem-position") or self.headers["tandem-disclosure"])

    def id(self, kind: str) -> str:
        """Of a command: the id of the item that it made."""
        return str(self.answer["ids"][kind])


class Journal:
    """The steps of one story that have been told."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._steps: dict[str, Step] = {}
        if file.exists():
            self._drop_unfinished()
            for line in file.read_text("utf-8").splitlines():
                self._remember(line)

    @property
    def steps(self) -> list[Step]:
        """All steps that have been told, in their order."""
        return [step for step in self._steps.values() if step.name != BEGUN]

    def begun(self, today: date) -> date:
        """The day on which the story was begun: `today`, if it has not been yet."""
        step = self.find(BEGUN) or self.write(
            Step(BEGUN, "", "", "", None, 0, {}, today.isoformat())
        )
        return date.fromisoformat(step.answer)

    def find(self, name: str) -> Step | None:
        """The step, if it has been told."""
        return self._steps.get(name)

    def write(self, step: Step) -> Step:
        """Write a step down, durably."""
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(step)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._steps[step.name] = step
        return step

    def _remember(self, line: str) -> None:
        try:
            step = Step(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise Failed(f"{self._file} is damaged. To start afresh: tandem up --reset") from error
        self._steps[step.name] = step

    def _drop_unfinished(self) -> None:
        """Cut off a line that was being written when we were killed: that step is sent again."""
        content = self._file.read_bytes()
        finished = content.rfind(b"\n") + 1
        if finished < len(content):
            os.truncate(self._file, finished)
