"""Accountability: who was told what category, when and on which basis; never what it said.

For auditors in good standing, of any client there is or was: it outlives an erasure, and needs no
case (that opens content, see `auditing`).
"""

from datetime import datetime

from domain.actor import Actor
from domain.lanes import Category, Discipline, Purpose
from domain.record import CareRecord
from domain.scope import Basis, Rule, Scope, Withheld


def accountability(record: CareRecord, reader: Actor, purpose: Purpose, now: datetime) -> Scope:
    """The scope in which `reader` may see the register of this client; empty for anybody else."""
    expired = reader.not_after is not None and reader.not_after <= now
    auditing = reader.acting_as is Discipline.AUDITOR and purpose is Purpose.AUDIT
    permitted = auditing and reader.good_standing and not expired and record.version > 0
    shown = {Category.CONSENTS: Basis(Rule.AUDIT, until=reader.not_after)} if permitted else {}
    return Scope(
        reader=reader.id,
        acting_as=reader.acting_as,
        purpose=purpose,
        categories=shown,
        withheld={category: Withheld.NO_CONSENT for category in Category if category not in shown},
        not_after=reader.not_after,
    )
