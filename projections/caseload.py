"""The caseload of whoever treats: their clients by risk, and why each stands where they do."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from domain.acknowledgement import first_unseen
from domain.lanes import REGULATED, Category
from domain.record import CareRecord
from domain.restricted import Restriction
from domain.team import Membership
from domain.terms import ReviewRule
from projections.accesses import day, when
from projections.board import waiting
from projections.reasons import (
    CALM,
    Lens,
    Reason,
    about,
    days,
    ends_by_itself,
    lasting,
    midnight,
    review_passes,
    what,
)
from projections.sheet import Sheet

REVIEW_IS_NEAR: Final = timedelta(days=7)
"""How long before its date a review is on the list."""

UNACKNOWLEDGED: Final = "tightening-unacknowledged"
HOLD: Final = "hold-awaiting-review"
OVERDUE: Final = "review-overdue"
PROPOSED: Final = "milestone-proposed"
DUE: Final = "review-due"
NOTHING: Final = "on-caseload"

_WORST: Final = (UNACKNOWLEDGED, HOLD, OVERDUE, PROPOSED, DUE)


def reasons(record: CareRecord, member: Membership) -> Iterator[Reason]:
    """Of every client on whose team somebody treats, there is at least that."""
    for item in record.restrictions.items.values():
        if item.ending is None:
            yield from _of(record, item)
    joined = member.source
    yield Reason(NOTHING, CALM, joined.recorded_at, record.id, joined.version)


def _of(record: CareRecord, item: Restriction) -> Iterator[Reason]:
    passes, ends = review_passes(item), ends_by_itself(item)
    if people := waiting(record, item):
        unseen = min((first_unseen(item, person) for person in people), key=lambda e: e.version)
        yield about(item, UNACKNOWLEDGED, _WORST, unseen.source, until=ends)
    if item.provisional:
        yield about(item, HOLD, _WORST, item.imposed)
        return
    reviewed, near = item.edition.source, midnight(item.terms.review_by) - REVIEW_IS_NEAR
    yield about(item, DUE, _WORST, reviewed, at=near, until=passes)
    if ends is None:
        yield about(item, OVERDUE, _WORST, reviewed, at=passes)
    for step in item.pending:
        progress = item.progress.get(step.code)
        if progress is not None and progress.proposal is not None:
            yield about(item, PROPOSED, _WORST, progress.proposal.source, until=ends)


def told(sheet: Sheet, reason: Reason) -> str | None:
    """The sentence, for whoever may read the restriction itself."""
    if reason.code == NOTHING:
        return _nothing(sheet)
    item = sheet.record.restrictions.items[reason.item]
    shown = item.edition.shown
    if not sheet.opens(Category.RESTRICTIONS, *shown, item=item.id, author=item.author):
        return None
    return _SENTENCES[reason.code](sheet, item, reason)


def _unacknowledged(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    """Not by whom: the team is not theirs to know."""
    sheet.shows([reason.version, *(made.source.version for made in item.acknowledgements)])
    since = f"for {lasting(sheet.now - reason.since)}, since {when(reason.since)}"
    return f"{what(item)}: not acknowledged by all who train them, {since}."


def _held(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    sheet.shows([reason.version])
    by = item.terms.review_by
    asked = "is" if sheet.now.date() <= by else "was"
    since = f"for {lasting(sheet.now - reason.since)}, since {when(reason.since)}"
    return f"{what(item)}: on hold {since}; a look {asked} asked for by {day(midnight(by))}."


def _proposed(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    sheet.shows([reason.version])
    step = next(
        step
        for step in item.pending
        if (progress := item.progress.get(step.code))
        and progress.proposal
        and progress.proposal.source.version == reason.version
    )
    waits = f"waits to be confirmed for {lasting(sheet.now - reason.since)}"
    return f"{what(item)}: “{step.title}” was measured and {waits}, since {when(reason.since)}."


def _overdue(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    late = days((sheet.now.date() - item.terms.review_by).days)
    blocked = item.terms.review_rule is ReviewRule.BLOCKS_NEW_LOAD
    until = " Until it is reviewed, nothing may be added or made heavier." if blocked else ""
    by = day(midnight(item.terms.review_by))
    return f"{what(item)}: the review is {late} overdue; it was due by {by}.{until}"


def _due(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    left = (item.terms.review_by - sheet.now.date()).days
    due = "today" if left == 0 else f"in {days(left)}"
    ends = ends_by_itself(item) is not None
    what_then = "lapses" if ends else "is to be reviewed"
    return f"{what(item)}: {what_then} {due}, by {day(midnight(item.terms.review_by))}."


_SENTENCES: Final[Mapping[str, Callable[[Sheet, Restriction, Reason], str]]] = {
    UNACKNOWLEDGED: _unacknowledged,
    HOLD: _held,
    PROPOSED: _proposed,
    OVERDUE: _overdue,
    DUE: _due,
}


def _nothing(sheet: Sheet) -> str:
    if Category.RESTRICTIONS not in sheet.scope.categories:
        return "You are on their care team; what restricts them is not shared with you."
    sheet.lists(Category.RESTRICTIONS)
    reviews = [
        item.terms.review_by
        for item in sheet.record.restrictions.active(sheet.now)
        if sheet.opens(Category.RESTRICTIONS, *item.edition.shown, item=item.id, author=item.author)
    ]
    if not reviews:
        return "You are on their care team; nothing that you may see restricts them."
    upcoming = [review for review in reviews if review >= sheet.now.date()]
    if not upcoming:
        return "You are on their care team."
    return f"You are on their care team; the next review is due by {day(midnight(min(upcoming)))}."


CASELOAD: Final = Lens(
    name="caseload",
    disciplines=REGULATED,
    reasons=reasons,
    told=told,
    beside=lambda sheet: {},
    hint="Clients on whose care team you are, and who let you read anything, stand here.",
)
