"""Why a client is on somebody's list: the reasons, how bad each is, and since when it holds.

A lens is how one role looks at its clients. What a reason is follows from the record alone, so that
the projector can note where to look; whether and how it is told follows from the reader's scope.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from domain.card import title
from domain.lanes import Discipline
from domain.record import CareRecord
from domain.restricted import Restriction
from domain.scope import Scope
from domain.source import Source
from domain.team import Membership
from domain.terms import ReviewRule, Severity
from projections.board_shown import name
from projections.sheet import Body, NothingToShow, Sheet, View, ViewFunction

SEVERITIES: Final = tuple(Severity)
CALM: Final = 99
"""The rank of whoever is on a list for no reason but that they are somebody's client."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a client is on a list, from `since` on, until `until` (None: until a fact ends it).

    `rank`: 0 is worst. `item` is what of the record it is about (the client, if nothing else),
    `version` that of the fact it rests on, `person` whom it waits for, if for one person.
    """

    code: str
    rank: int
    since: datetime
    item: UUID
    version: int
    person: UUID | None = None
    until: datetime | None = None

    @property
    def key(self) -> str:
        """The same for the same reason, however often it is looked up."""
        return f"{self.code} {self.item} {self.version} {self.person or ''}".rstrip()

    def holds(self, now: datetime) -> bool:
        """Whether it is a reason at `now`."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Lens:
    """One list: for whom, for which reasons, and how each is told.

    `reasons`: all that there are for one member of the team, also such as the clock alone will
    bring about. `told`: the sentence, or None if the reader may not know of it. `beside`: what else
    is told of a client who is on the list. `hint`: what would put somebody on it.
    """

    name: str
    disciplines: frozenset[Discipline]
    reasons: Callable[[CareRecord, Membership], Iterator[Reason]]
    told: Callable[[Sheet, Reason], str | None]
    beside: Callable[[Sheet], Body]
    hint: str


def told(lens: Lens, sheet: Sheet) -> list[tuple[Reason, str]]:
    """The reasons that hold and that the reader may know, each with its sentence: the worst first,
    of those that are equally bad the newest. Where there is a reason, being calm is none."""
    reader = sheet.scope.reader
    member = sheet.record.team.member(reader, sheet.scope.acting_as)
    if member is None or sheet.scope.empty or sheet.scope.acting_as not in lens.disciplines:
        return []
    holding = [one for one in lens.reasons(sheet.record, member) if one.holds(sheet.now)]
    holding.sort(key=lambda reason: reason.since, reverse=True)
    holding.sort(key=lambda reason: reason.rank)
    calm = [one for one in holding if one.rank == CALM]
    bad = [one for one in holding if one.rank != CALM]
    return _known(lens, sheet, bad) or _known(lens, sheet, calm)


def _known(lens: Lens, sheet: Sheet, reasons: Iterable[Reason]) -> list[tuple[Reason, str]]:
    return [(one, text) for one in reasons if (text := lens.told(sheet, one)) is not None]


def line(lens: Lens) -> ViewFunction:
    """What a list says of one client. Raises NothingToShow if there is no reason to tell."""

    def view(record: CareRecord, scope: Scope, now: datetime) -> View:
        sheet = Sheet(record, scope, now)
        reasons = told(lens, sheet)
        if not reasons:
            raise NothingToShow
        return sheet.view(
            {
                "view": lens.name,
                "client": str(record.id),
                "name": name(sheet),
                "why": reasons[0][1],
                "reasons": [_reason(sheet, reason, text) for reason, text in reasons],
                **lens.beside(sheet),
            }
        )

    return view


def _reason(sheet: Sheet, reason: Reason, text: str) -> Body:
    body: Body = {"code": reason.code, "sentence": text, "since": reason.since.isoformat()}
    if reason.item != sheet.record.id:
        body["item"] = str(reason.item)
    if reason.person is not None:
        body["person"] = sheet.mention(reason.person)
    return body


def about(
    item: Restriction,
    code: str,
    worst: Sequence[str],
    since: Source,
    *,
    at: datetime | None = None,
    until: datetime | None = None,
) -> Reason:
    """A reason that is about a restriction: as bad as its code, then as its severity. It holds from
    `at` on (None: from the fact that it rests on)."""
    rank = worst.index(code) * len(SEVERITIES) + SEVERITIES.index(item.terms.severity)
    begins = at or since.recorded_at
    return Reason(code, rank, begins, item.id, since.version, until=until)


def what(item: Restriction) -> str:
    """What a restriction is about, as a sentence begins: "Right knee (stop)"."""
    about = title(item.terms) or "everything"
    return f"{about[:1].upper()}{about[1:]} ({item.terms.severity})"


def review_passes(item: Restriction) -> datetime:
    """The instant at which its review date has passed."""
    return midnight(item.terms.review_by + timedelta(days=1))


def ends_by_itself(item: Restriction) -> datetime | None:
    """When the clock alone ends it; None if it does not."""
    lapses = item.terms.review_rule is ReviewRule.LAPSES
    return review_passes(item) if lapses and item.terms.severity is Severity.CAUTION else None


def midnight(day: date) -> datetime:
    """When a day begins, as policy and views reckon it."""
    return datetime.combine(day, time.min, UTC)


def lasting(span: timedelta) -> str:
    """How long, as a person says it: "26 h", "3 days"."""
    minutes = max(0, int(span.total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def days(number: int) -> str:
    """So many days, as a person says it."""
    return "1 day" if number == 1 else f"{number} days"
