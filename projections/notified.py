"""From a notification's id to what was sent, and to what its reader may see of it now."""

from datetime import datetime
from typing import Final
from uuid import UUID

from domain.ledger.ledger import Ledger
from domain.notified import Notification, Notified
from domain.record import CareRecord
from domain.scope import Scope
from domain.source import Source
from projections.notifications import NOTIFIED
from projections.sheet import NothingToShow, View, ViewFunction
from projections.views import CHART, rendering

OF_ONE: Final = ("restriction", "referral")
"""The views of one item, in the order in which they are tried."""


async def notification_of(ledger: Ledger, reader: UUID, id: UUID) -> Notification | None:
    """What was sent to `reader` under this id; None if nothing was. Exact at the head of the log:
    the id is that of the command that appended it."""
    past = await ledger.log.command(id)
    if past is None:
        return None
    first = past.positions[0]
    for line in await ledger.log.after(first - 1, until=first, limit=1):
        if line.topic in NOTIFIED:
            (entry,) = await ledger.entries([line])
            fact = entry.fact
            if isinstance(fact, Notified) and fact.reader == reader:
                return Notification(fact, Source.of(entry))
    return None


def pointed_to(fact: Notified) -> ViewFunction:
    """A view of the item that a notification is about; of the whole chart where nothing of the
    item is the reader's to see (any more): what was ended, or taken back, shows by its absence.
    Raises NothingToShow."""
    item = fact.item
    tried = [rendering(name, fact.acting_as, item) for name in OF_ONE] if item else []
    renders = [render for render in (*tried, CHART.get(fact.acting_as)) if render is not None]

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        for render in renders[:-1]:
            try:
                return render(record, scope, now)
            except NothingToShow:
                continue
        if not renders:
            raise NothingToShow
        return renders[-1](record, scope, now)

    return view
