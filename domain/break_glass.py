"""Break-glass: a regulated clinician reads without consent, for a reason, briefly, reviewed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import REGULATED, Category, Discipline
from domain.parties import is_member, require_open
from domain.refused import Refused, Unprocessable
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord

AT_MOST = timedelta(hours=1)
Note = Annotated[str, Field(min_length=1, max_length=1000)]


class Emergency(StrEnum):
    """Why the glass is broken."""

    DANGER_TO_LIFE = auto()
    """The only one before which an explicit lock yields."""
    ACUTE_DETERIORATION = auto()
    CLIENT_UNABLE_TO_CONSENT = auto()
    URGENT_HANDOVER = auto()
    SAFETY_CHECK = auto()


class Finding(StrEnum):
    """What a review of a break-glass comes to."""

    JUSTIFIED = auto()
    NOT_JUSTIFIED = auto()


class BreakGlassDeclared(
    Fact, type="break-glass.declared.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """A regulated clinician reads without consent until `until`. See `to_alert`."""

    declaration: UUID
    reason: Emergency
    until: AwareDatetime
    note: Note | None = None


class BreakGlassReviewed(
    Fact, type="break-glass.reviewed.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """Somebody else has looked at a break-glass. If it was not justified, it ends at that."""

    declaration: UUID
    outcome: Finding
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """One break-glass, and its review if there was one."""

    id: UUID
    clinician: UUID
    acting_as: Discipline
    reason: Emergency
    until: datetime
    note: str | None
    declared: Source
    reviewed: Source | None = None
    outcome: Finding | None = None
    review_note: str | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it opens anything at `now`."""
        return now < self.until and self.outcome is not Finding.NOT_JUSTIFIED


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """Every break-glass ever declared on this record, by id."""

    by_id: Mapping[UUID, Declaration] = field(default_factory=dict)

    def evolve(self, entry: Entry) -> Self:
        """The declarations with one more entry."""
        source = Source.of(entry)
        match entry.fact:
            case BreakGlassDeclared(declaration=id, reason=reason, until=until, note=note):
                # However late `until` says: never longer than AT_MOST after it was recorded.
                ends = min(until, source.recorded_at + AT_MOST)
                declared = Declaration(
                    id, source.author, source.acting_as, reason, ends, note, source
                )
                return replace(self, by_id={**self.by_id, id: declared})
            case BreakGlassReviewed(declaration=id, outcome=outcome, note=note) if (
                known := self.by_id.get(id)
            ):
                reviewed = replace(known, reviewed=source, outcome=outcome, review_note=note)
                return replace(self, by_id={**self.by_id, id: reviewed})
        return self

    def by(self, reader: Actor, now: datetime) -> Declaration | None:
        """What `reader` has declared, in the discipline that they act in, and that is in force.

        One for danger to life goes before others, a later end before an earlier.
        """
        own = [
            declaration
            for declaration in self.by_id.values()
            if declaration.clinician == reader.id
            and declaration.acting_as is reader.acting_as
            and reader.acting_as in REGULATED
            and declaration.in_force(now)
        ]
        return max(own, key=lambda d: (d.reason is Emergency.DANGER_TO_LIFE, d.until), default=None)

    def unreviewed(self) -> tuple[Declaration, ...]:
        """Those that nobody has looked at yet."""
        return tuple(d for d in self.by_id.values() if d.reviewed is None)


def declare_break_glass(
    record: "CareRecord",
    by: Actor,
    declaration: UUID,
    reason: Emergency,
    *,
    now: datetime,
    until: datetime | None = None,
    note: str | None = None,
) -> list[Fact]:
    """Read without consent, for at most an hour (the default).

    Regulated clinicians in good standing, on the care team or not. It does not say whether it will
    open anything: that would tell of a silent lock. Raises Unprocessable for `until`; refuses
    `regulated-clinicians-only`, `not-in-good-standing`, `declaration-exists`.
    """
    require_open(record)
    if by.acting_as not in REGULATED:
        raise Refused("regulated-clinicians-only")
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    if declaration in record.consents.break_glass.by_id:
        raise Refused("declaration-exists")
    ends = until or now + AT_MOST
    if not now < ends <= now + AT_MOST:
        raise Unprocessable("until", "an instant still to come, at most an hour from now")
    return [BreakGlassDeclared(declaration=declaration, reason=reason, until=ends, note=note)]


def review_break_glass(
    record: "CareRecord",
    by: Actor,
    declaration: UUID,
    outcome: Finding,
    *,
    now: datetime,
    note: str | None = None,
) -> list[Fact]:
    """Say whether a break-glass was justified: an auditor, or a coordinator or regulated clinician
    on the care team, but never whoever declared it.

    Refuses `reviewers-only`, `not-in-good-standing`, `unknown-declaration`,
    `not-by-the-declarer`, `already-reviewed`.
    """
    require_open(record)
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    on_team = by.acting_as in REGULATED | {Discipline.COORDINATOR} and is_member(record, by)
    if by.acting_as is not Discipline.AUDITOR and not on_team:
        raise Refused("reviewers-only")
    known = record.consents.break_glass.by_id.get(declaration)
    if known is None:
        raise Refused("unknown-declaration")
    if known.clinician == by.id:
        raise Refused("not-by-the-declarer")
    if known.reviewed:
        raise Refused("already-reviewed")
    return [BreakGlassReviewed(declaration=declaration, outcome=outcome, note=note)]


def to_alert(record: "CareRecord") -> tuple[UUID, ...]:
    """Whom a break-glass alerts: the client, and the coordinator if there is one."""
    coordinator = record.team.coordinator
    return (record.id,) if coordinator is None else (record.id, coordinator)
