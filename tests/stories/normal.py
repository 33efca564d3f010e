"""What differs from run to run, told in one way: positions and times keep their order, not their
values. Ids need nothing: those of the demo never change.

The first day becomes Wednesday 4 March 2026, and nine o'clock is when it begins.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

DAY: Final = date(2026, 3, 4)
BEGINS: Final = datetime.fromisoformat("2026-03-04T09:00:00+00:00")
FIRST_POSITION: Final = 41

TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
PLAIN_DATE: Final = re.compile(r"(?<![\w-])\d{4}-\d\d-\d\d(?![\w-])")
SPOKEN: Final = re.compile(r"\b[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2} \d{4}(?: at \d\d:\d\d UTC)?")
POSITIONS: Final = {"position", "disclosure", "last_disclosure", "disclosed_at"}
MANY: Final = {"positions"}
HEADS: Final = {"checked_to"}
"""Positions that are the log's last at some moment: they may be of anything."""


class Normal:
    """Normalises values that were collected over `told`. `today` is the day they were told on."""

    def __init__(self, told: Iterable[Any], today: date) -> None:
        values = list(told)
        self._today = today
        self._positions = sorted({p for value in values for p in _positions(value)})
        found = {t for value in values for t in TIME.findall(_text(value))}
        self._times = sorted({datetime.fromisoformat(t) for t in found if not _is_planned(t)})

    def value(self, value: Any, key: str = "") -> Any:
        """The same, normalised."""
        match value:
            case dict():
                return {name: self.value(inner, name) for name, inner in value.items()}
            case list():
                return [self.value(inner, key) for inner in value]
            case int() if key in POSITIONS | MANY | HEADS and not isinstance(value, bool):
                return self.position(value)
            case str():
                return self.text(value)
        return value

    def position(self, position: int) -> int:
        """The place of a position among those told."""
        return FIRST_POSITION - 1 + bisect_right(self._positions, position)

    def text(self, text: str) -> str:
        """A text with its dates and times normalised."""
        text = SPOKEN.sub(lambda found: _spoken(found[0]), text)
        text = TIME.sub(lambda found: self._time(found[0]), text)
        return PLAIN_DATE.sub(lambda found: self._date(found[0]), text)

    def _date(self, told: str) -> str:
        day = date.fromisoformat(told)
        return (DAY + (day - self._today)).isoformat() if day >= self._today else told

    def _time(self, told: str) -> str:
        if _is_planned(told):
            return self._date(told[:10]) + told[10:]
        time = datetime.fromisoformat(told)
        days = (time - self._times[0]).days + ((time - self._times[0]).seconds > 12 * 3600)
        normal = BEGINS + timedelta(days=days, seconds=bisect_right(self._times, time) - 1)
        return normal.isoformat().replace("+00:00", told[-6:] if told[-1] != "Z" else "Z")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _is_planned(time: str) -> bool:
    """Whether somebody chose it, on the hour, as no clock does."""
    return time[13:19] == ":00:00" and "." not in time


def _spoken(told: str) -> str:
    return f"{DAY:%a} {DAY.day} {DAY:%b %Y}" + (f" at {BEGINS:%H:%M} UTC" if " at " in told else "")


def _positions(value: Any, key: str = "") -> Iterator[int]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from _positions(inner, name)
        case list():
            for inner in value:
                yield from _positions(inner, key)
        case int() if key in POSITIONS | MANY and not isinstance(value, bool):
            yield value
