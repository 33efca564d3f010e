"""How consents, locks, broken glass and the care team look to whoever may see them."""

from domain.break_glass import Declaration
from domain.consent import Consent
from domain.grantee import Grantee, ToPractitioner
from domain.lanes import Category
from domain.lock import Lock
from projections.sheet import Body, Sheet
from projections.source_shown import authored


def consents(sheet: Sheet) -> Body:
    """Every consent ever given with what it amounts to now, locks that stand, and broken glass."""
    state = sheet.record.consents
    if not sheet.opens(Category.CONSENTS):
        return {}
    refused = state.safety.refused
    if refused is not None:
        sheet.shows([refused.version])
    return {
        "consents": [consent(sheet, given) for given in state],
        "locks": [_lock(sheet, lock) for lock in state.locks.by_id.values()],
        "safety_minimum_refused": refused is not None,
        "break_glass": [_declaration(sheet, made) for made in state.break_glass.by_id.values()],
    }


def consent(sheet: Sheet, given: Consent) -> Body:
    """One consent: its terms, since when, and what it amounts to now."""
    sheet.shows(given.versions)
    _mention_grantee(sheet, given.terms.grantee)
    return {
        "consent": str(given.id),
        "version": given.version,
        "status": given.status(sheet.now),
        "terms": given.terms.model_dump(mode="json", exclude_none=True),
        "granted": authored(sheet, given.granted),
        "ends": given.ends.isoformat() if given.ends else None,
        "confirm_by": given.confirm_by.isoformat() if given.confirm_by else None,
        "withdrawn": authored(sheet, given.withdrawn) if given.withdrawn else None,
    }


def team(sheet: Sheet) -> list[Body]:
    """Who is on the care team, in which discipline, through which organisation."""
    if not sheet.opens_team():
        return []
    care_team = sheet.record.team
    if care_team.coordinator_source is not None:
        sheet.shows([care_team.coordinator_source.version])
    members: list[Body] = []
    for member in care_team.members.values():
        sheet.shows([member.source.version])
        members.append(
            {
                "practitioner": sheet.mention(member.practitioner),
                "discipline": member.discipline,
                "organisation": str(member.organisation) if member.organisation else None,
                "due_to_train": member.due_to_train,
                "coordinator": member.practitioner == care_team.coordinator,
                "since": member.source.effective.isoformat(),
            }
        )
    return members


def _lock(sheet: Sheet, lock: Lock) -> Body:
    sheet.shows([lock.source.version])
    if lock.party is not None:
        _mention_grantee(sheet, lock.party)
    return {
        "lock": str(lock.id),
        "item": str(lock.item) if lock.item else None,
        "party": lock.party.model_dump(mode="json") if lock.party else None,
        "silent": lock.silent,
        "placed": authored(sheet, lock.source),
    }


def _declaration(sheet: Sheet, made: Declaration) -> Body:
    sheet.shows([made.declared.version])
    body: Body = {
        "declaration": str(made.id),
        "reason": made.reason,
        "until": made.until.isoformat(),
        "note": made.note,
        "declared": authored(sheet, made.declared),
        "reviewed": None,
    }
    if made.reviewed is not None:
        sheet.shows([made.reviewed.version])
        body["reviewed"] = {**authored(sheet, made.reviewed), "outcome": made.outcome}
    return body


def _mention_grantee(sheet: Sheet, grantee: Grantee) -> None:
    if isinstance(grantee, ToPractitioner):
        sheet.mention(grantee.practitioner)
