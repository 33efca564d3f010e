"""One assessment alone: what is looked at before deciding on it."""

from datetime import datetime
from uuid import UUID

from domain.record import CareRecord
from domain.scope import Scope
from projections.assessments_shown import assessment
from projections.sheet import NothingToShow, Sheet, View, ViewFunction


def of(item: UUID) -> ViewFunction:
    """The view of that assessment, for whoever may see anything of it."""

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        found = record.assessments.items.get(item)
        body = assessment(sheet, found) if found is not None else None
        if body is None:
            raise NothingToShow
        return sheet.view({"view": "assessment", "client": str(record.id), **body})

    return view
