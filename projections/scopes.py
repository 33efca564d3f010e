"""What policy says of many readers again and again, asked only when something it rests on moved."""

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.actor import DEFAULT_PURPOSE, Actor
from domain.lanes import Discipline
from domain.policy import scope
from domain.record import CareRecord
from domain.scope import Scope
from projections.rendered import good_until

REMEMBERED: Final = 4096
"""Of so many readers of clients it is remembered what policy said."""

_ASIDE: Final = ("version", "position", "restrictions")
_RESTS_ON: Final = tuple(part.name for part in fields(CareRecord) if part.name not in _ASIDE)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What policy said, of what, at `now`; the same until `until` (None: for good)."""

    parts: tuple[object, ...]
    actor: Actor
    scope: Scope
    now: datetime
    until: datetime | None

    def holds(self, parts: tuple[object, ...], actor: Actor, now: datetime) -> bool:
        """Whether it would say the same again."""
        current = self.now <= now and (self.until is None or now < self.until)
        same = all(one is other for one, other in zip(parts, self.parts, strict=True))
        return current and same and actor == self.actor


@dataclass(slots=True)
class Scopes:
    """For readers who are told nothing of what they wrote themselves: of restrictions, policy looks
    at nothing but who wrote any."""

    _asked: dict[tuple[UUID, UUID, Discipline], _Asked] = field(default_factory=dict)

    def of(self, record: CareRecord, actor: Actor, now: datetime) -> Scope:
        """What policy lets `actor` see now, for what they usually act for."""
        parts = tuple(getattr(record, name) for name in _RESTS_ON)
        key = (record.id, actor.id, actor.acting_as)
        known = self._asked.get(key)
        if known is not None and known.holds(parts, actor, now):
            return known.scope
        said = scope(record, actor, DEFAULT_PURPOSE[actor.acting_as], now)
        while len(self._asked) >= REMEMBERED:
            self._asked.pop(next(iter(self._asked)))
        self._asked[key] = _Asked(parts, actor, said, now, good_until(record, said, now))
        return said
