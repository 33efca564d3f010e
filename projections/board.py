"""The restriction board: every restriction of every client, the worst first.

Rows are computed from the folded care record, and hold ids, codes and dates: enough to find and to
order them. No text of a record is here, sealed or not. What a reader sees of a row is rendered from
the record itself, within their scope, so that it is never older than what its disclosure claims.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any, ClassVar, Final
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.acknowledgement import must_acknowledge
from domain.fact import every_fact
from domain.grantee import ToPractitioner
from domain.ledger.keys import KeyDestroyed, KeyRing
from domain.ledger.sealing import Sealing
from domain.ledger.states import Known, States
from domain.ledger.upcast import stored_as
from domain.record import CareRecord
from domain.restricted import Restriction
from projections.blind_index import BlindIndex
from projections.listing import Line, Listing

REMEMBERED: Final = 2048
"""How many folded records the projector holds: about 20 kB each."""

_STREAM: Final = (
    "SELECT notification_id, originator_id, originator_version, topic, state, recorded_at"
    " FROM ledger.log WHERE originator_id = %s AND originator_version > %s"
    " AND originator_version < %s ORDER BY originator_version"
)

_PARTS: Final = {part.name for part in fields(CareRecord)}


class Board(Listing):
    """One row for each restriction or hold, in force or ended.

    `severity`: stop, modify or caution; `ended`: the status it ended in. `terms_version` is that
    of its latest edition, `acknowledge_version` the one that has to be acknowledged, `waiting` who
    of those due to train the client has not. `readers`: everybody who might be let see anything of
    the client; policy says who is. `names`: blind index of the client's name.
    """

    name = "board"
    topics = frozenset(stored_as(fact.type for fact in every_fact() if fact.part in _PARTS))
    columns = """
        client uuid NOT NULL, restriction uuid NOT NULL, severity text NOT NULL,
        provisional boolean NOT NULL, author uuid NOT NULL, imposed_at timestamptz NOT NULL,
        review_by date NOT NULL, review_rule text NOT NULL, ended text,
        terms_version bigint NOT NULL, acknowledge_version bigint, waiting uuid[] NOT NULL,
        readers uuid[] NOT NULL, names bytea[] NOT NULL, record_version bigint NOT NULL,
        PRIMARY KEY (client, restriction)"""
    indexes: ClassVar[tuple[str, ...]] = ("USING gin (readers)",)

    def __init__(self, keys: KeyRing, index: BlindIndex, *, remembered: int = REMEMBERED) -> None:
        self._keys = keys
        self._sealing = Sealing(keys)
        self._index = index
        self._remembered = remembered
        self._records = States(remembered)

    def start_over(self) -> None:
        """Forget the records: the next lines are the first of the log."""
        self._records = States(self._remembered)

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Write anew the rows of every client that `lines` say something of."""
        self._records.sweep()
        by_client: dict[UUID, list[Line]] = {}
        for line in lines:
            by_client.setdefault(line.stream, []).append(line)
        records = (self._moved_on(id, own, cursor) for id, own in by_client.items())
        rows = list(chain.from_iterable(self._rows(record) for record in records))
        cursor.execute(
            SQL("DELETE FROM {} WHERE client = ANY(%s)").format(table), (list(by_client),)
        )
        if rows:
            with cursor.copy(SQL("COPY {} FROM STDIN").format(table)) as copy:
                for row in rows:
                    copy.write_row(row)

    def _moved_on(self, client: UUID, lines: Sequence[Line], cursor: Cursor[Any]) -> CareRecord:
        """The record with `lines`, which are its next ones. Lines that it already has (they were
        projected, and the transaction then failed) change nothing."""
        record = self._known(client)
        for line in chain(self._missed(record, lines[0], cursor), lines):
            if line.version > record.version:
                record = record.evolve(self._sealing.entry(line))
        if not record.erased:
            self._records.put(CareRecord, Known(record, sealed=True))
        return record

    def _missed(self, record: CareRecord, first: Line, cursor: Cursor[Any]) -> Iterator[Line]:
        """What lies between a record and the first line at hand: all of it if it was unknown."""
        if first.version > record.version + 1:
            cursor.execute(_STREAM, (record.id, record.version, first.version))
            yield from map(Line._make, cursor.fetchall())

    def _known(self, client: UUID) -> CareRecord:
        """The record as remembered, if its key still exists; else an empty one."""
        known = self._records.get(CareRecord, client)
        if known is None:
            return CareRecord(client)
        try:
            self._keys.key(client)
        except KeyDestroyed:
            self._records.forget(client)
            return CareRecord(client)
        return known.state

    def _rows(self, record: CareRecord) -> Iterator[tuple[object, ...]]:
        """The record's rows, in the order of the columns; none once it has been erased."""
        if record.erased:
            return
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

    The client, the team, whoever is granted a consent by name, whoever wrote something, and
    whoever broke the glass; in force or not, since that depends on the clock.
    """
    return frozenset(
        chain(
            [record.id],
            (practitioner for practitioner, _ in record.team.members),
            _granted(record),
            (each.clinician for each in record.consents.break_glass.by_id.values()),
            _authors(record),
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
