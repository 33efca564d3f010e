"""All that a massage therapist can read of one client."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.assessments_shown import assessments
from projections.card_shown import card
from projections.identity_shown import identity, not_shared
from projections.referrals_shown import referrals
from projections.restrictions_shown import listed, own_acknowledgement
from projections.sheet import Body, Sheet, View
from projections.trends_shown import changes


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The card and the restrictions, with what they have acknowledged of each; what was measured
    and what has changed. The clinical reason and findings only if they are granted by name."""
    sheet = Sheet(record, scope, now)
    items: list[Body] = [
        {**body, "acknowledged": own_acknowledgement(sheet, item)} for item, body in listed(sheet)
    ]
    return sheet.view(
        {
            "view": "massage_therapist",
            "client": str(record.id),
            **identity(sheet),
            "card": card(sheet),
            "restrictions": items,
            "assessments": assessments(sheet),
            "trends": changes(sheet),
            "referrals": referrals(sheet),
            "not_shared": not_shared(sheet),
        }
    )
