"""How the merged card looks in a view: the lines that a trainer can act on in ten seconds."""

from dataclasses import asdict
from datetime import datetime

from domain import card as merged
from domain.lanes import Category
from domain.record import CareRecord
from domain.restricted import Restriction
from domain.scope import Scope
from projections.sheet import Body, Sheet, View


def card(sheet: Sheet) -> Body:
    """The card of the restrictions that the reader may see, in full or as the safety minimum.

    One restriction of which only the minimum is open makes the whole card the minimum: a merged
    line would otherwise tell what stands behind it.
    """
    sheet.lists(Category.RESTRICTIONS)
    full: list[Restriction] = []
    minimum: list[Restriction] = []
    for item in sheet.record.restrictions.active(sheet.now):
        if sheet.scope.sees(Category.RESTRICTIONS, item=item.id, author=item.author):
            full.append(item)
        elif sheet.opens_minimum(item.id, author=item.author):
            minimum.append(item)
    for item in full:
        sheet.opens(Category.RESTRICTIONS, item=item.id, author=item.author)
    made = merged.card([*full, *minimum], sheet.scope.reader, sheet.now, minimum=bool(minimum))
    sheet.shows(made.versions)
    return {
        "headings": [_heading(sheet, heading) for heading in made.headings],
        "lines": [
            {"kind": line.kind, "text": line.text, "changed": list(line.changed)}
            for line in made.lines
        ],
        "changed": list(made.changed),
    }


def view(record: CareRecord, scope: Scope, now: datetime) -> View:
    """The card alone: what is printed, and held offline."""
    sheet = Sheet(record, scope, now)
    return sheet.view({"view": "card", "client": str(record.id), "card": card(sheet)})


def _heading(sheet: Sheet, heading: merged.Heading) -> Body:
    body = asdict(heading)
    body["restriction"] = str(heading.restriction)
    body["author"] = sheet.mention(heading.author)
    body["review_by"] = heading.review_by.isoformat()
    return body
