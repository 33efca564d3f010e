"""Where to look: for every member of every care team, the reasons for which a client may be on one
of their lists. One table serves all the lists that are made of reasons (`LENSES`).

Rows are computed from the folded care record, and hold ids, codes and times. Also reasons that only
time will bring are here, with the instant from which they hold: nothing is written as it passes.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import ClassVar, Final

from domain.ledger.keys import KeyRing
from domain.record import CareRecord
from projections.caseload import CASELOAD
from projections.folded import REMEMBERED, Folded, topics_of
from projections.reasons import Lens
from projections.today import TODAY
from projections.worklist import WORKLIST

LENSES: Final[tuple[Lens, ...]] = (CASELOAD, TODAY, WORKLIST)


class Concerns(Folded[CareRecord]):
    """One row for each reason, of each client, for each member whose list it may be on.

    `lens` is the list; `holds_from` and `holds_until` (null: until a fact ends it) are when it is a
    reason. Whether the member may know of it is for policy to say.
    """

    name = "concerns"
    whose = "client"
    topics = topics_of(part.name for part in fields(CareRecord))
    columns = """
        reader uuid NOT NULL, lens text NOT NULL, rank smallint NOT NULL,
        holds_from timestamptz NOT NULL, holds_until timestamptz, client uuid NOT NULL,
        reason text NOT NULL, PRIMARY KEY (client, reader, lens, reason)"""
    indexes: ClassVar[tuple[str, ...]] = ("(reader, lens, rank, holds_from)",)

    def __init__(self, keys: KeyRing, *, remembered: int = REMEMBERED) -> None:
        super().__init__(keys, CareRecord, remembered=remembered)

    def rows(self, record: CareRecord) -> Iterator[tuple[object, ...]]:
        """One for each reason that there is, or will be by the clock alone."""
        for member in record.team.members.values():
            for lens in LENSES:
                if member.discipline in lens.disciplines:
                    for reason in lens.reasons(record, member):
                        yield (
                            member.practitioner,
                            lens.name,
                            reason.rank,
                            reason.since,
                            reason.until,
                            record.id,
                            reason.key,
                        )
