"""When policy would have permitted a reader to see each fact: the first of the five states.

Policy is asked again at every fact that it rests on, at every change of the reader's standing, and
at every instant at which the clock alone changes the answer. Pure: two streams in, spans out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from domain.actor import Actor
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed
from domain.consent import ConsentConfirmed, OralConsentRecorded
from domain.deadline import Passed
from domain.entry import Entry, Erased
from domain.fact import Fact
from domain.lanes import Category
from domain.policy import scope as scope_of
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused
from domain.scope import Basis, Scope
from domain.team import CoordinatorAssigned, MemberJoined, MemberLeft
from projections.reader import Reader

TOLD_WITH_THE_TEAM = (
    *(MemberJoined, MemberLeft, CoordinatorAssigned),
    *(OralConsentRecorded, ConsentConfirmed, BreakGlassDeclared, BreakGlassReviewed),
)
"""Facts of which whoever coordinates may know that they happened."""

NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """From `since` until `until` (None: still), on `basis`."""

    since: datetime
    until: datetime | None
    basis: Basis


def item_of(fact: Fact | Erased) -> UUID | None:
    """The item of the record that a fact is about, if it is about one."""
    if isinstance(fact, Passed):
        return fact.item
    for name in ("restriction", "hold", "consent", "assessment", "referral"):
        item = getattr(fact, name, None)
        if isinstance(item, UUID):
            return item
    return None


@dataclass(slots=True)
class _Watch:
    """The fold in progress."""

    reader: Reader
    record: CareRecord
    person: PractitionerRecord
    scope: Scope
    asked: datetime = NEVER
    """Up to when policy has been asked. What lies before is answered."""
    facts: dict[int, Entry] = field(default_factory=dict)
    spans: dict[int, list[Span]] = field(default_factory=dict)

    def see(self, entry: Entry) -> None:
        """One more entry of either stream, at its recorded time."""
        self.expire(entry.recorded_at)
        if entry.stream == self.record.id:
            self.record = self.record.evolve(entry)
            self.facts[entry.version] = entry
            self.spans[entry.version] = []
        else:
            self.person = self.person.evolve(entry)
        if self._moves(entry):
            self.ask(entry.recorded_at)
        else:
            self.mark(entry.version, entry.recorded_at)

    def expire(self, until: datetime) -> None:
        """Ask again at each instant before `until` at which the clock alone changes the answer."""
        while (change := self._next_change()) is not None and change <= until:
            self.ask(change)
        self.asked = max(self.asked, until)

    def ask(self, now: datetime) -> None:
        """Ask policy anew, and mark what has become visible or has ceased to be."""
        self.asked = now
        self.scope = scope_of(self.record, self._actor(now), self.reader.purpose, now)
        for version in self.facts:
            self.mark(version, now)

    def mark(self, version: int, now: datetime) -> None:
        """Open or close the span of one fact as the scope says."""
        spans = self.spans[version]
        basis = visible(self.scope, self.facts[version])
        current = spans[-1] if spans and spans[-1].until is None else None
        if current is not None and basis != current.basis:
            spans.pop()
            if current.since < now:
                spans.append(Span(current.since, now, current.basis))
        if basis is not None and (current is None or basis != current.basis):
            spans.append(Span(now, None, basis))

    def _actor(self, now: datetime) -> Actor:
        if (known := self.reader.unregistered) is not None:
            return known
        try:
            return self.person.acting(self.reader.acting_as, now)
        except Refused:
            return Actor(self.reader.person, self.reader.acting_as, good_standing=False)

    def _moves(self, entry: Entry) -> bool:
        """Whether the answer may be another one after this entry."""
        if entry.stream != self.record.id or entry.version == 1:
            return True
        # Whoever has written something reads what they wrote.
        return _moves_policy(entry.fact) or entry.by.actor == self.reader.person

    def _next_change(self) -> datetime | None:
        begins = [consent.terms.starts for consent in self.record.consents]
        instants = [self.scope.not_after, *begins]
        return min((at for at in instants if at is not None and at > self.asked), default=None)


def _moves_policy(fact: Fact | Erased) -> bool:
    return isinstance(fact, Erased) or fact.policy


def visible(scope: Scope, entry: Entry) -> Basis | None:
    """The basis on which a fact may be seen, at least in part; None if it may not."""
    if isinstance(entry.fact, Erased):
        return None
    item, author = item_of(entry.fact), entry.by.actor
    basis = scope.sees(entry.fact.category, item=item, author=author)
    if basis is None and isinstance(entry.fact, TOLD_WITH_THE_TEAM):
        return scope.sees_team()
    if basis is None and entry.fact.category is Category.RESTRICTIONS and item is not None:
        return scope.sees_minimum(item, author=author)
    return basis


def availability(
    client: UUID,
    entries: Sequence[Entry],
    standing: Iterable[Entry],
    reader: Reader,
    until: datetime,
) -> dict[int, list[Span]]:
    """For each record version, the spans in which `reader` was permitted it, up to `until`.

    `entries` are the client's stream and `standing` the reader's practitioner stream, both cut at
    the moment that is asked about.
    """
    empty = Scope(reader.person, reader.acting_as, reader.purpose)
    watch = _Watch(reader, CareRecord(client), PractitionerRecord(reader.person), empty)
    for entry in sorted([*entries, *standing], key=lambda entry: entry.position):
        watch.see(entry)
    watch.expire(until)
    return watch.spans
