"""Imposing, modifying, correcting, reviewing, lifting and retracting a restriction."""

from datetime import date
from uuid import UUID

import pytest

from domain.acknowledgement import acknowledge
from domain.actor import Actor
from domain.body import Pattern
from domain.lanes import Category, Discipline
from domain.limits import Limits
from domain.record import CareRecord
from domain.refused import Refused, Unprocessable
from domain.restrict import correct, impose, lift, modify, retract, review
from domain.restricted import Status
from domain.restriction import (
    RestrictionCorrected,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionModified,
    RestrictionRetracted,
    RestrictionReviewed,
)
from domain.terms import Authority, OrderedBy, ReviewRule, Severity
from tests.domain.given_restriction import (
    CARA,
    KNEE,
    NOW,
    OWNER,
    PRIYA,
    QUENTIN,
    RUTH,
    SAM,
    STRANGER,
    TODAY,
    Story,
    days,
    graduated,
    restricted,
    terms,
)

CAUTION = terms(severity=Severity.CAUTION)
TIGHTER = terms(limits=terms().limits.model_copy(update={"max_effort": 4}))
EASIER = terms(limits=terms().limits.model_copy(update={"max_effort": 8}))


def refused(code: str) -> pytest.RaisesExc[Refused]:
    return pytest.RaisesExc(Refused, match=f"^{code}$")


def test_a_physiotherapist_imposes() -> None:
    story = Story()
    fact = story.do(impose, PRIYA, KNEE, terms(), clinical_reason="ACL graft, week 6")
    assert fact == RestrictionImposed(
        restriction=KNEE, terms=terms(), clinical_reason="ACL graft, week 6"
    )
    item = story.item()
    assert item.version == story.record.version == item.edition.clinical_from
    assert item.edition.shown == {story.record.version}
    assert (item.author, item.imposed.acting_as) == (PRIYA.id, Discipline.PHYSIOTHERAPIST)
    assert item.status(story.now) is Status.ACTIVE


def test_the_clinical_reason_needs_a_narrower_consent() -> None:
    for fact in (RestrictionImposed, RestrictionModified, RestrictionCorrected):
        assert fact.category is Category.RESTRICTIONS
        assert fact.narrower_fields() == {"clinical_reason": Category.CLINICAL}


@pytest.mark.parametrize("who", [SAM, CARA, OWNER])
def test_only_clinicians_impose(who: Actor) -> None:
    with refused("outside-lane"):
        impose(Story().record, who, KNEE, terms(), now=NOW)


def test_a_massage_therapist_imposes_cautions_only() -> None:
    with refused("cautions-only"):
        impose(Story().record, RUTH, KNEE, terms(), now=NOW)
    assert impose(Story().record, RUTH, KNEE, CAUTION, now=NOW)


def test_only_the_team_imposes_unless_covering() -> None:
    with refused("not-on-the-team"):
        impose(Story().record, STRANGER, KNEE, terms(), now=NOW)
    assert impose(Story().record, STRANGER, KNEE, terms(), now=NOW, covering=True)


def test_nobody_restricts_whoever_is_not_enrolled() -> None:
    with refused("not-enrolled"):
        impose(CareRecord(KNEE), PRIYA, KNEE, terms(), now=NOW, covering=True)


def test_an_id_is_used_once() -> None:
    story = restricted()
    with refused("restriction-exists"):
        story.do(impose, PRIYA, KNEE, terms())


@pytest.mark.parametrize("review_by", [TODAY, TODAY - days(1), TODAY + days(732), date.max])
def test_the_review_lies_ahead_and_not_absurdly_far(review_by: date) -> None:
    with pytest.raises(Unprocessable) as refusal:
        impose(Story().record, PRIYA, KNEE, terms(review_by=review_by), now=NOW)
    assert refusal.value.path == "terms.review_by"


def test_any_physiotherapist_tightens() -> None:
    story = restricted()
    story.do(modify, QUENTIN, KNEE, TIGHTER, seen=story.seen())
    assert story.item().terms == TIGHTER
    assert story.item().author == PRIYA.id
    assert story.item().edition.must_be_acknowledged


def test_only_the_authority_eases() -> None:
    story = restricted()
    with refused("not-yours-to-loosen"):
        story.do(modify, QUENTIN, KNEE, EASIER, seen=story.seen())
    story.do(modify, PRIYA, KNEE, EASIER, seen=story.seen())
    assert not story.item().edition.must_be_acknowledged
    story.do(modify, QUENTIN, KNEE, EASIER.within(graduated()), seen=story.seen(), covering=True)


def test_a_massage_therapist_does_not_touch_what_others_imposed() -> None:
    story = restricted(CAUTION)
    with refused("not-yours-to-loosen"):
        story.do(
            modify, RUTH, KNEE, terms(severity=Severity.CAUTION, reason="x"), seen=story.seen()
        )


def test_what_changed_since_it_was_seen_is_not_redecided() -> None:
    story = restricted()
    before = story.seen()
    story.do(modify, QUENTIN, KNEE, TIGHTER, seen=before)
    for decision, what in ((modify, EASIER), (lift, "well"), (retract, "error")):
        with pytest.raises(Refused) as refusal:
            story.do(decision, PRIYA, KNEE, what, seen=before)
        assert refusal.value.code == "changed-since-seen"
        assert refusal.value.detail == {"seen": before, "version": story.seen()}


def test_modifying_nothing_is_refused() -> None:
    story = restricted()
    with refused("nothing-changed"):
        story.do(modify, PRIYA, KNEE, terms(), seen=story.seen())


def test_modifying_without_a_clinical_reason_keeps_the_earlier_one() -> None:
    story = Story()
    story.do(impose, PRIYA, KNEE, terms(), clinical_reason="graft")
    imposed = story.seen()
    story.do(modify, PRIYA, KNEE, TIGHTER, seen=imposed)
    assert story.item().edition.clinical_reason == "graft"
    assert story.item().edition.clinical_from == imposed
    assert story.item().edition.shown == {story.seen()}


def test_what_a_surgeon_ordered_is_theirs_to_loosen() -> None:
    surgeon = OrderedBy(authority=Authority.SURGEON, name="Dr Chen", delegates=(QUENTIN.id,))
    story = restricted(terms(ordered_by=surgeon))
    with pytest.raises(Refused) as refusal:
        story.do(lift, PRIYA, KNEE, "well again", seen=story.seen())
    assert refusal.value.code == "not-yours-to-loosen"
    assert refusal.value.detail == {"ordered_by": "surgeon", "name": "Dr Chen"}
    with refused("not-yours-to-loosen"):
        story.do(modify, PRIYA, KNEE, terms(), seen=story.seen())
    story.do(lift, QUENTIN, KNEE, "the surgeon agrees", seen=story.seen())
    assert story.item().status(story.now) is Status.LIFTED


def test_lifting_ends_it() -> None:
    story = restricted()
    fact = story.do(lift, PRIYA, KNEE, "Full strength.", seen=story.seen())
    assert fact == RestrictionLifted(restriction=KNEE, rationale="Full strength.")
    assert story.record.restrictions.active(story.now) == ()
    assert story.item().version == story.record.version
    with refused("restriction-ended"):
        story.do(modify, PRIYA, KNEE, TIGHTER, seen=story.seen())


def test_nothing_is_lifted_while_milestones_are_pending() -> None:
    story = restricted(graduated())
    with pytest.raises(Refused) as refusal:
        story.do(lift, PRIYA, KNEE, "seems fine", seen=story.seen())
    assert refusal.value.code == "milestones-pending"
    assert refusal.value.detail == {"pending": ["bends-100", "bends-120"]}


def test_an_unknown_restriction_is_refused() -> None:
    with refused("unknown-restriction"):
        lift(Story().record, PRIYA, UUID(int=9), "well", seen=1, now=NOW)


def test_a_review_moves_the_date_and_nothing_else() -> None:
    story = restricted()
    imposed = story.seen()
    fact = story.do(review, PRIYA, KNEE, date(2027, 1, 10), seen=imposed, note="stiff still")
    assert fact == RestrictionReviewed(
        restriction=KNEE, review_by=date(2027, 1, 10), note="stiff still"
    )
    assert story.item().terms == terms(review_by=date(2027, 1, 10))
    assert story.item().edition.shown == {imposed, story.seen()}
    assert not story.item().edition.must_be_acknowledged
    with pytest.raises(Unprocessable):
        story.do(review, PRIYA, KNEE, date(2026, 12, 24), seen=story.seen())
    with refused("not-yours-to-loosen"):
        story.do(review, QUENTIN, KNEE, date(2027, 2, 10), seen=story.seen())


@pytest.mark.parametrize(
    ("rule", "severity", "status"),
    [
        (ReviewRule.STAYS, Severity.CAUTION, Status.REVIEW_OVERDUE),
        (ReviewRule.BLOCKS_NEW_LOAD, Severity.MODIFY, Status.NEW_LOAD_BLOCKED),
        (ReviewRule.LAPSES, Severity.CAUTION, Status.LAPSED),
    ],
)
def test_once_the_review_date_has_passed(
    rule: ReviewRule, severity: Severity, status: Status
) -> None:
    story = restricted(terms(review_rule=rule, severity=severity, review_by=TODAY + days(7)))
    item = story.item()
    assert item.status(NOW + days(7)) is Status.ACTIVE
    assert item.status(NOW + days(8)) is status
    assert item.in_force(NOW + days(8)) is (status is not Status.LAPSED)
    assert story.record.restrictions.active(NOW + days(8)) == (
        () if status is Status.LAPSED else (item,)
    )


def test_what_has_lapsed_is_not_decided_on_any_more() -> None:
    story = restricted(terms(severity=Severity.CAUTION, review_rule=ReviewRule.LAPSES))
    story.wait(days(90))
    with refused("restriction-ended"):
        story.do(review, PRIYA, KNEE, date(2027, 6, 1), seen=story.seen())


def test_a_retraction_voids_what_was_acknowledged() -> None:
    story = restricted()
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    assert story.item().acknowledged_by(SAM.id)
    fact = story.do(retract, PRIYA, KNEE, "Another client's knee.", seen=story.seen())
    assert fact == RestrictionRetracted(restriction=KNEE, reason="Another client's knee.")
    assert story.item().acknowledged_by(SAM.id) is None
    assert story.item().status(story.now) is Status.RETRACTED


def test_what_was_lifted_or_has_lapsed_can_still_turn_out_to_be_wrong() -> None:
    story = restricted()
    story.do(lift, PRIYA, KNEE, "well", seen=story.seen())
    with refused("not-yours-to-loosen"):
        story.do(retract, QUENTIN, KNEE, "Another client's knee.", seen=story.seen())
    story.do(retract, PRIYA, KNEE, "Another client's knee.", seen=story.seen())
    assert story.item().status(story.now) is Status.RETRACTED
    with refused("already-retracted"):
        story.do(retract, PRIYA, KNEE, "Again.", seen=story.seen())


def test_a_correction_voids_what_was_acknowledged_and_asks_for_it_again() -> None:
    story = restricted()
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    with refused("not-yours-to-loosen"):
        story.do(correct, QUENTIN, KNEE, EASIER, "Wrong side.", seen=story.seen())
    story.do(correct, PRIYA, KNEE, EASIER, "Wrong side.", seen=story.seen())
    assert story.item().acknowledged_by(SAM.id) is None
    assert story.item().to_acknowledge == story.item().edition


def test_the_strictest_comes_first() -> None:
    story = Story()
    for number, severity in enumerate((Severity.CAUTION, Severity.STOP, Severity.MODIFY), 1):
        what = terms(severity=severity, patterns=(Pattern.RUN,), limits=Limits())
        story.do(impose, PRIYA, UUID(int=number), what)
    active = story.record.restrictions.active(story.now)
    assert [item.terms.severity for item in active] == list(Severity)
