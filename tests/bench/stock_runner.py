"""The limit that a projection is held against from below: the library's runner as it comes."""

import time
from typing import Any

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, DomainEventProtocol
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

EVENTS = 1500
FACT = "x" * 600


class Noted(Aggregate):
    """An aggregate with about as much in its event as an access fact has."""

    def __init__(self, text: str) -> None:
        self.text = text


class Rows(PostgresTrackingRecorder):
    """One table, one row an event."""

    def __init__(self, datastore: PostgresDatastore, **more: Any) -> None:
        super().__init__(datastore, **more)
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS stock.rows (id uuid PRIMARY KEY, size integer)"
            ).format()
        )

    def add(self, event: Any, tracking: Tracking) -> None:
        """A row and the tracking record, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO stock.rows VALUES (%s, %s)", (event.originator_id, len(event.text))
            )


class Adding(Projection[Rows]):
    """What the runner calls for each event."""

    name = "adding"
    topics: tuple[str, ...] = ()

    def process_event(self, domain_event: DomainEventProtocol[Any], tracking: Tracking) -> None:
        """One event, one transaction."""
        self.view.add(domain_event, tracking)


class StockRunner:
    """A log of the library's own, and its `ProjectionRunner` over it."""

    def __init__(self, admin_url: str) -> None:
        parts = {name: str(value) for name, value in conninfo_to_dict(admin_url).items()}
        names = ("dbname", "host", "port", "user", "password")
        self._env = {f"POSTGRES_{name.upper()}": parts.get(name, "") for name in names}
        self._env |= {"PERSISTENCE_MODULE": "eventsourcing.postgres", "POSTGRES_SCHEMA": "stock"}
        self._url = admin_url
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS stock")
        application: Application[Any] = Application(env=self._env)
        for _ in range(0, EVENTS, 100):
            application.save(*(Noted(FACT) for _ in range(100)))
        application.close()

    def rate(self) -> float:
        """Events per second, from an empty table."""
        self._forget()
        began = time.perf_counter()
        runner: ProjectionRunner[Any, Rows] = ProjectionRunner(
            application_class=Application, projection_class=Adding, view_class=Rows, env=self._env
        )
        with runner:
            runner.wait(EVENTS, timeout=60)
            return EVENTS / (time.perf_counter() - began)

    def _forget(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS stock.rows, stock.adding_tracking")
