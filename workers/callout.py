"""Says who may connect to NATS, and what they may do there: `python -m workers.callout`.

1. The server asks, with what a stranger showed: a practitioner's own token, as for the API.
2. It is verified as the API does, and the log says whether they are in good standing.
3. Their own durable consumer is made, if there is none.
4. The answer opens that consumer, their inbox and their `ack.` subject until the token expires.

While this is away nobody new gets in, and whoever is connected stays so.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from deploy.database import open_database
from deploy.key_store import open_keys
from deploy.nats_accounts import CALLOUT, RELAY, NatsSecrets, open_nats_secrets
from deploy.nats_callout import (
    ASKED,
    SERVER_KEY_HEADER,
    NotAsked,
    Stranger,
    admits,
    asked,
    refuses,
)
from deploy.nats_connection import connect
from deploy.nats_streams import ensure_consumer
from deploy.settings import Settings, load_settings
from deploy.token_keys import KeysUnavailable
from deploy.tokens import NotBelieved, Tokens, trusted_tokens
from domain.ledger.command import LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.refused import Refused
from workers.admission import admitted
from workers.until_asked import until_asked_to_end

QUEUE: Final = "callout"
AT_ONCE: Final = 64
"""How many strangers are looked at together; others wait, and the server soon sends them away."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Callout:
    """Answers the server. `js` is ours, to make consumers with."""

    secrets: NatsSecrets
    tokens: Tokens
    ledger: Ledger
    js: JetStreamContext
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def listen(self, line: Client) -> None:
        """Answer from now on, over a connection as the user CALLOUT."""
        await line.subscribe(ASKED, queue=QUEUE, cb=self._hear)
        await line.flush()

    async def _hear(self, message: Msg) -> None:
        task = asyncio.create_task(self._respond(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _respond(self, message: Msg) -> None:
        async with self._turns:
            try:
                curve = (message.headers or {}).get(SERVER_KEY_HEADER, "")
                stranger = asked(message.data, curve, self.secrets)
                await message.respond(await self.answer(stranger))
            except NotAsked:
                log.warning("a question that was not sealed for us is not answered")
            except nats.errors.Error as error:
                log.warning("no answer could be given (%s)", type(error).__name__)

    async def answer(self, stranger: Stranger) -> bytes:
        """What the server is told. Whatever fails keeps the stranger out."""
        now = self.clock()
        try:
            principal = await self.tokens.believe(stranger.token)
            until = await admitted(self.ledger, principal, now)
            await ensure_consumer(self.js, principal.person)
        except NotBelieved:
            reason = "token-not-believed"
        except Refused as refused:
            reason = refused.code
        except (LedgerUnavailable, KeysUnavailable, nats.errors.Error) as error:
            reason = f"cannot-tell-now: {type(error).__name__}"
        else:
            return admits(
                stranger, principal.person, until.timestamp(), now.timestamp(), self.secrets
            )
        log.info("refused: %s", reason)
        return refuses(stranger, reason, now.timestamp(), self.secrets)


async def call_out(settings: Settings, service_url: str) -> None:
    """Answer until cancelled."""
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(service_url, open_keys(settings), connections=2)
        stack.push_async_callback(ledger.close)
        own = await connect(settings, RELAY)
        stack.push_async_callback(own.close)
        line = await connect(settings, CALLOUT)
        stack.push_async_callback(line.close)
        secrets = open_nats_secrets(settings.secrets_dir)
        await Callout(secrets, trusted_tokens(settings), ledger, own.jetstream()).listen(line)
        log.info("strangers are answered")
        await asyncio.Event().wait()


def main() -> None:
    """Run as a program, with the settings of its environment."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    settings = load_settings()
    if settings.service_url is not None:
        until_asked_to_end(call_out(settings, settings.service_url.get_secret_value()))
        return
    with open_database(settings) as database:
        until_asked_to_end(call_out(settings, database.urls.service_url))


if __name__ == "__main__":
    main()
