"""The message that tells a reader of a notification: a pointer, in the form of CloudEvents 1.0.

One constant type, opaque ids, the reader's own sequence number: whoever sees it, or the disk that
it lies on, learns that somebody was told something, and nothing of what or of whom.
"""

from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PositiveInt, StringConstraints

from domain.ledger.log import Epochs
from projections.notifications import Pointer

TYPE: Final = "tandem.notification.v1"
CONTENT_TYPE: Final = "application/cloudevents+json"
SOURCE: Final = "urn:tandem:log:{}"
_DIGITS: Final = 20


class Pointed(BaseModel):
    """What the message carries: fetch what it points to at `GET /me/notifications/{notification}`,
    and say at `ack.<reader>` that it was received or acknowledged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notification: UUID
    sequence: Annotated[
        PositiveInt,
        Field(
            description="Counts the reader's notifications, from 1, without a gap. The same number "
            "again is the same notification again; a number left out is one that is still to be "
            "fetched: GET /me/notifications?after=…"
        ),
    ]


class Message(BaseModel):
    """A CloudEvent (1.0, JSON). `id` with `source` names the notification for ever."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Notification")

    specversion: Literal["1.0"] = "1.0"
    type: Literal["tandem.notification.v1"] = TYPE
    source: Annotated[
        str,
        StringConstraints(pattern=r"^urn:tandem:log:[0-9a-f-]{36}$"),
        Field(description="The epoch of the log that the notification is in."),
    ]
    id: UUID
    time: Annotated[AwareDatetime, Field(description="When it was recorded as sent.")]
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: Annotated[
        str,
        StringConstraints(pattern=rf"^[0-9]{{{_DIGITS}}}$"),
        Field(description="`data.sequence`, as the CloudEvents extension of that name has it."),
    ]
    data: Pointed

    @classmethod
    def of(cls, pointer: Pointer, epochs: Epochs) -> Self:
        """The message that points where `pointer` does: always the same."""
        return cls(
            source=SOURCE.format(epochs.of(pointer.position)),
            id=pointer.notification,
            time=pointer.recorded_at,
            sequence=str(pointer.sequence).zfill(_DIGITS),
            data=Pointed(notification=pointer.notification, sequence=pointer.sequence),
        )

    def json_bytes(self) -> bytes:
        """As it is sent."""
        return self.model_dump_json().encode()


def message_id(pointer: Pointer, epochs: Epochs) -> str:
    """What makes the second copy of a message known as such: epoch, position, reader."""
    return f"{epochs.of(pointer.position)}:{pointer.position}:{pointer.reader}"
