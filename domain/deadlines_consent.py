"""What is owed about consent: that the client confirms what they said, and that somebody looks at a
broken glass."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from domain.break_glass import Declaration
from domain.consent import Consent
from domain.deadline import DAY, Deadline, Kind, climb, holding
from domain.lanes import REGULATED, Discipline

if TYPE_CHECKING:
    from domain.record import CareRecord

REVIEWED_WITHIN: Final = 3 * DAY


def of_consents(record: "CareRecord") -> Iterator[Deadline]:
    """The open deadlines of oral consents and broken glass."""
    for consent in record.consents:
        if consent.withdrawn is None and consent.confirm_by is not None:
            yield from climb(record, _confirmation(record, consent))
    for declared in record.consents.break_glass.unreviewed():
        yield from climb(record, _review(record, declared))


def _confirmation(record: "CareRecord", consent: Consent) -> Deadline:
    """Or the consent ends, if it does so before."""
    assert consent.ends is not None
    return Deadline(
        Kind.CONSENT_CONFIRMATION,
        consent.id,
        consent.granted.version,
        consent.ends,
        frozenset({record.id}),
    )


def _review(record: "CareRecord", declared: Declaration) -> Deadline:
    """By somebody other than the declarer."""
    reviewers = holding(record, Discipline.COORDINATOR) | holding(record, *REGULATED)
    reviewers -= {declared.clinician}
    return Deadline(
        Kind.BREAK_GLASS_REVIEW,
        declared.id,
        declared.declared.version,
        declared.declared.recorded_at + REVIEWED_WITHIN,
        reviewers,
        frozenset() if reviewers else frozenset({Discipline.AUDITOR}),
    )
