"""One restriction alone: what is looked at before deciding on it."""

from datetime import datetime
from uuid import UUID

from domain.lanes import Category, Lane
from domain.record import CareRecord
from domain.scope import Scope
from projections.restrictions_shown import (
    acknowledgements,
    own_acknowledgement,
    restriction,
    to_acknowledge,
)
from projections.sheet import NothingToShow, Sheet, View, ViewFunction


def of(item: UUID) -> ViewFunction:
    """The view of that restriction, for whoever may see anything of it."""

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        found = record.restrictions.items.get(item)
        body = restriction(sheet, found) if found is not None else None
        if found is None or body is None:
            raise NothingToShow
        lanes = scope.lanes(Category.RESTRICTIONS)
        if Lane.WRITE in lanes:
            body["acknowledged"] = acknowledgements(sheet, found)
        elif Lane.ACKNOWLEDGE in lanes:
            body["to_acknowledge"] = to_acknowledge(sheet, found)
            body["acknowledged"] = own_acknowledgement(sheet, found)
        return sheet.view({"view": "restriction", "client": str(record.id), **body})

    return view
