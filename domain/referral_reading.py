"""Who reads on the strength of a referral: what policy asks of the referrals of a record."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from domain.actor import Actor
from domain.lanes import Category, Discipline
from domain.parties import is_member
from domain.referral_terms import ToColleague
from domain.referred import Referral
from domain.scope import Basis, Rule

if TYPE_CHECKING:
    from domain.record import CareRecord


@dataclass(frozen=True, slots=True)
class Sent:
    """A referral under way that was sent to the reader, what it encloses, and until when by itself
    they read that."""

    referral: UUID
    enclosed: frozenset[Category]
    basis: Basis


def sent_to(record: "CareRecord", reader: Actor, now: datetime) -> tuple[Sent, ...]:
    """The referrals that `reader` has been sent, with the client's agreement, and that have not
    ended: those open longest first."""
    if not record.referrals.items:
        return ()
    found = list(_sent(record, reader, now))
    endless = [sent for sent in found if sent.basis.until is None]
    ending = [sent for sent in found if sent.basis.until is not None]
    return (*endless, *sorted(ending, key=lambda sent: sent.basis.until or now, reverse=True))


def begun_by(record: "CareRecord", reader: Actor) -> tuple[UUID, ...]:
    """The referrals that `reader` began, ended or not, while they are on the care team."""
    begun = [item for item in record.referrals if item.initiator == reader.id]
    return tuple(item.id for item in begun) if begun and is_member(record, reader) else ()


def _sent(record: "CareRecord", reader: Actor, now: datetime) -> Iterator[Sent]:
    for referral in record.referrals:
        if not referral.live or referral.agreed is None:
            continue
        if isinstance(referral.to, ToColleague):
            named = (referral.to.practitioner, referral.to.discipline)
            until = None
            reached = named == (reader.id, reader.acting_as) and not _left_since(record, referral)
        else:
            link = referral.link(now)
            until = link.until if link else None
            holds = link is not None and link.id == reader.id
            reached = holds and reader.acting_as is Discipline.EXTERNAL
        if reached:
            basis = Basis(Rule.REFERRAL, referral.id, until)
            yield Sent(referral.id, frozenset(referral.enclosed), basis)


def _left_since(record: "CareRecord", referral: Referral) -> bool:
    """Whether the recipient was taken off the team after the client had agreed to them: leaving
    ends reading, however it was permitted."""
    to, agreed = referral.to, referral.agreed
    if not isinstance(to, ToColleague) or agreed is None:
        return False
    if not record.team.has_left(to.practitioner):
        return False
    departures = (
        gone.version for (who, _), gone in record.team.departed.items() if who == to.practitioner
    )
    return max(departures) > agreed.version
