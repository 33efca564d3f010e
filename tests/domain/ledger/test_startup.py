"""No log is written where it would not last, or where it is not the log it was."""

import re

import pytest

from deploy.migrate import Urls
from domain.ledger import startup
from domain.ledger.command import LedgerUnavailable
from domain.ledger.log import Log
from domain.ledger.startup import NotFit
from tests.domain.ledger.direct import Connection

pytestmark = pytest.mark.anyio


async def test_a_durable_primary_is_fit(database: Urls) -> None:
    await startup.check(database.service_url)


async def test_commits_that_are_not_waited_for_are_refused(
    database: Urls, admin: Connection
) -> None:
    name = admin.info.dbname
    admin.execute(
        f'ALTER ROLE tandem_service IN DATABASE "{name}" SET synchronous_commit = off'.encode()
    )
    with pytest.raises(NotFit, match="Set synchronous_commit = on"):
        await startup.check(database.service_url)


@pytest.mark.parametrize(
    ("fsync", "commit", "replica", "advice"),
    [
        ("off", "on", False, "Set fsync = on"),
        ("on", "off", False, "Set synchronous_commit = on"),
        ("on", "on", True, "the primary"),
        ("off", "off", True, "the primary"),
    ],
)
def test_each_danger_is_named_with_its_remedy(
    fsync: str, commit: str, replica: bool, advice: str
) -> None:
    with pytest.raises(NotFit, match=advice):
        startup.judge(fsync, commit, replica)


async def test_a_restored_log_wants_a_new_epoch_before_anything_is_appended(
    database: Urls, admin: Connection, log: Log
) -> None:
    installed = await log.epoch()
    # As it looks after a dump was restored on another server: the epoch names the old one.
    admin.execute("SET session_replication_role = replica")
    admin.execute("UPDATE ledger.epoch SET system_identifier = 'another'")
    with pytest.raises(NotFit, match=re.escape("tandem open-epoch")):
        await startup.check(database.service_url)
    opened = await startup.open_epoch(database.admin_url, "restored from backup")
    await startup.check(database.service_url)
    assert await log.epoch() == opened != installed


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(LedgerUnavailable):
        await startup.check("postgresql://nobody:x@127.0.0.1:1/none?connect_timeout=2")
