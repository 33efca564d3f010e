"""The clock: who decides what only time decides, and all that there is for it to decide.

Every slice that owes something until a date is one line of `SLICES`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from domain.actor import Actor
from domain.deadline import Deadline, Key
from domain.deadlines_consent import of_consents
from domain.deadlines_referral import of_referrals
from domain.deadlines_restriction import of_restrictions
from domain.fact import Fact
from domain.referral_clock import CLOCK
from domain.refused import Refused

if TYPE_CHECKING:
    from domain.record import CareRecord

__all__ = ["CLOCK", "deadlines", "fall_due"]

SLICES: Final[tuple[Callable[["CareRecord"], Iterator[Deadline]], ...]] = (
    of_restrictions,
    of_consents,
    of_referrals,
)


def deadlines(record: "CareRecord") -> Iterator[Deadline]:
    """All deadlines open in a record, met or not met in time; of one that has passed, those that it
    set. The record alone says so, whatever the time is."""
    if record.client.enrolled and not record.erased:
        for of in SLICES:
            yield from of(record)


def fall_due(
    record: "CareRecord", by: Actor, key: Key, due: datetime, *, now: datetime
) -> list[Fact]:
    """What the deadline `key` that was due at `due` makes of itself at `now`: facts, once, since
    they set another one or none; nothing, if it is not open any more or has moved.

    For the clock alone: refuses `clock-only`. Raises Refused for what its slice forbids.
    """
    if by != CLOCK:
        raise Refused("clock-only")
    for deadline in deadlines(record):
        if deadline.key == key and deadline.due == due:
            passed = deadline.falls is not None and due <= now
            return deadline.falls(record, deadline, now) if deadline.falls and passed else []
    return []
