"""Opening a client's content to an auditor: for a recorded purpose, and not for ever.

The facts are in the access stream of that client and that auditor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Category, Discipline
from domain.refused import Refused, Unprocessable
from domain.source import Source

if TYPE_CHECKING:
    from domain.access import AccessRecord

AT_MOST = timedelta(days=30)
"""How long a case may stay open before its purpose must be recorded anew."""


class AuditReason(StrEnum):
    """Why an auditor opens content."""

    COMPLAINT = auto()
    INCIDENT = auto()
    SUSPECTED_BREACH = auto()
    CLIENT_REQUEST = auto()
    BREAK_GLASS_REVIEW = auto()
    LEGAL_DUTY = auto()
    ROUTINE_SAMPLE = auto()


class AuditOpened(
    Fact,
    type="access.audit-opened.v1",
    part="access",
    category=Category.CONSENTS,
    sealed=False,
    policy=True,
):
    """An auditor opens the client's content for a recorded purpose, until `until`.

    `note`: free text, sealed with the client's key, in base64; or None.
    """

    case: UUID
    client: UUID
    auditor: UUID
    reason: AuditReason
    until: AwareDatetime
    note: (
        Annotated[str, StringConstraints(max_length=8000, pattern=r"^[A-Za-z0-9+/=]*$")] | None
    ) = None


class AuditClosed(
    Fact,
    type="access.audit-closed.v1",
    part="access",
    category=Category.CONSENTS,
    sealed=False,
    policy=True,
):
    """The auditor is done: the content is closed to them again."""

    case: UUID


@dataclass(frozen=True, slots=True)
class AuditCase:
    """An audit of one client by one auditor."""

    id: UUID
    client: UUID
    auditor: UUID
    reason: AuditReason
    until: datetime
    opened: Source
    closed: Source | None = None

    def open(self, now: datetime) -> bool:
        """Whether it opens content at `now`."""
        return self.closed is None and now < self.until


def open_audit(
    access: "AccessRecord",
    by: Actor,
    client: UUID,
    case: UUID,
    reason: AuditReason,
    *,
    now: datetime,
    until: datetime | None = None,
    sealed_note: str | None = None,
) -> list[Fact]:
    """Open `client` to the auditor `by`, whose access record of them `access` is.

    Raises Unprocessable for `until`; refuses `auditors-only`, `not-in-good-standing`,
    `case-exists`, `another-stream`.
    """
    _require_auditor(by)
    if not access.is_of(client, by.id):
        raise Refused("another-stream")
    if case in access.audit_cases:
        raise Refused("case-exists")
    ends = until or now + AT_MOST
    if not now < ends <= now + AT_MOST:
        raise Unprocessable("until", f"an instant still to come, within {AT_MOST.days} days")
    return [
        AuditOpened(
            case=case, client=client, auditor=by.id, reason=reason, until=ends, note=sealed_note
        )
    ]


def close_audit(access: "AccessRecord", by: Actor, case: UUID, *, now: datetime) -> list[Fact]:
    """Close a case before it ends by itself. Refuses `unknown-case`, `case-closed`."""
    _require_auditor(by)
    known = access.audit_cases.get(case)
    if known is None or known.auditor != by.id:
        raise Refused("unknown-case")
    if not known.open(now):
        raise Refused("case-closed")
    return [AuditClosed(case=case)]


def _require_auditor(by: Actor) -> None:
    if not by.good_standing:
        raise Refused("not-in-good-standing")
    if by.acting_as is not Discipline.AUDITOR:
        raise Refused("auditors-only")
