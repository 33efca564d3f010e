"""One referral as it stands, and all of them: folded from facts, in whatever order they come."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Self
from uuid import UUID

from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.referral import (
    ReferralAgreed,
    ReferralCancellationRequested,
    ReferralEscalated,
    ReferralInterimNoted,
    ReferralLinkIssued,
    ReferralLinkRevoked,
    ReferralReassigned,
    ReferralRequested,
    ReferralScheduled,
    ReferralWaitlisted,
)
from domain.referral_terms import LIVE, TERMINAL, Priority, Recipient, State, ToColleague
from domain.referral_transitions import DECIDED, LEADS, To
from domain.refused import Refused
from domain.source import Source


@dataclass(frozen=True, slots=True)
class Step:
    """One fact about a referral, as it was recorded."""

    source: Source
    fact: Fact


@dataclass(frozen=True, slots=True)
class Link:
    """A way in for an external recipient. `id` is also who reads by it."""

    id: UUID
    digest: str
    until: datetime
    openings: int
    sent_to: str
    issued: Source
    revoked: Source | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """A referral and everything that became of it, oldest first.

    `to` and `enclosed` are as proposed until the client has `agreed`. `since` is what the state
    began with, `escalated` how often it has been escalated since; `before` the state to return to
    if a cancellation is refused. `appointment` and `expected` are the last ones named.
    """

    id: UUID
    request: ReferralRequested
    state: State
    to: Recipient
    enclosed: tuple[Category, ...]
    steps: tuple[Step, ...]
    since: Source
    agreed: Source | None = None
    before: State | None = None
    escalated: tuple[Source, ...] = ()
    appointment: datetime | None = None
    expected: date | None = None
    links: tuple[Link, ...] = ()
    recipients: frozenset[UUID] = frozenset()
    """Everybody with an account to whom it was ever sent."""

    @property
    def requested(self) -> Source:
        """Who asked for it, and when."""
        return self.steps[0].source

    @property
    def initiator(self) -> UUID:
        """Who asked for it."""
        return self.requested.author

    @property
    def by_client(self) -> bool:
        """Whether the client refers themselves."""
        return self.requested.acting_as is Discipline.CLIENT

    @property
    def priority(self) -> Priority:
        """How soon it is needed."""
        return self.request.priority

    @property
    def version(self) -> int:
        """Record version of the last fact that changed what is displayed."""
        return self.steps[-1].source.version

    @property
    def live(self) -> bool:
        """Whether it has been sent and not ended."""
        return self.state in LIVE

    @property
    def ended(self) -> bool:
        """Whether only a successor can follow."""
        return self.state in TERMINAL

    @property
    def options(self) -> tuple[Recipient, ...]:
        """Whom the client can choose: whoever is suggested now, and the others on offer."""
        return tuple(dict.fromkeys((self.to, *self.request.options)))

    def link(self, now: datetime) -> Link | None:
        """The link that opens it at `now`: of several, the one issued last."""
        standing = (one for one in self.links if one.revoked is None and now < one.until)
        return next(iter(sorted(standing, key=lambda one: -one.issued.version)), None)

    def after(self, at: Source, fact: Fact) -> Self:
        """With one more fact. What has ended does not change."""
        if self.ended:
            return self
        match fact:
            case ReferralLinkIssued() as new:
                link = Link(new.link, new.digest, new.until, new.openings, new.sent_to, at)
                return replace(self, links=(*self.links, link))
            case ReferralLinkRevoked(link=id):
                links = tuple(
                    replace(one, revoked=one.revoked or at) if one.id == id else one
                    for one in self.links
                )
                return replace(self, links=links)
            case ReferralEscalated():
                return replace(self, escalated=(*self.escalated, at))
            case _ if type(fact) in LEADS:
                return self._moved(at, fact)
        return self

    def _moved(self, at: Source, fact: Fact) -> Self:
        state = self._led_to(fact)
        moved = replace(self, state=state, steps=(*self.steps, Step(at, fact)))
        if not isinstance(fact, ReferralInterimNoted):
            moved = replace(moved, since=at, escalated=())
        match fact:
            case ReferralAgreed(to=to, enclosed=enclosed):
                sent = self.recipients | person(to)
                return replace(moved, agreed=at, to=to, enclosed=enclosed, recipients=sent)
            case ReferralReassigned(to=to):
                # Whoever holds a link of the one before has nothing to look for any more.
                links = tuple(replace(one, revoked=one.revoked or at) for one in self.links)
                return replace(moved, to=to, agreed=None, links=links, before=None)
            case ReferralScheduled(at=time):
                return replace(moved, appointment=time)
            case ReferralWaitlisted(expected=expected):
                return replace(moved, expected=expected)
            case ReferralCancellationRequested() if self.state is not State.CANCELLING:
                return replace(moved, before=self.state)
        return moved

    def _led_to(self, fact: Fact) -> State:
        match LEADS[type(fact)]:
            case To.UNCHANGED:
                return self.state
            case To.BEFORE:
                return self.before or self.state
            case State() as state:
                return state
        raise AssertionError(fact)


def person(to: Recipient) -> frozenset[UUID]:
    """The id of a recipient, if they have an account."""
    return frozenset({to.practitioner}) if isinstance(to, ToColleague) else frozenset()


@dataclass(frozen=True, slots=True)
class Referrals:
    """All referrals of one client, whatever became of them, by id."""

    items: Mapping[UUID, Referral] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Referral]:
        """Every referral, oldest first."""
        return iter(self.items.values())

    def find(self, id: UUID) -> Referral:
        """The referral; refuses `unknown-referral`."""
        if id not in self.items:
            raise Refused("unknown-referral")
        return self.items[id]

    def seen(self, id: UUID, version: int) -> Referral:
        """The same, if that is its version; refuses `changed-since-seen`."""
        referral = self.find(id)
        if referral.version != version:
            raise Refused("changed-since-seen", seen=version, version=referral.version)
        return referral

    def by_link(self, link: UUID) -> tuple[Referral, Link] | None:
        """The referral to which this link was issued, and the link; None if there is none."""
        for referral in self:
            for one in referral.links:
                if one.id == link:
                    return referral, one
        return None

    def authors(self) -> frozenset[UUID]:
        """Everybody who wrote something of any."""
        return frozenset(step.source.author for referral in self for step in referral.steps)

    def people(self) -> frozenset[UUID]:
        """Everybody who wrote something of any, or has an account and was ever sent one."""
        return self.authors().union(*(referral.recipients for referral in self))

    def evolve(self, entry: Entry) -> Self:
        """With one more fact. Total: what does not fit (none was decided here) changes nothing."""
        at, fact = Source.of(entry), entry.fact
        if isinstance(fact, ReferralRequested):
            return self if fact.referral in self.items else self._begun(at, fact)
        id = getattr(fact, "referral", None)
        if not isinstance(fact, Fact) or not isinstance(id, UUID) or id not in self.items:
            return self
        return replace(self, items={**self.items, id: self.items[id].after(at, fact)})

    def _begun(self, at: Source, fact: ReferralRequested) -> Self:
        sent = at.acting_as is Discipline.CLIENT
        new = Referral(
            id=fact.referral,
            request=fact,
            state=State.REQUESTED if sent else State.PROPOSED,
            to=fact.to,
            enclosed=fact.enclosed,
            steps=(Step(at, fact),),
            since=at,
            agreed=at if sent else None,
            recipients=person(fact.to) if sent else frozenset(),
        )
        return replace(self, items={**self.items, fact.referral: new})


assert set(LEADS) < set(DECIDED), "all but the first fact lead somewhere"
