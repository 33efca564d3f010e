"""How rows of the access register look: who was released what of a client, when and on which basis;
never what it said."""

from collections.abc import Sequence
from datetime import datetime

from domain.lanes import Category
from domain.record import CareRecord
from domain.scope import Scope
from projections.register_queries import Access
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction


def of(rows: Sequence[Access]) -> ViewFunction:
    """The part of the register that is about one client: these rows, all of them about that client.

    For the client, and for auditors. It shows no fact of the record. Raises NothingToShow.
    """

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        if not sheet.opens(Category.CONSENTS):
            raise NothingToShow
        lines = [line(sheet, row) for row in rows]
        return sheet.view({"view": "register", "client": str(record.id), "accesses": lines})

    return view


def line(sheet: Sheet, row: Access) -> Body:
    """One row: references and codes."""
    return {
        "position": row.position,
        "recorded_at": row.recorded_at.isoformat(),
        "kind": row.kind,
        "reader": sheet.mention(row.reader),
        "acting_as": row.acting_as,
        "purpose": row.purpose,
        "view": row.view,
        "item": row.item and str(row.item),
        "channel": row.channel,
        "categories": [
            {"category": category, "rule": rule, "reference": reference and str(reference)}
            for category, rule, reference in row.bases
        ],
        "disclosure": row.disclosure,
        "code": row.code,
        "until": row.until and row.until.isoformat(),
    }
