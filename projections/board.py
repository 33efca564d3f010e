"""The restriction board: every restriction of every client, the worst first.

Rows are computed from the folded care record, and hold ids, codes and dates: enough to find and to
order them. No text of a record is here, sealed or not. What a reader sees of a row is rendered from
the record itself, within their scope, so that it is never older than what its disclosure claims.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import chain
from typing import ClassVar
from uuid import UUID

from domain.acknowledgement import must_acknowledge
from domain.grantee import ToPractitioner
from domain.ledger.keys import KeyRing
from domain.record import CareRecord
from domain.restricted import Restriction
from projections.blind_index import BlindIndex
from projections.folded import REMEMBERED, Folded, topics_of


class Board(Folded[CareRecord]):
    """One row for each restriction or hold, in force or ended.

    `severity`: stop, modify or caution; `ended`: the status it ended in. `terms_version` is that
    of its latest edition, `acknowledge_version` the one that has to be acknowledged, `waiting` who
    of those due to train the client has not. `readers`: everybody who might be let see anything of
    the client; policy says who is. `names`: blind index of the client's name.
    """

    name = "board"
    whose = "client"
    topics = topics_of(part.name for part in fields(CareRecord))
    columns = """
        client uuid NOT NULL, restriction uuid NOT NULL, severity text NOT NULL,
        provisional boolean NOT NULL, author uuid NOT NULL, imposed_at timestamptz NOT NULL,
        review_by date NOT NULL, review_rule text NOT NULL, ended text,
        terms_version bigint NOT NULL, acknowledge_version bigint, waiting uuid[] NOT NULL,
        readers uuid[] NOT NULL, names bytea[] NOT NULL, record_version bigint NOT NULL,
        PRIMARY KEY (client, restriction)"""
    indexes: ClassVar[tuple[str, ...]] = ("USING gin (readers)",)

    def __init__(self, keys: KeyRing, index: BlindIndex, *, remembered: int = REMEMBERED) -> None:
        super().__init__(keys, CareRecord, remembered=remembered)
        self._index = index

    def rows(self, record: CareRecord) -> Iterator[tuple[object, ...]]:
        """One for each restriction."""
        identity = record.client.identity
        names = self._index.digests(identity.name) if identity else []
        readers = list(may_read(record))
        for item in record.restrictions.items.values():
            terms, wanted = item.terms, item.to_acknowledge
            yield (
                record.id,
                item.id,
                terms.severity.value,
                item.provisional,
                item.author,
                item.imposed.recorded_at,
                terms.review_by,
                terms.review_rule.value,
                item.ending.status.value if item.ending else None,
                item.edition.version,
                wanted.version if wanted else None,
                list(waiting(record, item)),
                readers,
                names,
                record.version,
            )


def may_read(record: CareRecord) -> frozenset[UUID]:
    """Everybody of whom policy might permit anything: nobody else ever sees a row of the record.

    The client, the team, whoever is granted a consent by name, whoever wrote something, whoever
    was sent a referral, and whoever broke the glass; in force or not, since that depends on the
    clock.
    """
    return frozenset(
        chain(
            [record.id],
            (practitioner for practitioner, _ in record.team.members),
            _granted(record),
            (each.clinician for each in record.consents.break_glass.by_id.values()),
            _authors(record),
            record.referrals.people(),
        )
    )


def waiting(record: CareRecord, item: Restriction) -> tuple[UUID, ...]:
    """Who of those due to train the client has yet to acknowledge it; see `unacknowledged`."""
    if item.ending is not None:
        return ()
    due = (member.practitioner for member in record.team.trainers())
    return tuple(
        person for person in due if person != item.author and must_acknowledge(item, person)
    )


def _granted(record: CareRecord) -> Iterable[UUID]:
    for consent in record.consents:
        if isinstance(consent.terms.grantee, ToPractitioner):
            yield consent.terms.grantee.practitioner


def _authors(record: CareRecord) -> Iterable[UUID]:
    details = record.client
    for source in (
        details.identity_source,
        details.contact_source,
        details.emergency_contact_source,
    ):
        if source is not None:
            yield source.author
    for item in record.restrictions.items.values():
        yield from (edition.source.author for edition in item.editions)
