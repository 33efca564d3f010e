"""All that a client can read of their own record."""

from datetime import datetime

from domain.record import CareRecord
from domain.scope import Scope
from projections.assessments_shown import assessments
from projections.card_shown import card
from projections.consents_shown import consents, team
from projections.identity_shown import identity
from projections.referrals_shown import referrals
from projections.restrictions_shown import acknowledgements, listed
from projections.sheet import Body, Sheet, View
from projections.trends_shown import changes


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The whole record: what binds me, who knows it, who is on my team, and what I permitted."""
    sheet = Sheet(record, scope, now)
    items: list[Body] = [
        {**body, "acknowledged": acknowledgements(sheet, item)} for item, body in listed(sheet)
    ]
    return sheet.view(
        {
            "view": "client",
            "client": str(record.id),
            **identity(sheet),
            "card": card(sheet),
            "restrictions": items,
            "assessments": assessments(sheet),
            "trends": changes(sheet),
            "referrals": referrals(sheet),
            "team": team(sheet),
            **consents(sheet),
        }
    )


def consents_view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """What I permitted, to whom, and what I keep locked."""
    sheet = Sheet(record, scope, now)
    return sheet.view({"view": "consents", "client": str(record.id), **consents(sheet)})
