"""What readers say over NATS: a request on `ack.<reader>`, answered once the fact is durable.

The server lets nobody but that reader publish there, and only from the account that practitioners
are in: so the subject says who is speaking.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from deploy.nats_streams import ACKNOWLEDGEMENTS, acknowledging
from domain.ledger.command import LedgerUnavailable
from domain.refused import Refused

Acknowledge = Callable[[UUID, bytes], Awaitable[bytes]]
"""Makes what a reader says durable and returns the answer. Raises Refused, ValueError (pydantic's
ValidationError is one) for what could never be accepted, or LedgerUnavailable."""

QUEUE: Final = "acknowledging"
AT_ONCE: Final = 256
THROUGH_THE_DOOR: Final = "_R_."
"""How the server begins the subject of an answer that goes to another account. Whatever else
arrives here was not asked by a reader: an answer of JetStream's, say, sent astray on purpose."""

STATUS_HEADER, CODE_HEADER = "Nats-Service-Error-Code", "Nats-Service-Error"
"""How a NATS client tells a problem from an answer, as in NATS's own service protocol (ADR-32)."""

log = logging.getLogger(__name__)


async def hear_acknowledgements(line: Client, acknowledge: Acknowledge) -> None:
    """Answer every reader from now on, over a connection as the user RELAY. Several processes may
    do so: each request goes to one of them."""
    turns, tasks = asyncio.Semaphore(AT_ONCE), set[asyncio.Task[None]]()

    async def one(message: Msg, reader: UUID) -> None:
        async with turns:
            body, headers = await _answered(acknowledge, reader, message.data)
            try:
                await line.publish(message.reply, body, headers=headers)
            except nats.errors.Error as error:
                # It is durable, or was refused; who hears nothing asks again and is told the same.
                log.warning("an answer could not be given (%s)", type(error).__name__)

    async def hear(message: Msg) -> None:
        reader = speaker(message.subject, message.reply)
        if reader is None:
            log.warning("what no reader asked on %s is passed over", message.subject)
            return
        task = asyncio.create_task(one(message, reader))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    await line.subscribe(ACKNOWLEDGEMENTS, queue=QUEUE, cb=hear)
    await line.flush()


def speaker(subject: str, reply: str) -> UUID | None:
    """Who is asking; None if it is no request of a reader's."""
    try:
        reader = UUID(subject.removeprefix("ack."))
    except ValueError:
        return None
    asked = subject == acknowledging(reader) and reply.startswith(THROUGH_THE_DOOR)
    return reader if asked else None


async def _answered(
    acknowledge: Acknowledge, reader: UUID, message: bytes
) -> tuple[bytes, dict[str, str] | None]:
    try:
        return await acknowledge(reader, message), None
    except Refused as refused:
        return _problem(409, refused.code, "Nothing was recorded.")
    except ValidationError as error:
        # Where, never what: no value that was sent is repeated.
        where = ", ".join(sorted({".".join(map(str, each["loc"])) for each in error.errors()}))
        return _problem(422, "invalid", f"Nothing was recorded. Look at: {where or 'the message'}.")
    except ValueError:
        return _problem(422, "invalid", "Nothing was recorded. The message is not as it should be.")
    except LedgerUnavailable:
        return _problem(503, "unavailable", "Nothing was recorded. Try again shortly.")
    except Exception:
        log.exception("an acknowledgement failed")
        return _problem(500, "unexpected", "Something went wrong here. It has been noted.")


def _problem(status: int, code: str, detail: str) -> tuple[bytes, dict[str, str]]:
    """A problem document (RFC 9457), as the API's."""
    document = {
        "type": f"urn:tandem:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return json.dumps(document).encode(), {STATUS_HEADER: str(status), CODE_HEADER: code}
