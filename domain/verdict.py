"""What each row of the precedence table asks, and the verdict of the first that applies."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from uuid import UUID

from domain.actor import Actor
from domain.auditing import AuditCase
from domain.break_glass import Declaration, Emergency
from domain.consent import Consent
from domain.consent_terms import CARE_PURPOSES
from domain.grantee import ToPractitioner, granted_to
from domain.lanes import (
    PRACTITIONERS,
    READING,
    Category,
    Discipline,
    Lane,
    Purpose,
    can_ever_read,
    lanes_of,
)
from domain.parties import is_client
from domain.precedence import TABLE, Step
from domain.record import CareRecord
from domain.referral_reading import Sent, begun_by, sent_to
from domain.scope import Basis, Rule, Withheld


@dataclass(frozen=True, slots=True)
class Question:
    """One reader, one client, one purpose, one moment; and what the rows need to know of them.

    `consents` are those that name the reader and the purpose, whatever the category, the longest in
    force first. `referrals` are those under way that were sent to the reader. `declaration` is the
    reader's broken glass, if it is in force. `denied` are the denying rows that apply: they are the
    same for every category.
    """

    record: CareRecord
    reader: Actor
    purpose: Purpose
    now: datetime
    audit_case: AuditCase | None
    declaration: Declaration | None
    consents: tuple[Consent, ...]
    referrals: tuple[Sent, ...] = ()
    denied: frozenset[Step] = frozenset()


def question(
    record: CareRecord,
    reader: Actor,
    purpose: Purpose,
    now: datetime,
    audit_case: AuditCase | None = None,
) -> Question:
    """The question whether `reader` may see anything of `record`."""
    glass = record.consents.break_glass
    asked = Question(
        record=record,
        reader=reader,
        purpose=purpose,
        now=now,
        audit_case=audit_case,
        declaration=glass.by(reader, now) if purpose is Purpose.TREATMENT else None,
        consents=permitting(record, reader, purpose, now),
        referrals=sent_to(record, reader, now) if purpose in CARE_PURPOSES else (),
    )
    return replace(asked, denied=frozenset(s for s, denies in DENIES.items() if denies(asked)))


def permitting(
    record: CareRecord, reader: Actor, purpose: Purpose, now: datetime
) -> tuple[Consent, ...]:
    """The consents in force that reach `reader` for `purpose`, the longest in force first.

    What they permit may still be narrowed by the lane, or denied by a fence or a lock.
    """
    named = [
        consent
        for consent in record.consents.in_force(now)
        if purpose in consent.terms.purposes and _reaches(record, consent, reader, purpose)
    ]
    endless = [consent for consent in named if consent.ends is None]
    ending = [consent for consent in named if consent.ends is not None]
    return (*endless, *sorted(ending, key=lambda consent: consent.ends or now, reverse=True))


def _reaches(record: CareRecord, consent: Consent, reader: Actor, purpose: Purpose) -> bool:
    if reader.acting_as not in PRACTITIONERS or reader.id in consent.terms.except_people:
        return False
    membership = record.team.member(reader.id, reader.acting_as)
    if membership is None and (purpose in CARE_PURPOSES or record.team.has_left(reader.id)):
        return False
    return granted_to(consent.terms.grantee, membership, reader)


def decide(asked: Question, category: Category) -> Basis | Withheld:
    """The verdict on one category: the basis on which it is open, or why it is not."""
    for row in TABLE:
        if row.step in asked.denied and row.withheld:
            return row.withheld
        if row.step in PERMITS and (basis := PERMITS[row.step](asked, category)):
            return basis
    return _why_nothing(asked, category)


def reads_own(asked: Question) -> bool:
    """Whether the row for authors applies, and no denial stands before it.

    Only to somebody who wrote something: to anybody else the client would not exist.
    """
    reader, record = asked.reader, asked.record
    care = reader.acting_as in PRACTITIONERS and asked.purpose in CARE_PURPOSES
    return (
        care
        and not asked.denied
        and not record.team.has_left(reader.id)
        and wrote(record, reader.id)
    )


def wrote(record: CareRecord, person: UUID) -> bool:
    """Whether anything that the record shows was written by `person`."""
    details = record.client
    sources = (
        details.identity_source,
        details.contact_source,
        details.emergency_contact_source,
    )
    return (
        any(source is not None and source.author == person for source in sources)
        or any(
            edition.source.author == person
            for restriction in record.restrictions.items.values()
            for edition in restriction.editions
        )
        or person in record.referrals.authors()
        or person in record.assessments.authors()
    )


def locked_items(asked: Question) -> Mapping[UUID, bool]:
    """Items locked for the reader: id → whether silently so."""
    if is_client(asked.record, asked.reader) or _endangered(asked):
        return {}
    return asked.record.consents.locks.on_items(asked.reader, asked.record.team)


def consent_bases(asked: Question, category: Category) -> Iterator[tuple[Consent, Basis]]:
    """Every consent by which the category is open to the reader, the longest in force first."""
    lanes = _reading(asked.reader.acting_as, category)
    for consent in asked.consents:
        by_name = isinstance(consent.terms.grantee, ToPractitioner) and Lane.BY_NAME in lanes
        in_lane = bool(lanes - {Lane.BY_NAME}) or by_name
        if in_lane and consent.terms.opens(category):
            yield consent, Basis(Rule.CONSENT, consent.id, consent.ends)


@cache
def _reading(discipline: Discipline, category: Category) -> frozenset[Lane]:
    return lanes_of(discipline, category) & READING


def minimum(asked: Question) -> Basis | None:
    """The safety minimum, if the reader is due to train the client and that is their purpose."""
    record, reader = asked.record, asked.reader
    if asked.purpose is not Purpose.TRAINING or reader.acting_as not in PRACTITIONERS:
        return None
    membership = record.team.member(reader.id, reader.acting_as)
    if membership is None or not membership.due_to_train or record.consents.safety.refused:
        return None
    return Basis(Rule.SAFETY_MINIMUM)


def _erased(asked: Question) -> bool:
    return asked.record.erased


def _not_enrolled(asked: Question) -> bool:
    return not asked.record.client.enrolled


def _standing_ended(asked: Question) -> bool:
    reader = asked.reader
    expired = reader.not_after is not None and reader.not_after <= asked.now
    return not reader.good_standing or expired


def _locked_out(asked: Question) -> bool:
    record = asked.record
    if is_client(record, asked.reader):
        return False
    return record.consents.locks.on_record(asked.reader, record.team) is not None


def _endangered(asked: Question) -> bool:
    declared = asked.declaration
    return declared is not None and declared.reason is Emergency.DANGER_TO_LIFE


def _danger_to_life(asked: Question, category: Category) -> Basis | None:
    return _break_glass(asked, category) if _endangered(asked) else None


def _break_glass(asked: Question, category: Category) -> Basis | None:
    declared = asked.declaration
    lanes = _reading(asked.reader.acting_as, category)
    if declared is None or not lanes - {Lane.BY_NAME}:
        return None
    return Basis(Rule.BREAK_GLASS, declared.id, declared.until)


def _self(asked: Question, category: Category) -> Basis | None:
    mine = is_client(asked.record, asked.reader) and asked.purpose is Purpose.SELF
    return Basis(Rule.SELF) if mine and can_ever_read(Discipline.CLIENT, category) else None


def _audit(asked: Question, category: Category) -> Basis | None:
    case, reader = asked.audit_case, asked.reader
    auditing = reader.acting_as is Discipline.AUDITOR and asked.purpose is Purpose.AUDIT
    if case is None or not auditing:
        return None
    theirs = (case.client, case.auditor) == (asked.record.id, reader.id)
    return Basis(Rule.AUDIT, case.id, case.until) if theirs and case.open(asked.now) else None


def _consent(asked: Question, category: Category) -> Basis | None:
    return next((basis for _, basis in consent_bases(asked, category)), None)


def referral_basis(asked: Question, category: Category) -> Basis | None:
    """The referral that encloses the category, of several the one that is open longest.

    The client agreed to the recipient by name, so that what opens only by name is open to them.
    """
    if not asked.referrals or not _reading(asked.reader.acting_as, category):
        return None
    enclosing = (sent.basis for sent in asked.referrals if category in sent.enclosed)
    return next(enclosing, None)


def own_referrals(asked: Question) -> Mapping[UUID, Basis]:
    """Referrals that the reader is a party to, as items open in their own right: sent to them, or
    begun by them while they are on the team. Behind the same denials as everything."""
    if asked.denied or asked.purpose not in CARE_PURPOSES:
        return {}
    reader, record = asked.reader, asked.record
    begun = begun_by(record, reader)
    return {id: Basis(Rule.REFERRAL, id) for id in begun} | {
        sent.referral: sent.basis for sent in asked.referrals
    }


def _safety_minimum(asked: Question, category: Category) -> Basis | None:
    return minimum(asked) if category is Category.RESTRICTIONS else None


def _coordinator(asked: Question, category: Category) -> Basis | None:
    reader = asked.reader
    coordinating = reader.acting_as is Discipline.COORDINATOR
    if category is not Category.CONSENTS or asked.purpose is not Purpose.COORDINATION:
        return None
    coordinates = coordinating and asked.record.team.coordinates(reader.id)
    return Basis(Rule.COORDINATION) if coordinates else None


def _why_nothing(asked: Question, category: Category) -> Withheld:
    """The code of the last row: told apart for accountability, never released to the reader."""
    if not can_ever_read(asked.reader.acting_as, category):
        return Withheld.OUTSIDE_LANE
    if any(category in consent.terms.except_categories for consent in asked.consents):
        return Withheld.EXCEPTED
    return Withheld.NO_CONSENT


DENIES: Mapping[Step, Callable[[Question], bool]] = {
    Step.ERASED: _erased,
    Step.NOT_ENROLLED: _not_enrolled,
    Step.STANDING_ENDED: _standing_ended,
    Step.LOCKED: _locked_out,
}
PERMITS: Mapping[Step, Callable[[Question, Category], Basis | None]] = {
    Step.DANGER_TO_LIFE: _danger_to_life,
    Step.BREAK_GLASS: _break_glass,
    Step.SELF: _self,
    Step.AUDIT: _audit,
    Step.CONSENT: _consent,
    Step.REFERRAL: referral_basis,
    Step.SAFETY_MINIMUM: _safety_minimum,
    Step.COORDINATOR: _coordinator,
}
