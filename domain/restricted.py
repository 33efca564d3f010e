"""One restriction as it stands: its editions, milestones and acknowledgements, and from where."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any
from uuid import UUID

from domain.measure import Reading
from domain.source import Source
from domain.terms import Authority, Bounds, Milestone, ReviewRule, Severity, Terms


class Status(StrEnum):
    """How a restriction stands at an instant."""

    ACTIVE = auto()
    REVIEW_OVERDUE = auto()
    """In force; its review date has passed."""
    NEW_LOAD_BLOCKED = auto()
    """In force, its review date has passed, and until then nothing may be added or made heavier."""
    LAPSED = auto()
    LIFTED = auto()
    RELEASED = auto()
    """A hold that a physiotherapist has looked at and ended."""
    REPLACED = auto()
    """A hold that became a restriction."""
    RETRACTED = auto()


IN_FORCE = frozenset({Status.ACTIVE, Status.REVIEW_OVERDUE, Status.NEW_LOAD_BLOCKED})


@dataclass(frozen=True, slots=True)
class Edition:
    """What a restriction said from one record version on.

    `terms_from`, `bounds_from`, `review_from` and `clinical_from` are the record versions of the
    facts that its words, its bounds, its review date and its clinical reason come from.
    `must_be_acknowledged`: it tightens, or corrects what was wrong; whoever decided it said so, so
    that no rule of a later day makes anything of the past be acknowledged, or no longer.
    """

    source: Source
    terms: Terms
    terms_from: int
    bounds_from: int
    review_from: int
    clinical_reason: str | None = None
    clinical_from: int | None = None
    must_be_acknowledged: bool = True

    @property
    def version(self) -> int:
        """The record version that made it: named by whoever decides on what it displays."""
        return self.source.version

    @property
    def shown(self) -> frozenset[int]:
        """Record versions whose content its terms (but for the clinical reason) are made of."""
        return frozenset({self.terms_from, self.bounds_from, self.review_from})


@dataclass(frozen=True, slots=True)
class Proposal:
    """Somebody has measured, and says that a milestone is reached."""

    source: Source
    evidence: tuple[Reading, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """Why a proposal was declined or a milestone revoked."""

    source: Source
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one milestone has come. `before`: the bounds that held until it was reached."""

    proposal: Proposal | None = None
    declined: Remark | None = None
    reached: Source | None = None
    before: Bounds | None = None
    revoked: Remark | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has understood the edition of version `seen`.

    `disclosed_at` is the position in the log of its disclosure to them, if they named it.
    """

    source: Source
    seen: int
    disclosed_at: int | None = None

    @property
    def person(self) -> UUID:
        """Who has understood."""
        return self.source.author


@dataclass(frozen=True, slots=True)
class Ending:
    """How and why a restriction ended."""

    source: Source
    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction, or (`provisional`) a trainer's hold, with everything that became of it.

    `editions` is never empty, oldest first. `acknowledgements` are those that are not void; `void`
    are those of wrong terms, of which it is still true that somebody saw them.
    """

    id: UUID
    editions: tuple[Edition, ...]
    provisional: bool = False
    progress: Mapping[str, Progress] = field(default_factory=dict)
    acknowledgements: tuple[Acknowledgement, ...] = ()
    void: tuple[Acknowledgement, ...] = ()
    ending: Ending | None = None

    @property
    def edition(self) -> Edition:
        """What it says now."""
        return self.editions[-1]

    @property
    def terms(self) -> Terms:
        """What it says now, but for the clinical reason."""
        return self.edition.terms

    @property
    def imposed(self) -> Source:
        """Who imposed it (or placed the hold), and when."""
        return self.editions[0].source

    @property
    def author(self) -> UUID:
        """Who imposed it, or placed the hold."""
        return self.imposed.author

    @property
    def version(self) -> int:
        """Record version of the last fact that changed what is displayed."""
        return self.ending.source.version if self.ending else self.edition.version

    @property
    def pending(self) -> tuple[Milestone, ...]:
        """Milestones not reached yet, in their order."""
        return tuple(step for step in self.terms.milestones if not self._reached(step.code))

    @property
    def reached(self) -> tuple[Milestone, ...]:
        """Milestones reached and not revoked since, in their order."""
        return tuple(step for step in self.terms.milestones if self._reached(step.code))

    def _reached(self, code: str) -> bool:
        return code in self.progress and self.progress[code].reached is not None

    def status(self, now: datetime) -> Status:
        """How it stands at `now`; `now.date()` is today where the client is."""
        if self.ending is not None:
            return self.ending.status
        if now.date() <= self.terms.review_by:
            return Status.ACTIVE
        match self.terms.review_rule:
            case ReviewRule.LAPSES if self.terms.severity is Severity.CAUTION:
                return Status.LAPSED
            case ReviewRule.BLOCKS_NEW_LOAD:
                return Status.NEW_LOAD_BLOCKED
            case _:
                return Status.REVIEW_OVERDUE

    def in_force(self, now: datetime) -> bool:
        """Whether it binds whoever trains the client."""
        return self.status(now) in IN_FORCE

    def authorities(self) -> frozenset[UUID]:
        """Who may loosen it: the authority that ordered it and its delegates."""
        order = self.terms.ordered_by
        own = order.person or (self.author if order.authority is Authority.PHYSIO else None)
        return frozenset(order.delegates) | (frozenset() if own is None else {own})

    @property
    def to_acknowledge(self) -> Edition | None:
        """The latest edition that must be acknowledged (or a later one in its stead)."""
        return next((e for e in reversed(self.editions) if e.must_be_acknowledged), None)

    def acknowledged_by(self, person: UUID) -> Acknowledgement | None:
        """The person's latest acknowledgement that is not void."""
        mine = (a for a in reversed(self.acknowledgements) if a.person == person)
        return next(mine, None)

    def edition_seen(self, version: int) -> Edition | None:
        """The edition that was displayed under this version."""
        return next((e for e in self.editions if e.version == version), None)

    def revised(
        self, at: Source, terms: Terms, clinical_reason: str | None, *, must_be_acknowledged: bool
    ) -> "Restriction":
        """With new terms; no clinical reason leaves the earlier one as it is."""
        edition = self._rewritten(at, terms, clinical_reason)
        return self._with(replace(edition, must_be_acknowledged=must_be_acknowledged))

    def corrected(self, at: Source, terms: Terms, clinical_reason: str | None) -> "Restriction":
        """With the right terms: what was acknowledged of the wrong ones is void."""
        right = self.revised(at, terms, clinical_reason, must_be_acknowledged=True)
        return replace(right, acknowledgements=(), void=self.void + self.acknowledgements)

    def reviewed(self, at: Source, review_by: date) -> "Restriction":
        """With the review date moved on: nothing that anyone has to acknowledge."""
        terms = self.terms.model_copy(update={"review_by": review_by})
        edition = replace(self._edition(at, terms), review_from=at.version)
        return self._with(replace(edition, must_be_acknowledged=False))

    def acknowledged(self, acknowledgement: Acknowledgement) -> "Restriction":
        """With one more person (or the same one, again) who has understood."""
        return replace(self, acknowledgements=(*self.acknowledgements, acknowledgement))

    def ended(self, ending: Ending) -> "Restriction":
        """Ended for good; a retraction voids what was acknowledged."""
        void = ending.status is Status.RETRACTED
        return replace(self, ending=ending, acknowledgements=() if void else self.acknowledgements)

    def step(self, code: str, **changes: Any) -> "Restriction":
        """With changes to the progress of one milestone."""
        progress = replace(self.progress.get(code, Progress()), **changes)
        return replace(self, progress={**self.progress, code: progress})

    def step_forward(
        self, code: str, at: Source, bounds: Bounds, *, must_be_acknowledged: bool
    ) -> "Restriction":
        """With a milestone reached, and the bounds that hold from then on."""
        before = self.terms.bounds
        stepped = self.step(code, proposal=None, reached=at, before=before, revoked=None)
        return stepped._rebound(at, bounds, must_be_acknowledged)

    def step_back(
        self, code: str, at: Source, bounds: Bounds, reason: str, *, must_be_acknowledged: bool
    ) -> "Restriction":
        """With a milestone, and those that follow it, no longer reached."""
        codes = [step.code for step in self.terms.milestones]
        back = self.step(code)
        for later in codes[codes.index(code) :] if code in codes else [code]:
            if later in back.progress:
                remark = Remark(at, reason) if back._reached(later) else None
                back = back.step(later, proposal=None, reached=None, before=None, revoked=remark)
        return back._rebound(at, bounds, must_be_acknowledged)

    def _rebound(self, at: Source, bounds: Bounds, must_be_acknowledged: bool) -> "Restriction":
        edition = self._edition(at, self.terms.within(bounds))
        return self._with(
            replace(edition, bounds_from=at.version, must_be_acknowledged=must_be_acknowledged)
        )

    def _rewritten(self, at: Source, terms: Terms, clinical_reason: str | None) -> Edition:
        here = at.version
        edition = replace(
            self._edition(at, terms), terms_from=here, bounds_from=here, review_from=here
        )
        if clinical_reason is None:
            return edition
        return replace(edition, clinical_reason=clinical_reason, clinical_from=here)

    def _edition(self, at: Source, terms: Terms) -> Edition:
        """The next edition; whatever it does not say comes from where it came before."""
        return replace(self.edition, source=at, terms=terms)

    def _with(self, edition: Edition) -> "Restriction":
        return replace(self, editions=(*self.editions, edition))
