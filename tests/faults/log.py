"""The log itself, read past the program: what is in it, and whether it is whole."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from deploy.key_store import open_keys
from domain.access import Disclosed
from domain.entry import Entry
from domain.ledger.command import Kept
from domain.ledger.sealing import Sealing
from domain.ledger.stored import Stored
from projections.kept import open_kept
from tests.faults.installation import Installation

APPEND_LOCK = 7230846112
"""The key of the lock that every append takes."""

_LOG = """
SELECT notification_id, originator_id, originator_version, topic, state, recorded_at
  FROM ledger.log ORDER BY notification_id"""
_KEPT = "SELECT client, digest, sealed FROM ledger.kept"
_WAITING = """
SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
 WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"""
_NOT_DENSE = """
SELECT notification_id FROM (
  SELECT notification_id, recorded_at, row_number() OVER w AS place,
         lag(recorded_at) OVER w AS before
    FROM ledger.log WINDOW w AS (ORDER BY notification_id)) AS log
 WHERE notification_id <> place OR recorded_at < before"""
_VERSIONS_NOT_DENSE = """
SELECT originator_id FROM ledger.log GROUP BY originator_id
HAVING min(originator_version) <> 1 OR max(originator_version) <> count(*)"""
_NOT_OF_ONE_COMMAND = """
SELECT coalesce(l.notification_id, c.position) FROM ledger.log l
  FULL JOIN (SELECT generate_series(first, last) AS position FROM ledger.commands) c
    ON c.position = l.notification_id
 GROUP BY 1 HAVING count(l.notification_id) <> 1 OR count(c.position) <> 1"""
_COMMANDS_CUT_IN_TWO = """
SELECT c.id FROM ledger.commands c JOIN ledger.log f ON f.notification_id = c.first
  JOIN ledger.log l ON l.notification_id = c.last WHERE f.recorded_at <> l.recorded_at"""


def read(installation: Installation) -> list[Entry]:
    """Every entry of the log, opened."""
    sealing = Sealing(open_keys(installation.settings))
    return [sealing.entry(Stored._make(row)) for row in rows(installation, _LOG)]


def rows(installation: Installation, query: Any, *arguments: object) -> list[tuple[Any, ...]]:
    """What `query` answers, to the administrator."""
    with psycopg.connect(installation.urls.admin_url, autocommit=True) as connection:
        connection.execute("SET timezone TO 'UTC'")
        return connection.execute(query, arguments).fetchall()


def require_whole(installation: Installation) -> None:
    """Nothing is half-done: positions and versions dense, moments in order, every event of exactly
    one command and every command with all its events, and the bytes of every disclosure kept."""
    for broken in (
        _NOT_DENSE,
        _VERSIONS_NOT_DENSE,
        _NOT_OF_ONE_COMMAND,
        _COMMANDS_CUT_IN_TWO,
    ):
        assert rows(installation, broken) == [], broken
    disclosed = {
        (entry.fact.client, bytes.fromhex(entry.fact.commitment))
        for entry in read(installation)
        if isinstance(entry.fact, Disclosed)
    }
    kept = {(client, digest) for client, digest, _ in rows(installation, _KEPT)}
    assert kept == disclosed


def kept_bodies(installation: Installation) -> dict[str, bytes]:
    """Commitment → the bytes that were committed to."""
    sealing = Sealing(open_keys(installation.settings))
    found = {}
    for client, digest, sealed in rows(installation, _KEPT):
        opened = open_kept(sealing, Kept(client, bytes(digest), bytes(sealed)))
        assert opened.matches
        found[bytes(digest).hex()] = opened.body
    return found


@contextmanager
def appends_held(installation: Installation) -> Iterator[None]:
    """Until the context ends, every append waits for its lock: it is under way and not done."""
    with psycopg.connect(installation.urls.admin_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])
        yield


def appends_waiting(installation: Installation) -> int:
    """How many appends are under way and wait for the lock."""
    return int(rows(installation, _WAITING)[0][0])
