"""Consent: what the client permits, and everything else that they decide about reading.

The facts and the state. Decisions are in `granting.py` (grant, amend, withdraw, oral consent);
`lock.py`, `safety.py`, `break_glass.py` and `legal_label.py` hold each their own facts, state and
decisions. What it all amounts to for one reader is `policy.py`'s to say.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from domain.break_glass import BreakGlass
from domain.consent_terms import ConsentTerms
from domain.entry import Entry
from domain.fact import Fact
from domain.grantee import ToPractitioner
from domain.lanes import Category
from domain.legal_label import LegalLabels
from domain.lock import Locks
from domain.refused import Refused
from domain.safety import SafetyMinimum
from domain.source import Source

CONFIRM_WITHIN = timedelta(days=7)
"""An oral consent that the client has not confirmed by then lapses by itself."""


class ConsentGranted(
    Fact, type="consent.granted.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client permits reading, on terms that they have seen."""

    consent: UUID
    terms: ConsentTerms


class OralConsentRecorded(
    Fact, type="consent.oral-recorded.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client permitted reading by word of mouth; it was written down before a witness.

    It permits at once, and no longer from `confirm_by` on unless the client has confirmed it.
    """

    consent: UUID
    terms: ConsentTerms
    recorder: UUID
    witness: UUID
    confirm_by: AwareDatetime

    @model_validator(mode="after")
    def _disinterested(self) -> Self:
        if self.witness == self.recorder:
            raise ValueError("witness: somebody other than the recorder")
        grantee = self.terms.grantee
        if isinstance(grantee, ToPractitioner):
            if grantee.practitioner == self.witness:
                raise ValueError("witness: somebody other than the grantee")
            if grantee.practitioner == self.recorder:
                raise ValueError("recorder: somebody other than the grantee")
        return self


class ConsentConfirmed(
    Fact, type="consent.confirmed.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client stands by a consent that they gave orally."""

    consent: UUID


class ConsentAmended(
    Fact, type="consent.amended.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client puts other terms in the place of those that a consent had."""

    consent: UUID
    terms: ConsentTerms


class ConsentWithdrawn(
    Fact, type="consent.withdrawn.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client no longer permits what a consent permitted, from this fact on."""

    consent: UUID
    reason: Annotated[str | None, Field(max_length=500)] = None


class ConsentStatus(StrEnum):
    """What a consent amounts to at a moment."""

    NOT_YET = auto()
    IN_FORCE = auto()
    EXPIRED = auto()
    LAPSED = auto()
    """Given orally and never confirmed."""
    WITHDRAWN = auto()


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent as it stands. `version` is the item version that a decision on it must name.

    `versions` are the record versions that its content comes from; `oral` and `confirm_by` are
    those of a consent given by word of mouth.
    """

    id: UUID
    terms: ConsentTerms
    granted: Source
    latest: Source
    versions: tuple[int, ...]
    oral: OralConsentRecorded | None = None
    confirmed: Source | None = None
    withdrawn: Source | None = None

    @property
    def version(self) -> int:
        """The record version of the last fact about it."""
        return self.latest.version

    @property
    def confirm_by(self) -> datetime | None:
        """Until when the client must confirm it; None if there is nothing to confirm."""
        return self.oral.confirm_by if self.oral and not self.confirmed else None

    @property
    def ends(self) -> datetime | None:
        """The instant at which it ends by itself as things stand; None if it does not."""
        ends = [end for end in (self.terms.until, self.confirm_by) if end]
        return min(ends, default=None)

    def status(self, now: datetime) -> ConsentStatus:
        """What it amounts to at `now`. No worker has a part in this."""
        if self.withdrawn:
            return ConsentStatus.WITHDRAWN
        if self.confirm_by and self.confirm_by <= now:
            return ConsentStatus.LAPSED
        if self.terms.until and self.terms.until <= now:
            return ConsentStatus.EXPIRED
        if self.terms.starts and now < self.terms.starts:
            return ConsentStatus.NOT_YET
        return ConsentStatus.IN_FORCE

    def in_force(self, now: datetime) -> bool:
        """Whether it permits anything at `now`."""
        return self.status(now) is ConsentStatus.IN_FORCE

    def touched(self, source: Source) -> Self:
        """The consent with one more fact about it."""
        return replace(self, latest=source, versions=(*self.versions, source.version))


@dataclass(frozen=True, slots=True)
class Consents:
    """All that reading rests on: consents, locks, the safety minimum, broken glass, labels."""

    by_id: Mapping[UUID, Consent] = field(default_factory=dict)
    locks: Locks = field(default_factory=Locks)
    safety: SafetyMinimum = field(default_factory=SafetyMinimum)
    break_glass: BreakGlass = field(default_factory=BreakGlass)
    labels: LegalLabels = field(default_factory=LegalLabels)

    def evolve(self, entry: Entry) -> Self:
        """The consents with one more entry. Each part takes what concerns it."""
        return replace(
            self,
            by_id=self._consents_after(entry),
            locks=self.locks.evolve(entry),
            safety=self.safety.evolve(entry),
            break_glass=self.break_glass.evolve(entry),
            labels=self.labels.evolve(entry),
        )

    def _consents_after(self, entry: Entry) -> Mapping[UUID, Consent]:
        source = Source.of(entry)
        match entry.fact:
            case ConsentGranted(consent=id, terms=terms):
                given = Consent(id, terms, source, source, (source.version,))
                return {**self.by_id, id: given}
            case OralConsentRecorded(consent=id, terms=terms) as oral:
                given = Consent(id, terms, source, source, (source.version,), oral=oral)
                return {**self.by_id, id: given}
            case ConsentConfirmed(consent=id) if known := self.by_id.get(id):
                return {**self.by_id, id: replace(known.touched(source), confirmed=source)}
            case ConsentAmended(consent=id, terms=terms) if known := self.by_id.get(id):
                # Terms that the client put there themselves need no further confirmation.
                confirmed = source if known.confirm_by else known.confirmed
                amended = replace(known.touched(source), terms=terms, confirmed=confirmed)
                return {**self.by_id, id: amended}
            case ConsentWithdrawn(consent=id) if known := self.by_id.get(id):
                return {**self.by_id, id: replace(known.touched(source), withdrawn=source)}
        return self.by_id

    def __iter__(self) -> Iterator[Consent]:
        """Every consent ever given, in the order in which they were."""
        return iter(self.by_id.values())

    def instants(self) -> Iterator[datetime]:
        """When the clock alone changes what these amount to: beginnings and ends."""
        for consent in self:
            yield from (at for at in (consent.terms.starts, consent.ends) if at)
        yield from (declared.until for declared in self.break_glass.by_id.values())

    def in_force(self, now: datetime) -> tuple[Consent, ...]:
        """The consents that permit something at `now`."""
        return tuple(consent for consent in self if consent.in_force(now))

    def seen(self, consent: UUID, version: int) -> Consent:
        """That consent, if `version` is what it still is. Refuses `unknown-consent` or
        `changed-since-seen`."""
        known = self.by_id.get(consent)
        if known is None:
            raise Refused("unknown-consent")
        if known.version != version:
            raise Refused("changed-since-seen", consent=str(consent), version=known.version)
        return known
