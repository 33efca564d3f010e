"""The card: all active restrictions merged into at most five lines that a trainer can act on.

Strictest wins. What contradicts itself is never resolved here: it becomes "ask first". A card is
made of the restrictions that its reader may see, and never tells the reason.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from domain.body import Pattern, Region, Side, place
from domain.instruction import LineKind
from domain.limits import Limits
from domain.restricted import Restriction, Status
from domain.strictest import Part, Told, merge
from domain.terms import Severity, Terms, WhomToCall

MINIMUM = (LineKind.NO, LineKind.LIMIT, LineKind.STOP_IF, LineKind.CALL)
"""Lines of the safety minimum."""

_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the card; never without parts."""

    kind: LineKind
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The line as it is read."""
        sure = [part.text for part in self.parts if not part.ask_first]
        ask = [part.text for part in self.parts if part.ask_first]
        told = (", " if self.kind is LineKind.NO else " · ").join(sure)
        return " · ".join(filter(None, (told, f"ask first: {', '.join(ask)}" if ask else "")))

    @property
    def changed(self) -> tuple[str, ...]:
        """What is different from what the reader last acknowledged."""
        return tuple(f"{part.text}: {part.changed}" for part in self.parts if part.changed)


@dataclass(frozen=True, slots=True)
class Heading:
    """What one restriction on the card is about, until when, and from whom.

    `unseen`: the reader has acknowledged no version of it; `changed`: an earlier version only.
    """

    restriction: UUID
    version: int
    title: str
    severity: Severity
    provisional: bool
    review_by: date
    status: Status
    author: UUID
    unseen: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Card:
    """What holds for a client now, for one reader. No lines: nothing is restricted.

    `dropped`: what the reader acknowledged and holds no longer.
    """

    headings: tuple[Heading, ...]
    lines: tuple[Line, ...]
    dropped: tuple[str, ...] = ()
    versions: frozenset[int] = frozenset()

    @property
    def changed(self) -> tuple[str, ...]:
        """All that is different from what the reader last acknowledged."""
        gone = tuple(f"no longer: {text}" for text in self.dropped)
        return tuple(mark for line in self.lines for mark in line.changed) + gone


@dataclass(frozen=True, slots=True)
class MinimumTerms:
    """The safety minimum of a restriction: what, how far, when to stop, whom to call; no reason."""

    restriction: UUID
    version: int
    severity: Severity
    region: Region | None
    side: Side | None
    patterns: tuple[Pattern, ...]
    limits: Limits
    stop_signs: tuple[str, ...]
    call: WhomToCall | None


def safety_minimum(restriction: Restriction) -> MinimumTerms:
    """What whoever is due to train the client sees of it without any consent."""
    terms = restriction.terms
    return MinimumTerms(
        restriction=restriction.id,
        version=restriction.version,
        severity=terms.severity,
        region=terms.region,
        side=terms.side,
        patterns=terms.patterns,
        limits=terms.limits,
        stop_signs=terms.stop_signs,
        call=terms.call,
    )


def card(
    restrictions: Iterable[Restriction], reader: UUID, now: datetime, *, minimum: bool = False
) -> Card:
    """The card of those `restrictions` that are in force at `now`, for `reader`.

    `minimum`: only the lines of the safety minimum.
    """
    standing = sorted(
        (item for item in restrictions if item.in_force(now)),
        key=lambda item: (_SEVERITIES.index(item.terms.severity), item.imposed.version),
    )
    wanted = MINIMUM if minimum else tuple(LineKind)
    told = [Told.of(item, reader, now, wanted) for item in standing]
    parts = merge(told)
    lines = tuple(
        Line(kind, tuple(part for part in parts if part.rules[0].line is kind))
        for kind in wanted
        if any(part.rules[0].line is kind for part in parts)
    )
    return Card(
        headings=tuple(_heading(one, now) for one in told),
        lines=lines,
        dropped=_dropped(told),
        versions=frozenset().union(*(one.versions for one in told)),
    )


def _dropped(told: Sequence[Told]) -> tuple[str, ...]:
    holding = {rule.key for one in told for rule in one.now}
    gone = (rule for one in told for rule in one.before or () if rule.key not in holding)
    return tuple(dict.fromkeys(rule.text for rule in gone))


def _heading(told: Told, now: datetime) -> Heading:
    item = told.item
    return Heading(
        restriction=item.id,
        version=item.version,
        title=title(item.terms),
        severity=item.terms.severity,
        provisional=item.provisional,
        review_by=item.terms.review_by,
        status=item.status(now),
        author=item.author,
        unseen=told.before is None,
        changed=told.differs,
    )


def title(terms: Terms) -> str:
    """What the terms are about, in a few words: "right knee", or its movement patterns."""
    if terms.region is not None:
        return place(terms.region, terms.side)
    return ", ".join(pattern.value.replace("_", " ") for pattern in terms.patterns)
