"""All that a physiotherapist can read of one client."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.identity_shown import identity, not_shared
from projections.restrictions_shown import acknowledgements, listed
from projections.sheet import Body, Sheet, View


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The chart: restrictions with their clinical reasons, milestones, and who has understood."""
    sheet = Sheet(record, scope, now)
    items: list[Body] = [
        {**body, "acknowledged": acknowledgements(sheet, item)} for item, body in listed(sheet)
    ]
    return sheet.view(
        {
            "view": "physiotherapist",
            "client": str(record.id),
            **identity(sheet),
            "restrictions": items,
            "not_shared": not_shared(sheet),
        }
    )
