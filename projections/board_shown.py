"""How a client's restrictions look on the board: a line each, as much as its reader may see."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.card import safety_minimum
from domain.lanes import Category, Lane
from domain.record import CareRecord
from domain.restricted import Restriction
from domain.scope import Scope
from projections.board import waiting
from projections.restrictions_shown import to_acknowledge
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction
from projections.source_shown import authored


def of(items: Sequence[UUID]) -> ViewFunction:
    """The part of the board that is about one client: those of their restrictions, in that order.

    Raises NothingToShow if the reader may see nothing of any of them.
    """

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        rows = [row for item in items if (row := line(sheet, item)) is not None]
        if not rows:
            raise NothingToShow
        return sheet.view(
            {"view": "board", "client": str(record.id), "name": name(sheet), "restrictions": rows}
        )

    return view


def line(sheet: Sheet, id: UUID) -> Body | None:
    """One restriction in force; None if there is none such, or nothing of it may be seen."""
    item = sheet.record.restrictions.items.get(id)
    if item is None or not item.in_force(sheet.now):
        return None
    lanes = sheet.scope.lanes(Category.RESTRICTIONS)
    if Lane.READ not in lanes:
        known = sheet.opens(Category.RESTRICTIONS, item=item.id, author=item.author)
        return {"restriction": str(item.id)} if known else None
    if sheet.opens(Category.RESTRICTIONS, *item.edition.shown, item=item.id, author=item.author):
        return {**_essence(sheet, item), **_rest(item), **_acknowledgement(sheet, item)}
    if sheet.opens_minimum(item.id, *item.edition.shown, author=item.author):
        return _essence(sheet, item)
    return None


def _essence(sheet: Sheet, item: Restriction) -> Body:
    """What the safety minimum allows of it, but for the limits, which are looked up on the card."""
    minimum = safety_minimum(item)
    sheet.shows([item.imposed.version])
    return {
        "restriction": str(item.id),
        "version": item.version,
        "status": item.status(sheet.now),
        "provisional": item.provisional,
        "imposed": authored(sheet, item.imposed),
        "severity": minimum.severity,
        "region": minimum.region,
        "side": minimum.side,
        "patterns": list(minimum.patterns),
    }


def _rest(item: Restriction) -> Body:
    terms = item.terms
    return {
        "reason": terms.reason,
        "review_by": terms.review_by.isoformat(),
        "review_rule": terms.review_rule,
    }


def _acknowledgement(sheet: Sheet, item: Restriction) -> Body:
    """For those who write restrictions, whether anybody has yet to acknowledge it (not who: the
    team is not on the board); for the others, whether they themselves have to."""
    if Lane.WRITE in sheet.scope.lanes(Category.RESTRICTIONS):
        return {"unacknowledged": bool(waiting(sheet.record, item))}
    return {"to_acknowledge": to_acknowledge(sheet, item)}


def name(sheet: Sheet) -> str | None:
    """The client's name; None if the reader may not see it."""
    details = sheet.record.client
    if details.identity is None or details.identity_source is None:
        return None
    source = details.identity_source
    if not sheet.opens(Category.IDENTITY, source.version, author=source.author):
        return None
    return details.identity.name
