"""How a refusal leaves: its code and what would have to change, if the reader may see the rule.

A refusal can name items of the record, or betray that they are there. So it is a view like any
other, rendered in the reader's scope and disclosed; a reader who may see nothing of the client gets
the answer that an unknown id gets, whatever the decision would have said.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import Request, Response

from api.caller import Caller
from api.errors import refused_because, refused_plainly
from api.problems import MEDIA_TYPE
from api.release import Disclosed, of_view
from domain.lanes import Category
from domain.record import CareRecord
from domain.refused import Refused
from domain.scope import Scope
from projections.asking import Ask, Released
from projections.referrals_shown import sees_all
from projections.sheet import NothingToShow, Sheet, View

VIEW = "refusal"

ABOUT_THE_CALLER = frozenset(
    {
        "cautions-only",
        "client-only",
        "consequence-not-told",
        "coordinator-or-client-only",
        "not-by-the-declarer",
        "not-on-the-team",
        "not-yours-to-measure",
        "outside-lane",
        "recorder-is-grantee",
        "regulated-clinicians-only",
        "reviewers-only",
    }
)
"""Codes that tell of the caller and of what they sent, nothing of the record: for whoever may know
that there is such a client."""


@dataclass(frozen=True, slots=True)
class About:
    """What a decision is on: a category and, if it is about one, the restriction, the referral, or
    the part of an assessment that the category is of."""

    category: Category
    restriction: UUID | None = None
    assessment: UUID | None = None
    referral: UUID | None = None

    @property
    def item(self) -> UUID | None:
        """The item of the record that it is about, if about one."""
        return self.restriction or self.assessment or self.referral


def render(refused: Refused, about: About, record: CareRecord, scope: Scope, now: datetime) -> View:
    """`refused` as far as the reader may see the rule behind it. Raises NothingToShow for an item
    that is not there or is kept from the reader: the two look the same."""
    sheet = Sheet(record, scope, now)
    if refused.code in ABOUT_THE_CALLER:
        return sheet.view(refused_because(refused).document())
    if about.restriction is not None:
        return _about_item(sheet, refused, about.restriction)
    if about.assessment is not None:
        return _about_part(sheet, refused, about.category, about.assessment)
    if about.referral is not None:
        return _about_referral(sheet, refused, about.referral)
    if sheet.opens(about.category):
        return sheet.view(refused_because(refused).document())
    return sheet.view(refused_plainly().document())


def _about_item(sheet: Sheet, refused: Refused, id: UUID) -> View:
    item = sheet.record.restrictions.items.get(id)
    if item is None:
        raise NothingToShow
    if sheet.opens(Category.RESTRICTIONS, *item.edition.shown, item=id, author=item.author):
        return sheet.view(refused_because(refused).document())
    if sheet.opens_minimum(id, *item.edition.shown, author=item.author):
        return sheet.view(refused_because(Refused(refused.code)).document())
    raise NothingToShow


def _about_part(sheet: Sheet, refused: Refused, category: Category, id: UUID) -> View:
    item = sheet.record.assessments.items.get(id)
    for part in item.parts.values() if item else ():
        if part.category is not category:
            continue
        if sheet.opens(category, item=id):
            return sheet.view(refused_because(refused).document())
        reader = sheet.scope.reader
        if reader in part.writers and sheet.opens(category, item=id, author=reader):
            # Of what others have added since, whoever reads only what they wrote is told nothing.
            return sheet.view(refused_plainly().document())
    raise NothingToShow


def _about_referral(sheet: Sheet, refused: Refused, id: UUID) -> View:
    item = sheet.record.referrals.items.get(id)
    if item is not None and sees_all(sheet, item):
        return sheet.view(refused_because(refused).document())
    for step in item.steps if item else ():
        # Whoever only reads what they wrote is told that it was refused, and nothing of why.
        source = step.source
        if sheet.opens(Category.REFERRALS, source.version, item=id, author=source.author):
            return sheet.view(refused_plainly().document())
    raise NothingToShow


async def answer(
    request: Request, caller: Caller, client: UUID, refused: Refused, about: About
) -> Response:
    """The response to a command that was refused. Raises NotYours, like any disclosure."""
    ask = Ask(
        view=VIEW,
        render=lambda record, scope, now: render(refused, about, record, scope, now),
        item=about.item,
        content_type=MEDIA_TYPE,
    )

    async def disclose() -> Released:
        return await caller.tandem.door.disclose(caller.reader, client, ask)

    return Disclosed(request, caller, await disclose(), disclose, tag=of_view, status=409)
