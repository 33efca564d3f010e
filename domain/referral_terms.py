"""What a referral is said in: its states, who decides, to whom, how urgent, and the codes."""

from enum import StrEnum, auto
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, field_validator

from domain.contact import Contact, PersonName
from domain.fact import Value
from domain.lanes import GRANTABLE, PRACTITIONERS, Category, Discipline

ShortName = Annotated[str, StringConstraints(min_length=1, max_length=120)]


class State(StrEnum):
    """How a referral stands."""

    PROPOSED = auto()
    """The client has yet to agree; the recipient knows nothing of it."""
    REQUESTED = auto()
    INFORMATION_AWAITED = auto()
    WAITLISTED = auto()
    ACCEPTED = auto()
    SCHEDULED = auto()
    MISSED = auto()
    ATTENDED = auto()
    CANCELLING = auto()
    """The initiator wants it cancelled; the recipient has yet to say whether that is in time."""
    DECLINED = auto()
    CANCELLED = auto()
    COMPLETED = auto()
    EXPIRED = auto()


TERMINAL = frozenset({State.DECLINED, State.CANCELLED, State.COMPLETED, State.EXPIRED})
"""After these there is only a linked successor."""

LIVE = frozenset(State) - TERMINAL - {State.PROPOSED}
"""The recipient has been sent it, and reads what it encloses."""


class Party(StrEnum):
    """In which capacity somebody decides on a referral."""

    INITIATOR = auto()
    RECIPIENT = auto()
    CLIENT = auto()
    CUSTODIAN = auto()
    """For the organisation: a coordinator of the recipient's, or on the client's care team."""
    CLOCK = auto()


class Priority(StrEnum):
    """How soon it is needed (FHIR request priority). Only what is routine ever expires."""

    ROUTINE = auto()
    URGENT = auto()
    EMERGENCY = auto()


class DeclineCode(StrEnum):
    """Why a recipient does not take a referral."""

    NO_CAPACITY = auto()
    OUT_OF_SCOPE = auto()
    OUT_OF_REGION = auto()
    CLIENT_NOT_REACHABLE = auto()
    CLIENT_DECLINED = auto()
    COVERAGE = auto()
    DUPLICATE = auto()


class OutcomeCode(StrEnum):
    """What came of a completed referral."""

    GOAL_ACHIEVED = auto()
    PARTLY_ACHIEVED = auto()
    NOT_ACHIEVED = auto()
    DID_NOT_ATTEND = auto()
    REFERRED_ON = auto()


class Interest(StrEnum):
    """What the initiator has to gain from a recipient: the client is told before agreeing."""

    NONE = auto()
    SAME_ORGANISATION = auto()
    OWNERSHIP = auto()
    PAYMENT = auto()
    FAMILY = auto()
    OTHER = auto()


class ToColleague(Value):
    """A practitioner with an account, in one of their disciplines."""

    kind: Literal["practitioner"] = "practitioner"
    practitioner: UUID
    discipline: Discipline
    organisation: UUID | None = None

    @field_validator("discipline")
    @classmethod
    def _refers_to_care(cls, discipline: Discipline) -> Discipline:
        if discipline not in PRACTITIONERS:
            raise ValueError(f"one of {', '.join(sorted(PRACTITIONERS))}")
        return discipline


class ToExternal(Value):
    """A practitioner without an account, reached by an expiring link or a letter."""

    kind: Literal["external"] = "external"
    name: PersonName
    profession: ShortName
    organisation: ShortName | None = None
    contact: Contact | None = None


Recipient = Annotated[ToColleague | ToExternal, Field(discriminator="kind")]


class Medium(StrEnum):
    """How a reply of an external practitioner came to whoever wrote it down."""

    PHONE = auto()
    LETTER = auto()
    MAIL = auto()
    FAX = auto()
    IN_PERSON = auto()


class Transcribed(Value):
    """Where a reply comes from that somebody else wrote down."""

    medium: Medium
    said_by: PersonName
    said_at: AwareDatetime


Transcription = Annotated[
    Transcribed | None,
    Field(description="For a reply that is written down for an external practitioner."),
]


def _set_of_grantable(categories: tuple[Category, ...]) -> tuple[Category, ...]:
    beyond = sorted(set(categories) - GRANTABLE)
    if beyond:
        raise ValueError(f"{', '.join(beyond)}: any of {', '.join(sorted(GRANTABLE))}")
    return tuple(sorted(set(categories)))


Enclosed = Annotated[
    tuple[Category, ...],
    Field(min_length=1, max_length=len(GRANTABLE)),
    AfterValidator(_set_of_grantable),
]
"""Categories of the record that go with a referral, for as long as it is under way."""
