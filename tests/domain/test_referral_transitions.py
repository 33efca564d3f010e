"""The table of transitions: every state × fact × party is decided as it says, and no other way."""

from contextlib import suppress
from typing import Any

import pytest

from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Discipline
from domain.record import CareRecord
from domain.referral import (
    ReferralAgreed,
    ReferralCancellationRefused,
    ReferralCancellationTimedOut,
    ReferralEscalated,
    ReferralExpired,
    ReferralReassigned,
    ReferralRequested,
)
from domain.referral_clock import CLOCKS, Kind, deadlines, fall_due
from domain.referral_decisions import agree, follow_up
from domain.referral_terms import LIVE, TERMINAL, Party, Priority, State, ToColleague
from domain.referral_transitions import DECIDED, LEADS, TABLE, To, allowed_to, rows
from domain.refused import Refused
from tests.domain.given import CLIENT, NOW, TRAINER, happened, uid
from tests.domain.given_referral import (
    ENCLOSED,
    ON_THE_WAY,
    REFERRAL,
    SAID,
    WHO,
    author,
    in_state,
    saying,
    the,
)
from workers.referral_table import PAGE, page

DESIGN: dict[str, tuple[str, str, str]] = {
    # fact: (from, by, to), in the words of the design's table. Where it says "any not terminal",
    # proposed comes before it: the client has yet to agree, and nobody was sent anything.
    "agreed": ("proposed", "C", "requested"),
    "information-asked": ("requested", "R", "information_awaited"),
    "information-given": ("information_awaited", "I", "requested"),
    "waitlisted": ("requested", "R", "waitlisted"),
    "accepted": ("requested waitlisted", "R", "accepted"),
    "declined": ("requested information_awaited waitlisted", "R", "declined"),
    "scheduled": ("accepted scheduled missed attended", "RC", "scheduled"),
    "appointment-cancelled": ("scheduled", "RC", "accepted"),
    "missed": ("scheduled", "R", "missed"),
    "attended": ("scheduled", "R", "attended"),
    "interim-noted": ("accepted scheduled missed attended", "R", "unchanged"),
    "completed": ("accepted scheduled missed attended cancelling", "R", "completed"),
    "fulfilment-ended": ("accepted scheduled missed attended", "R", "cancelled"),
    "cancellation-confirmed": ("cancelling", "R", "cancelled"),
    "cancellation-refused": ("cancelling", "R", "before"),
    "cancellation-timed-out": ("cancelling", "T", "cancelled"),
    "expired": ("requested information_awaited waitlisted accepted missed", "T", "expired"),
}
ANY = "requested information_awaited waitlisted accepted scheduled missed attended"


def kind(name: str) -> type[Fact]:
    return next(fact for fact in DECIDED if fact.type == f"referral.{name}.v1")


@pytest.mark.parametrize("name", sorted(DESIGN))
def test_each_row_of_the_design_is_a_row_of_the_table(name: str) -> None:
    origins, by, to = DESIGN[name]
    parties = dict(zip("IRCOT", Party, strict=True))
    fact = kind(name)
    assert {state for state in State if allowed_to(fact, state)} == set(origins.split())
    for state in map(State, origins.split()):
        assert allowed_to(fact, state) == {parties[letter] for letter in by}
        assert {row.to for row in rows(fact, state)} == {to}


def test_what_any_state_that_is_not_terminal_allows() -> None:
    for state in map(State, ANY.split()):
        assert allowed_to(kind("cancellation-requested"), state) == {Party.INITIATOR}
    for state in (*map(State, ANY.split()), State.CANCELLING):
        assert allowed_to(kind("cancelled"), state) == {Party.CLIENT}
        assert allowed_to(kind("reassigned"), state) == {Party.RECIPIENT, Party.CUSTODIAN}
    assert allowed_to(kind("cancelled"), State.PROPOSED) == {Party.CLIENT, Party.INITIATOR}
    assert allowed_to(kind("reassigned"), State.PROPOSED) == {Party.CUSTODIAN}
    assert not allowed_to(kind("cancellation-requested"), State.PROPOSED)


def test_after_a_terminal_state_nothing_follows() -> None:
    ends = {State.DECLINED, State.CANCELLED, State.COMPLETED, State.EXPIRED}
    assert ends == TERMINAL
    assert not any(allowed_to(fact, state) for fact in DECIDED for state in TERMINAL)
    assert set(CLOCKS) == set(State) - TERMINAL, "every state has a clock"


def test_each_fact_leads_to_one_place_wherever_it_is_met() -> None:
    for fact, to in LEADS.items():
        assert {row.to for row in TABLE if row.fact is fact} == {to}
    assert set(LEADS) == set(DECIDED) - {ReferralRequested} == set(SAID)


BY_CLOCK: dict[type[Fact], Kind] = {
    ReferralEscalated: Kind.ESCALATES,
    ReferralExpired: Kind.EXPIRES,
    ReferralCancellationTimedOut: Kind.TIMES_OUT,
}


def by_clock(record: CareRecord, fact: Fact) -> list[Fact]:
    """What the clock decides of this kind, whenever it is due; refused if it never is."""
    for one in deadlines(the(record)):
        if one.kind is BY_CLOCK[type(fact)]:
            return fall_due(record, WHO[Party.CLOCK], *one.key, now=one.at)
    raise Refused("not-due")


def decided(record: CareRecord, party: Party, fact: Fact) -> list[Fact]:
    seen, by = the(record).version, WHO[party]
    how: dict[str, Any] = {"seen": seen, "now": NOW}
    if party is Party.CLOCK and type(fact) in BY_CLOCK:
        return by_clock(record, fact)
    if isinstance(fact, ReferralAgreed):
        return agree(record, by, REFERRAL, to=fact.to, enclosed=fact.enclosed, **how)
    return follow_up(record, by, type(fact), REFERRAL, **how, **saying(fact))


WALK = [(state, fact, party) for state in State for fact in SAID for party in Party]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("priority", [Priority.ROUTINE, Priority.URGENT])
def test_the_walk(state: State, priority: Priority) -> None:
    """In each state, each fact by each party: decided exactly where the table says, and it leads
    where the table says."""
    record = in_state(state, priority=priority)
    for fact in SAID.values():
        for party in Party:
            may = party in allowed_to(type(fact), state) and not _never(fact, state, priority)
            made = tried(record, party, fact)
            assert (made is not None) is may, (state, fact.type, party)
            if made is None:
                continue
            after = the(happened(record, WHO[party], *made)).state
            (to,) = {row.to for row in rows(type(fact), state)}
            expected = state if to is To.UNCHANGED else to
            expected = State.ACCEPTED if to is To.BEFORE else expected
            assert after is expected


def tried(record: CareRecord, party: Party, fact: Fact) -> list[Fact] | None:
    with suppress(Refused):
        return decided(record, party, fact)
    return None


def _never(fact: Fact, state: State, priority: Priority) -> bool:
    """What the table narrows in words: only what is routine expires; what times out does not
    escalate besides."""
    if isinstance(fact, ReferralEscalated):
        return state is State.CANCELLING
    return isinstance(fact, ReferralExpired) and priority is not Priority.ROUTINE


def test_the_walk_is_a_walk() -> None:
    """Both happen often enough for the walk to mean something."""
    allowed = [1 for state, fact, party in WALK if party in allowed_to(fact, state)]
    assert 60 < len(allowed) < len(WALK) / 4
    assert set(ON_THE_WAY) == set(State)


def test_a_refused_cancellation_returns_to_any_state_before() -> None:
    for state in LIVE - {State.CANCELLING}:
        record = in_state(state)
        cancelling = happened(record, TRAINER, SAID[kind("cancellation-requested")])
        assert the(cancelling).state is State.CANCELLING
        refused = happened(cancelling, WHO[Party.RECIPIENT], SAID[ReferralCancellationRefused])
        assert the(refused).state is state
        again = happened(refused, TRAINER, SAID[kind("cancellation-requested")])
        assert the(again).before is state


def test_a_recipient_in_another_discipline_is_not_the_recipient() -> None:
    record = in_state(State.REQUESTED)
    as_trainer = Actor(WHO[Party.RECIPIENT].id, Discipline.TRAINER, 1)
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follow_up(record, as_trainer, kind("accepted"), REFERRAL, seen=the(record).version, now=NOW)


def test_the_other_organisations_coordinator_reassigns_and_nobody_elses() -> None:
    theirs = ToColleague(
        practitioner=uid("theirs"),
        discipline=Discipline.PHYSIOTHERAPIST,
        organisation=uid("elsewhere"),
    )
    record = in_state(State.PROPOSED, to=theirs)
    record = happened(
        record, CLIENT, ReferralAgreed(referral=REFERRAL, to=theirs, enclosed=ENCLOSED)
    )
    there = Actor(uid("coordinates"), Discipline.COORDINATOR, 1, organisation=uid("elsewhere"))
    nowhere = Actor(uid("coordinates"), Discipline.COORDINATOR, 1, organisation=uid("nowhere"))
    said = saying(SAID[ReferralReassigned])
    how: dict[str, Any] = {"seen": the(record).version, "now": NOW}
    assert follow_up(record, there, ReferralReassigned, REFERRAL, **how, **said)
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follow_up(record, nowhere, ReferralReassigned, REFERRAL, **how, **said)


def test_the_page_is_the_one_that_the_tables_render() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m workers.referral_table"
    assert all(author(fact) for fact in SAID)
