"""Which view a reader gets, by its name: one file is all that one role can read."""

from uuid import UUID

from domain.lanes import Discipline
from projections import (
    assessment_shown,
    card_shown,
    client,
    coordinator,
    massage,
    physio,
    referrals_shown,
    restriction_shown,
    trainer,
    trends_shown,
)
from projections.sheet import ViewFunction

CHART: dict[Discipline, ViewFunction] = {
    Discipline.PHYSIOTHERAPIST: physio.view,
    Discipline.TRAINER: trainer.view,
    Discipline.MASSAGE_THERAPIST: massage.view,
    Discipline.COORDINATOR: coordinator.view,
    Discipline.CLIENT: client.view,
}
"""The chart of one client, by discipline. Auditors see what a reader saw (`auditor`)."""


def rendering(view: str, acting_as: Discipline, item: UUID | None) -> ViewFunction | None:
    """The pure function behind a view of one client; None if that name has none (what tells of
    accesses rests on more than the record), or if the discipline has no such view."""
    match view:
        case "chart":
            return CHART.get(acting_as)
        case "card":
            return card_shown.view
        case "restriction" if item is not None:
            return restriction_shown.of(item)
        case "assessment" if item is not None:
            return assessment_shown.of(item)
        case "trends":
            return trends_shown.of()
        case "referral" if item is not None:
            return referrals_shown.of(item)
        case "external-referral" if item is not None:
            return referrals_shown.external(item)
        case "consents":
            return client.consents_view
        case _:
            return None
