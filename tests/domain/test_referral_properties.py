"""Whatever is decided, or merely happens, in whatever order: what holds of every referral."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.actor import Actor
from domain.entry import Entry, Erased
from domain.fact import Fact, fact_type
from domain.lanes import Category, Purpose
from domain.policy import scope
from domain.record import CareRecord
from domain.referral import ReferralAgreed, ReferralLinkIssued, ReferralLinkRevoked
from domain.referral_clock import CLOCK, deadlines, fall_due, fallen_due
from domain.referral_decisions import agree, follow_up, request
from domain.referral_terms import LIVE, TERMINAL, Priority, State
from domain.referral_transitions import allowed_to
from domain.referred import person
from domain.refused import Refused, Unprocessable
from domain.scope import Rule
from domain.team import Departure, MemberJoined, MemberLeft
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    DAY,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    uid,
    with_team,
)
from tests.domain.given_referral import (
    ENCLOSED,
    OTHER,
    OUTSIDE,
    REFERRAL,
    SAID,
    TO,
    TO_OTHER,
    requested,
    saying,
)

IDS = (REFERRAL, uid("second"))
PEOPLE = (CLIENT, TRAINER, STRANGER, OTHER, COORDINATOR, PHYSIO)
ordinary = settings(max_examples=100, deadline=None)
ids, people = st.sampled_from(IDS), st.sampled_from(PEOPLE)
enclosing = st.sets(
    st.sampled_from([Category.GOALS, Category.IDENTITY, Category.CLINICAL]), min_size=1
).map(lambda chosen: tuple(sorted(chosen)))
links = st.sampled_from(
    [
        ReferralLinkIssued(
            referral=REFERRAL,
            link=uid("link"),
            digest="0" * 64,
            until=NOW + DAY,
            openings=1,
            sent_to="Dr Weber",
        ),
        ReferralLinkRevoked(referral=REFERRAL, link=uid("link")),
        MemberJoined(practitioner=STRANGER.id, discipline=STRANGER.acting_as),
        MemberLeft(practitioner=STRANGER.id, reason=Departure.CLIENT_ASKED),
    ]
)


@st.composite
def facts(draw: st.DrawFn) -> tuple[Actor, Fact]:
    """Any fact about one of two referrals, by anybody, decided or not."""
    made: Fact = draw(
        st.sampled_from([*SAID.values(), *SAID.values(), requested(), requested(to=OUTSIDE)])
        | links
        | enclosing.map(lambda what: ReferralAgreed(referral=REFERRAL, to=TO, enclosed=what))
    )
    if "referral" in type(made).model_fields:
        made = made.model_copy(update={"referral": draw(ids)})
    return draw(people), made


histories = st.lists(facts(), max_size=25)


def tell(history: list[tuple[Actor, Fact]]) -> list[CareRecord]:
    """The record after the beginning, and after each fact."""
    first = happened(with_team(), TRAINER, *(requested(id) for id in IDS))
    told = [first]
    for by, fact in history:
        told.append(happened(told[-1], by, fact))
    return told


@ordinary
@given(histories)
def test_whatever_happens_nothing_leaves_a_terminal_state(
    history: list[tuple[Actor, Fact]],
) -> None:
    for before, after in zip(records := tell(history), records[1:], strict=False):
        for id, referral in before.referrals.items.items():
            if referral.ended:
                assert after.referrals.items[id] == referral


@ordinary
@given(histories, people)
def test_nobody_reads_on_a_referral_but_who_the_client_agreed_to(
    history: list[tuple[Actor, Fact]], reader: Actor
) -> None:
    """Told from the facts and not from the folded referrals."""
    record = tell(history)[-1]
    seen = scope(record, reader, Purpose.TREATMENT, NOW)
    for category, basis in seen.categories.items():
        if basis.rule is not Rule.REFERRAL:
            continue
        said = [fact for _, fact in history if getattr(fact, "referral", None) == basis.reference]
        agreed = [fact for fact in said if isinstance(fact, ReferralAgreed)]
        assert agreed, "not before the agreement"
        assert reader.id in person(agreed[-1].to)
        assert category in agreed[-1].enclosed, "nothing beyond what is enclosed"
        ended = {f"referral.{name}.v1" for name in ("declined", "completed", "cancelled")}
        assert not ended & {fact.type for fact in said}, "nothing after the end"


@ordinary
@given(histories, st.integers(0, 400))
def test_deadlines_are_of_the_state_that_they_were_set_in(
    history: list[tuple[Actor, Fact]], days: int
) -> None:
    record, now = tell(history)[-1], NOW + timedelta(days=days)
    due = fallen_due(record.referrals, now)
    assert len({one.key for one in due}) == len(due)
    for one in due:
        referral = record.referrals.items[one.referral]
        (fact,) = fall_due(record, CLOCK, *one.key, now=now)
        assert allowed_to(type(fact), referral.state)
        again = happened(record, CLOCK, fact, at=now)
        assert one.key not in {left.key for left in deadlines(again.referrals.items[one.referral])}


@ordinary
@given(histories)
def test_facts_are_stored_and_read_back_the_same(history: list[tuple[Actor, Fact]]) -> None:
    for _, fact in history:
        assert fact_type(fact.type).model_validate_json(fact.model_dump_json()) == fact


def test_an_erased_entry_changes_no_referral() -> None:
    record = tell([])[-1]
    by = CLIENT.authorship(NOW)
    entry = Entry(record.id, record.version + 1, Erased("referral.agreed.v1"), by, NOW, 999)
    assert record.evolve(entry).referrals == record.referrals
    assert record.referrals.evolve(entry) == record.referrals


class Deciding(RuleBasedStateMachine):
    """Anybody tries to decide anything on a referral, and time passes. What is decided follows the
    table; what is read is what was agreed to."""

    def __init__(self) -> None:
        super().__init__()
        self.record = with_team()
        self.now: datetime = NOW
        self.states: list[State] = []

    @initialize(by=st.sampled_from([TRAINER, CLIENT]), priority=st.sampled_from(Priority))
    def begins(self, by: Actor, priority: Priority) -> None:
        made = request(
            self.record,
            by,
            REFERRAL,
            TO,
            priority,
            "Pain.",
            ENCLOSED,
            options=(TO_OTHER,),
            now=self.now,
        )
        self.append(by, made)

    @property
    def state(self) -> State:
        return self.record.referrals.items[REFERRAL].state

    def append(self, by: Actor, made: list[Fact]) -> None:
        for fact in made:
            self.record = happened(self.record, by, fact, at=self.now)
        self.states.append(self.state)

    @rule(by=people, kind=st.sampled_from(sorted(SAID, key=lambda kind: kind.type)))
    def decides(self, by: Actor, kind: type[Fact]) -> None:
        seen = self.record.referrals.items[REFERRAL].version
        how: dict[str, Any] = {"seen": seen, "now": self.now}
        said = saying(SAID[kind])
        if "at" in said:
            said["at"] = self.now + DAY
        if "expected" in said:
            said["expected"] = self.now.date()
        before = self.state
        try:
            if kind is ReferralAgreed:
                made = agree(self.record, by, REFERRAL, **how)
            else:
                made = follow_up(self.record, by, kind, REFERRAL, **how, **said)
        except (Refused, Unprocessable):
            return
        assert allowed_to(kind, before)
        self.append(by, made)

    @rule(days=st.integers(0, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        for one in fallen_due(self.record.referrals, self.now)[:1]:
            self.append(CLOCK, fall_due(self.record, CLOCK, *one.key, now=self.now))

    @invariant()
    def never_leaves_a_terminal_state(self) -> None:
        ended = [state for state in self.states if state in TERMINAL]
        assert ended == self.states[len(self.states) - len(ended) :]
        assert len(ended) <= 1, "and nothing is decided after it"

    @invariant()
    def is_read_exactly_while_it_is_under_way(self) -> None:
        if not self.states:
            return
        referral = self.record.referrals.items[REFERRAL]
        for reader in (STRANGER, OTHER):
            seen = scope(self.record, reader, Purpose.TREATMENT, self.now)
            mine = reader.id in person(referral.to)
            assert bool(seen.categories) is (self.state in LIVE and mine)
            assert set(seen.categories) <= set(referral.enclosed)

    @invariant()
    def what_is_urgent_never_expires(self) -> None:
        if self.states and self.states[-1] is State.EXPIRED:
            assert self.record.referrals.items[REFERRAL].priority is Priority.ROUTINE


Deciding.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestDeciding = Deciding.TestCase
