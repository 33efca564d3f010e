"""How assessments look in a view of one client: of each part as much as its reader may see."""

from uuid import UUID

from domain.assessment import Assessment
from domain.assessment_lanes import reads
from domain.assessment_part import AssessedReading, AssessmentPart, Finding, Part
from domain.lanes import Category, Discipline, Lane
from domain.measures_table import MEASURES
from domain.restricted import Remark
from projections.sheet import Body, Sheet
from projections.source_shown import authored


def assessments(sheet: Sheet) -> list[Body]:
    """Every assessment of which the reader may see anything, oldest first, its parts side by side:
    what was measured on the couch beside what was seen under load."""
    for part in Part:
        sheet.lists(part.category)
    items = sheet.record.assessments.items.values()
    return [body for item in items if (body := assessment(sheet, item)) is not None]


def assessment(sheet: Sheet, item: Assessment) -> Body | None:
    """One assessment: those of its parts that the reader may see; None if nothing.

    `version` is the latest of any part shown: what a decision on any of them names as seen.
    """
    shown = {
        str(part.part): body
        for part in item.parts.values()
        if (body := _part(sheet, item.id, part)) is not None
    }
    if not shown:
        return None
    version = max(body["version"] for body in shown.values())
    return {"assessment": str(item.id), "version": version, **shown}


def _part(sheet: Sheet, id: UUID, part: AssessmentPart) -> Body | None:
    head: Body = {"version": _version(sheet, id, part)}
    if part.retracted is not None:
        retracted = _remark(sheet, id, part, part.retracted)
        return {**head, "retracted": retracted} if retracted else None
    opened = _opens(sheet, id, part, part.started.version, part.started.author)
    if opened:
        head |= {"occasion": part.occasion, "started": authored(sheet, part.started)}
    readings = [_reading(sheet, id, part, one) for one in part.readings]
    findings = [_finding(sheet, id, part, one) for one in part.findings]
    body: Body = {
        **head,
        "completed": _completed(sheet, id, part),
        "readings": [one for one in readings if one],
        "findings": [one for one in findings if one],
        "acknowledged": _acknowledged(sheet, id, part),
    }
    return body if opened or body["readings"] or body["findings"] else None


def _version(sheet: Sheet, id: UUID, part: AssessmentPart) -> int:
    """The version to decide on. Whoever reads only what they wrote is not told that anybody has
    added to it since."""
    if sheet.scope.sees(part.category, item=id) is not None:
        return part.version
    mine = (at.version for at in part.told if at.author == sheet.scope.reader)
    return max(mine, default=0)


def _opens(sheet: Sheet, id: UUID, part: AssessmentPart, version: int, author: UUID) -> bool:
    return sheet.opens(part.category, version, item=id, author=author)


def _reading(sheet: Sheet, id: UUID, part: AssessmentPart, one: AssessedReading) -> Body | None:
    if not reads(sheet.scope.acting_as, part.category, one.measured.measure):
        return None
    key: Body = {"reading": one.key.model_dump()}
    if one.retracted is not None:
        remark = _remark(sheet, id, part, one.retracted)
        return {**key, "retracted": remark} if remark else None
    if not _opens(sheet, id, part, one.source.version, one.source.author):
        return None
    body: Body = {**key, **measured(sheet, one)}
    if one.correction is not None:
        body["corrected"] = {
            **authored(sheet, one.correction.source),
            "reason": one.correction.reason,
        }
    return body


def measured(sheet: Sheet, one: AssessedReading) -> Body:
    """What was measured, in the catalogue's words, and who took it. Ask `opens` first."""
    told = one.measured.model_dump(mode="json", exclude_none=True)
    known = MEASURES.get(one.measured.measure)
    return {"name": known.name if known else None, **told, "rater": sheet.mention(one.rater)}


def _finding(sheet: Sheet, id: UUID, part: AssessmentPart, one: Finding) -> Body | None:
    at = one.source
    body: Body = {}
    if (one.plain or one.movement) and _opens(sheet, id, part, at.version, at.author):
        body = {
            "plain": one.plain,
            "movement": [each.model_dump(mode="json", exclude_none=True) for each in one.movement],
        }
    if one.clinical and sheet.opens(Category.CLINICAL, at.version, item=id, author=at.author):
        body["clinical"] = one.clinical
    return {**authored(sheet, at), **body} if body else None


def _completed(sheet: Sheet, id: UUID, part: AssessmentPart) -> Body | None:
    at = part.completed
    if at is None or not _opens(sheet, id, part, at.version, at.author):
        return None
    return authored(sheet, at)


def _acknowledged(sheet: Sheet, id: UUID, part: AssessmentPart) -> list[Body]:
    """Who has taken note of it, and of which version; to readers who write no such part, their own
    only. Those that are void are gone."""
    scope = sheet.scope
    whose = scope.acting_as is Discipline.CLIENT or Lane.WRITE in scope.lanes(part.category)
    return [
        {"seen": made.seen, **authored(sheet, made.source)}
        for made in part.acknowledgements
        if (whose or made.person == scope.reader)
        and _opens(sheet, id, part, made.source.version, made.source.author)
    ]


def _remark(sheet: Sheet, id: UUID, part: AssessmentPart, remark: Remark) -> Body | None:
    if not _opens(sheet, id, part, remark.source.version, remark.source.author):
        return None
    return {**authored(sheet, remark.source), "reason": remark.reason}
