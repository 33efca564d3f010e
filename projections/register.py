"""The access register: every release, denial and audit of every client, as references and codes.

One row for each access fact and for each breaking of the glass. Access facts are in clear, and so
are the rows: no key is needed to write them, and they outlive an erasure, as accountability must.
Of a broken glass there is only what its envelope says: who, of whom, when.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple
from uuid import UUID

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.access import (
    Acknowledged,
    Denied,
    Disclosed,
    Exported,
    HeldOffline,
    OfflineCopyWiped,
    Received,
    Sent,
    access_stream,
)
from domain.auditing import AuditClosed, AuditOpened
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed
from domain.ledger.sealing import Unreadable, is_sealed
from domain.ledger.upcast import stored_as
from domain.notified import NotificationReceived, Notified
from projections.clear import clear
from projections.listing import Line, Listing

KINDS: Final = {
    Disclosed.type: "disclosed",
    Denied.type: "denied",
    Sent.type: "sent",
    Received.type: "received",
    Acknowledged.type: "acknowledged",
    Exported.type: "exported",
    HeldOffline.type: "held-offline",
    OfflineCopyWiped.type: "offline-copy-wiped",
    Notified.type: "notified",
    NotificationReceived.type: "notification-received",
    AuditOpened.type: "audit-opened",
    AuditClosed.type: "audit-closed",
    BreakGlassDeclared.type: "break-glass-declared",
    BreakGlassReviewed.type: "break-glass-reviewed",
}
"""What each fact is called in the register."""

_STORED: Final = {old: kind for topic, kind in KINDS.items() for old in stored_as([topic])}

COMMON: Final = frozenset(
    ("disclosed", "sent", "received", "acknowledged", "notified", "notification-received")
)
RARE: Final = frozenset(KINDS.values()) - COMMON
"""Kinds that are looked for across all clients, and few enough for an index of their own."""

COLUMNS: Final = (
    "position, recorded_at, client, reader, acting_as, purpose, kind, view, item, channel,"
    " categories, rules, bases, disclosure, code, until"
)
REMEMBERED: Final = 16384
_NULL: Final = "\\N"


class Opened(NamedTuple):
    """A line, opened as far as it is in clear: its envelope and (unless sealed) its body."""

    line: Line
    kind: str
    header: dict[str, Any]
    body: dict[str, Any]


class Register(Listing):
    """`categories`, `rules` and `bases` run in parallel: what was shown, by which rule, on which
    consent, case or broken glass. `disclosure` is the position of what a row is about. `client` is
    null where an acknowledgement names no disclosure and nothing before it names the client."""

    name = "register"
    topics = frozenset(_STORED)
    columns = """
        position bigint PRIMARY KEY, recorded_at timestamptz NOT NULL, client uuid,
        reader uuid NOT NULL, acting_as text NOT NULL, purpose text NOT NULL, kind text NOT NULL,
        view text, item uuid, channel text, categories text[], rules text[], bases uuid[],
        disclosure bigint, code text, until timestamptz"""
    indexes: ClassVar[tuple[str, ...]] = (
        "(client, position)",
        "(reader, position)",
        "(disclosure) WHERE disclosure IS NOT NULL",
        f"(kind, position) WHERE kind IN ({', '.join(repr(kind) for kind in sorted(RARE))})",
    )

    def __init__(self) -> None:
        # Access stream → client and reader, since most facts name only the disclosure they follow.
        self._parties: OrderedDict[UUID, tuple[str, str]] = OrderedDict()

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """A row a line, in one COPY."""
        accesses = [opened(line) for line in lines]
        nameless: list[Opened] = []
        for access in accesses:
            if client := access.body.get("client"):
                reader = access.body.get("reader") or access.header["actor"]
                self._parties[access.line.stream] = (client, reader)
                self._parties.move_to_end(access.line.stream)
            elif not is_sealed(access.line.state):
                nameless.append(access)
        unknown = [access for access in nameless if access.line.stream not in self._parties]
        if unknown:
            self._look_up(unknown, cursor, table)
        rows = [self._row(access) for access in accesses]
        while len(self._parties) > REMEMBERED:
            self._parties.popitem(last=False)
        copy_in = SQL("COPY {} ({}) FROM STDIN").format(table, SQL(COLUMNS))
        with cursor.copy(copy_in) as copy:
            copy.write(_checked(rows))

    def _look_up(self, unknown: list[Opened], cursor: Cursor[Any], table: Identifier) -> None:
        """Learn whose streams these are, from rows written earlier."""
        positions = [access.body.get("disclosure") for access in unknown]
        self._learn(cursor, table, "position = ANY(%s::bigint[])", positions)
        left = {a.header["actor"] for a in unknown if a.line.stream not in self._parties}
        if left:
            self._learn(cursor, table, "reader = ANY(%s::uuid[])", list(left))

    def _learn(
        self, cursor: Cursor[Any], table: Identifier, condition: str, values: list[Any]
    ) -> None:
        query = SQL("SELECT DISTINCT client, reader FROM {} WHERE client IS NOT NULL AND ")
        cursor.execute(query.format(table) + SQL(condition), (values,))
        for client, reader in cursor.fetchall():
            self._parties[access_stream(client, reader)] = (str(client), str(reader))

    def _row(self, access: Opened) -> str:
        line, kind, header, body = access
        if is_sealed(line.state):
            client, reader = str(line.stream), header["actor"]
        else:
            client, reader = self._parties.get(line.stream, (_NULL, header["actor"]))
        shown = body.get("categories_shown")
        categories = rules = bases = _NULL
        if shown:
            categories = "{" + ",".join([one["category"] for one in shown]) + "}"
            rules = "{" + ",".join([one["rule"] for one in shown]) + "}"
            bases = "{" + ",".join([one["reference"] or "NULL" for one in shown]) + "}"
        item = body.get("item") or body.get("case") or _NULL
        code = body.get("code") or body.get("outcome") or body.get("form") or body.get("reason")
        return (
            f"{line.position}\t{line.recorded_at}\t{client}\t{reader}\t{header['acting_as']}\t"
            f"{header['purpose']}\t{kind}\t{body.get('view', _NULL)}\t{item}\t"
            f"{body.get('channel', _NULL)}\t{categories}\t{rules}\t{bases}\t"
            f"{body.get('disclosure') or _NULL}\t{code or _NULL}\t{body.get('until', _NULL)}\n"
        )


def opened(line: Line) -> Opened:
    """An access as the register calls it. Raises Unreadable."""
    _, header, body = clear(line)
    return Opened(line, _STORED[line.topic], header, body)


def _checked(rows: list[str]) -> str:
    """The rows as COPY reads them. Raises Unreadable if anything in them could end a field: ids
    and codes never do, and text that a person wrote is not among them."""
    text = "".join(rows)
    fields = len(COLUMNS.split(","))
    if (
        text.count("\t") != len(rows) * (fields - 1)
        or text.count("\n") != len(rows)
        or text.count("\\") != text.count(_NULL)
    ):
        raise Unreadable(f"an access fact up to {rows[-1].split()[0]} holds what is no code")
    return text
