"""All that a physiotherapist can read of one client."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.assessments_shown import assessments
from projections.identity_shown import identity, not_shared
from projections.referrals_shown import referrals
from projections.restrictions_shown import acknowledgements, listed
from projections.sheet import Body, Sheet, View
from projections.trends_shown import changes


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The chart: restrictions with their clinical reasons, milestones, and who has understood; the
    clinical part of each assessment beside what trainers saw, and what has changed."""
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
            "assessments": assessments(sheet),
            "trends": changes(sheet),
            "referrals": referrals(sheet),
            "not_shared": not_shared(sheet),
        }
    )
