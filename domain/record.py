"""The care record: everything true of one client, folded from one stream."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from domain.assessment import Assessments
from domain.client import ClientDetails
from domain.consent import Consents
from domain.deadline import PassedDeadlines
from domain.entry import Entry, Erased
from domain.referred import Referrals
from domain.restriction import Restrictions
from domain.team import CareTeam


@dataclass(frozen=True, slots=True)
class CareRecord:
    """State of one client's stream at `version`; each part evolves by the facts that name it.

    `position` is that of the last entry folded; `authors` maps each version to who stands for it.
    A record that was never enrolled, or is not known, is simply empty: version 0.
    """

    id: UUID
    version: int = 0
    position: int = 0
    erased: bool = False
    client: ClientDetails = field(default_factory=ClientDetails)
    team: CareTeam = field(default_factory=CareTeam)
    consents: Consents = field(default_factory=Consents)
    restrictions: Restrictions = field(default_factory=Restrictions)
    assessments: Assessments = field(default_factory=Assessments)
    referrals: Referrals = field(default_factory=Referrals)
    deadlines: PassedDeadlines = field(default_factory=PassedDeadlines)

    def evolve(self, entry: Entry) -> Self:
        """The record with one more entry. Total: no entry that was ever stored is refused."""
        moved: dict[str, Any] = {"version": entry.version, "position": entry.position}
        if isinstance(entry.fact, Erased):
            return replace(self, erased=True, **moved)
        part = getattr(self, entry.fact.part, None)
        # A fact of another kind of stream: whoever asks for it as a client finds nobody.
        if part is not None:
            moved[entry.fact.part] = part.evolve(entry)
        return replace(self, **moved)

    def next_change(self, now: datetime) -> datetime | None:
        """The first instant after `now` at which the clock alone changes how anything in it
        stands; None if it never will. The same in all that lies between."""
        instants = (*self.consents.instants(), *self.restrictions.instants(now))
        return min((at for at in instants if at > now), default=None)

    @classmethod
    def fold(cls, id: UUID, entries: Iterable[Entry]) -> Self:
        """The record that `entries`, in stream order, add up to."""
        record = cls(id)
        for entry in entries:
            record = record.evolve(entry)
        return record
