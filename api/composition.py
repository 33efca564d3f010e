"""What the API is made of, put together in one place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from psycopg.sql import SQL

from api.auth import TokenVerifier
from api.metrics import Metrics
from deploy.database import open_database
from deploy.issuer import DemoIssuer
from deploy.key_store import open_keys, open_name_index
from deploy.settings import Settings
from deploy.tokens import demo_issuer, trusted_tokens
from domain.ledger.command import LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.streams import STREAM_KINDS
from projections.bell import Bell
from projections.blind_index import BlindIndex
from projections.deadlines import OVERDUE
from projections.disclosure import Door
from projections.kept import Copies
from projections.querying import Lists
from projections.sent import SentLog

Clock = Callable[[], datetime]

_WRITABLE = SQL(
    "SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool"
)
_LAG = SQL("""
SELECT g.list_name, greatest(0, %(head)s::bigint - coalesce(t.notification_id, 0))
  FROM lists.generations g
  LEFT JOIN lists.tracking t ON t.application_name = g.list_name || '_' || g.number
 WHERE g.live""")


@dataclass(slots=True)
class Tandem:
    """One process's adapters. `names` is the index under which the lists find people."""

    settings: Settings
    ledger: Ledger
    door: Door
    sent: SentLog
    tokens: TokenVerifier
    lists: Lists
    bell: Bell
    names: BlindIndex
    metrics: Metrics
    clock: Clock
    demo_issuer: DemoIssuer | None

    async def parts(self) -> dict[str, dict[str, Any]]:
        """How each part is. Raises LedgerUnavailable if the database is away."""
        head = await self.ledger.log.head()
        ((writable,),) = await self.lists.rows(_WRITABLE, {})
        return {
            "database": {"ok": True, "head": head},
            "log": {"ok": bool(writable), "waiting": self.ledger.writer.waiting},
            "lists": {"ok": True, "lag": await self._lag(head)},
            "clocks": {"ok": True, "overdue": await self._overdue()},
        }

    async def _lag(self, head: int) -> dict[str, int] | None:
        """How many positions each list is behind; None while there are none."""
        try:
            rows = await self.lists.rows(_LAG, {"head": head})
        except LedgerUnavailable:
            return None
        for name, behind in rows:
            self.metrics.lag.labels(name).set(behind)
        return {str(name): int(behind) for name, behind in rows}

    async def _overdue(self) -> int | None:
        """How many deadlines have passed and are not recorded yet; None before there is a list."""
        try:
            ((number, seconds),) = await self.lists.rows(OVERDUE, {})
        except LedgerUnavailable:
            return None
        self.metrics.overdue.set(float(seconds))
        return int(number)

    def measure(self) -> None:
        """Bring the gauges up to date."""
        self.metrics.queue_depth.set(self.ledger.writer.waiting)


def tandem_of(request: Request) -> Tandem:
    """The composition that serves this request."""
    found: Tandem = request.app.state.tandem
    return found


def utc_now() -> datetime:
    """This process's clock, timezone-aware. When something is recorded is the log's to say."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_tandem(
    settings: Settings,
    *,
    metrics: Metrics,
    service_url: str | None = None,
    clock: Clock = utc_now,
) -> AsyncIterator[Tandem]:
    """Everything, open until the context ends. `service_url`: a migrated database, connected to as
    the service's role; without it the one that the settings name, else `open_database` (migrated).

    Raises what `open_database` and `Ledger.open` raise: each says what to do.
    """
    assert STREAM_KINDS, "every fact is declared before any policy is made of them"
    async with AsyncExitStack() as stack:
        if service_url is None and settings.service_url is not None:
            service_url = settings.service_url.get_secret_value()
        if service_url is None and settings.service_url is not None:
            service_url = settings.service_url.get_secret_value()
        if service_url is None:
            outside = stack.enter_context(ExitStack())
            database = await asyncio.to_thread(outside.enter_context, open_database(settings))
            service_url = database.urls.service_url
        ledger = await Ledger.open(
            service_url,
            open_keys(settings),
            queue_limit=settings.queue_limit,
            gathered=metrics.batch_size.observe,
        )
        stack.push_async_callback(ledger.close)
        lists = await Lists(service_url).open()
        stack.push_async_callback(lists.close)
        bell = Bell(ledger.log)
        stack.callback(bell.close)
        sent = SentLog(ledger)
        stack.push_async_callback(_ended, asyncio.create_task(sent.keep(), name="sent log"))
        issuer = demo_issuer(settings)
        yield Tandem(
            settings=settings,
            ledger=ledger,
            door=Door(ledger, clock, Copies(ledger.sealing)),
            sent=sent,
            tokens=TokenVerifier(trusted_tokens(settings)),
            lists=lists,
            bell=bell,
            names=open_name_index(settings),
            metrics=metrics,
            clock=clock,
            demo_issuer=issuer,
        )


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
