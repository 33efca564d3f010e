"""The event-sourcing library's own tests of recorders and factories pass against our log."""

import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    InfrastructureFactory,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    StoredEvent,
)
from eventsourcing.postgres import (
    PostgresAggregateRecorder,
    PostgresDatastore,
    PostgresProcessRecorder,
    PostgresTrackingRecorder,
)
from eventsourcing.utils import Environment
from psycopg.conninfo import conninfo_to_dict

from deploy.migrate import Urls
from domain.ledger.factory import LedgerFactory
from domain.ledger.recorder import LedgerRecorder
from tests.domain.ledger import library_suite as suite

_here = threading.local()


@pytest.fixture(autouse=True)
def _recorders(database: Urls) -> Iterator[None]:
    """The library's test cases are unittest's, and know no fixtures: they look here."""
    _here.urls, _here.close = database, []
    yield
    for close in _here.close:
        close()


def environment(url: str, schema: str = "ledger") -> Environment:
    parts = conninfo_to_dict(url)
    return Environment(
        env={
            "PERSISTENCE_MODULE": "domain.ledger.factory",
            "POSTGRES_SCHEMA": schema,
            "POSTGRES_DBNAME": str(parts["dbname"]),
            "POSTGRES_HOST": str(parts["host"]),
            "POSTGRES_PORT": str(parts["port"]),
            "POSTGRES_USER": str(parts["user"]),
            "POSTGRES_PASSWORD": str(parts["password"]),
        }
    )


def recorder() -> LedgerRecorder:
    factory = LedgerFactory(environment(_here.urls.service_url))
    _here.close.append(factory.close)
    return factory.application_recorder()


class TestApplicationRecorder(suite.ApplicationRecorderTestCase[LedgerRecorder]):
    """As is, and with the test that the library leaves to recorders that can be subscribed to."""

    def create_recorder(self) -> LedgerRecorder:
        return recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestNonInterleaving(suite.NonInterleavingNotificationIDsBaseCase):
    """Events of one call are never mixed with those of another."""

    insert_num = 1000

    def create_recorder(self) -> LedgerRecorder:
        return recorder()


class TestFactory(suite.InfrastructureFactoryTestCase[LedgerFactory]):
    """What applies: mappers, the application recorder and tracking. The log has no tables beside
    it, so that asking for other recorders is an error that says so."""

    def setUp(self) -> None:
        self.env = environment(_here.urls.service_url)
        super().setUp()

    def expected_factory_class(self) -> type[LedgerFactory]:
        return LedgerFactory

    def expected_aggregate_recorder_class(self) -> type[PostgresAggregateRecorder]:
        return PostgresAggregateRecorder

    def expected_application_recorder_class(self) -> type[LedgerRecorder]:
        return LedgerRecorder

    def expected_tracking_recorder_class(self) -> type[PostgresTrackingRecorder]:
        return PostgresTrackingRecorder

    def tracking_recorder_subclass(self) -> type[PostgresTrackingRecorder]:
        return OwnTracking

    def expected_process_recorder_class(self) -> type[PostgresProcessRecorder]:
        return PostgresProcessRecorder

    def test_create_aggregate_recorder(self) -> None:
        with pytest.raises(NotSupportedError):
            super().test_create_aggregate_recorder()

    def test_create_process_recorder(self) -> None:
        with pytest.raises(NotSupportedError):
            super().test_create_process_recorder()

    def test_create_tracking_recorder(self) -> None:
        """Read models track in their own schema, as their own role."""
        self.factory.close()
        self.env = environment(_here.urls.projector_url, schema="lists")
        super().setUp()
        super().test_create_tracking_recorder()


class OwnTracking(PostgresTrackingRecorder):
    """For the library's test of subclasses."""


def test_the_persistence_module_holds_one_factory() -> None:
    factory = InfrastructureFactory.construct(environment(_here.urls.service_url))
    assert type(factory) is LedgerFactory
    factory.close()


def test_what_the_library_stores_has_its_place_among_everything_else() -> None:
    log, stream = recorder(), uuid4()
    assert log.insert_events([StoredEvent(stream, 1, "t", b"1")]) == [1]
    with pytest.raises(IntegrityError):
        log.insert_events([StoredEvent(stream, 1, "t", b"2")])
    assert log.insert_events([StoredEvent(stream, 2, "t", b"2")]) == [2]


@pytest.mark.parametrize(("schema", "table"), [("public", "log"), ("ledger", "other")])
def test_there_is_one_log_and_the_recorder_is_of_it(schema: str, table: str) -> None:
    datastore = PostgresDatastore("name", "host", "1", "user", "password", schema=schema)
    with pytest.raises(ProgrammingError):
        LedgerRecorder(datastore, events_table_name=table)
