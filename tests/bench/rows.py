"""What a benchmark row is, and the modules that measure rows.

A module that measures has `measure(bench) -> list[Row]`; add its name to MODULES. Every row has
beside it the limit of this machine for the same work, taken in the same run: absolute figures of
two runs, or two machines, are not compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final, Literal

import psycopg
from psycopg import sql

from deploy.migrate import Urls, migrate
from deploy.postgres import EmbeddedPostgres

MODULES: Final = (
    "tests.bench.ledger_rows",
    "tests.bench.http",
    "tests.bench.projection_rows",
    "tests.bench.knowledge",
    "tests.bench.notifications",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. `ours` and `limit` are in `unit`; `ratio` is ours over limit, and `target`
    is a ratio: to be reached or exceeded (`higher`), or not to be exceeded (`lower`)."""

    name: str
    ours: float
    limit: float
    target: float
    unit: str = "/s"
    better: Literal["higher", "lower"] = "higher"

    @property
    def ratio(self) -> float:
        """Ours over the limit."""
        return self.ours / self.limit

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.ratio >= self.target if self.better == "higher" else self.ratio <= self.target

    def as_json(self) -> dict[str, str | float | bool]:
        """The row as `--json` prints it."""
        return {
            "name": self.name,
            "ours": round(self.ours, 3),
            "limit": round(self.limit, 3),
            "ratio": round(self.ratio, 3),
            "target": self.target,
            "better": self.better,
            "met": self.met,
        }


class Bench:
    """One embedded PostgreSQL with production settings, and databases on it."""

    def __init__(self, server: EmbeddedPostgres, directory: Path) -> None:
        self.server = server
        self.directory = directory

    @contextmanager
    def database(self, name: str) -> Iterator[Urls]:
        """A migrated database, dropped afterwards."""
        with psycopg.connect(self.server.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            try:
                yield migrate(self.server.url(database=name), self.directory / "secrets")
            finally:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                connection.execute(drop)


@contextmanager
def running() -> Iterator[Bench]:
    """A bench, from nothing, and nothing left of it afterwards."""
    with TemporaryDirectory(prefix="tandem-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            yield Bench(server, Path(folder))
        finally:
            server.erase()


def measured(bench: Bench) -> Iterator[Row]:
    """The rows of every module, as they are measured."""
    for name in MODULES:
        yield from import_module(name).measure(bench)


def middle(rates: list[float]) -> float:
    """Of several short runs the middle one: noise only ever slows one down, or hits it whole."""
    return median(rates)
