"""All that a coordinator can read of one client: who they are, their referrals, and that there are
restrictions."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.identity_shown import identity, not_shared
from projections.referrals_shown import referrals
from projections.restrictions_shown import restrictions
from projections.sheet import Sheet, View


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """Identity, contact and referrals; of each restriction that it exists and how it stands."""
    sheet = Sheet(record, scope, now)
    return sheet.view(
        {
            "view": "coordinator",
            "client": str(record.id),
            **identity(sheet),
            "restrictions": restrictions(sheet),
            "referrals": referrals(sheet),
            "not_shared": not_shared(sheet),
        }
    )
