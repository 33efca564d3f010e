"""Referral, any lane to any lane: its facts.

The state they add up to is `referred`; which fact may follow which is `referral_transitions`, as
data; decisions are in `referral_decisions`, deadlines in `referral_clock`.
"""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints

from domain.contact import PersonName
from domain.fact import Fact, Narrower
from domain.lanes import Category
from domain.measure import Reading
from domain.referral_terms import (
    DeclineCode,
    Enclosed,
    Interest,
    OutcomeCode,
    Priority,
    Recipient,
    ShortName,
    Transcription,
)
from domain.terms import ClinicalText, PlainText

PART = "referrals"
REFERRALS = Category.REFERRALS
ClinicalNote = Annotated[ClinicalText | None, Narrower(Category.CLINICAL)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ReferralRequested(
    Fact, type="referral.requested.v1", part=PART, category=REFERRALS, policy=True
):
    """Somebody asks another practitioner to see the client, or the client asks for themselves.

    `to` is whom the initiator suggests, `options` the others that the client is offered;
    `no_choice` says why there are none. `enclosed` goes along once the client has agreed, which a
    client who refers themselves does by sending it.
    """

    referral: UUID
    to: Recipient
    priority: Priority
    reason: PlainText
    enclosed: Enclosed
    options: Annotated[tuple[Recipient, ...], Field(max_length=8)] = ()
    no_choice: PlainText | None = None
    interest: Interest = Interest.NONE
    interest_note: PlainText | None = None
    clinical_note: ClinicalNote = None
    successor_of: UUID | None = None


class ReferralAgreed(Fact, type="referral.agreed.v1", part=PART, category=REFERRALS, policy=True):
    """The client agrees to a recipient and to what is enclosed; only now is it sent."""

    referral: UUID
    to: Recipient
    enclosed: Enclosed


class ReferralInformationAsked(
    Fact, type="referral.information-asked.v1", part=PART, category=REFERRALS
):
    """The recipient needs to know more before deciding."""

    referral: UUID
    question: PlainText
    transcribed: Transcription = None


class ReferralInformationGiven(
    Fact, type="referral.information-given.v1", part=PART, category=REFERRALS
):
    """The initiator answers what was asked."""

    referral: UUID
    answer: PlainText
    clinical_note: ClinicalNote = None


class ReferralWaitlisted(Fact, type="referral.waitlisted.v1", part=PART, category=REFERRALS):
    """The recipient has no place yet; `place` counts from 1."""

    referral: UUID
    place: Annotated[int, Field(ge=1, le=10_000)] | None = None
    expected: date | None = None
    transcribed: Transcription = None


class ReferralAccepted(Fact, type="referral.accepted.v1", part=PART, category=REFERRALS):
    """The recipient takes the referral on."""

    referral: UUID
    note: PlainText | None = None
    transcribed: Transcription = None


class ReferralDeclined(
    Fact, type="referral.declined.v1", part=PART, category=REFERRALS, policy=True
):
    """The recipient does not take it: the code says why, the reason in their words."""

    referral: UUID
    code: DeclineCode
    reason: PlainText | None = None
    transcribed: Transcription = None


class ReferralScheduled(Fact, type="referral.scheduled.v1", part=PART, category=REFERRALS):
    """An appointment is made, or moved."""

    referral: UUID
    at: AwareDatetime
    place: ShortName | None = None
    transcribed: Transcription = None


class ReferralAppointmentCancelled(
    Fact, type="referral.appointment-cancelled.v1", part=PART, category=REFERRALS
):
    """The appointment will not take place; the referral stands."""

    referral: UUID
    reason: PlainText | None = None
    transcribed: Transcription = None


class ReferralMissed(Fact, type="referral.missed.v1", part=PART, category=REFERRALS):
    """The client did not come to the appointment."""

    referral: UUID
    note: PlainText | None = None
    transcribed: Transcription = None


class ReferralAttended(Fact, type="referral.attended.v1", part=PART, category=REFERRALS):
    """The client was seen."""

    referral: UUID
    note: PlainText | None = None
    transcribed: Transcription = None


class ReferralInterimNoted(Fact, type="referral.interim-noted.v1", part=PART, category=REFERRALS):
    """The recipient says how it is going; as often as there is something to say."""

    referral: UUID
    note: PlainText
    clinical_note: ClinicalNote = None
    transcribed: Transcription = None


class ReferralCompleted(
    Fact, type="referral.completed.v1", part=PART, category=REFERRALS, policy=True
):
    """The recipient reports what came of it, with what was measured."""

    referral: UUID
    outcome: OutcomeCode
    measures: Annotated[tuple[Reading, ...], Field(max_length=40)] = ()
    note: PlainText | None = None
    clinical_note: ClinicalNote = None
    follow_up_by: date | None = None
    transcribed: Transcription = None


class ReferralFulfilmentEnded(
    Fact, type="referral.fulfilment-ended.v1", part=PART, category=REFERRALS, policy=True
):
    """The recipient ends it before there is an outcome."""

    referral: UUID
    reason: PlainText
    transcribed: Transcription = None


class ReferralCancellationRequested(
    Fact, type="referral.cancellation-requested.v1", part=PART, category=REFERRALS
):
    """The initiator wants it cancelled; the recipient says whether that is in time."""

    referral: UUID
    reason: PlainText


class ReferralCancellationConfirmed(
    Fact, type="referral.cancellation-confirmed.v1", part=PART, category=REFERRALS, policy=True
):
    """The recipient had not begun, or stops: it is cancelled."""

    referral: UUID
    transcribed: Transcription = None


class ReferralCancellationRefused(
    Fact, type="referral.cancellation-refused.v1", part=PART, category=REFERRALS
):
    """It is too late to cancel; the referral stands as it stood before."""

    referral: UUID
    reason: PlainText
    transcribed: Transcription = None


class ReferralCancellationTimedOut(
    Fact, type="referral.cancellation-timed-out.v1", part=PART, category=REFERRALS, policy=True
):
    """The recipient did not answer the cancellation in time: it is cancelled."""

    referral: UUID


class ReferralCancelled(
    Fact, type="referral.cancelled.v1", part=PART, category=REFERRALS, policy=True
):
    """The client does not want it any more; or the initiator takes back what was not sent yet."""

    referral: UUID
    reason: PlainText | None = None


class ReferralReassigned(
    Fact, type="referral.reassigned.v1", part=PART, category=REFERRALS, policy=True
):
    """It is to go to somebody else. The client agrees to them first, so nobody reads meanwhile."""

    referral: UUID
    to: Recipient
    reason: PlainText
    transcribed: Transcription = None


class ReferralExpired(Fact, type="referral.expired.v1", part=PART, category=REFERRALS, policy=True):
    """Nothing came of a routine referral for so long that it has ended."""

    referral: UUID


class ReferralEscalated(Fact, type="referral.escalated.v1", part=PART, category=REFERRALS):
    """What a state waits for is overdue: whoever coordinates the care has to look."""

    referral: UUID


class ReferralLinkIssued(
    Fact, type="referral.link-issued.v1", part=PART, category=REFERRALS, policy=True
):
    """An external recipient is sent a link. Whoever holds its token reads, until `until`."""

    referral: UUID
    link: UUID
    digest: Digest
    until: AwareDatetime
    openings: Annotated[int, Field(ge=1, le=100)]
    """How often it can be opened."""
    sent_to: PersonName


class ReferralLinkRevoked(
    Fact, type="referral.link-revoked.v1", part=PART, category=REFERRALS, policy=True
):
    """A link opens nothing any more."""

    referral: UUID
    link: UUID
