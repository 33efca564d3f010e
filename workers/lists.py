"""The lists that there are, and the connections over which they are kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import psycopg
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from deploy.key_store import open_keys, open_name_index
from deploy.settings import Settings
from projections.listing import SCHEMA, Listing, ListRecorder
from projections.lists import LISTS, every_list
from projections.projecting import LogReader

NAMES: Final = tuple(listing.name for listing in LISTS)
"""What the lists are called, in the order in which they are brought up to date."""


def make_lists(settings: Settings) -> Sequence[Listing]:
    """Every list. Keys are opened on lease, as elsewhere."""
    return every_list(open_keys(settings), open_name_index(settings))


@contextmanager
def open_lists(url: str) -> Iterator[tuple[ListRecorder, LogReader]]:
    """Connections of the projector's role: one that writes lists, one that reads the log."""
    with psycopg.connect(url, autocommit=True) as connection, _datastore(url) as datastore:
        recorder = ListRecorder(datastore)
        recorder.create_table()
        yield recorder, LogReader(connection)


def _datastore(url: str) -> PostgresDatastore:
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    datastore = PostgresDatastore(
        *(parts.get(name, "") for name in ("dbname", "host", "port", "user", "password")),
        schema=SCHEMA,
        pre_ping=True,
    )
    # The library names five parts of a URL; the others (sslmode and its like) matter as well.
    named = cast(dict[str, Any], datastore.pool.kwargs)
    datastore.pool.kwargs = named | parts
    return datastore
