"""Whether something must be acknowledged is decided once, and stands in the fact."""

from itertools import pairwise

import pytest

from domain import strictness
from domain.fact import Fact
from domain.milestone import confirm_milestone, revoke_milestone
from domain.record import CareRecord
from domain.restrict import correct, modify
from domain.restriction import MilestoneConfirmed, MilestoneRevoked, RestrictionModified
from domain.strictness import Change, compare
from domain.terms import Terms
from tests.domain.given_restriction import (
    CLIENT,
    KNEE,
    PRIYA,
    Story,
    bending_to,
    flexion,
    graduated,
    restricted,
    terms,
)

FIRST = "bends-100"
PLAN = graduated().within(bending_to(90))
EASIER = terms().within(bending_to(100))


def told() -> Story:
    """Tightened, eased, a milestone reached with easier bounds and revoked, and corrected."""
    story = restricted(PLAN)
    story.do(modify, PRIYA, KNEE, PLAN.within(bending_to(60)), seen=story.seen())
    story.do(modify, PRIYA, KNEE, PLAN, seen=story.seen())
    measured = (flexion(105, at=story.now),)
    story.do(confirm_milestone, PRIYA, KNEE, FIRST, seen=story.seen(), evidence=measured)
    story.do(revoke_milestone, PRIYA, KNEE, FIRST, "Swollen.", seen=story.seen())
    story.do(correct, PRIYA, KNEE, EASIER, "The other knee.", seen=story.seen())
    return story


def test_the_decision_says_so() -> None:
    story = told()
    said = {
        type(entry.fact): entry.fact.must_be_acknowledged
        for entry in story.entries
        if isinstance(entry.fact, MilestoneConfirmed | MilestoneRevoked)
    }
    assert said == {MilestoneConfirmed: False, MilestoneRevoked: True}
    modified = [e.fact for e in story.entries if isinstance(e.fact, RestrictionModified)]
    assert [fact.must_be_acknowledged for fact in modified] == [True, False]
    editions = [edition.must_be_acknowledged for edition in story.item().editions]
    assert editions == [True, True, False, False, True, True]


def test_stricter_bounds_than_planned_must_be_acknowledged() -> None:
    story = restricted(graduated())
    fact = story.do(
        confirm_milestone,
        PRIYA,
        KNEE,
        FIRST,
        seen=story.seen(),
        evidence=(flexion(105, at=story.now),),
        bounds=bending_to(45),
    )
    assert fact.must_be_acknowledged
    assert story.item().edition.must_be_acknowledged


@pytest.mark.parametrize("everything", [True, False])
def test_a_rule_of_a_later_day_does_not_change_the_past(
    monkeypatch: pytest.MonkeyPatch, everything: bool
) -> None:
    story = told()

    def otherwise(before: Terms, after: Terms) -> Change:
        return Change(tightens=everything)

    monkeypatch.setattr(strictness, "compare", otherwise)
    assert CareRecord.fold(CLIENT, story.entries) == story.record


@pytest.mark.parametrize("kind", [RestrictionModified, MilestoneConfirmed, MilestoneRevoked])
def test_a_fact_that_does_not_say_must_be_acknowledged(kind: type[Fact]) -> None:
    assert kind.model_fields["must_be_acknowledged"].default is True


def test_the_fact_agrees_with_the_comparison_of_its_day() -> None:
    story = told()
    editions = story.item().editions
    for before, after in pairwise(editions[:-1]):
        assert after.must_be_acknowledged is compare(before.terms, after.terms).tightens
