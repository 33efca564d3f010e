"""Which view a reader gets: one file is all that one role can read."""

from domain.lanes import Discipline
from projections import client, coordinator, massage, physio, trainer
from projections.sheet import ViewFunction

VIEWS: dict[Discipline, ViewFunction] = {
    Discipline.PHYSIOTHERAPIST: physio.view,
    Discipline.TRAINER: trainer.view,
    Discipline.MASSAGE_THERAPIST: massage.view,
    Discipline.COORDINATOR: coordinator.view,
    Discipline.CLIENT: client.view,
}
"""The chart of one client, by discipline. Auditors see what a reader saw (`auditor`)."""
