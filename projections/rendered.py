"""Views rendered lately. A view is pure, so while nothing that it rests on has moved it need not be
rendered again; it is disclosed each time all the same.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.access import Disclosed
from domain.actor import Actor
from domain.record import CareRecord
from domain.scope import Scope
from projections.reader import Reader
from projections.sheet import Body, View

REMEMBERED = 1024
IDLE = timedelta(minutes=10)
"""What was rendered longer ago is dropped: it is personal data in clear."""

Key = tuple[UUID, Reader, str, UUID | None, str, str]
"""Client, reader, view and item; and content type and language, which the bytes depend on."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A view, the bytes it became with these names in it, what is told of it (but for the clock and
    the commitment), and what it was made of.

    Good for the very same record and actor, from `since` until `until` (None: until they move).
    """

    record: CareRecord
    actor: Actor
    scope: Scope
    view: View
    names: Body
    body: bytes
    told: Disclosed
    since: datetime
    until: datetime | None

    def holds(self, record: CareRecord, actor: Actor, now: datetime) -> bool:
        """Whether rendering again would make the same."""
        in_time = self.since <= now and (self.until is None or now < self.until)
        return in_time and record is self.record and actor == self.actor


@dataclass(slots=True)
class Renderings:
    """The views rendered lately, at most `REMEMBERED`."""

    _by_key: OrderedDict[Key, Rendered] = field(default_factory=OrderedDict)

    def find(self, key: Key, record: CareRecord, actor: Actor, now: datetime) -> Rendered | None:
        """What was rendered of the very same; None if nothing, or not any more."""
        found = self._by_key.get(key)
        return found if found is not None and found.holds(record, actor, now) else None

    def remember(self, key: Key, rendered: Rendered) -> None:
        """Keep it for whoever asks for the same next."""
        self._by_key[key] = rendered
        self._by_key.move_to_end(key)
        oldest = next(iter(self._by_key.values()))
        if len(self._by_key) > REMEMBERED or oldest.since < rendered.since - IDLE:
            self._by_key.popitem(last=False)


def good_until(record: CareRecord, scope: Scope, now: datetime) -> datetime | None:
    """When the clock alone could change a view of `record` in `scope`."""
    changes = (scope.not_after, record.next_change(now))
    return min((at for at in changes if at is not None), default=None)
