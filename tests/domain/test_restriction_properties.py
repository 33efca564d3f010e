"""What holds of every history of restrictions."""

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.acknowledgement import acknowledge, unacknowledged
from domain.card import MINIMUM, card
from domain.entry import Entry
from domain.fact import Fact
from domain.instruction import CARE, Instruction, LineKind, instructions, ruled_out
from domain.milestone import revoke_milestone
from domain.record import CareRecord
from domain.refused import Refused
from domain.restrict import impose, lift, retract
from domain.restricted import Restriction, Status
from domain.restriction import MilestoneConfirmed, RestrictionImposed, Restrictions
from domain.strictest import Part
from domain.strictness import SAME, compare, tightens
from domain.terms import Terms
from tests.domain.given_restriction import KNEE, NOW, PRIYA, SAM, Story
from tests.domain.random_restriction import IDS, all_terms, facts, histories

ordinary = settings(max_examples=50, deadline=None)
moments = st.integers(-60, 200).map(lambda days: NOW + timedelta(days=days))


def state(entries: list[Entry]) -> Restrictions:
    return CareRecord.fold(NOBODY, entries).restrictions


NOBODY = UUID(int=1)


@ordinary
@given(histories(), moments)
def test_no_history_is_unreadable(entries: list[Entry], now: datetime) -> None:
    for item in state(entries).items.values():
        assert item.editions
        assert isinstance(item.status(now), Status)
        assert set(item.pending) | set(item.reached) == set(item.terms.milestones)
        assert item.edition.shown <= {entry.version for entry in entries}
        assert item.version in {entry.version for entry in entries}
    card(state(entries).items.values(), SAM.id, now)


@ordinary
@given(facts)
def test_every_fact_is_read_back_as_it_was_stored(fact: Fact) -> None:
    stored = json.loads(fact.model_dump_json(exclude_defaults=True))
    assert type(fact).model_validate(stored) == fact
    assert type(fact).model_validate(stored, context={"stored": True}) == fact


@ordinary
@given(histories(), st.data())
def test_replay_equals_live(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    live, cards = CareRecord(NOBODY), []
    for entry in entries:
        live = live.evolve(entry)
        cards.append(card(live.restrictions.active(NOW), SAM.id, NOW))
    replayed = CareRecord.fold(NOBODY, entries[:cut])
    if cut:
        assert card(replayed.restrictions.active(NOW), SAM.id, NOW) == cards[cut - 1]
    assert CareRecord.fold(NOBODY, entries) == live


@ordinary
@given(histories())
def test_an_acknowledgement_changes_nothing_that_is_displayed(entries: list[Entry]) -> None:
    versions = {id: item.version for id, item in state(entries).items.items()}
    for id, version in versions.items():
        acknowledged = [e for e in entries if e.fact.type == "restriction.acknowledged.v1"]
        assert version not in {entry.version for entry in acknowledged}, id


@ordinary
@given(histories())
def test_retraction_voids_every_acknowledgement(entries: list[Entry]) -> None:
    story = Story()
    for entry in entries:
        story.append(PRIYA, *([entry.fact] if isinstance(entry.fact, Fact) else []))
    for id, item in story.record.restrictions.items.items():
        if item.provisional or not item.in_force(story.now):
            continue
        story.do(acknowledge, SAM, id, seen=item.version)
        story.do(retract, PRIYA, id, "in error", seen=item.version, covering=True)
        assert story.item(id).acknowledgements == ()
        assert id not in {due.restriction for due in unacknowledged(story.record, story.now)}


@ordinary
@given(all_terms(), st.sets(st.integers(0, 1)))
def test_nothing_is_lifted_while_a_milestone_is_pending(terms: Terms, reached: set[int]) -> None:
    story = Story()
    ahead = terms.model_copy(update={"review_by": NOW.date() + timedelta(days=30)})
    story.do(impose, PRIYA, KNEE, ahead)
    codes = [step.code for step in ahead.milestones]
    for number in sorted(reached):
        if number < len(codes):
            fact = {"restriction": KNEE, "milestone": codes[number], "bounds": terms.bounds}
            story.append(PRIYA, _confirmed(**fact))
    if story.item().pending:
        with pytest.raises(Refused, match="milestones-pending"):
            story.do(lift, PRIYA, KNEE, "well", seen=story.seen())
        return
    story.do(lift, PRIYA, KNEE, "well", seen=story.seen())
    assert story.item().status(story.now) is Status.LIFTED


def _confirmed(**what: object) -> Fact:
    return MilestoneConfirmed.model_validate(what)


@ordinary
@given(all_terms())
def test_what_is_revoked_is_pending_again(terms: Terms) -> None:
    story = Story()
    story.append(PRIYA, _imposed(terms))
    for step in terms.milestones:
        story.append(PRIYA, _confirmed(restriction=KNEE, milestone=step.code, bounds=step.then))
    if not terms.milestones or not story.item().in_force(story.now):
        return
    first = terms.milestones[0].code
    story.do(revoke_milestone, PRIYA, KNEE, first, "flare-up", seen=story.seen())
    assert story.item().pending == terms.milestones
    assert story.item().terms == terms


def _imposed(terms: Terms) -> Fact:
    return RestrictionImposed(restriction=KNEE, terms=terms)


@ordinary
@given(all_terms(), all_terms())
def test_comparing_is_antisymmetric(one: Terms, other: Terms) -> None:
    there, back = compare(one, other), compare(other, one)
    assert compare(one, one) == SAME
    if one.milestones == other.milestones:
        assert (there.tightens, there.eases) == (back.eases, back.tightens)
    assert tightens(None, one)


def heeded(rule: Instruction, item: Restriction, parts: list[Part], standing: list[Terms]) -> bool:
    """Whether the card tells this rule, or a stricter one, or to ask first, or rules it all out."""
    mine = [part for part in parts if rule.key in {merged.key for merged in part.rules}]
    if any(part.ask_first and item.id in part.items for part in mine):
        return True
    for part in mine:
        for merged in part.rules:
            if merged.key == rule.key and item.id in part.items:
                return merged.low >= rule.low and merged.high <= rule.high
    told = [merged for part in parts for merged in part.rules if merged.line is LineKind.LIMIT]
    if rule.key[0] == CARE and rule.subject in {merged.subject for merged in told}:
        return True
    return rule.pattern in frozenset().union(*(ruled_out(terms) for terms in standing))


@ordinary
@given(st.lists(all_terms(), min_size=1, max_size=4))
def test_the_card_is_never_weaker_than_any_of_its_restrictions(many: list[Terms]) -> None:
    story = Story()
    for number, terms in enumerate(many):
        story.append(PRIYA, _imposed(terms).model_copy(update={"restriction": UUID(int=number)}))
    active = story.record.restrictions.active(NOW)
    shown = card(active, SAM.id, NOW)
    parts = [part for line in shown.lines for part in line.parts]
    standing = [item.terms for item in active]
    assert [line.kind for line in shown.lines] == sorted(
        {line.kind for line in shown.lines}, key=list(LineKind).index
    )
    for item in active:
        for rule in instructions(item.terms):
            assert heeded(rule, item, parts, standing), (rule, shown)


@ordinary
@given(st.lists(all_terms(), min_size=1, max_size=3))
def test_nothing_is_offered_that_the_card_rules_out(many: list[Terms]) -> None:
    story = Story()
    for number, terms in enumerate(many):
        story.append(PRIYA, _imposed(terms).model_copy(update={"restriction": UUID(int=number)}))
    active = story.record.restrictions.active(NOW)
    stopped = frozenset().union(*(ruled_out(item.terms) for item in active))
    for line in card(active, SAM.id, NOW).lines:
        if line.kind is LineKind.DO_INSTEAD:
            sure = [rule for part in line.parts if not part.ask_first for rule in part.rules]
            assert not [rule for rule in sure if rule.pattern in stopped]


@ordinary
@given(st.lists(all_terms(), max_size=3), st.sampled_from(["in confidence", "Zzyzx"]))
def test_no_reason_ever_reaches_a_card(many: list[Terms], reason: str) -> None:
    story = Story()
    for number, terms in enumerate(many):
        told = terms.model_copy(update={"reason": reason})
        story.append(PRIYA, _imposed(told).model_copy(update={"restriction": UUID(int=number)}))
    minimum = card(story.record.restrictions.active(NOW), SAM.id, NOW, minimum=True)
    assert reason not in repr(minimum)
    assert {line.kind for line in minimum.lines} <= set(MINIMUM)


@ordinary
@given(histories())
def test_nobody_waits_for_what_is_not_in_force(entries: list[Entry]) -> None:
    story = Story()
    for entry in entries:
        story.append(PRIYA, *([entry.fact] if isinstance(entry.fact, Fact) else []))
    for due in unacknowledged(story.record, story.now):
        item = story.item(due.restriction)
        assert item.in_force(story.now)
        assert due.since <= story.now
        assert item.id in IDS
        story.do(acknowledge, SAM, item.id, seen=due.version)
    assert not unacknowledged(story.record, story.now)
