"""How referrals look in a view of one client: to their parties, and to whoever may see all of them.

The recipient is shown what concerns them: not whom else the client was offered, nor what the
initiator has to gain. Whoever may only read what they wrote is shown that, and no state.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from domain.referral import ReferralAgreed, ReferralRequested
from domain.referral_clock import due
from domain.referral_terms import Recipient, ToColleague
from domain.referred import Link, Referral, Step
from domain.scope import Scope
from projections.assessments_shown import assessments
from projections.identity_shown import identity
from projections.restrictions_shown import restrictions
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction
from projections.source_shown import authored

REFERRALS = Category.REFERRALS


def referrals(sheet: Sheet) -> list[Body]:
    """Every referral of which the reader may see anything, oldest first."""
    sheet.lists(REFERRALS)
    found = (referral(sheet, item) for item in sheet.record.referrals)
    return [body for body in found if body is not None]


def referral(sheet: Sheet, item: Referral) -> Body | None:
    """One referral in full, or only what the reader wrote of it; None if nothing."""
    if not sees_all(sheet, item):
        own = [_step(sheet, item, step) for step in item.steps if _wrote(sheet, item, step)]
        return {"referral": str(item.id), "history": own} if own else None
    sheet.shows(source.version for source in item.escalated)
    body = {
        "referral": str(item.id),
        "version": item.version,
        "state": item.state,
        "priority": item.priority,
        "reason": item.request.reason,
        "requested": authored(sheet, item.requested),
        "to": recipient(sheet, item.to),
        "enclosed": list(item.enclosed),
        "agreed": authored(sheet, item.agreed) if item.agreed else None,
        "due": _due(item),
        "escalated": [source.recorded_at.isoformat() for source in item.escalated],
        "successor_of": str(item.request.successor_of) if item.request.successor_of else None,
        "history": [_step(sheet, item, step) for step in item.steps],
    }
    return body if is_recipient(sheet.scope, item) else body | _offered(sheet, item)


def sees_all(sheet: Sheet, item: Referral) -> bool:
    """Whether the reader may see the referral as such; if so, all its facts count as shown."""
    versions = (step.source.version for step in item.steps)
    return sheet.opens(REFERRALS, *versions, item=item.id)


def is_recipient(scope: Scope, item: Referral) -> bool:
    """Whether the reader looks at it as its recipient."""
    if scope.acting_as is Discipline.EXTERNAL:
        return True
    to = item.to
    return isinstance(to, ToColleague) and to.practitioner == scope.reader


def recipient(sheet: Sheet, to: Recipient) -> Body:
    """Whom it goes to; a practitioner with an account is named at the door."""
    if isinstance(to, ToColleague):
        sheet.mention(to.practitioner)
    return to.model_dump(mode="json", exclude_none=True)


def of(item: UUID) -> ViewFunction:
    """The view of that referral alone, for whoever may see anything of it."""

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        found = record.referrals.items.get(item)
        body = referral(sheet, found) if found is not None else None
        if body is None:
            raise NothingToShow
        return sheet.view({"view": "referral", "client": str(record.id), **body})

    return view


def external(item: UUID) -> ViewFunction:
    """What an external recipient sees by their link: the referral, and what it encloses."""

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        found = record.referrals.items.get(item)
        body = referral(sheet, found) if found is not None else None
        if body is None:
            raise NothingToShow
        return sheet.view(
            {
                "view": "external-referral",
                "referral": body,
                **identity(sheet),
                "restrictions": restrictions(sheet),
                "assessments": assessments(sheet),
            }
        )

    return view


def _offered(sheet: Sheet, item: Referral) -> Body:
    request = item.request
    return {
        "options": [recipient(sheet, one) for one in request.options],
        "no_choice": request.no_choice,
        "interest": request.interest,
        "interest_note": request.interest_note,
        "links": [_link(sheet, one) for one in item.links],
    }


def _link(sheet: Sheet, link: Link) -> Body:
    sheet.shows([link.issued.version])
    if link.revoked is not None:
        sheet.shows([link.revoked.version])
    return {
        "link": str(link.id),
        "sent_to": link.sent_to,
        "until": link.until.isoformat(),
        "openings": link.openings,
        "issued": authored(sheet, link.issued),
        "revoked": authored(sheet, link.revoked) if link.revoked else None,
    }


def _due(item: Referral) -> Body | None:
    found = due(item)
    if found is None:
        return None
    at, what = found
    return {"at": at.isoformat(), "waits_for": what}


def _wrote(sheet: Sheet, item: Referral, step: Step) -> bool:
    source = step.source
    return sheet.opens(REFERRALS, source.version, item=item.id, author=source.author)


def _step(sheet: Sheet, item: Referral, step: Step) -> Body:
    """What happened, by whom, and what they said; the clinical part if the reader may see that."""
    fact, source = step.fact, step.source
    body: Body = {"fact": said_as(fact), "version": source.version, **authored(sheet, source)}
    if source.acting_as is Discipline.EXTERNAL:
        body["name"] = next((one.sent_to for one in item.links if one.id == source.author), None)
    for name, value in _said(fact).items():
        narrower = fact.narrower_fields().get(name)
        author = source.author
        if narrower and not sheet.opens(narrower, source.version, item=item.id, author=author):
            continue
        body[name] = value
    if isinstance(to := getattr(fact, "to", None), ToColleague):
        sheet.mention(to.practitioner)
    return body


def said_as(fact: Fact) -> str:
    """What a fact is called in a history: `accepted`, `information-asked`."""
    return fact.type.split(".")[1]


def _said(fact: Fact) -> dict[str, Any]:
    """What it says beside what the head of the referral shows already."""
    shown_above: set[str] = {"referral"}
    if isinstance(fact, ReferralRequested):
        shown_above = set(ReferralRequested.model_fields) - {"clinical_note"}
    elif isinstance(fact, ReferralAgreed):
        shown_above = set(ReferralAgreed.model_fields)
    return fact.model_dump(mode="json", exclude=shown_above, exclude_none=True)
