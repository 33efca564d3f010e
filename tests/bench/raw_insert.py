"""The limits that appends are held against: PostgreSQL's own, and the library's stock recorder."""

import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from deploy.postgres_binaries import find_programs

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS raw.log (LIKE ledger.log INCLUDING INDEXES);
CREATE SEQUENCE IF NOT EXISTS raw.position;
"""


class RawInsert:
    """One row an INSERT, one INSERT a transaction, into a table with the log's columns and
    indexes: no lock, no order, no checks. Driven by pgbench, which is written in C."""

    def __init__(self, admin_url: str, directory: Path, state: bytes) -> None:
        self._url = admin_url
        self._script = directory / "raw_insert.sql"
        self._script.write_text(
            "INSERT INTO raw.log VALUES (gen_random_uuid(), 1, 'client.contact-corrected.v1',"
            f" '\\x{state.hex()}', nextval('raw.position'), clock_timestamp());\n"
        )
        self._pgbench = find_programs(directory / "none") / "pgbench"
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(_SCHEMA.encode())

    def rate(self, clients: int, seconds: float) -> float:
        """Rows per second."""
        command = [str(self._pgbench), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={clients}", f"--jobs={min(clients, 2)}"]
        command += [f"--time={max(1, round(seconds))}", f"--file={self._script}", self._url]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = re.search(r"tps = ([0-9.]+)", done.stdout)
        assert found is not None, done.stdout
        return float(found[1])


class StockRecorder:
    """The library's recorder as it comes: one event a call, a table lock for each."""

    def __init__(self, admin_url: str, state: bytes, threads: int) -> None:
        parts = conninfo_to_dict(admin_url)
        names = ("dbname", "host", "port", "user", "password")
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS stock")
        self._datastore = PostgresDatastore(
            *(str(parts[name]) for name in names), pool_size=threads, schema="stock"
        )
        self._recorder = PostgresApplicationRecorder(self._datastore, events_table_name="events")
        self._recorder.create_table()
        self._state = state
        self._threads = threads

    def rate(self, seconds: float) -> float:
        """Events per second."""
        stop = threading.Event()

        def insert() -> int:
            done = 0
            while not stop.is_set():
                event = StoredEvent(
                    uuid4(), 1, "client.emergency-contact-corrected.v1", self._state
                )
                self._recorder.insert_events([event])
                done += 1
            return done

        with ThreadPoolExecutor(self._threads) as pool:
            began = time.perf_counter()
            running = [pool.submit(insert) for _ in range(self._threads)]
            stop.wait(seconds)
            stop.set()
            total = sum(future.result() for future in running)
            return total / (time.perf_counter() - began)

    def close(self) -> None:
        """Close the pool."""
        self._datastore.close()
