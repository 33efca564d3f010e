"""Granting, amending and withdrawing consent, in writing or by word of mouth."""

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.consent import (
    CONFIRM_WITHIN,
    Consent,
    ConsentAmended,
    ConsentConfirmed,
    ConsentGranted,
    ConsentStatus,
    ConsentWithdrawn,
    OralConsentRecorded,
)
from domain.consent_terms import ConsentTerms
from domain.fact import Fact
from domain.grantee import ToPractitioner, belongs, keeps_out
from domain.parties import require_client, require_member
from domain.refused import Refused, Unprocessable

if TYPE_CHECKING:
    from domain.record import CareRecord


def grant(
    record: "CareRecord", by: Actor, consent: UUID, terms: ConsentTerms, *, now: datetime
) -> list[Fact]:
    """Permit reading on `terms`. Only the client. `consent` is a new id of the caller's choosing.

    Raises Unprocessable for terms that name the client or that are over; refuses `client-only`,
    `consent-exists`.
    """
    require_client(record, by)
    _require_new(record, consent)
    _require_sensible(record, terms, now)
    return [ConsentGranted(consent=consent, terms=terms)]


def amend(
    record: "CareRecord", by: Actor, consent: UUID, terms: ConsentTerms, *, seen: int, now: datetime
) -> list[Fact]:
    """Replace the terms of a consent that has not ended, for the same grantee.

    `seen` is the version of the consent that the client was shown. Refuses `client-only`,
    `unknown-consent`, `changed-since-seen`, `consent-ended`, `nothing-changed`.
    """
    require_client(record, by)
    current = _require_open_consent(record.consents.seen(consent, seen), now)
    if terms.grantee != current.terms.grantee:
        raise Unprocessable("terms.grantee", "the same as before; for somebody else grant anew")
    if terms == current.terms and not current.confirm_by:
        raise Refused("nothing-changed")
    _require_sensible(record, terms, now)
    return [ConsentAmended(consent=consent, terms=terms)]


def withdraw(
    record: "CareRecord",
    by: Actor,
    consent: UUID,
    *,
    seen: int,
    now: datetime,
    reason: str | None = None,
) -> list[Fact]:
    """Withdraw a consent that has not ended, with effect from the very fact.

    `seen` is the version of the consent that the client was shown. Refuses `client-only`,
    `unknown-consent`, `changed-since-seen`, `consent-ended`.
    """
    require_client(record, by)
    _require_open_consent(record.consents.seen(consent, seen), now)
    return [ConsentWithdrawn(consent=consent, reason=reason)]


def record_oral(
    record: "CareRecord",
    by: Actor,
    consent: UUID,
    terms: ConsentTerms,
    *,
    witness: UUID,
    now: datetime,
) -> list[Fact]:
    """Write down a consent that the client gave by word of mouth, before `witness`.

    The recorder is on the care team; neither recorder nor witness is the grantee or one of the
    grantee's, and they are two persons other than the client. The client has CONFIRM_WITHIN.
    Raises Unprocessable for the witness; refuses `not-on-the-team`, `consent-exists`,
    `recorder-is-grantee`, `witness-is-grantee`.
    """
    require_member(record, by)
    _require_new(record, consent)
    _require_sensible(record, terms, now)
    _require_disinterested(record, by, terms, witness)
    return [
        OralConsentRecorded(
            consent=consent,
            terms=terms,
            recorder=by.id,
            witness=witness,
            confirm_by=now + CONFIRM_WITHIN,
        )
    ]


def confirm(
    record: "CareRecord", by: Actor, consent: UUID, *, seen: int, now: datetime
) -> list[Fact]:
    """Stand by a consent given orally, before it lapses.

    Refuses `client-only`, `unknown-consent`, `changed-since-seen`, `consent-ended` (also when it
    has lapsed), `nothing-to-confirm`.
    """
    require_client(record, by)
    current = _require_open_consent(record.consents.seen(consent, seen), now)
    if current.confirm_by is None:
        raise Refused("nothing-to-confirm")
    return [ConsentConfirmed(consent=consent)]


def _require_new(record: "CareRecord", consent: UUID) -> None:
    if consent in record.consents.by_id:
        raise Refused("consent-exists")


def _require_sensible(record: "CareRecord", terms: ConsentTerms, now: datetime) -> None:
    grantee = terms.grantee
    if isinstance(grantee, ToPractitioner) and grantee.practitioner == record.id:
        raise Unprocessable("terms.grantee", "somebody else: the client reads their record anyway")
    if terms.until and terms.until <= now:
        raise Unprocessable("terms.until", "an instant still to come")


def _require_open_consent(consent: Consent, now: datetime) -> Consent:
    status = consent.status(now)
    if status not in (ConsentStatus.IN_FORCE, ConsentStatus.NOT_YET):
        raise Refused("consent-ended", consent=str(consent.id), status=status)
    return consent


def _require_disinterested(
    record: "CareRecord", by: Actor, terms: ConsentTerms, witness: UUID
) -> None:
    if keeps_out(terms.grantee, record.team, by) or belongs(by.id, terms.grantee, record.team):
        raise Refused("recorder-is-grantee")
    if witness == by.id:
        raise Unprocessable("witness", "somebody other than the recorder")
    if witness == record.id:
        raise Unprocessable("witness", "somebody other than the client")
    if isinstance(terms.grantee, ToPractitioner) and terms.grantee.practitioner == witness:
        raise Unprocessable("witness", "somebody other than the grantee")
    if belongs(witness, terms.grantee, record.team):
        raise Refused("witness-is-grantee")
