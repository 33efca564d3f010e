"""What one reader was released, sent and acknowledged of one client, and for which audit cases.

A stream for each pair of client and reader. References and codes only, in clear: accountability
outlives an erasure. Positions are those of the whole log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum, auto
from typing import Annotated, Self
from uuid import UUID, uuid5

from pydantic import AwareDatetime, NonNegativeInt, PositiveInt, StringConstraints

from domain.auditing import AuditCase, AuditClosed, AuditOpened
from domain.entry import Entry
from domain.fact import Fact, Value
from domain.lanes import Category, Discipline, Purpose
from domain.notified import NotificationReceived, Notifications, Notified
from domain.scope import Rule, Withheld
from domain.source import Source

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+([._-][a-z0-9]+)*$", max_length=80)]
Ranges = tuple[tuple[PositiveInt, PositiveInt], ...]
"""Record versions as ranges, first and last included, ascending."""


def access_stream(client: UUID, reader: UUID) -> UUID:
    """The stream of what `reader` accessed of `client`."""
    return uuid5(client, reader.hex)


def ranges(versions: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Versions, in whatever order, as the fewest ranges."""
    found: list[tuple[int, int]] = []
    for version in sorted(set(versions)):
        if found and found[-1][1] == version - 1:
            found[-1] = (found[-1][0], version)
        else:
            found.append((version, version))
    return tuple(found)


def expand(shown: Iterable[tuple[int, int]]) -> frozenset[int]:
    """The versions that lie in ranges: the inverse of `ranges`."""
    return frozenset(version for first, last in shown for version in range(first, last + 1))


class Channel(StrEnum):
    """By which way something left."""

    PAGE = auto()
    API = auto()
    FHIR = auto()
    LIVE = auto()
    NOTIFICATION = auto()
    MAIL = auto()
    WEBHOOK = auto()
    PRINT = auto()
    EXPORT = auto()
    OFFLINE = auto()
    LINK = auto()
    """By the link that an external practitioner was sent."""


class Outcome(StrEnum):
    """What became of a transfer."""

    COMPLETED = auto()
    UNKNOWN = auto()
    FAILED = auto()


class Copy(StrEnum):
    """In what form a copy was taken out of the system."""

    PRINT = auto()
    FILE = auto()
    EVIDENCE = auto()


class ShownBasis(Value):
    """A category that was shown, and why: the rule, and what it refers to."""

    category: Category
    rule: Rule
    reference: UUID | None = None


class WithheldCategory(Value):
    """A category that was not shown, and the code why."""

    category: Category
    code: Withheld


class Disclosed(
    Fact, type="access.disclosed.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """A view of the client, as of `record_version`, is released to the reader.

    `as_of` is the clock that it was rendered with, `item` what it is about, if about one thing.
    `shown` are the record versions whose content is in it. `commitment`, the SHA-256 over their
    salt and themselves, is also where the exact bytes are kept. `hidden` counts locked items.
    """

    client: UUID
    reader: UUID
    acting_as: Discipline
    view: Code
    item: UUID | None = None
    as_of: AwareDatetime
    record_version: NonNegativeInt
    record_position: NonNegativeInt
    shown: Ranges
    categories_shown: tuple[ShownBasis, ...] = ()
    categories_withheld: tuple[WithheldCategory, ...] = ()
    hidden: NonNegativeInt = 0
    purpose: Purpose
    channel: Channel
    content_type: Annotated[str, StringConstraints(max_length=120)]
    language: Annotated[str, StringConstraints(max_length=35)] = "en"
    commitment: Digest
    labels: tuple[Code, ...] = ()


class Denied(
    Fact, type="access.denied.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """The reader asked for a view and nothing was released."""

    client: UUID
    reader: UUID
    acting_as: Discipline
    view: Code
    code: Code
    purpose: Purpose
    channel: Channel


class Sent(Fact, type="access.sent.v1", part="access", category=Category.CONSENTS, sealed=False):
    """The transfer of what was disclosed ended, or is not known to have."""

    disclosure: PositiveInt
    outcome: Outcome


class Received(
    Fact, type="access.received.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """A device of the reader's confirmed that it has what was disclosed."""

    disclosure: PositiveInt
    device: UUID | None = None


class Acknowledged(
    Fact, type="access.acknowledged.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """The reader acted on an item of the record, naming the version that was displayed."""

    disclosure: PositiveInt | None = None
    item: UUID
    version: PositiveInt


class Exported(
    Fact, type="access.exported.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """What was disclosed was taken out as a copy that nobody can call back."""

    disclosure: PositiveInt
    form: Copy


class HeldOffline(
    Fact, type="access.held-offline.v1", part="access", category=Category.CONSENTS, sealed=False
):
    """What was disclosed may be read without a connection until `until`."""

    disclosure: PositiveInt
    until: AwareDatetime


class OfflineCopyWiped(
    Fact,
    type="access.offline-copy-wiped.v1",
    part="access",
    category=Category.CONSENTS,
    sealed=False,
):
    """The device confirmed that its offline copy is gone."""

    disclosure: PositiveInt


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One release, and what became of it. `position` is that of its fact in the log."""

    position: int
    fact: Disclosed
    source: Source
    sent: Outcome | None = None
    sent_source: Source | None = None
    received: tuple[Source, ...] = ()
    acknowledged: tuple[tuple[Acknowledged, Source], ...] = ()
    exported: tuple[tuple[Copy, Source], ...] = ()
    held_until: datetime | None = None
    wiped: Source | None = None

    def shows(self, record_version: int) -> bool:
        """Whether the content of that record version was in it."""
        return any(first <= record_version <= last for first, last in self.fact.shown)

    def rests_on(self, reference: UUID) -> bool:
        """Whether any of it was released on that consent, break-glass or audit case."""
        return any(basis.reference == reference for basis in self.fact.categories_shown)

    def outstanding(self, now: datetime) -> bool:
        """Whether a copy may still be out: an export, or an offline copy held and not wiped."""
        held = self.held_until is not None and now < self.held_until and not self.wiped
        return bool(self.exported) or held


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """State of one access stream at `version`. Disclosures are by position, oldest first."""

    id: UUID
    version: int = 0
    position: int = 0
    disclosures: Mapping[int, Disclosure] = field(default_factory=dict)
    denials: tuple[tuple[Denied, Source], ...] = ()
    acknowledgements: tuple[tuple[Acknowledged, Source], ...] = ()
    audit_cases: Mapping[UUID, AuditCase] = field(default_factory=dict)
    notifications: Notifications = field(default_factory=Notifications)

    def evolve(self, entry: Entry) -> Self:
        """The record with one more entry. Total: what refers to nothing known changes nothing."""
        moved = replace(self, version=entry.version, position=entry.position)
        source = Source.of(entry)
        match entry.fact:
            case Disclosed() as fact:
                return moved._with(Disclosure(entry.position, fact, source))
            case Denied() as fact:
                return replace(moved, denials=(*self.denials, (fact, source)))
            case Acknowledged() as fact:
                noted = replace(moved, acknowledgements=(*self.acknowledgements, (fact, source)))
                return noted._follow(fact, fact.disclosure, source)
            case AuditOpened() as fact:
                opened = AuditCase(
                    fact.case, fact.client, fact.auditor, fact.reason, fact.until, source
                )
                return replace(moved, audit_cases={**self.audit_cases, fact.case: opened})
            case AuditClosed(case=id) if known := self.audit_cases.get(id):
                closed = replace(known, closed=source)
                return replace(moved, audit_cases={**self.audit_cases, id: closed})
            case Notified() | NotificationReceived():
                return replace(moved, notifications=self.notifications.evolve(entry))
            case Sent() | Received() | Exported() | HeldOffline() | OfflineCopyWiped() as fact:
                return moved._follow(fact, fact.disclosure, source)
        return moved

    def _with(self, disclosure: Disclosure) -> Self:
        return replace(self, disclosures={**self.disclosures, disclosure.position: disclosure})

    def _follow(self, fact: Fact, position: int | None, source: Source) -> Self:
        known = None if position is None else self.disclosures.get(position)
        return self if known is None else self._with(_followed(known, fact, source))

    def is_of(self, client: UUID, reader: UUID) -> bool:
        """Whether this is what `reader` accessed of `client`."""
        return self.id == access_stream(client, reader)

    @classmethod
    def fold(cls, id: UUID, entries: Iterable[Entry]) -> Self:
        """The record that `entries`, in stream order, add up to."""
        record = cls(id)
        for entry in entries:
            record = record.evolve(entry)
        return record

    def released(self, record_version: int) -> list[Disclosure]:
        """The disclosures that the content of that record version was in, oldest first."""
        return [d for d in self.disclosures.values() if d.shows(record_version)]

    def resting_on(self, reference: UUID) -> list[Disclosure]:
        """The disclosures made on that consent, break-glass or audit case, oldest first. After a
        withdrawal the last of them proves that nothing more was released on it."""
        return [d for d in self.disclosures.values() if d.rests_on(reference)]

    def outstanding(self, now: datetime) -> list[Disclosure]:
        """The disclosures of which a copy may still be out, oldest first."""
        return [d for d in self.disclosures.values() if d.outstanding(now)]

    def audit_case(self, now: datetime) -> AuditCase | None:
        """The audit case open at `now`; of several, the one that stays open longest."""
        cases = [case for case in self.audit_cases.values() if case.open(now)]
        return max(cases, key=lambda case: case.until, default=None)


def _followed(known: Disclosure, fact: Fact, source: Source) -> Disclosure:
    match fact:
        case Sent(outcome=outcome):
            return replace(known, sent=outcome, sent_source=source)
        case Received():
            return replace(known, received=(*known.received, source))
        case Acknowledged():
            return replace(known, acknowledged=(*known.acknowledged, (fact, source)))
        case Exported(form=form):
            return replace(known, exported=(*known.exported, (form, source)))
        case HeldOffline(until=until):
            return replace(known, held_until=until, wiped=None)
        case OfflineCopyWiped():
            return replace(known, wiped=source)
    return known
