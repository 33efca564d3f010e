"""The safety minimum: what whoever trains the client sees even without consent, unless refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category
from domain.parties import require_client
from domain.refused import Refused
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord


class SafetyMinimumRefused(
    Fact,
    type="safety-minimum.refused.v1",
    part="consents",
    category=Category.CONSENTS,
    policy=True,
):
    """The client does not let whoever trains them see even the safety minimum.

    They had been told that training is then refused as long as anything restricts it.
    """


class SafetyMinimumRestored(
    Fact,
    type="safety-minimum.restored.v1",
    part="consents",
    category=Category.CONSENTS,
    policy=True,
):
    """The client lets whoever trains them see the safety minimum again."""


@dataclass(frozen=True, slots=True)
class SafetyMinimum:
    """Whether the client refuses the safety minimum, and since which entry."""

    refused: Source | None = None

    def evolve(self, entry: Entry) -> Self:
        """The safety minimum with one more entry."""
        match entry.fact:
            case SafetyMinimumRefused():
                return replace(self, refused=Source.of(entry))
            case SafetyMinimumRestored():
                return replace(self, refused=None)
        return self


def refuse_safety_minimum(
    record: "CareRecord", by: Actor, *, told_consequence: bool, now: datetime
) -> list[Fact]:
    """Refuse even the safety minimum.

    `told_consequence`: the client was told before that no one will then train them while anything
    restricts it. Refuses `consequence-not-told`, `client-only`, `already-refused`.
    """
    require_client(record, by)
    if record.consents.safety.refused:
        raise Refused("already-refused")
    if not told_consequence:
        raise Refused("consequence-not-told", consequence="clearance-needed")
    return [SafetyMinimumRefused()]


def restore_safety_minimum(record: "CareRecord", by: Actor, *, now: datetime) -> list[Fact]:
    """Take that refusal back. Refuses `client-only`, `not-refused`."""
    require_client(record, by)
    if not record.consents.safety.refused:
        raise Refused("not-refused")
    return [SafetyMinimumRestored()]
