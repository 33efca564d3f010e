"""What follows on a referral: a route for each fact of the table of transitions, made from data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response

from api.commands import Commanding
from api.doors import Door, door
from api.proposal import Of, Proposal
from api.receipts import Receipt
from api.referrals import ITSELF, ONE, PRIYA, about, checked
from api.route import router
from api.tags import Seen
from domain import referral as facts
from domain import referral_decisions as decisions
from domain.fact import Fact

routes = router("referrals")


@dataclass(frozen=True, slots=True)
class Following:
    """One route: what it asks to follow. `naming`: the fields that name a recipient."""

    path: str
    fact: type[Fact]
    says: str
    example: Mapping[str, Any] = field(default_factory=dict)
    naming: tuple[str, ...] = ()


FOLLOWING = (
    Following(
        "information-request",
        facts.ReferralInformationAsked,
        "The recipient asks for what they need to know before they decide.",
        {"question": "Since when, and is there numbness?"},
    ),
    Following(
        "information",
        facts.ReferralInformationGiven,
        "The initiator answers what was asked.",
        {"answer": "Three weeks; no numbness."},
    ),
    Following(
        "waiting-list",
        facts.ReferralWaitlisted,
        "The recipient has no place yet.",
        {"place": 4, "expected": "2027-01-18"},
    ),
    Following("acceptance", facts.ReferralAccepted, "The recipient takes it on."),
    Following(
        "decline",
        facts.ReferralDeclined,
        "The recipient does not take it on.",
        {"code": "no_capacity", "reason": "Full until March."},
    ),
    Following(
        "appointment",
        facts.ReferralScheduled,
        "The recipient or the client makes an appointment, or moves it.",
        {"at": "2027-01-18T10:00:00Z", "place": "Riverside Clinic"},
    ),
    Following(
        "appointment-cancellation",
        facts.ReferralAppointmentCancelled,
        "The recipient or the client cancels the appointment; the referral stands.",
        {"reason": "A cold."},
    ),
    Following("missed-appointment", facts.ReferralMissed, "The client did not come."),
    Following("attendance", facts.ReferralAttended, "The client was seen."),
    Following(
        "interim-notes",
        facts.ReferralInterimNoted,
        "The recipient says how it is going.",
        {"note": "Responds to extension; two more visits."},
    ),
    Following(
        "completion",
        facts.ReferralCompleted,
        "The recipient reports what came of it, also while a cancellation is under way.",
        {"outcome": "goal_achieved", "note": "Hinges without pain."},
    ),
    Following(
        "fulfilment-end",
        facts.ReferralFulfilmentEnded,
        "The recipient ends it before there is an outcome.",
        {"reason": "Moved away."},
    ),
    Following(
        "cancellation-request",
        facts.ReferralCancellationRequested,
        "The initiator wants it cancelled; the recipient says whether that is in time.",
        {"reason": "Better by itself."},
    ),
    Following(
        "cancellation-confirmation",
        facts.ReferralCancellationConfirmed,
        "The recipient lets it be cancelled.",
    ),
    Following(
        "cancellation-refusal",
        facts.ReferralCancellationRefused,
        "It is too late to cancel: the referral stands as it stood before.",
        {"reason": "Seen this morning."},
    ),
    Following(
        "cancellation",
        facts.ReferralCancelled,
        "The client ends it; or the initiator, before it was sent.",
    ),
    Following(
        "reassignment",
        facts.ReferralReassigned,
        "The recipient, or a coordinator, hands it to another, to whom the client agrees first.",
        {"to": PRIYA, "reason": "Nearer to where the client lives."},
        naming=("to",),
    ),
)


def _follows(step: Following) -> None:
    """Declare the route of one fact of the table."""

    async def follow(
        client: UUID,
        referral: UUID,
        body: Annotated[Proposal, Of(step.fact, without=ITSELF, examples=(dict(step.example),))],
        seen: Seen,
        command: Commanding,
    ) -> Response:
        given = body.fields()
        return await command.on_client(
            client,
            lambda record, by, now: decisions.follow_up(
                record, by, step.fact, referral, seen=seen, now=now, **given
            ),
            about(referral),
            extra=checked(command, given, *step.naming),
        )

    what = step.path.replace("-", " ")
    follow.__name__ = follow.__qualname__ = step.path.replace("-", "_")
    follow.__doc__ = step.says
    routes.post(f"{ONE}/{step.path}", status_code=HTTPStatus.CREATED, response_model=Receipt)(
        door(Door.RECEIPT, f"position of the {what}")(follow)
    )


for _step in FOLLOWING:
    _follows(_step)
