"""Due dates, one mechanism for all of them: what is owed, until when, by whom, and what then.

A deadline is pure data, read off the folded record; the slices say which are open (`deadlines_…`),
`clock` puts them into one table. What falls due becomes a fact of its slice or, where it has none
of its own, one of the facts here. A fact that a deadline has passed may set the next one, for
others to see to: `LADDERS`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Annotated, Final, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.entry import Entry
from domain.fact import Fact, Value
from domain.lanes import Category, Discipline
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord

PART = "deadlines"


class Kind(StrEnum):
    """What falls due."""

    RESTRICTION_REVIEW = auto()
    ACKNOWLEDGEMENT = auto()
    """Somebody due to train the client has yet to acknowledge what tightened."""
    HOLD_REVIEW = auto()
    MILESTONE_CONFIRMATION = auto()
    CONSENT_CONFIRMATION = auto()
    """By the client, of a consent given orally: it lapses."""
    BREAK_GLASS_REVIEW = auto()
    REFERRAL_STEP = auto()
    """Whatever the state of a referral waits for: it escalates."""
    REFERRAL_CANCELLATION = auto()
    """The recipient's word on a cancellation: it is taken as given."""
    REFERRAL_EXPIRY = auto()
    REFERRAL_OVERDUE = auto()
    """It was escalated, and still waits."""
    FOLLOW_UP = auto()
    """After a completed referral."""


Key = tuple[Kind, UUID, int]
"""What falls due, the item, and the record version of the fact that set this very deadline."""


class DeadlinePassed(Value):
    """Until `due`, one of `who` should have done what `kind` says about `item`, and nobody did.

    `set_by` is the record version of the fact that set the deadline.
    """

    kind: Kind
    item: UUID
    set_by: Annotated[int, Field(ge=1)]
    due: AwareDatetime
    who: tuple[UUID, ...]


class RestrictionDeadlinePassed(
    DeadlinePassed,
    Fact,
    type="restriction.deadline-passed.v1",
    part=PART,
    category=Category.RESTRICTIONS,
):
    """Something about a restriction or hold was not done in time: see `kind`."""


class ConsentDeadlinePassed(
    DeadlinePassed,
    Fact,
    type="consent.deadline-passed.v1",
    part=PART,
    category=Category.CONSENTS,
):
    """An oral consent was not confirmed in time, or a broken glass not reviewed: see `kind`.

    Nothing that anybody may read changes by it: a consent lapses at its instant, by itself.
    """


class ReferralDeadlinePassed(
    DeadlinePassed,
    Fact,
    type="referral.deadline-passed.v1",
    part=PART,
    category=Category.REFERRALS,
):
    """The day has come on which somebody wanted to look again after a referral."""


Passed = RestrictionDeadlinePassed | ConsentDeadlinePassed | ReferralDeadlinePassed

PASSES: Final[Mapping[Kind, type[Passed]]] = {
    Kind.RESTRICTION_REVIEW: RestrictionDeadlinePassed,
    Kind.ACKNOWLEDGEMENT: RestrictionDeadlinePassed,
    Kind.HOLD_REVIEW: RestrictionDeadlinePassed,
    Kind.MILESTONE_CONFIRMATION: RestrictionDeadlinePassed,
    Kind.CONSENT_CONFIRMATION: ConsentDeadlinePassed,
    Kind.BREAK_GLASS_REVIEW: ConsentDeadlinePassed,
    Kind.FOLLOW_UP: ReferralDeadlinePassed,
}
"""Which fact says so, for the kinds that have no fact of their own."""


@dataclass(frozen=True, slots=True)
class PassedDeadlines:
    """Every deadline of one client that passed and has no fact of its own, and where that is."""

    by_key: Mapping[Key, Source] = field(default_factory=dict)

    def evolve(self, entry: Entry) -> Self:
        """With one more fact. Total; what has passed does not pass again."""
        fact = entry.fact
        if not isinstance(fact, Passed):
            return self
        key = (fact.kind, fact.item, fact.set_by)
        return replace(self, by_key={key: Source.of(entry), **self.by_key})


Falls = Callable[["CareRecord", "Deadline", datetime], list[Fact]]
"""What a deadline that has passed at an instant makes: facts, decided on a record where it is open.
May refuse."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Something is owed until `due`. `who` are the people who can see to it; `roles` stand for
    people whom the record does not name. `falls` decides what it makes once it has passed; None:
    it stays on worklists until somebody has seen to it.
    """

    kind: Kind
    item: UUID
    version: int
    due: datetime
    who: frozenset[UUID] = frozenset()
    roles: frozenset[Discipline] = frozenset()
    falls: Falls | None = None

    @property
    def key(self) -> Key:
        """The same for the same deadline, however often it is looked up."""
        return self.kind, self.item, self.version

    def asking(self, record: "CareRecord", more: Discipline | UUID | None) -> Self:
        """The same, for these to see to as well."""
        if more is None:
            return self
        if isinstance(more, UUID):
            return replace(self, who=self.who | {more})
        found = holding(record, more)
        if found:
            return replace(self, who=self.who | found)
        return replace(self, roles=self.roles | {more})


class Asked(StrEnum):
    """Who has to see to it as well."""

    COORDINATOR = auto()
    AUDITOR = auto()
    AUTHOR = auto()
    """Of the item: whoever imposed the restriction, say."""


@dataclass(frozen=True, slots=True)
class Rung:
    """What follows when the deadline before has passed: `to` see to it `within` so long.

    `recorded`: whether it makes a fact, too, when it passes.
    """

    to: Asked
    within: timedelta
    recorded: bool = True


DAY: Final = timedelta(days=1)

LADDERS: Final[Mapping[Kind, tuple[Rung, ...]]] = {
    Kind.RESTRICTION_REVIEW: (Rung(Asked.COORDINATOR, 7 * DAY, recorded=False),),
    Kind.ACKNOWLEDGEMENT: (
        Rung(Asked.COORDINATOR, DAY),
        Rung(Asked.AUTHOR, DAY, recorded=False),
    ),
    Kind.HOLD_REVIEW: (Rung(Asked.COORDINATOR, 2 * DAY, recorded=False),),
    Kind.MILESTONE_CONFIRMATION: (Rung(Asked.COORDINATOR, 7 * DAY, recorded=False),),
    Kind.CONSENT_CONFIRMATION: (),
    Kind.BREAK_GLASS_REVIEW: (Rung(Asked.AUDITOR, 7 * DAY, recorded=False),),
    Kind.FOLLOW_UP: (),
}
"""To whom it goes, and for how long each time. Defaults of this project; no clinical rule."""


def climb(record: "CareRecord", first: Deadline, author: UUID | None = None) -> Iterator[Deadline]:
    """What is open of a deadline and of those that follow it: one at most, none at the end."""
    deadline = replace(first, falls=passing)
    if (passed := record.deadlines.by_key.get(deadline.key)) is None:
        yield deadline
        return
    for rung in LADDERS[first.kind]:
        # Where a clock ran ahead, it is recorded before it was due.
        since = max(passed.recorded_at, passed.effective)
        asked = author if rung.to is Asked.AUTHOR else Discipline(rung.to)
        deadline = replace(
            deadline.asking(record, asked),
            version=passed.version,
            due=since + rung.within,
            falls=passing if rung.recorded else None,
        )
        following = record.deadlines.by_key.get(deadline.key)
        if following is None:
            yield deadline
            return
        passed = following


def passing(record: "CareRecord", deadline: Deadline, now: datetime) -> list[Fact]:
    """That it has passed, for the kinds that have no fact of their own."""
    return [
        PASSES[deadline.kind](
            kind=deadline.kind,
            item=deadline.item,
            set_by=deadline.version,
            due=deadline.due,
            who=tuple(sorted(deadline.who)),
        )
    ]


def day_after(last: date) -> datetime:
    """The midnight at which a day has passed. Total: the last day there is has none."""
    return datetime.combine(min(last, date.max - DAY) + DAY, time.min, UTC)


def holding(record: "CareRecord", *disciplines: Discipline) -> frozenset[UUID]:
    """Who is on the team in one of these disciplines; of coordinators, the one assigned if any."""
    if disciplines == (Discipline.COORDINATOR,) and record.team.coordinator is not None:
        return frozenset({record.team.coordinator})
    return frozenset(who for who, held in record.team.members if held in disciplines)
