"""Decisions on referrals. What may follow what, and by whom, is the table's to say; what else each
needs is here. Whoever decides on something displayed names the version that they saw."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import PRACTITIONERS, Category, Discipline, Lane
from domain.parties import is_client, is_member, require_client, require_member, require_open
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralDeclined,
    ReferralInterimNoted,
    ReferralReassigned,
    ReferralRequested,
    ReferralScheduled,
    ReferralWaitlisted,
)
from domain.referral_terms import (
    Interest,
    Party,
    Priority,
    Recipient,
    ToColleague,
    ToExternal,
    Transcribed,
)
from domain.referral_transitions import allowed_to
from domain.referred import Referral
from domain.refused import Refused, Unprocessable

if TYPE_CHECKING:
    from domain.record import CareRecord

REFERRALS = Category.REFERRALS
FURTHEST_APPOINTMENT = timedelta(days=731)
BY_LINK = frozenset({ReferralAccepted, ReferralDeclined, ReferralInterimNoted})
"""What an external recipient can say by their link."""


def request(
    record: "CareRecord",
    by: Actor,
    referral: UUID,
    to: Recipient,
    priority: Priority,
    reason: str,
    enclosed: tuple[Category, ...],
    *,
    now: datetime,
    options: tuple[Recipient, ...] = (),
    no_choice: str | None = None,
    interest: Interest = Interest.NONE,
    interest_note: str | None = None,
    clinical_note: str | None = None,
    successor_of: UUID | None = None,
) -> list[Fact]:
    """Propose a referral to the client; or, as the client, refer oneself, which sends it.

    Whoever proposes one offers a choice or says why there is none, and discloses what they have to
    gain. Refuses `outside-lane`, `not-on-the-team`, `referral-exists`, `refers-to-oneself`,
    `choice-needed`, `interest-undisclosed`, `unknown-referral`, `referral-not-ended`.
    The caller makes sure that recipients with an account hold their discipline in good standing.
    """
    themselves = is_client(record, by)
    if themselves:
        require_open(record)
    else:
        by.require_lane(REFERRALS, Lane.WRITE)
        require_member(record, by)
        _require_fair(by, (to, *options), interest, no_choice)
    if referral in record.referrals.items:
        raise Refused("referral-exists")
    if any(_is_person(one, by.id) for one in (to, *options)):
        raise Refused("refers-to-oneself")
    if successor_of is not None and not record.referrals.find(successor_of).ended:
        raise Refused("referral-not-ended")
    return [
        ReferralRequested(
            referral=referral,
            to=to,
            priority=priority,
            reason=reason,
            enclosed=enclosed,
            options=options,
            no_choice=no_choice,
            interest=interest,
            interest_note=interest_note,
            clinical_note=clinical_note,
            successor_of=successor_of,
        )
    ]


def agree(
    record: "CareRecord",
    by: Actor,
    referral: UUID,
    *,
    seen: int,
    now: datetime,
    to: Recipient | None = None,
    enclosed: tuple[Category, ...] | None = None,
) -> list[Fact]:
    """Let it be sent: to whom was suggested or to another on offer, with what was proposed or other
    categories. Only the client. Refuses `not-offered`, `not-in-this-state`."""
    require_client(record, by)
    current = record.referrals.seen(referral, seen)
    _require_table(record, by, current, ReferralAgreed, None)
    chosen = next((one for one in current.options if to is None or _same(one, to)), None)
    if chosen is None:
        raise Refused("not-offered")
    return [ReferralAgreed(referral=referral, to=chosen, enclosed=enclosed or current.enclosed)]


def follow_up(
    record: "CareRecord",
    by: Actor,
    fact: Callable[..., Fact],
    referral: UUID,
    *,
    seen: int,
    now: datetime,
    **said: Any,
) -> list[Fact]:
    """Decide that `fact` follows, saying what its fields say: any fact of the table but the first
    and the client's agreement.

    Refuses `unknown-referral`, `changed-since-seen`, `referral-ended`, `not-in-this-state`,
    `not-yours-to-decide`, `not-by-link`, `same-recipient`, and what a lane refuses.
    """
    require_open(record)
    current = record.referrals.seen(referral, seen)
    made = fact(referral=referral, **said)
    _require_table(record, by, current, type(made), said.get("transcribed"))
    if by.acting_as is Discipline.EXTERNAL and type(made) not in BY_LINK:
        raise Refused("not-by-link")
    _require_sensible(current, made, now)
    return [made]


def parties(
    record: "CareRecord", by: Actor, referral: Referral, transcribed: Transcribed | None = None
) -> frozenset[Party]:
    """In which capacities `by` decides on it. Who is not in good standing has none.

    A reply of an external recipient is the initiator's or a coordinator's to write down. What is
    the clock's to decide falls due (`referral_clock`).
    """
    held = {
        Party.CLIENT: is_client(record, by),
        Party.INITIATOR: _is_initiator(record, by, referral),
        Party.RECIPIENT: _is_recipient(referral, by),
        Party.CUSTODIAN: _is_custodian(record, by, referral),
    }
    if transcribed is not None and isinstance(referral.to, ToExternal):
        held[Party.RECIPIENT] = held[Party.INITIATOR] or _coordinates(record, by)
    return frozenset(party for party, holds in held.items() if holds and by.good_standing)


def _is_initiator(record: "CareRecord", by: Actor, referral: Referral) -> bool:
    if referral.by_client:
        return is_client(record, by)
    if record.team.member(referral.initiator) is None:
        # What somebody leaves behind when they leave the team is the coordinator's.
        return _coordinates(record, by)
    return by.id == referral.initiator and is_member(record, by)


def _is_recipient(referral: Referral, by: Actor) -> bool:
    to = referral.to
    if isinstance(to, ToColleague):
        return (to.practitioner, to.discipline) == (by.id, by.acting_as)
    standing = {link.id for link in referral.links if link.revoked is None}
    return by.acting_as is Discipline.EXTERNAL and by.id in standing


def _is_custodian(record: "CareRecord", by: Actor, referral: Referral) -> bool:
    if by.acting_as is not Discipline.COORDINATOR:
        return False
    to = referral.to
    own = isinstance(to, ToColleague) and to.organisation is not None
    return _coordinates(record, by) or (own and by.organisation == to.organisation)


def _coordinates(record: "CareRecord", by: Actor) -> bool:
    return by.acting_as is Discipline.COORDINATOR and is_member(record, by)


def _require_table(
    record: "CareRecord",
    by: Actor,
    current: Referral,
    fact: type[Fact],
    transcribed: Transcribed | None,
) -> None:
    may = allowed_to(fact, current.state)
    if by.acting_as in PRACTITIONERS:
        by.require_lane(REFERRALS, Lane.WRITE)
    if current.ended:
        raise Refused("referral-ended", state=current.state)
    if not may:
        raise Refused("not-in-this-state", state=current.state)
    if transcribed is not None and not isinstance(current.to, ToExternal):
        raise Refused("answers-for-themselves")
    if not may & parties(record, by, current, transcribed):
        raise Refused("not-yours-to-decide", by=sorted(may))


def _require_sensible(current: Referral, made: Fact, now: datetime) -> None:
    """Raise Unprocessable or Refused for what the table cannot know."""
    match made:
        case ReferralScheduled(at=at) if not now < at <= now + FURTHEST_APPOINTMENT:
            raise Unprocessable("at", "a time still to come, within two years")
        case ReferralWaitlisted(expected=expected) if expected and expected < now.date():
            raise Unprocessable("expected", "a date that is not in the past")
        case ReferralReassigned(to=to) if _same(to, current.to):
            raise Refused("same-recipient")
        case ReferralReassigned(to=to) if _is_person(to, current.initiator):
            raise Refused("refers-to-oneself")
        case _:
            said: Mapping[str, Any] = made.__dict__
            transcribed = said.get("transcribed")
            if isinstance(transcribed, Transcribed) and transcribed.said_at > now:
                raise Unprocessable("transcribed.said_at", "a time that is not in the future")


def _require_fair(
    by: Actor, offered: tuple[Recipient, ...], interest: Interest, no_choice: str | None
) -> None:
    """Refuse unless the client has a choice or knows why not, and knows who gains by it."""
    if len(set(offered)) < 2 and no_choice is None:
        raise Refused("choice-needed")
    ours = by.organisation is not None and any(
        isinstance(one, ToColleague) and one.organisation == by.organisation for one in offered
    )
    if ours and interest is Interest.NONE:
        raise Refused("interest-undisclosed", interest=Interest.SAME_ORGANISATION)


def _same(one: Recipient, other: Recipient) -> bool:
    """Whether both are the same recipient, in the same discipline; wherever they work."""
    if isinstance(one, ToColleague) and isinstance(other, ToColleague):
        return (one.practitioner, one.discipline) == (other.practitioner, other.discipline)
    return one == other


def _is_person(recipient: Recipient, person: UUID) -> bool:
    return isinstance(recipient, ToColleague) and recipient.practitioner == person
