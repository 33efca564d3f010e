"""How the client themselves looks in a view: who they are and how to reach them."""

from domain.fact import Value
from domain.lanes import GRANTABLE, Category, Lane
from domain.scope import Withheld
from domain.source import Source
from projections.sheet import Body, Sheet


def identity(sheet: Sheet) -> Body:
    """Identity, contact and whom to call in an emergency, as far as the reader may see them."""
    details = sheet.record.client
    body: Body = {}
    for name, category, value, source in (
        ("identity", Category.IDENTITY, details.identity, details.identity_source),
        ("contact", Category.CONTACT, details.contact, details.contact_source),
        (
            "emergency_contact",
            Category.ALERTS,
            details.emergency_contact,
            details.emergency_contact_source,
        ),
    ):
        body |= _detail(sheet, name, category, value, source)
    return body


def _detail(
    sheet: Sheet, name: str, category: Category, value: Value | None, source: Source | None
) -> Body:
    if Lane.EXISTENCE in sheet.scope.lanes(category):
        return {}
    sheet.lists(category)
    if value is None or source is None:
        return {}
    if not sheet.opens(category, source.version, author=source.author):
        return {}
    return {name: {**value.model_dump(mode="json", exclude_none=True), "version": source.version}}


def not_shared(sheet: Sheet) -> list[Category]:
    """Categories that this reader's discipline could read and that are not shared with them.

    The same whether or not there is anything in them: it says nothing about the record.
    """
    return sorted(
        category
        for category, why in sheet.scope.withheld.items()
        if why is Withheld.NO_CONSENT and category in GRANTABLE and sheet.scope.lanes(category)
    )
