"""After a restore or a failover: the log's next epoch, opened by whoever knows that it happened."""

import asyncio
from uuid import UUID

import psycopg

from deploy.database import open_database
from deploy.migrate import MigrationFailed
from deploy.settings import Settings
from domain.ledger import startup
from workers.failed import Failed
from workers.running import StateFolder


def open_new_epoch(settings: Settings, why: str) -> UUID:
    """Open an epoch of the database that the settings name, and return its id.

    Raises Failed while Tandem runs on this state folder (what it has released meanwhile would
    carry the old epoch), or if the database cannot be opened.
    """
    with StateFolder(settings.state_dir).claim():
        try:
            with open_database(settings) as database:
                return asyncio.run(startup.open_epoch(database.urls.admin_url, why))
        except (MigrationFailed, psycopg.OperationalError) as error:
            raise Failed(str(error)) from error
