"""Today, for whoever trains: whom they train, what not to do with them, and what they have yet to
acknowledge."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from domain.acknowledgement import first_unseen, must_acknowledge
from domain.lanes import PRACTITIONERS, Category, Lane, lanes_of
from domain.record import CareRecord
from domain.restricted import Restriction
from domain.team import Membership
from domain.terms import ReviewRule
from projections.accesses import day, when
from projections.card_shown import card
from projections.reasons import (
    CALM,
    Lens,
    Reason,
    about,
    ends_by_itself,
    lasting,
    midnight,
    review_passes,
    what,
)
from projections.sheet import Body, Sheet

NEWS_FOR: Final = timedelta(days=7)
"""How long it is news that something has ended."""

TO_ACKNOWLEDGE: Final = "to-acknowledge"
HELD: Final = "on-hold"
BLOCKED: Final = "new-load-blocked"
CHANGED: Final = "changed"
ENDED: Final = "ended"
NOTHING: Final = "due-to-train"

_WORST: Final = (TO_ACKNOWLEDGE, HELD, BLOCKED, CHANGED, ENDED)


def reasons(record: CareRecord, member: Membership) -> Iterator[Reason]:
    """Of every client whom somebody is due to train, there is at least that."""
    if not member.due_to_train:
        return
    for item in record.restrictions.items.values():
        yield from _of(item, member)
    joined = member.source
    yield Reason(NOTHING, CALM, joined.recorded_at, record.id, joined.version)


def _of(item: Restriction, member: Membership) -> Iterator[Reason]:
    person, ends = member.practitioner, ends_by_itself(item)
    seen = item.acknowledged_by(person)
    if item.ending is not None:
        if seen is not None:
            at = item.ending.source
            yield about(item, ENDED, _WORST, at, until=at.recorded_at + NEWS_FOR)
        return
    if item.author != person and must_acknowledge(item, person):
        first = first_unseen(item, person).source
        at_once = max(first.recorded_at, member.source.recorded_at)
        yield about(item, TO_ACKNOWLEDGE, _WORST, first, at=at_once, until=ends)
    elif seen is not None and seen.seen < item.version:
        later = next(e for e in item.editions if e.version > seen.seen)
        yield about(item, CHANGED, _WORST, later.source, until=ends)
    if item.provisional:
        yield about(item, HELD, _WORST, item.imposed)
    elif item.terms.review_rule is ReviewRule.BLOCKS_NEW_LOAD:
        yield about(item, BLOCKED, _WORST, item.edition.source, at=review_passes(item))


def told(sheet: Sheet, reason: Reason) -> str | None:
    """The sentence, for whoever may see at least the safety minimum of the restriction."""
    if reason.code == NOTHING:
        return _nothing(sheet)
    item = sheet.record.restrictions.items[reason.item]
    shown = item.edition.shown
    full = sheet.opens(Category.RESTRICTIONS, *shown, item=item.id, author=item.author)
    # What has ended is no part of the minimum.
    if not full and (
        item.ending is not None or not sheet.opens_minimum(item.id, *shown, author=item.author)
    ):
        return None
    if seen := item.acknowledged_by(sheet.scope.reader):
        sheet.shows([seen.source.version])
    return _SENTENCES[reason.code](sheet, item, reason)


def _to_acknowledge(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    sheet.shows([reason.version])
    since = f"for {lasting(sheet.now - reason.since)}, since {when(reason.since)}"
    again = "what has changed is" if item.acknowledged_by(sheet.scope.reader) else "it is"
    return f"{what(item)}: {again} yours to acknowledge {since}."


def _held(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    sheet.shows([reason.version])
    whose = "you stopped this" if item.author == sheet.scope.reader else "a trainer stopped this"
    asked = f"asked to look by {day(midnight(item.terms.review_by))}"
    return f"{what(item)}: {whose} on {when(reason.since)}; a physiotherapist is {asked}."


def _blocked(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    by = day(midnight(item.terms.review_by))
    return f"{what(item)}: not reviewed by {by}; until it is, add nothing and make nothing heavier."


def _changed(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    sheet.shows(e.version for e in item.editions if e.version >= reason.version)
    ago = f"{lasting(sheet.now - reason.since)} ago, on {when(reason.since)}"
    return f"{what(item)}: changed {ago}; nothing is tighter than what you acknowledged."


def _ended(sheet: Sheet, item: Restriction, reason: Reason) -> str:
    sheet.shows([reason.version])
    status = item.ending.status if item.ending else ""
    ago = f"{lasting(sheet.now - reason.since)} ago, on {when(reason.since)}"
    return f"{what(item)}: {status} {ago}; it binds you no longer."


_SENTENCES: Final[Mapping[str, Callable[[Sheet, Restriction, Reason], str]]] = {
    TO_ACKNOWLEDGE: _to_acknowledge,
    HELD: _held,
    BLOCKED: _blocked,
    CHANGED: _changed,
    ENDED: _ended,
}


def _nothing(sheet: Sheet) -> str:
    if not _knows_limits(sheet):
        return "You train them, and what restricts them is not shared with you: ask before you do."
    lines = card(sheet)["lines"]
    return f"You train them; {'nothing has changed' if lines else 'nothing restricts them'}."


def _card(sheet: Sheet) -> Body:
    """What not to do, in lines; nothing at all (and not an empty card) for whoever may not know."""
    return {"card": card(sheet)} if _knows_limits(sheet) else {}


def _knows_limits(sheet: Sheet) -> bool:
    return Category.RESTRICTIONS in sheet.scope.categories


TODAY: Final = Lens(
    name="today",
    disciplines=frozenset(
        discipline
        for discipline in PRACTITIONERS
        if Lane.READ in lanes_of(discipline, Category.RESTRICTIONS)
    ),
    reasons=reasons,
    told=told,
    beside=_card,
    hint="Clients whom you are due to train stand here: their team says who that is.",
)
