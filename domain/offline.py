"""Offline copies: a card on a lease, for a gym without a network or a log out of reach."""

from datetime import datetime, timedelta

from domain.access import AccessRecord, HeldOffline, OfflineCopyWiped
from domain.fact import Fact
from domain.refused import Refused, Unprocessable

AT_MOST = timedelta(hours=24)
"""A copy expires within a day: what it says may have been withdrawn since."""


def lease_until(asked: datetime | None, now: datetime) -> datetime:
    """Until when a copy taken `now` may be held. Raises Unprocessable for more than AT_MOST."""
    until = asked or now + AT_MOST
    if not now < until <= now + AT_MOST:
        raise Unprocessable("until", "an instant still to come, at most 24 hours from now")
    return until


def hold_offline(access: AccessRecord, disclosure: int, until: datetime) -> list[Fact]:
    """Note that what was disclosed at that position is held until then."""
    if disclosure not in access.disclosures:
        raise Refused("unknown-disclosure")
    return [HeldOffline(disclosure=disclosure, until=until)]


def wipe_offline_copy(access: AccessRecord, disclosure: int) -> list[Fact]:
    """Note that the device has deleted its copy. Refuses `not-held-offline`."""
    known = access.disclosures.get(disclosure)
    if known is None or known.held_until is None:
        raise Refused("not-held-offline")
    return [] if known.wiped else [OfflineCopyWiped(disclosure=disclosure)]
