"""Who stands where to a care record: the client it is about, or somebody on the care team."""

from typing import TYPE_CHECKING

from domain.actor import Actor
from domain.lanes import PRACTITIONERS, Discipline
from domain.refused import Refused

if TYPE_CHECKING:
    from domain.record import CareRecord


def is_client(record: "CareRecord", by: Actor) -> bool:
    """Whether `by` is the client whom the record is about."""
    return by.acting_as is Discipline.CLIENT and by.id == record.id


def is_member(record: "CareRecord", by: Actor) -> bool:
    """Whether `by` is on the care team in the discipline that they act in, in whatever standing."""
    return by.acting_as in PRACTITIONERS and record.team.member(by.id, by.acting_as) is not None


def require_open(record: "CareRecord") -> None:
    """Refuse `erased` or `not-enrolled` unless there is a client about whom facts may be added."""
    if record.erased:
        raise Refused("erased")
    if not record.client.enrolled:
        raise Refused("not-enrolled")


def require_client(record: "CareRecord", by: Actor) -> None:
    """Refuse `client-only` unless the client themselves decides."""
    require_open(record)
    if not is_client(record, by):
        raise Refused("client-only")


def require_member(record: "CareRecord", by: Actor) -> None:
    """Refuse `not-in-good-standing` or `not-on-the-team` unless `by` is on this care team."""
    require_open(record)
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    if not is_member(record, by):
        raise Refused("not-on-the-team")
