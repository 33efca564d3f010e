"""Training clearance: nobody trains a client around limits that they are not shown."""

from datetime import datetime

from domain.actor import Actor
from domain.lanes import Category, Lane, Purpose
from domain.policy import scope
from domain.record import CareRecord
from domain.refused import Refused


def require_clearance(record: CareRecord, trainer: Actor, now: datetime) -> None:
    """Refuse `clearance-needed` while a restriction binds that `trainer` may not see even in part.

    So it is when the client has refused the safety minimum, or has locked a restriction or the
    trainer, and no consent helps. It says nothing more: neither which restriction, nor how many.
    """
    trainer.require_lane(Category.RESTRICTIONS, Lane.READ)
    seen = scope(record, trainer, Purpose.TRAINING, now)
    for restriction in record.restrictions.active(now):
        if not seen.sees_minimum(restriction.id, author=restriction.author):
            raise Refused("clearance-needed")
