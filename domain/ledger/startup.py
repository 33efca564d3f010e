"""What must hold before anything is appended: the log is durable, and it is still the same log."""

from uuid import UUID

import psycopg

from domain.ledger.command import LedgerUnavailable


class NotFit(RuntimeError):
    """This database must not take a log as it stands. The message says what to do."""


_SETTINGS = """
SELECT current_setting('fsync'), current_setting('synchronous_commit'), pg_is_in_recovery()"""
_IDENTITY = """
SELECT e.system_identifier, e.timeline, s.system_identifier, s.timeline
  FROM ledger.epoch e, ledger.server_identity() s ORDER BY e.number DESC LIMIT 1"""

_FSYNC_OFF = """\
PostgreSQL runs with fsync = off: what it confirms would not survive a crash.
Set fsync = on in postgresql.conf and restart the server."""
_COMMIT_OFF = """\
synchronous_commit is off: an append would be confirmed before it is on the disk.
Set synchronous_commit = on for the server, the database and the role tandem_service."""
_REPLICA = """\
This server is a replica: deciding on it would be deciding on the past.
Point the database URL at the primary, or promote this server and open a new epoch of the log."""
_EPOCH_DUE = """\
This is not the server that the log's epoch was opened on: it was restored or failed over, and may
have lost the end of the log. Open a new epoch (`tandem open-epoch WHY`) and start again."""


async def check(url: str) -> None:
    """Raises NotFit for a database without durability, a replica, or a log that was restored or
    failed over without opening a new epoch; LedgerUnavailable if there is no answer."""
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            row = await (await connection.execute(_SETTINGS)).fetchone()
            assert row is not None
            judge(*row)
            identity = await (await connection.execute(_IDENTITY)).fetchone()
            assert identity is not None
            if identity[:2] != identity[2:]:
                raise NotFit(_EPOCH_DUE)
    except (psycopg.OperationalError, OSError) as error:
        raise LedgerUnavailable(str(error)) from error


def judge(fsync: str, synchronous_commit: str, replica: bool) -> None:
    """Raises NotFit if what a server with these settings confirms would not last."""
    if replica:
        raise NotFit(_REPLICA)
    if fsync == "off":
        raise NotFit(_FSYNC_OFF)
    if synchronous_commit == "off":
        raise NotFit(_COMMIT_OFF)


async def open_epoch(admin_url: str, why: str) -> UUID:
    """Open a new epoch of the log after a restore or failover, and return its id. `admin_url`
    belongs to a superuser or to a role that may act as `tandem_log_owner`."""
    async with await psycopg.AsyncConnection.connect(admin_url) as connection:
        row = await (await connection.execute("SELECT ledger.open_epoch(%s)", (why,))).fetchone()
        assert row is not None
        epoch: UUID = row[0]
        return epoch
