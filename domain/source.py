"""Where something shown comes from: the entry of the record that said it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from domain.entry import Entry
from domain.lanes import Discipline


@dataclass(frozen=True, slots=True)
class Source:
    """Version and position of the entry, who stands for it, and its two times."""

    version: int
    position: int
    author: UUID
    acting_as: Discipline
    effective: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The source that `entry` is."""
        return cls(
            version=entry.version,
            position=entry.position,
            author=entry.by.actor,
            acting_as=entry.by.acting_as,
            effective=entry.by.effective,
            recorded_at=entry.recorded_at,
        )
