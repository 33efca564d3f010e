"""What the API is made of, put together in one place."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from psycopg_pool import AsyncConnectionPool

from api.auth import TokenVerifier
from api.keys import KeyDirectory, from_file, from_url
from api.metrics import Metrics
from deploy.database import open_database
from deploy.issuer import ISSUER, DemoIssuer
from deploy.settings import Settings
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper, VaultTransitWrapper
from domain.ledger.keys import KeyRing, KeyWrapper
from domain.ledger.ledger import Ledger
from projections.disclosure import Door
from projections.kept import Copies
from projections.sent import SentLog

Clock = Callable[[], datetime]

_WRITABLE = "SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::bool"
_LAG = """
SELECT g.list_name, greatest(0, %s - coalesce(t.notification_id, 0))
  FROM lists.generations g
  LEFT JOIN lists.tracking t ON t.application_name = g.list_name || '_' || g.number
 WHERE g.live"""


@dataclass(slots=True)
class Tandem:
    """One process's adapters. `lists` are connections that read the lists across clients."""

    settings: Settings
    ledger: Ledger
    door: Door
    sent: SentLog
    tokens: TokenVerifier
    lists: AsyncConnectionPool
    metrics: Metrics
    clock: Clock
    demo_issuer: DemoIssuer | None

    async def parts(self) -> dict[str, dict[str, Any]]:
        """How each part is. Raises LedgerUnavailable or psycopg.Error if the database is away."""
        head = await self.ledger.log.head()
        async with self.lists.connection(timeout=1) as connection:
            writable = await (await connection.execute(_WRITABLE)).fetchone()
            made = await (
                await connection.execute("SELECT to_regclass('lists.tracking')")
            ).fetchone()
            rows: list[Any] = []
            if made and made[0]:
                rows = await (await connection.execute(_LAG, (head,))).fetchall()
        lag = {str(name): int(behind) for name, behind in rows}
        for name, behind in lag.items():
            self.metrics.lag.labels(name).set(behind)
        return {
            "database": {"ok": True, "head": head},
            "log": {"ok": bool(writable and writable[0]), "waiting": self.ledger.writer.waiting},
            "lists": {"ok": True, "lag": lag},
        }

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
            service_url, key_ring(settings), queue_limit=settings.queue_limit
        )
        stack.push_async_callback(ledger.close)
        lists = AsyncConnectionPool(
            service_url, min_size=1, max_size=4, open=False, kwargs={"autocommit": True}
        )
        await lists.open()
        stack.push_async_callback(lists.close)
        sent = SentLog(ledger)
        stack.push_async_callback(_ended, asyncio.create_task(sent.keep(), name="sent log"))
        issuer = _demo_issuer(settings)
        yield Tandem(
            settings=settings,
            ledger=ledger,
            door=Door(ledger, clock, Copies(ledger.sealing)),
            sent=sent,
            tokens=_verifier(settings, issuer),
            lists=lists,
            metrics=metrics,
            clock=clock,
            demo_issuer=issuer,
        )


async def _ended(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def key_ring(settings: Settings) -> KeyRing:
    """The keys of clients and practitioners, wrapped by Vault or by a key of our own."""
    return KeyRing(DirectoryKeyStore(settings.key_directory, _wrapper(settings)))


def _wrapper(settings: Settings) -> KeyWrapper:
    if settings.vault_address and settings.vault_token_file and settings.vault_transit_key:
        token = settings.vault_token_file.read_text("ascii").strip()
        return VaultTransitWrapper(settings.vault_address, token, settings.vault_transit_key)
    assert settings.key_encryption_key_file is not None, "load_settings makes sure of one"
    wrapped = settings.key_encryption_key_file.read_text("ascii")
    return LocalWrapper(base64.b64decode(wrapped, validate=False))


def _demo_issuer(settings: Settings) -> DemoIssuer | None:
    return DemoIssuer(settings) if settings.demo and settings.oidc_jwks is None else None


def _verifier(settings: Settings, issuer: DemoIssuer | None) -> TokenVerifier:
    if issuer is not None:
        published = issuer.jwks()

        async def own() -> bytes:
            return published

        return TokenVerifier(KeyDirectory(own), ISSUER, settings.oidc_audience)
    jwks = settings.oidc_jwks or ""
    source = from_url(jwks) if "://" in jwks else from_file(Path(jwks))
    return TokenVerifier(KeyDirectory(source), settings.oidc_issuer or "", settings.oidc_audience)
