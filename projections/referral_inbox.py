"""The referral inbox: every referral under way, for its parties and whoever coordinates the care.

Rows are read off the folded care record, and hold ids, codes and instants: enough to find and to
order them. What a reader sees of a row is rendered from the record itself, within their scope.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import ClassVar
from uuid import UUID

from domain.lanes import Discipline
from domain.ledger.keys import KeyRing
from domain.record import CareRecord
from domain.referral_clock import due
from domain.referral_terms import Priority, ToColleague
from domain.referred import Referral
from projections.folded import REMEMBERED, Folded, topics_of


class ReferralInbox(Folded[CareRecord]):
    """One row for each referral that has not ended. `since`: when its state began; `due`: until
    when what that waits for is expected. `parties`: the initiator, the recipient once the client
    has agreed, the coordinators on the team, and the client; policy says who sees what of it.
    `rank`: emergencies first."""

    name = "referral_inbox"
    whose = "client"
    topics = topics_of(part.name for part in fields(CareRecord))
    columns = """
        client uuid NOT NULL, referral uuid NOT NULL, state text NOT NULL, rank integer NOT NULL,
        since timestamptz NOT NULL, due timestamptz NOT NULL, parties uuid[] NOT NULL,
        record_version bigint NOT NULL, PRIMARY KEY (client, referral)"""
    indexes: ClassVar[tuple[str, ...]] = ("USING gin (parties)",)

    def __init__(self, keys: KeyRing, *, remembered: int = REMEMBERED) -> None:
        super().__init__(keys, CareRecord, remembered=remembered)

    def rows(self, record: CareRecord) -> Iterator[tuple[object, ...]]:
        """One for each referral that has not ended."""
        for item in record.referrals:
            if (found := due(item)) is None:
                continue
            until, _ = found
            yield (
                record.id,
                item.id,
                item.state.value,
                rank(item),
                item.since.recorded_at,
                until,
                sorted(parties(record, item)),
                record.version,
            )


def rank(item: Referral) -> int:
    """0 is looked at first: emergencies, then what is urgent."""
    return len(Priority) - 1 - tuple(Priority).index(item.priority)


def parties(record: CareRecord, item: Referral) -> frozenset[UUID]:
    """Whom it concerns: nobody else finds it in their inbox."""
    to = item.to
    sent = {to.practitioner} if item.live and isinstance(to, ToColleague) else set()
    coordinators = {who for who, held in record.team.members if held is Discipline.COORDINATOR}
    return frozenset({record.id, item.initiator} | sent | coordinators)
