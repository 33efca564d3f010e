"""Facts of both kinds for tests of how facts are stored: what they say does not matter here."""

from uuid import UUID

from domain.access import Channel, Denied
from domain.lanes import Discipline, Purpose
from domain.practitioner import EquipmentNoted


def noted(*equipment: str) -> EquipmentNoted:
    """A sealed fact."""
    return EquipmentNoted(equipment=equipment)


def denied() -> Denied:
    """A fact in clear."""
    return Denied(
        client=UUID(int=1),
        reader=UUID(int=2),
        acting_as=Discipline.TRAINER,
        view="restrictions",
        code="no-consent",
        purpose=Purpose.TRAINING,
        channel=Channel.PAGE,
    )
