"""Lists made of folded records: their rows are what a whole stream adds up to.

The records that lines belong to are folded, and the rows of each that moved are written anew.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, ClassVar, Final, Generic, Protocol, TypeVar
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.fact import every_fact
from domain.ledger.keys import KeyDestroyed, KeyRing
from domain.ledger.sealing import Sealing
from domain.ledger.states import Known, State, States, StreamKind
from domain.ledger.upcast import stored_as
from projections.listing import Line, Listing

REMEMBERED: Final = 2048
"""How many folded records a list holds: about 20 kB each."""

_STREAM: Final = (
    "SELECT notification_id, originator_id, originator_version, topic, state, recorded_at"
    " FROM ledger.log WHERE originator_id = %s AND originator_version > %s"
    " AND originator_version < %s ORDER BY originator_version"
)


class Record(State, Protocol):
    """What a stream of sealed facts adds up to."""

    @property
    def erased(self) -> bool:
        """Whether its key is gone."""
        ...


R = TypeVar("R", bound=Record)


def topics_of(parts: Iterable[str]) -> frozenset[str]:
    """The stored topics of all facts that concern any of these parts."""
    wanted = set(parts)
    return frozenset(stored_as(fact.type for fact in every_fact() if fact.part in wanted))


class Folded(Listing, Generic[R]):
    """A list with rows for each record. `whose`: the column that says whose record a row is of."""

    whose: ClassVar[str]

    def __init__(self, keys: KeyRing, kind: StreamKind[R], *, remembered: int = REMEMBERED) -> None:
        self._keys = keys
        self._kind = kind
        self._sealing = Sealing(keys)
        self._remembered = remembered
        self._records = States(remembered)

    @abstractmethod
    def rows(self, record: R) -> Iterator[tuple[object, ...]]:
        """The record's rows, in the order of the columns. Never asked of an erased one."""

    def start_over(self) -> None:
        """Forget the records: the next lines are the first of the log."""
        self._records = States(self._remembered)

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """Write anew the rows of every record that `lines` say something of."""
        self._records.sweep()
        by_stream: dict[UUID, list[Line]] = {}
        for line in lines:
            by_stream.setdefault(line.stream, []).append(line)
        records = [self._moved_on(id, own, cursor) for id, own in by_stream.items()]
        rows = chain.from_iterable(self.rows(record) for record in records if not record.erased)
        delete = SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(table, Identifier(self.whose))
        cursor.execute(delete, (list(by_stream),))
        if first := next(rows, None):
            with cursor.copy(SQL("COPY {} FROM STDIN").format(table)) as copy:
                for row in chain([first], rows):
                    copy.write_row(row)

    def _moved_on(self, id: UUID, lines: Sequence[Line], cursor: Cursor[Any]) -> R:
        """The record with `lines`, which are its next ones. Lines that it already has (they were
        projected, and the transaction then failed) change nothing."""
        record = self._known(id)
        for line in chain(self._missed(record, lines[0], cursor), lines):
            if line.version > record.version:
                record = record.evolve(self._sealing.entry(line))
        if not record.erased:
            self._records.put(self._kind, Known(record, sealed=True))
        return record

    def _missed(self, record: R, first: Line, cursor: Cursor[Any]) -> Iterator[Line]:
        """What lies between a record and the first line at hand: all of it if it was unknown."""
        if first.version > record.version + 1:
            cursor.execute(_STREAM, (record.id, record.version, first.version))
            yield from map(Line._make, cursor.fetchall())

    def _known(self, id: UUID) -> R:
        """The record as remembered, if its key still exists; else an empty one."""
        known = self._records.get(self._kind, id)
        if known is None:
            return self._kind(id)
        try:
            self._keys.key(id)
        except KeyDestroyed:
            self._records.forget(id)
            return self._kind(id)
        return known.state
