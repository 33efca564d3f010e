"""Graduated return: measured, proposed, confirmed, and stepped back from."""

from typing import Any

import pytest

from domain.acknowledgement import acknowledge, unacknowledged
from domain.actor import Actor
from domain.body import Side
from domain.criterion import Comparison, Criterion
from domain.measure import Reading
from domain.milestone import (
    confirm_milestone,
    decline_milestone,
    propose_milestone,
    revoke_milestone,
)
from domain.refused import Refused
from domain.restrict import lift, modify
from domain.restriction import MilestoneConfirmed, MilestoneDeclined, MilestoneRevoked
from domain.terms import Need
from tests.domain.given_restriction import (
    CARA,
    KNEE,
    NOW,
    OWNER,
    PRIYA,
    QUENTIN,
    RUTH,
    SAM,
    TODAY,
    Story,
    bending_to,
    days,
    flexion,
    flexion_at_least,
    graduated,
    milestone,
    restricted,
    terms,
)

FIRST, SECOND = "bends-100", "bends-120"
BEFORE = terms().bounds


def refusal(story: Story, decision: Any, by: Actor, *what: Any, **how: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        story.do(decision, by, *what, **{"seen": story.seen(), **how})
    return refused.value


def proposed() -> Story:
    story = restricted(graduated())
    story.do(propose_milestone, SAM, KNEE, FIRST, (flexion(104),), seen=story.seen())
    return story


def confirmed() -> Story:
    story = proposed()
    proposal = story.record.version
    story.do(confirm_milestone, PRIYA, KNEE, FIRST, seen=story.seen(), proposal=proposal)
    return story


def test_a_proposal_changes_nothing_that_holds() -> None:
    story = restricted(graduated())
    seen = story.seen()
    story.do(propose_milestone, SAM, KNEE, FIRST, (flexion(104),), seen=seen, note="no pain")
    assert story.seen() == seen
    assert story.item().terms == graduated()
    proposal = story.item().progress[FIRST].proposal
    assert proposal
    assert (proposal.source.author, proposal.evidence) == (SAM.id, (flexion(104),))


def test_confirming_changes_the_limits_with_that_fact() -> None:
    story = proposed()
    proposal = story.record.version
    fact = story.do(confirm_milestone, PRIYA, KNEE, FIRST, seen=story.seen(), proposal=proposal)
    assert fact == MilestoneConfirmed(
        restriction=KNEE, milestone=FIRST, bounds=bending_to(100), proposal=proposal
    )
    item = story.item()
    assert item.terms == graduated().within(bending_to(100))
    assert [step.code for step in item.pending] == [SECOND]
    assert item.edition.shown == {item.imposed.version, item.version}
    assert item.progress[FIRST].proposal is None


def test_the_evidence_has_to_meet_the_criterion() -> None:
    refused = refusal(restricted(graduated()), propose_milestone, SAM, KNEE, FIRST, (flexion(96),))
    assert refused.code == "criterion-not-met"
    assert refused.detail["unmet"] == [
        {"criterion": "0", "measure": "knee_flexion", "because": "not_reached"}
    ]


def test_milestones_are_reached_in_their_order() -> None:
    story = restricted(graduated())
    refused = refusal(story, propose_milestone, SAM, KNEE, SECOND, (flexion(130),))
    assert (refused.code, refused.detail["next"]) == ("not-next", FIRST)
    refused = refusal(story, propose_milestone, SAM, KNEE, "flies", (flexion(130),))
    assert refused.code == "unknown-milestone"
    again = refusal(confirmed(), propose_milestone, SAM, KNEE, FIRST, (flexion(130),))
    assert again.code == "already-reached"


def test_none_before_its_date() -> None:
    week = TODAY + days(14)
    story = restricted(terms(milestones=(milestone(FIRST, 100, 100, earliest=week),)))
    refused = refusal(story, propose_milestone, SAM, KNEE, FIRST, (flexion(104),))
    assert (refused.code, refused.detail["earliest"]) == ("too-early", week.isoformat())
    story.wait(days(14))
    reading = flexion(104, at=story.now)
    story.do(propose_milestone, SAM, KNEE, FIRST, (reading,), seen=story.seen())


def test_one_of_several_criteria_is_enough_if_the_milestone_says_so() -> None:
    criteria = (flexion_at_least(100), flexion_at_least(150))
    for need, enough in ((Need.ANY, True), (Need.ALL, False)):
        step = milestone(FIRST, 100, 100, criteria=criteria, need=need)
        story = restricted(terms(milestones=(step,)))
        if enough:
            story.do(propose_milestone, SAM, KNEE, FIRST, (flexion(104),), seen=story.seen())
        else:
            assert refusal(story, propose_milestone, SAM, KNEE, FIRST, (flexion(104),)).code


@pytest.mark.parametrize(("who", "code"), [(OWNER, "not-on-the-team"), (CARA, "outside-lane")])
def test_neither_client_nor_coordinator_proposes(who: Actor, code: str) -> None:
    story = restricted(graduated())
    assert refusal(story, propose_milestone, who, KNEE, FIRST, (flexion(104),)).code == code


def test_a_trainer_measures_what_trainers_measure() -> None:
    strength = Criterion(
        measure="mmt", comparison=Comparison.AT_LEAST, value=5, unit="{grade}", side=Side.RIGHT
    )
    story = restricted(terms(milestones=(milestone(FIRST, 100, 100, criteria=(strength,)),)))
    graded = Reading(measure="mmt", value=5, unit="{grade}", side=Side.RIGHT, taken_at=NOW)
    refused = refusal(story, propose_milestone, SAM, KNEE, FIRST, (graded,))
    assert (refused.code, refused.detail["measures"]) == ("not-yours-to-measure", ["mmt"])
    story.do(propose_milestone, RUTH, KNEE, FIRST, (graded,), seen=story.seen())


def test_only_the_author_or_cover_confirms() -> None:
    story = proposed()
    proposal = story.record.version
    assert refusal(story, confirm_milestone, SAM, KNEE, FIRST).code == "outside-lane"
    other = refusal(story, confirm_milestone, QUENTIN, KNEE, FIRST, proposal=proposal)
    assert other.code == "not-yours-to-confirm"
    story.do(
        confirm_milestone,
        QUENTIN,
        KNEE,
        FIRST,
        seen=story.seen(),
        proposal=proposal,
        covering=True,
    )


def test_confirming_on_ones_own_evidence() -> None:
    story = restricted(graduated())
    assert refusal(story, confirm_milestone, PRIYA, KNEE, FIRST).code == "criterion-not-met"
    assert refusal(story, confirm_milestone, PRIYA, KNEE, FIRST, proposal=3).code == "no-proposal"
    story.do(confirm_milestone, PRIYA, KNEE, FIRST, seen=story.seen(), evidence=(flexion(101),))
    assert story.item().terms.limits == bending_to(100).limits


def test_a_proposal_measured_again_is_not_the_one_that_was_seen() -> None:
    story = proposed()
    first = story.record.version
    story.do(propose_milestone, SAM, KNEE, FIRST, (flexion(101),), seen=story.seen())
    refused = refusal(story, confirm_milestone, PRIYA, KNEE, FIRST, proposal=first)
    assert refused.code == "changed-since-seen"
    refused = refusal(story, decline_milestone, PRIYA, KNEE, FIRST, "no", proposal=first)
    assert refused.code == "changed-since-seen"


def test_a_proposal_waits_a_while_but_not_for_ever() -> None:
    story = proposed()
    proposal = story.record.version
    story.wait(days(20))
    assert confirm_milestone(
        story.record, PRIYA, KNEE, FIRST, seen=story.seen(), now=story.now, proposal=proposal
    )
    story.wait(days(11))
    refused = refusal(story, confirm_milestone, PRIYA, KNEE, FIRST, proposal=proposal)
    assert refused.code == "criterion-not-met"


def test_a_proposal_is_held_against_the_criteria_of_today() -> None:
    story = proposed()
    proposal = story.record.version
    harder = terms(milestones=(milestone(FIRST, 110, 100), milestone(SECOND, 120, 120)))
    story.do(modify, PRIYA, KNEE, harder, seen=story.seen())
    refused = refusal(story, confirm_milestone, PRIYA, KNEE, FIRST, proposal=proposal)
    assert refused.code == "criterion-not-met"


def test_declining_says_why_and_leaves_it_pending() -> None:
    story = proposed()
    proposal = story.record.version
    fact = story.do(
        decline_milestone, PRIYA, KNEE, FIRST, "Warm.", proposal=proposal, seen=story.seen()
    )
    assert fact == MilestoneDeclined(restriction=KNEE, milestone=FIRST, reason="Warm.")
    progress = story.item().progress[FIRST]
    assert progress.proposal is None
    assert progress.declined
    assert progress.declined.reason == "Warm."
    assert FIRST in [step.code for step in story.item().pending]


def test_revoking_steps_back_to_what_held_before_and_must_be_acknowledged() -> None:
    story = confirmed()
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    assert unacknowledged(story.record, story.now) == ()
    fact = story.do(revoke_milestone, QUENTIN, KNEE, FIRST, "Swollen.", seen=story.seen())
    assert fact == MilestoneRevoked(
        restriction=KNEE, milestone=FIRST, bounds=BEFORE, reason="Swollen."
    )
    assert story.item().terms == graduated()
    assert story.item().progress[FIRST].revoked
    assert [due.person for due in unacknowledged(story.record, story.now)] == [SAM.id]
    assert refusal(story, revoke_milestone, PRIYA, KNEE, FIRST, "x").code == "not-reached"


def test_revoking_takes_those_after_it_along() -> None:
    story = confirmed()
    for_second = (flexion(121, at=story.now),)
    story.do(confirm_milestone, PRIYA, KNEE, SECOND, seen=story.seen(), evidence=for_second)
    story.do(revoke_milestone, PRIYA, KNEE, FIRST, "Fell.", seen=story.seen())
    assert [step.code for step in story.item().pending] == [FIRST, SECOND]
    assert story.item().terms == graduated()


def test_once_the_terms_are_rewritten_nobody_guesses_what_to_step_back_to() -> None:
    story = confirmed()
    rewritten = graduated().within(bending_to(60))
    story.do(modify, PRIYA, KNEE, rewritten, seen=story.seen())
    assert refusal(story, revoke_milestone, PRIYA, KNEE, FIRST, "x").code == "bounds-needed"
    easier = refusal(story, revoke_milestone, QUENTIN, KNEE, FIRST, "x", bounds=BEFORE)
    assert easier.code == "not-yours-to-confirm"
    story.do(revoke_milestone, QUENTIN, KNEE, FIRST, "x", seen=story.seen(), bounds=bending_to(40))


def test_bounds_looser_than_planned_are_the_authoritys() -> None:
    measured = (flexion(101),)
    surgeon = graduated(ordered_by={"authority": "surgeon", "delegates": (QUENTIN.id,)})
    story = restricted(surgeon)
    refused = refusal(
        story, confirm_milestone, PRIYA, KNEE, FIRST, evidence=measured, bounds=bending_to(130)
    )
    assert refused.code == "not-yours-to-loosen"
    for bounds in (bending_to(95), None):
        assert confirm_milestone(
            story.record,
            PRIYA,
            KNEE,
            FIRST,
            seen=story.seen(),
            now=story.now,
            evidence=measured,
            bounds=bounds,
        )


def test_with_all_milestones_reached_it_can_be_lifted() -> None:
    story = confirmed()
    assert refusal(story, lift, PRIYA, KNEE, "well").detail["pending"] == [SECOND]
    measured = (flexion(121, at=story.now),)
    story.do(confirm_milestone, PRIYA, KNEE, SECOND, seen=story.seen(), evidence=measured)
    story.do(lift, PRIYA, KNEE, "well", seen=story.seen())
