"""Decisions that tests of deciding take, on the equipment that a practitioner has."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Discipline
from domain.ledger.ledger import Decided, Ledger
from domain.practitioner import PractitionerRecord
from domain.refused import Refused
from tests.domain.ledger.facts import noted

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ADMINISTRATOR = Actor(uuid4(), Discipline.ADMINISTRATOR)

Decision = Callable[[PractitionerRecord], Sequence[Fact]]


async def decide(
    ledger: Ledger,
    id: UUID,
    decision: Decision | Fact,
    *,
    actor: Actor = ADMINISTRATOR,
    command_id: UUID | None = None,
    **more: Any,
) -> Decided[PractitionerRecord]:
    return await ledger.decide(
        PractitionerRecord,
        id,
        (lambda _: [decision]) if isinstance(decision, Fact) else decision,
        actor=actor,
        effective=NOW,
        command_id=command_id or uuid4(),
        **more,
    )


def add(item: str) -> Decision:
    """Note one item more than are noted; refuse an item that is there."""

    def decision(record: PractitionerRecord) -> list[Fact]:
        if item in record.equipment:
            raise Refused("already-noted")
        return [noted(*record.equipment, item)]

    return decision


def nothing(_: PractitionerRecord) -> list[Fact]:
    """Find that there is nothing to do."""
    return []
