"""Connections of ours to NATS: made again for as long as it takes, whenever they are lost."""

import asyncio
import logging
import ssl
from typing import Final

from nats.aio.client import Client

from deploy.nats_accounts import open_nats_secrets
from deploy.settings import Settings

RECONNECT_SECONDS: Final = 1

log = logging.getLogger(__name__)


async def connect(settings: Settings, user: str) -> Client:
    """A connection as one of our own users (`nats_accounts.RELAY`, `.CALLOUT`) to the server at
    `settings.nats_url`. Waits for the server, however long it is away; so does every later use.
    """
    assert settings.nats_url is not None, "only programs that are told the server connect to it"
    while True:
        client = Client()
        try:
            await client.connect(
                settings.nats_url,
                name=f"tandem-{user}",
                user=user,
                password=open_nats_secrets(settings.secrets_dir).passwords[user],
                inbox_prefix=f"_INBOX_{user}",
                tls=tls(settings),
                connect_timeout=5,
                reconnect_time_wait=RECONNECT_SECONDS,
                max_reconnect_attempts=-1,
                ping_interval=20,
                error_cb=_said,
            )
        except OSError as error:
            await _said(error)
            await asyncio.sleep(RECONNECT_SECONDS)
        else:
            if client.is_connected:
                return client
            # The library takes a connection that was closed on it for one that was made.
            await client.close()


def tls(settings: Settings) -> ssl.SSLContext | None:
    """How the server proves who it is; None for one on this machine."""
    if not (settings.nats_url or "").startswith("tls://"):
        return None
    return ssl.create_default_context(cafile=settings.nats_ca_file)


async def _said(error: Exception) -> None:
    log.warning("NATS: %s %s", type(error).__name__, error)
