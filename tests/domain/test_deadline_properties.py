"""Whatever happens, in whatever order, however late the clock is: each deadline that comes is
answered by exactly one fact, and what was met or moved before makes none."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clock import CLOCK, deadlines, fall_due
from domain.deadline import Deadline, Key, Kind, Passed
from domain.entry import Entry
from domain.fact import Fact
from domain.record import CareRecord
from domain.referral_terms import Priority
from domain.restriction import RestrictionAcknowledged
from tests.domain.given import CLIENT, NOW, enrolled, entry
from tests.domain.given_referral import SAID, requested
from tests.domain.random_consent import PEOPLE, Told, consent_facts, glass_facts, team_facts
from tests.domain.random_restriction import facts as restriction_facts

MOST_AT_ONCE = 40
"""How often one look may lead to the next before it must have come to an end."""

people = st.sampled_from(PEOPLE)
referral_facts = st.one_of(
    st.sampled_from(sorted(SAID.values(), key=repr)),
    st.builds(requested, priority=st.sampled_from(Priority)),
)
happenings: st.SearchStrategy[Told] = st.one_of(
    st.builds(Told, people, restriction_facts),
    st.builds(Told, people, restriction_facts),
    team_facts(),
    consent_facts(),
    glass_facts(),
    st.builds(Told, people | st.just(CLIENT), referral_facts),
)
waits = st.sampled_from([0, 1, 23, 24, 25, 48, 24 * 8, 24 * 70, 24 * 400])
histories = st.lists(st.tuples(happenings, waits, st.booleans()), max_size=14)


@dataclass
class World:
    """A record under way, with a clock that looks when it is told to; it may be set back."""

    record: CareRecord = field(default_factory=enrolled)
    now: datetime = NOW
    answered: Counter[tuple[Key, datetime]] = field(default_factory=Counter)
    made: list[Fact] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def tell(self, told: Told) -> None:
        self.entries.append(entry(self.record, told.by, told.fact, self.now))
        self.record = self.record.evolve(self.entries[-1])

    def look(self) -> None:
        """Everything that has come is answered, and what that sets and has come as well."""
        for _ in range(MOST_AT_ONCE):
            passed = [one for one in deadlines(self.record) if one.falls and one.due <= self.now]
            if not passed:
                return
            for one in passed:
                self.answer(one)
        raise AssertionError("it never ends")

    def answer(self, one: Deadline) -> None:
        facts = fall_due(self.record, CLOCK, one.key, one.due, now=self.now)
        if (one.key, one.due) not in {(each.key, each.due) for each in deadlines(self.record)}:
            assert facts == [], "what another fact has closed makes nothing any more"
            return
        (fact,) = facts
        self.answered[one.key, one.due] += 1
        self.made.append(fact)
        self.tell(Told(CLOCK, fact))
        assert fall_due(self.record, CLOCK, one.key, one.due, now=self.now) == []


@given(histories)
@settings(deadline=None)
def test_each_deadline_that_comes_is_answered_by_exactly_one_fact(history: list[Any]) -> None:
    world = World()
    for told, hours, looks in history:
        world.tell(told)
        keys = [one.key for one in deadlines(world.record)]
        assert len(keys) == len(set(keys)), "a key names one deadline"
        world.now += timedelta(hours=hours)
        if looks:
            world.look()
            assert not [o for o in deadlines(world.record) if o.falls and o.due <= world.now]
    assert set(world.answered.values()) <= {1}
    assert len(world.made) == world.answered.total()
    said = [(f.kind, f.item, f.set_by) for f in world.made if isinstance(f, Passed)]
    assert len(said) == len(set(said)), "no key passes twice, moved or not"


@given(histories, st.integers(1, 24 * 500))
@settings(deadline=None)
def test_a_clock_that_is_set_back_undoes_nothing_and_repeats_nothing(
    history: list[Any], hours: int
) -> None:
    world = World()
    for told, _, _ in history:
        world.tell(told)
    world.now += timedelta(hours=hours)
    world.look()
    made, version = len(world.made), world.record.version
    world.now -= timedelta(hours=hours)
    world.look()
    world.now += timedelta(hours=hours)
    world.look()
    assert (len(world.made), world.record.version) == (made, version)


@given(histories)
@settings(deadline=None)
def test_it_follows_from_the_record_alone_and_however_it_was_folded(history: list[Any]) -> None:
    world = World()
    again = enrolled()
    for told, hours, looks in history:
        world.tell(told)
        world.now += timedelta(hours=hours)
        if looks:
            world.look()
    for each in world.entries:
        again = again.evolve(each)
    assert list(deadlines(again)) == list(deadlines(world.record))


@given(histories)
@settings(deadline=None)
def test_once_everybody_has_acknowledged_nothing_of_it_is_owed(history: list[Any]) -> None:
    world = World()
    for told, hours, _ in history:
        world.tell(told)
        world.now += timedelta(hours=hours)
    for item in list(world.record.restrictions.items.values()):
        for trainer in world.record.team.trainers():
            seen = RestrictionAcknowledged(restriction=item.id, seen=item.version)
            by = next(p for p in PEOPLE if p.id == trainer.practitioner)
            world.tell(Told(by, seen))
    assert Kind.ACKNOWLEDGEMENT not in {one.kind for one in deadlines(world.record)}
