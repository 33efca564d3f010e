"""All that a trainer can read of one client."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.assessments_shown import assessments
from projections.card_shown import card
from projections.identity_shown import identity, not_shared
from projections.referrals_shown import referrals
from projections.restrictions_shown import listed, own_acknowledgement, to_acknowledge
from projections.sheet import Body, Sheet, View


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The card first, then each restriction with what the trainer has acknowledged of it."""
    sheet = Sheet(record, scope, now)
    items: list[Body] = [
        {
            **body,
            "to_acknowledge": to_acknowledge(sheet, item),
            "acknowledged": own_acknowledgement(sheet, item),
        }
        for item, body in listed(sheet)
    ]
    return sheet.view(
        {
            "view": "trainer",
            "client": str(record.id),
            **identity(sheet),
            "card": card(sheet),
            "restrictions": items,
            "assessments": assessments(sheet),
            "referrals": referrals(sheet),
            "not_shared": not_shared(sheet),
        }
    )
