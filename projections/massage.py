"""All that a massage therapist can read of one client."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.assessments_shown import assessments
from projections.card_shown import card
from projections.identity_shown import identity, not_shared
from projections.referrals_shown import referrals
from projections.restrictions_shown import restrictions
from projections.sheet import Sheet, View


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The card and the restrictions; the clinical reason only if it is granted by name."""
    sheet = Sheet(record, scope, now)
    return sheet.view(
        {
            "view": "massage_therapist",
            "client": str(record.id),
            **identity(sheet),
            "card": card(sheet),
            "restrictions": restrictions(sheet),
            "assessments": assessments(sheet),
            "referrals": referrals(sheet),
            "not_shared": not_shared(sheet),
        }
    )
