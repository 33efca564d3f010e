"""The organisations that there are: clinics and gyms, by name. No client is here."""

from collections.abc import Sequence
from typing import Any

from psycopg import Cursor
from psycopg.sql import SQL, Identifier

from domain.ledger.keys import KeyRing
from domain.ledger.sealing import Sealing
from domain.ledger.upcast import stored_as
from domain.organisation import OrganisationRegistered, OrganisationRenamed
from projections.listing import Line, Listing


class Organisations(Listing):
    """One row for each organisation, with the name it goes by: the facts of it are in clear."""

    name = "organisations"
    topics = frozenset(stored_as([OrganisationRegistered.type, OrganisationRenamed.type]))
    columns = "organisation uuid PRIMARY KEY, name text NOT NULL"

    def __init__(self, keys: KeyRing) -> None:
        self._sealing = Sealing(keys)

    def project(self, lines: Sequence[Line], cursor: Cursor[Any], table: Identifier) -> None:
        """The latest name of each."""
        latest: dict[object, str] = {}
        for line in lines:
            fact = self._sealing.entry(line).fact
            if isinstance(fact, OrganisationRegistered | OrganisationRenamed):
                latest[line.stream] = fact.name
        cursor.executemany(
            SQL(
                "INSERT INTO {} VALUES (%s, %s) ON CONFLICT (organisation)"
                " DO UPDATE SET name = excluded.name"
            ).format(table),
            list(latest.items()),
        )
