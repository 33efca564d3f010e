"""How it looks who is to be told of a correction: references and times, never what was wrong."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from domain.access import AccessRecord, Disclosure
from domain.assessment_part import AssessmentPart, Correction
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from domain.scope import Scope
from projections.corrections import ToInform, corrections, to_inform
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction


def of(assessment: UUID, position: int, accesses: Mapping[UUID, AccessRecord]) -> ViewFunction:
    """The view of who was released what the correction at log position `position` puts right.

    For whoever made it, for the client and for auditors. Raises NothingToShow.
    """

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        part, correction = _find(record, assessment, position)
        if not _accountable(sheet, assessment, part, correction):
            raise NothingToShow
        lines = [_line(sheet, one) for one in to_inform(correction, accesses, now)]
        return sheet.view(
            {
                "view": "informed",
                "client": str(record.id),
                "assessment": str(assessment),
                "part": part.part,
                "correction": {"position": position, "version": correction.version},
                "readers": lines,
            }
        )

    return view


def _find(record: CareRecord, assessment: UUID, position: int) -> tuple[AssessmentPart, Correction]:
    for item, part, correction in corrections(record):
        if item == assessment and correction.remark.source.position == position:
            return part, correction
    raise NothingToShow


def _accountable(
    sheet: Sheet, assessment: UUID, part: AssessmentPart, correction: Correction
) -> bool:
    """The client and auditors read who was told what of anything; its author, of this."""
    if sheet.scope.acting_as in (Discipline.CLIENT, Discipline.AUDITOR):
        return sheet.opens(Category.CONSENTS)
    author = correction.remark.source.author
    mine = author == sheet.scope.reader
    return mine and sheet.opens(part.category, item=assessment, author=author)


def _line(sheet: Sheet, one: ToInform) -> Body:
    return {
        "reader": sheet.mention(one.reader),
        "acting_as": one.acting_as,
        "first": _made(one.first),
        "last": _made(one.last),
        "told": _made(one.told) if one.told else None,
        "outstanding_copies": [_made(made) for made in one.outstanding],
    }


def _made(made: Disclosure) -> Body:
    at = made.source.recorded_at.isoformat()
    return {"disclosure": made.position, "at": at, "view": made.fact.view}
