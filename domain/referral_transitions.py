"""The one table of referral transitions: from which states a fact may follow, by whom, to where.

It is data: decisions walk it, tests walk it, and `docs/referrals.md` prints it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from domain.fact import Fact
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralAppointmentCancelled,
    ReferralAttended,
    ReferralCancellationConfirmed,
    ReferralCancellationRefused,
    ReferralCancellationRequested,
    ReferralCancellationTimedOut,
    ReferralCancelled,
    ReferralCompleted,
    ReferralDeclined,
    ReferralEscalated,
    ReferralExpired,
    ReferralFulfilmentEnded,
    ReferralInformationAsked,
    ReferralInformationGiven,
    ReferralInterimNoted,
    ReferralMissed,
    ReferralReassigned,
    ReferralRequested,
    ReferralScheduled,
    ReferralWaitlisted,
)
from domain.referral_terms import TERMINAL, Party, State


class To(StrEnum):
    """Where a fact leads that names no state of its own."""

    UNCHANGED = auto()
    BEFORE = auto()
    """The state before the cancellation was requested."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `origins` is empty for what begins a referral; `only` narrows what is permitted."""

    origins: frozenset[State]
    fact: type[Fact]
    by: frozenset[Party]
    to: State | To
    only: str = ""


I, R, C, O, T = Party  # noqa: E741 - as the table in the design calls them
_TAKEN_ON = (State.ACCEPTED, State.SCHEDULED, State.MISSED, State.ATTENDED)
_OPEN = tuple(state for state in State if state not in TERMINAL)
_SENT = tuple(state for state in _OPEN if state is not State.PROPOSED)


def _row(
    origins: tuple[State, ...], fact: type[Fact], by: str, to: State | To, only: str = ""
) -> Row:
    parties = dict(zip("IRCOT", Party, strict=True))
    return Row(frozenset(origins), fact, frozenset(parties[one] for one in by), to, only)


TABLE: tuple[Row, ...] = (
    _row((), ReferralRequested, "I", State.PROPOSED),
    _row((), ReferralRequested, "C", State.REQUESTED, "who refers themselves agrees by sending"),
    _row((State.PROPOSED,), ReferralAgreed, "C", State.REQUESTED),
    _row((State.PROPOSED,), ReferralCancelled, "I", State.CANCELLED, "it was not sent yet"),
    _row((State.REQUESTED,), ReferralInformationAsked, "R", State.INFORMATION_AWAITED),
    _row((State.INFORMATION_AWAITED,), ReferralInformationGiven, "I", State.REQUESTED),
    _row((State.REQUESTED,), ReferralWaitlisted, "R", State.WAITLISTED),
    _row((State.REQUESTED, State.WAITLISTED), ReferralAccepted, "R", State.ACCEPTED),
    _row(
        (State.REQUESTED, State.INFORMATION_AWAITED, State.WAITLISTED),
        ReferralDeclined,
        "R",
        State.DECLINED,
    ),
    _row(_TAKEN_ON, ReferralScheduled, "RC", State.SCHEDULED),
    _row((State.SCHEDULED,), ReferralAppointmentCancelled, "RC", State.ACCEPTED),
    _row((State.SCHEDULED,), ReferralMissed, "R", State.MISSED),
    _row((State.SCHEDULED,), ReferralAttended, "R", State.ATTENDED),
    _row(_TAKEN_ON, ReferralInterimNoted, "R", To.UNCHANGED),
    _row(_TAKEN_ON, ReferralCompleted, "R", State.COMPLETED),
    _row(_TAKEN_ON, ReferralFulfilmentEnded, "R", State.CANCELLED),
    _row(
        tuple(state for state in _SENT if state is not State.CANCELLING),
        ReferralCancellationRequested,
        "I",
        State.CANCELLING,
    ),
    _row(_OPEN, ReferralCancelled, "C", State.CANCELLED),
    _row((State.CANCELLING,), ReferralCancellationConfirmed, "R", State.CANCELLED),
    _row((State.CANCELLING,), ReferralCancellationRefused, "R", To.BEFORE),
    _row((State.CANCELLING,), ReferralCompleted, "R", State.COMPLETED, "the visit had happened"),
    _row((State.CANCELLING,), ReferralCancellationTimedOut, "T", State.CANCELLED),
    _row(_SENT, ReferralReassigned, "R", State.PROPOSED, "the client agrees to the other first"),
    _row(_OPEN, ReferralReassigned, "O", State.PROPOSED, "the client agrees to the other first"),
    _row(
        (
            State.REQUESTED,
            State.INFORMATION_AWAITED,
            State.WAITLISTED,
            State.ACCEPTED,
            State.MISSED,
        ),
        ReferralExpired,
        "T",
        State.EXPIRED,
        "routine only",
    ),
    _row(_OPEN, ReferralEscalated, "T", To.UNCHANGED),
)
"""Every row of the design, with the client's agreement before anything is sent, and escalation."""

DECIDED = tuple(dict.fromkeys(row.fact for row in TABLE))
"""The facts of the table, each once."""


def rows(fact: type[Fact], state: State | None) -> Iterator[Row]:
    """The rows by which `fact` may follow in `state` (None: where there is no referral yet)."""
    for row in TABLE:
        if row.fact is fact and (state in row.origins if state else not row.origins):
            yield row


def allowed_to(fact: type[Fact], state: State | None) -> frozenset[Party]:
    """Who may let `fact` follow in `state`; nobody, if it may not follow."""
    return frozenset(party for row in rows(fact, state) for party in row.by)


LEADS: dict[type[Fact], State | To] = {row.fact: row.to for row in TABLE if row.origins}
"""Where each fact leads, wherever it is met: a row that is tightened later changes no past."""
