"""How restrictions look in a view of one client: as much of each as its reader may see."""

from domain.card import MinimumTerms, safety_minimum
from domain.lanes import Category, Lane
from domain.restricted import Acknowledgement, Progress, Restriction
from projections.sheet import Body, Sheet
from projections.source_shown import authored


def restrictions(sheet: Sheet) -> list[Body]:
    """Every restriction of which the reader may see anything, oldest first."""
    return [body for _, body in listed(sheet)]


def listed(sheet: Sheet) -> list[tuple[Restriction, Body]]:
    """The same, each with what it is made of."""
    sheet.lists(Category.RESTRICTIONS)
    return [
        (item, body)
        for item in sheet.record.restrictions.items.values()
        if (body := restriction(sheet, item)) is not None
    ]


def restriction(sheet: Sheet, item: Restriction) -> Body | None:
    """One restriction in full, or its safety minimum, or that there is one; None if nothing."""
    if Lane.READ not in sheet.scope.lanes(Category.RESTRICTIONS):
        return _existence(sheet, item)
    if not sheet.opens(
        Category.RESTRICTIONS, *item.edition.shown, item=item.id, author=item.author
    ):
        return _minimum(sheet, item)
    body: Body = {
        **_head(sheet, item),
        "terms": item.terms.model_dump(mode="json", exclude_none=True),
        "milestones": _milestones(sheet, item),
    }
    if item.ending is not None:
        sheet.shows([item.ending.source.version])
        body["ended"] = {**authored(sheet, item.ending.source), "reason": item.ending.reason}
    return body | _clinical_reason(sheet, item)


def acknowledgements(sheet: Sheet, item: Restriction) -> list[Body]:
    """Who has understood which edition, and when: for those who write restrictions."""
    if not sheet.opens(Category.RESTRICTIONS, item=item.id, author=item.author):
        return []
    return [_acknowledgement(sheet, made) for made in item.acknowledgements]


def own_acknowledgement(sheet: Sheet, item: Restriction) -> Body | None:
    """What the reader themselves last acknowledged of it; None if nothing, or if that is void."""
    made = item.acknowledged_by(sheet.scope.reader)
    return None if made is None else _acknowledgement(sheet, made)


def to_acknowledge(sheet: Sheet, item: Restriction) -> bool:
    """Whether the reader still has to acknowledge it."""
    wanted, made = item.to_acknowledge, item.acknowledged_by(sheet.scope.reader)
    if wanted is None or not item.in_force(sheet.now):
        return False
    return made is None or made.seen < wanted.version


def _head(sheet: Sheet, item: Restriction) -> Body:
    return {
        "restriction": str(item.id),
        "version": item.version,
        "status": item.status(sheet.now),
        "provisional": item.provisional,
        "imposed": authored(sheet, item.imposed),
    }


def _existence(sheet: Sheet, item: Restriction) -> Body | None:
    if not sheet.opens(Category.RESTRICTIONS, item=item.id, author=item.author):
        return None
    return {"restriction": str(item.id)}


def _minimum(sheet: Sheet, item: Restriction) -> Body | None:
    if not item.in_force(sheet.now):
        return None
    if not sheet.opens_minimum(item.id, *item.edition.shown, author=item.author):
        return None
    return {**_head(sheet, item), "safety_minimum": _minimum_terms(safety_minimum(item))}


def _minimum_terms(minimum: MinimumTerms) -> Body:
    return {
        "severity": minimum.severity,
        "region": minimum.region,
        "side": minimum.side,
        "patterns": list(minimum.patterns),
        "limits": minimum.limits.model_dump(mode="json", exclude_none=True, exclude_defaults=True),
        "stop_signs": list(minimum.stop_signs),
        "call": minimum.call.model_dump(mode="json") if minimum.call else None,
    }


def _clinical_reason(sheet: Sheet, item: Restriction) -> Body:
    edition = item.edition
    if edition.clinical_reason is None or edition.clinical_from is None:
        return {}
    author = item.author
    if not sheet.opens(Category.CLINICAL, edition.clinical_from, item=item.id, author=author):
        return {}
    return {"clinical_reason": edition.clinical_reason}


def _milestones(sheet: Sheet, item: Restriction) -> list[Body]:
    return [
        {"code": step.code, "title": step.title, **_progress(sheet, item.progress.get(step.code))}
        for step in item.terms.milestones
    ]


def _progress(sheet: Sheet, progress: Progress | None) -> Body:
    if progress is None:
        return {"state": "pending"}
    if progress.reached:
        sheet.shows([progress.reached.version])
        return {"state": "reached", "at": authored(sheet, progress.reached)}
    if progress.proposal:
        sheet.shows([progress.proposal.source.version])
        evidence = [reading.model_dump(mode="json") for reading in progress.proposal.evidence]
        return {
            "state": "proposed",
            "at": authored(sheet, progress.proposal.source),
            "evidence": evidence,
            "note": progress.proposal.note,
        }
    if remark := progress.revoked or progress.declined:
        sheet.shows([remark.source.version])
        state = "revoked" if progress.revoked else "declined"
        return {"state": state, "at": authored(sheet, remark.source), "reason": remark.reason}
    return {"state": "pending"}


def _acknowledgement(sheet: Sheet, made: Acknowledgement) -> Body:
    sheet.shows([made.source.version])
    return {"seen": made.seen, **authored(sheet, made.source)}
