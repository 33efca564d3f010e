"""All that a coordinator can read of one client: who they are, who works with them, referrals, and
that there are alerts, restrictions, and consents that wait for somebody."""

from datetime import datetime

from domain.clock import deadlines
from domain.deadline import Deadline, Kind
from domain.lanes import Category
from domain.record import CareRecord
from domain.scope import Scope
from projections.consents_shown import team
from projections.identity_shown import identity, not_shared
from projections.reasons import told
from projections.referrals_shown import referrals, sees_all
from projections.restrictions_shown import restrictions
from projections.sheet import Body, Sheet, View
from projections.worklist import WORKLIST


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """Identity, contact, care team and referrals; of alerts and restrictions that there are some;
    what waits, in sentences, and by when a referral is to be moved on."""
    sheet = Sheet(record, scope, now)
    return sheet.view(
        {
            "view": "coordinator",
            "client": str(record.id),
            **identity(sheet),
            **_alerts(sheet),
            "restrictions": restrictions(sheet),
            **_team(sheet),
            "referrals": referrals(sheet),
            "deadlines": [_deadline(sheet, one) for one in _open(sheet)],
            "waiting": [
                {"code": reason.code, "sentence": text, "since": reason.since.isoformat()}
                for reason, text in told(WORKLIST, sheet)
            ],
            "not_shared": not_shared(sheet),
        }
    )


def _team(sheet: Sheet) -> Body:
    """Who works with the client; not even an empty team while somebody else coordinates."""
    return {"team": team(sheet)} if sheet.scope.sees_team() else {}


def _alerts(sheet: Sheet) -> Body:
    """That there are some, and nothing of what they say."""
    source = sheet.record.client.emergency_contact_source
    if sheet.record.client.emergency_contact is None or source is None:
        return {"alerts": False} if sheet.opens(Category.ALERTS) else {}
    opened = sheet.opens(Category.ALERTS, source.version, author=source.author)
    return {"alerts": True} if opened else {}


def _open(sheet: Sheet) -> list[Deadline]:
    """Deadlines of referrals that the reader may see, the earliest first."""
    found = [one for one in deadlines(sheet.record) if one.kind in _OF_REFERRALS]
    items = sheet.record.referrals.items
    return sorted(
        (one for one in found if sees_all(sheet, items[one.item])), key=lambda one: one.due
    )


_OF_REFERRALS = frozenset(
    {
        Kind.REFERRAL_STEP,
        Kind.REFERRAL_CANCELLATION,
        Kind.REFERRAL_EXPIRY,
        Kind.REFERRAL_OVERDUE,
        Kind.FOLLOW_UP,
    }
)


def _deadline(sheet: Sheet, one: Deadline) -> Body:
    return {
        "kind": one.kind,
        "referral": str(one.item),
        "due": one.due.isoformat(),
        "who": [sheet.mention(person) for person in sorted(one.who)],
    }
