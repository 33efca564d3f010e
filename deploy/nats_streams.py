"""The one stream of pointers, and what each reader may have of it.

A reader's id is the last token of their subjects and the name of their durable consumer; they
cannot make a consumer themselves, so that none is ever made with another filter.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import BadRequestError, NotFoundError

STREAM: Final = "CARE"
ACKNOWLEDGEMENTS: Final = "ack.*"

KEPT_FOR: Final = timedelta(days=30)
"""Longer absences are caught up with from the log, over HTTP."""

MOST_FOR_ONE_READER: Final = 10_000
DUPLICATES_WITHIN: Final = timedelta(minutes=10)
"""A message id published again within this time is stored once."""

LARGEST_MESSAGE: Final = 8 * 1024
FORGOTTEN_AFTER: Final = timedelta(days=90)
"""A consumer that nobody asks for so long is made anew when its reader comes back."""

STREAM_NAME_IN_USE: Final = 10058
"""JetStream's error code: the stream exists, and was made differently."""


def subject(reader: UUID) -> str:
    """What is published for this reader."""
    return f"care.{reader}"


def acknowledging(reader: UUID) -> str:
    """Where this reader, and nobody else, says that something was received or acknowledged."""
    return f"ack.{reader}"


def inbox(reader: UUID) -> str:
    """The prefix of the subjects on which this reader is answered (`inboxPrefix` of a client)."""
    return f"_INBOX_{reader}"


async def ensure_stream(js: JetStreamContext) -> None:
    """Make the stream, or bring it to the shape that this version needs. Idempotent."""
    wanted = StreamConfig(
        name=STREAM,
        subjects=["care.*"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=KEPT_FOR.total_seconds(),
        max_msgs_per_subject=MOST_FOR_ONE_READER,
        max_msg_size=LARGEST_MESSAGE,
        duplicate_window=DUPLICATES_WITHIN.total_seconds(),
        allow_direct=False,
    )
    try:
        await js.add_stream(wanted)
    except BadRequestError as error:
        if error.err_code != STREAM_NAME_IN_USE:
            raise
        await js.update_stream(wanted)


async def ensure_consumer(js: JetStreamContext, reader: UUID) -> None:
    """Make the reader's durable consumer, and the stream if it was wiped. Idempotent."""
    wanted = ConsumerConfig(
        durable_name=str(reader),
        filter_subject=subject(reader),
        deliver_policy=DeliverPolicy.ALL,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=60,
        max_ack_pending=1_000,
        max_waiting=16,
        inactive_threshold=FORGOTTEN_AFTER.total_seconds(),
    )
    try:
        await js.add_consumer(STREAM, wanted)
    except NotFoundError:
        await ensure_stream(js)
        await js.add_consumer(STREAM, wanted)
