"""The worklist of whoever coordinates: what of their clients' care waits, and for whom.

A coordinator knows that there are restrictions and not what they say: a line never tells one, and
no line is further up for what it says.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from domain.acknowledgement import first_unseen, must_acknowledge
from domain.clock import deadlines
from domain.deadline import Kind
from domain.lanes import Category, Discipline
from domain.record import CareRecord
from domain.referral_clock import due
from domain.referral_terms import Priority
from domain.restricted import Restriction
from domain.team import Membership
from projections.accesses import when
from projections.reasons import Lens, Reason, ends_by_itself, lasting
from projections.referrals_shown import sees_all
from projections.sheet import Sheet

GLASS: Final = "break-glass-unreviewed"
URGENT: Final = "urgent-referral-overdue"
ACKNOWLEDGEMENT: Final = "acknowledgement-missing"
HOLD: Final = "hold-not-looked-at"
REVIEW: Final = "review-not-done"
REFERRAL: Final = "referral-overdue"
MILESTONE: Final = "milestone-not-confirmed"
CONSENT: Final = "oral-consent-to-confirm"

_LATE: Final = {
    Kind.HOLD_REVIEW: HOLD,
    Kind.RESTRICTION_REVIEW: REVIEW,
    Kind.MILESTONE_CONFIRMATION: MILESTONE,
}
"""What becomes the coordinator's to see to once its time has passed."""

_SAYS: Final = {
    HOLD: "A hold was not looked at in time",
    REVIEW: "A restriction was not reviewed in time",
    MILESTONE: "A measured milestone was not confirmed in time",
}


def reasons(record: CareRecord, member: Membership) -> Iterator[Reason]:
    """For whoever coordinates; none where all is well."""
    if not record.team.coordinates(member.practitioner):
        return
    yield from _consents(record)
    for item in record.restrictions.items.values():
        if item.ending is None:
            yield from _acknowledgements(record, item)
    yield from _late(record)
    for referral in record.referrals:
        if (waits := due(referral)) is not None:
            code = REFERRAL if referral.priority is Priority.ROUTINE else URGENT
            yield Reason(code, _rank(code), waits[0], referral.id, referral.version)


def _consents(record: CareRecord) -> Iterator[Reason]:
    for declared in record.consents.break_glass.unreviewed():
        at, who = declared.declared, declared.clinician
        yield Reason(GLASS, _rank(GLASS), at.recorded_at, declared.id, at.version, who)
    for consent in record.consents:
        if consent.withdrawn is None and consent.confirm_by is not None:
            at, until = consent.granted, consent.ends
            yield Reason(
                CONSENT, _rank(CONSENT), at.recorded_at, consent.id, at.version, until=until
            )


def _acknowledgements(record: CareRecord, item: Restriction) -> Iterator[Reason]:
    rank, ends = _rank(ACKNOWLEDGEMENT), ends_by_itself(item)
    for member in record.team.trainers():
        person = member.practitioner
        if person != item.author and must_acknowledge(item, person):
            first = first_unseen(item, person).source
            since = max(first.recorded_at, member.source.recorded_at)
            yield Reason(ACKNOWLEDGEMENT, rank, since, item.id, first.version, person, ends)


def _late(record: CareRecord) -> Iterator[Reason]:
    """What others did not do in time, from the fact that says so."""
    passed = {source.version: source for source in record.deadlines.by_key.values()}
    for deadline in deadlines(record):
        code, since = _LATE.get(deadline.kind), passed.get(deadline.version)
        if code is not None and since is not None:
            yield Reason(code, _rank(code), since.recorded_at, deadline.item, since.version)


def _rank(code: str) -> int:
    return _WORST.index(code)


def told(sheet: Sheet, reason: Reason) -> str | None:
    """The sentence, for whoever may know that there is such a thing."""
    return _TOLD[reason.code](sheet, reason)


def _glass(sheet: Sheet, reason: Reason) -> str | None:
    if reason.person == sheet.scope.reader or not sheet.opens_team(reason.version):
        return None
    ago = f"{lasting(sheet.now - reason.since)} ago, on {when(reason.since)}"
    return f"The glass was broken {ago}; somebody else is to say whether that was justified."


def _acknowledgement(sheet: Sheet, reason: Reason) -> str | None:
    item = sheet.record.restrictions.items[reason.item]
    if not _knows(sheet, item) or not sheet.opens_team():
        return None
    sheet.shows(
        made.source.version for made in item.acknowledgements if made.person == reason.person
    )
    since = f"for {lasting(sheet.now - reason.since)}, since {when(reason.since)}"
    return f"Who trains them has not acknowledged a restriction {since}."


def _not_done(sheet: Sheet, reason: Reason) -> str | None:
    if not _knows(sheet, sheet.record.restrictions.items[reason.item]):
        return None
    sheet.shows([reason.version])
    since = f"it is yours to see to for {lasting(sheet.now - reason.since)}"
    return f"{_SAYS[reason.code]}; {since}, since {when(reason.since)}."


def _knows(sheet: Sheet, item: Restriction) -> bool:
    """Whether the reader may know that there is this restriction."""
    return sheet.opens(Category.RESTRICTIONS, item=item.id, author=item.author)


def _referral(sheet: Sheet, reason: Reason) -> str | None:
    referral = sheet.record.referrals.items[reason.item]
    waits = due(referral)
    if waits is None or not sees_all(sheet, referral):
        return None
    late = f"{lasting(sheet.now - reason.since)} overdue, since {when(reason.since)}"
    return f"A referral ({referral.priority}) waits for {waits[1]}: {late}."


def _consent(sheet: Sheet, reason: Reason) -> str | None:
    """Not to whom, nor of what."""
    if not sheet.opens_team(reason.version):
        return None
    until = f" It lapses on {when(reason.until)}." if reason.until else ""
    ago = f"{lasting(sheet.now - reason.since)} ago, on {when(reason.since)}"
    return f"Something was permitted by word of mouth {ago}; they are to confirm it.{until}"


_TOLD: Final[Mapping[str, Callable[[Sheet, Reason], str | None]]] = {
    GLASS: _glass,
    URGENT: _referral,
    ACKNOWLEDGEMENT: _acknowledgement,
    HOLD: _not_done,
    REVIEW: _not_done,
    REFERRAL: _referral,
    MILESTONE: _not_done,
    CONSENT: _consent,
}
_WORST: Final = tuple(_TOLD)


WORKLIST: Final = Lens(
    name="worklist",
    disciplines=frozenset({Discipline.COORDINATOR}),
    reasons=reasons,
    told=told,
    beside=lambda sheet: {},
    hint="Clients whom you coordinate stand here while something waits: an acknowledgement, a "
    "referral, a review, an oral consent, a broken glass.",
)
