"""Before granting: exactly what the grantee would see."""

from datetime import datetime
from uuid import UUID

from domain.actor import Actor
from domain.consent_terms import ConsentTerms
from domain.grantee import ToPractitioner, granted_to
from domain.lanes import Category
from domain.ledger.ledger import Ledger
from domain.policy import preview
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused
from domain.scope import Scope
from projections.sheet import Body, NothingToShow, Sheet, View
from projections.views import CHART


async def grantees(
    ledger: Ledger, record: CareRecord, terms: ConsentTerms, now: datetime
) -> list[Actor]:
    """Everybody whom a consent on `terms` would reach as the care team stands."""
    found: list[Actor] = []
    for member in record.team.members.values():
        person = await ledger.known(PractitionerRecord, member.practitioner)
        try:
            actor = person.acting(member.discipline, now)
        except Refused:
            continue
        if granted_to(terms.grantee, member, actor):
            found.append(actor)
    if not found and isinstance(terms.grantee, ToPractitioner):
        found = await _not_on_the_team(ledger, terms.grantee.practitioner, now)
    return found


async def _not_on_the_team(ledger: Ledger, person: UUID, now: datetime) -> list[Actor]:
    record = await ledger.known(PractitionerRecord, person)
    return [record.acting(record.disciplines[0], now)] if record.disciplines else []


def preview_view(
    terms: ConsentTerms,
    reached: list[Actor],
    instead_of: UUID | None,
    record: CareRecord,
    scope: Scope,
    now: datetime,
) -> View:
    """For the client: each grantee's chart as it would be, and what would still be kept back."""
    sheet = Sheet(record, scope, now)
    if not sheet.opens(Category.CONSENTS):
        raise NothingToShow
    seen: list[Body] = []
    for grantee in reached:
        would = preview(record, terms, grantee, now, instead_of=instead_of)
        render = CHART.get(grantee.acting_as)
        body: Body | None = None
        if render is not None and not would.empty:
            view = render(record, would, now)
            sheet.shows(view.shown)
            for person in view.mentions:
                sheet.mention(person)
            body = view.body
        seen.append(
            {
                "grantee": sheet.mention(grantee.id),
                "acting_as": grantee.acting_as,
                "categories": sorted(would.categories),
                "withheld": {c.value: code for c, code in sorted(would.withheld.items())},
                "would_see": body,
            }
        )
    return sheet.view({"view": "preview", "client": str(record.id), "grantees": seen})
