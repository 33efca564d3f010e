"""Who is told that something was recorded, and whether they must acknowledge it. Pure.

A table says which facts occasion a notification, and for whom: a slice adds its facts as one line
each. Whether somebody in that audience may know of the fact is for policy to say, at the moment of
sending.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from domain.acknowledgement import must_acknowledge
from domain.actor import Actor
from domain.assessment import (
    ClinicalPartCompleted,
    ClinicalPartRetracted,
    ClinicalReadingCorrected,
    ClinicalReadingRetracted,
    FitnessPartCompleted,
    FitnessPartRetracted,
    FitnessReadingCorrected,
    FitnessReadingRetracted,
)
from domain.deadline import PASSES
from domain.entry import Entry
from domain.fact import Fact, every_fact
from domain.lanes import PRACTITIONERS, REGULATED, Discipline
from domain.notified import Urgency
from domain.record import CareRecord
from domain.referral import ReferralEscalated
from domain.referral_terms import Priority, ToColleague
from domain.referral_transitions import DECIDED
from domain.referred import person as account_of
from domain.restricted import Restriction
from domain.restriction import (
    HoldPlaced,
    HoldReviewed,
    MilestoneConfirmed,
    MilestoneDeclined,
    MilestoneProposed,
    MilestoneRevoked,
    RestrictionAcknowledged,
    RestrictionCorrected,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionModified,
    RestrictionRetracted,
    RestrictionReviewed,
)

Audience = Callable[[CareRecord, Fact, Actor], bool]
Tightens = Callable[[Fact], bool]
Wrong = Callable[[CareRecord, Entry], frozenset[int]]
"""The record versions whose content a fact sets right."""


def restriction_of(record: CareRecord, fact: Fact) -> Restriction | None:
    """The restriction or hold that a fact is about; None if it is about none."""
    for name in ("restriction", "hold"):
        item = record.restrictions.items.get(getattr(fact, name, None) or UUID(int=0))
        if item is not None:
            return item
    return None


def everybody(record: CareRecord, fact: Fact, reader: Actor) -> bool:
    """Whoever works with the client."""
    return True


def clinicians(record: CareRecord, fact: Fact, reader: Actor) -> bool:
    """Who can decide on what somebody has proposed."""
    return reader.acting_as in REGULATED


def its_author(record: CareRecord, fact: Fact, reader: Actor) -> bool:
    """Who imposed the restriction, or placed the hold."""
    item = restriction_of(record, fact)
    return item is not None and item.author == reader.id


def its_parties(record: CareRecord, fact: Fact, reader: Actor) -> bool:
    """Who asked for the referral, who is sent it, and whoever coordinates the care."""
    item = record.referrals.items.get(getattr(fact, "referral", None) or UUID(int=0))
    if item is None:
        return False
    mine = reader.id in account_of(item.to) | {item.initiator}
    return mine or reader.acting_as is Discipline.COORDINATOR


def whose_turn_it_was(record: CareRecord, fact: Fact, reader: Actor) -> bool:
    """Who should have acted by a deadline that has passed, and whoever coordinates the care."""
    return reader.id in getattr(fact, "who", ()) or reader.acting_as is Discipline.COORDINATOR


def always(fact: Fact) -> bool:
    """It tightens whatever it says."""
    return True


def never(fact: Fact) -> bool:
    """It eases, or changes nothing for who trains the client: those are told, and no more."""
    return False


def as_decided(fact: Fact) -> bool:
    """It tightens if whoever decided it said so (see ADR 5)."""
    return bool(getattr(fact, "must_be_acknowledged", True))


def the_edition_before(record: CareRecord, entry: Entry) -> frozenset[int]:
    """What a correction of a restriction sets right: what it said until then."""
    return next(reversed(_editions(record, entry)), frozenset())


def all_of_it(record: CareRecord, entry: Entry) -> frozenset[int]:
    """What the retraction of a restriction takes back: everything that it ever said."""
    return frozenset().union(*_editions(record, entry))


def the_wrong_reading(record: CareRecord, entry: Entry) -> frozenset[int]:
    """What a correction or retraction of an assessment sets right: every fact that told it."""
    found = (
        correction.wrong
        for _, part in record.assessments.every_part()
        for correction in part.corrections
        if correction.version == entry.version
    )
    return frozenset(version for wrong in found for version in wrong)


def _editions(record: CareRecord, entry: Entry) -> list[frozenset[int]]:
    assert isinstance(entry.fact, Fact)
    item = restriction_of(record, entry.fact)
    editions = item.editions if item else ()
    return [each.shown for each in editions if each.version < entry.version]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fact occasions: who is told; whether who is due to train the client has to
    acknowledge it; `wrong`: what it sets right, so that everybody is told to whom any of that was
    ever released."""

    to: Audience = everybody
    tightens: Tightens = never
    wrong: Wrong | None = None


PUT_RIGHT: Final[tuple[type[Fact], ...]] = (
    ClinicalReadingCorrected,
    ClinicalReadingRetracted,
    ClinicalPartRetracted,
    FitnessReadingCorrected,
    FitnessReadingRetracted,
    FitnessPartRetracted,
)
"""Facts that say of an assessment that something told before was wrong."""

OCCASIONS: Final[Mapping[str, Occasion]] = {
    RestrictionImposed.type: Occasion(tightens=always),
    RestrictionModified.type: Occasion(tightens=as_decided),
    RestrictionCorrected.type: Occasion(tightens=always, wrong=the_edition_before),
    RestrictionReviewed.type: Occasion(),
    RestrictionLifted.type: Occasion(),
    RestrictionRetracted.type: Occasion(wrong=all_of_it),
    RestrictionAcknowledged.type: Occasion(to=its_author),
    MilestoneProposed.type: Occasion(to=clinicians),
    MilestoneConfirmed.type: Occasion(tightens=as_decided),
    MilestoneDeclined.type: Occasion(),
    MilestoneRevoked.type: Occasion(tightens=as_decided),
    HoldPlaced.type: Occasion(tightens=always),
    HoldReviewed.type: Occasion(),
    **{fact.type: Occasion(to=its_parties) for fact in DECIDED},
    ReferralEscalated.type: Occasion(to=its_parties),
    ClinicalPartCompleted.type: Occasion(),
    FitnessPartCompleted.type: Occasion(),
    **{fact.type: Occasion(wrong=the_wrong_reading) for fact in PUT_RIGHT},
    **{fact.type: Occasion(to=whose_turn_it_was) for fact in PASSES.values()},
}


def admitting() -> frozenset[str]:
    """Topics of facts that may let somebody read who could not before: what already stands is then
    news to them."""
    parts = CareRecord.__dataclass_fields__.keys()
    return frozenset(fact.type for fact in every_fact() if fact.policy and fact.part in parts)


def candidates(record: CareRecord, now: datetime) -> dict[UUID, tuple[Discipline, ...]]:
    """Everybody who may have to be told, in the disciplines in which they work with the client,
    the one in which they are due to train first. Policy says who of them may know of what."""
    found: dict[UUID, list[Discipline]] = {}
    for member in sorted(record.team.members.values(), key=lambda one: not one.due_to_train):
        found.setdefault(member.practitioner, []).append(member.discipline)
    for declared in record.consents.break_glass.by_id.values():
        if declared.in_force(now) and declared.acting_as in PRACTITIONERS:
            found.setdefault(declared.clinician, []).append(declared.acting_as)
    for referral in record.referrals:
        if referral.live and isinstance(referral.to, ToColleague):
            found.setdefault(referral.to.practitioner, []).append(referral.to.discipline)
    return {person: tuple(dict.fromkeys(held)) for person, held in found.items()}


def has_to_acknowledge(record: CareRecord, entry: Entry, person: UUID, now: datetime) -> bool:
    """Whether `person` is due to train the client and has yet to acknowledge what `entry`
    tightened, if it still holds."""
    assert isinstance(entry.fact, Fact)
    occasion = OCCASIONS.get(entry.fact.type)
    item = restriction_of(record, entry.fact)
    if occasion is None or item is None or not occasion.tightens(entry.fact):
        return False
    due = any(member.practitioner == person for member in record.team.trainers())
    mine = item.author == person
    return due and not mine and item.in_force(now) and must_acknowledge(item, person)


def is_pressing(record: CareRecord, fact: Fact) -> bool:
    """Whether it is about a referral that cannot wait."""
    item = record.referrals.items.get(getattr(fact, "referral", None) or UUID(int=0))
    return item is not None and item.priority is not Priority.ROUTINE


def urgency(urgent: bool) -> Urgency:
    """Urgent is what has to be acknowledged before the next session, what is set right for whoever
    was shown the wrong thing, and what follows on an urgent referral."""
    return Urgency.URGENT if urgent else Urgency.ROUTINE


def standing(record: CareRecord, person: UUID, now: datetime) -> Iterator[Restriction]:
    """What somebody who is let in has to be told of: restrictions in force that they neither wrote
    nor have acknowledged as they stand."""
    for item in record.restrictions.active(now):
        seen = item.acknowledged_by(person)
        if item.author != person and (seen is None or seen.seen < item.version):
            yield item
