"""A trainer's hold, and what becomes of it; and who has to acknowledge what."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.acknowledgement import Due, acknowledge, unacknowledged
from domain.actor import Actor
from domain.body import Pattern, Region
from domain.hold import place_hold, review_hold
from domain.lanes import Discipline
from domain.limits import Limits
from domain.refused import Refused, Unprocessable
from domain.restrict import impose, lift, modify, review
from domain.restricted import Status
from domain.restriction import (
    HoldOutcome,
    HoldPlaced,
    HoldReviewed,
    RestrictionAcknowledged,
    RestrictionImposed,
)
from domain.team import Departure, MemberJoined, MemberLeft
from domain.terms import Authority, OrderedBy, ReviewRule, Severity, Terms
from tests.domain.given_restriction import (
    CARA,
    CLIENT,
    HOLD,
    KNEE,
    NOW,
    OWNER,
    PRIYA,
    QUENTIN,
    RUTH,
    SAM,
    SHOULDER,
    STRANGER,
    TESS,
    TODAY,
    Story,
    days,
    graduated,
    restricted,
    terms,
)


def stop(**changes: Any) -> Terms:
    usual: dict[str, Any] = {
        "severity": Severity.STOP,
        "region": Region.LOWER_BACK,
        "side": None,
        "patterns": (Pattern.HINGE,),
        "limits": Limits(),
        "substitutes": (),
        "reason": "Pain down the leg at the third set.",
        "review_by": TODAY + days(3),
    }
    return terms(**{**usual, **changes})


def held() -> Story:
    story = Story(*(PRIYA, QUENTIN, SAM, TESS, RUTH, CARA))
    story.do(place_hold, SAM, HOLD, stop())
    return story


def test_a_trainer_holds() -> None:
    story = held()
    item = story.item(HOLD)
    assert item.provisional
    assert item.author == SAM.id
    assert item.terms.severity is Severity.STOP
    assert story.entries[-1].fact == HoldPlaced(hold=HOLD, terms=stop())


@pytest.mark.parametrize("who", [PRIYA, RUTH, CARA, OWNER])
def test_holding_is_the_trainers_lane(who: Actor) -> None:
    with pytest.raises(Refused, match="outside-lane"):
        place_hold(Story().record, who, HOLD, stop(), now=NOW)


def test_a_trainer_who_is_not_on_the_team_does_not_hold() -> None:
    with pytest.raises(Refused, match="not-on-the-team"):
        place_hold(Story().record, TESS, HOLD, stop(), now=NOW)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"severity": Severity.MODIFY}, "terms.severity"),
        ({"milestones": graduated().milestones, "region": Region.NECK}, "terms.milestones"),
        ({"review_rule": ReviewRule.BLOCKS_NEW_LOAD}, "terms.review_rule"),
        ({"review_by": TODAY + days(29)}, "terms.review_by"),
        ({"review_by": TODAY - days(1)}, "terms.review_by"),
        (
            {"ordered_by": OrderedBy(authority=Authority.SURGEON, person=KNEE)},
            "terms.ordered_by",
        ),
    ],
)
def test_a_hold_is_a_plain_stop(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(Unprocessable) as wrong:
        place_hold(Story().record, SAM, HOLD, stop(**changes), now=NOW)
    assert wrong.value.path == path


def test_a_hold_stays_until_somebody_has_looked() -> None:
    item = held().item(HOLD)
    assert item.status(NOW + days(60)) is Status.REVIEW_OVERDUE
    assert item.in_force(NOW + days(60))


def test_any_physiotherapist_releases_it() -> None:
    story = held()
    fact = story.do(review_hold, QUENTIN, HOLD, "A strain, settled.", seen=story.seen(HOLD))
    assert fact == HoldReviewed(
        hold=HOLD, outcome=HoldOutcome.RELEASED, rationale="A strain, settled."
    )
    assert story.item(HOLD).status(story.now) is Status.RELEASED


def test_or_makes_it_a_restriction_in_the_same_decision() -> None:
    story = held()
    sciatica = terms(region=Region.LOWER_BACK, side=None, patterns=(Pattern.HINGE,))
    facts = story.do(
        review_hold,
        PRIYA,
        HOLD,
        "Signs of sciatica.",
        seen=story.seen(HOLD),
        restriction=SHOULDER,
        terms=sciatica,
        clinical_reason="L5 radiculopathy",
    )
    assert facts == [
        HoldReviewed(
            hold=HOLD,
            outcome=HoldOutcome.RESTRICTED,
            rationale="Signs of sciatica.",
            restriction=SHOULDER,
        ),
        RestrictionImposed(
            restriction=SHOULDER, terms=sciatica, clinical_reason="L5 radiculopathy"
        ),
    ]
    assert story.item(HOLD).status(story.now) is Status.REPLACED
    assert [item.id for item in story.record.restrictions.active(story.now)] == [SHOULDER]


@pytest.mark.parametrize("who", [SAM, RUTH])
def test_who_holds_does_not_release(who: Actor) -> None:
    story = held()
    with pytest.raises(Refused, match="outside-lane"):
        story.do(review_hold, who, HOLD, "fine", seen=story.seen(HOLD))


def test_a_hold_is_no_restriction_and_a_restriction_no_hold() -> None:
    story = held()
    for decision, what in ((lift, "fine"), (review, date(2026, 12, 1)), (modify, terms())):
        with pytest.raises(Refused, match="is-a-hold"):
            story.do(decision, PRIYA, HOLD, what, seen=story.seen(HOLD))
    story = restricted()
    with pytest.raises(Refused, match="not-a-hold"):
        story.do(review_hold, PRIYA, KNEE, "fine", seen=story.seen())


def test_a_trainer_acknowledges_the_version_displayed() -> None:
    story = restricted()
    fact = story.do(acknowledge, SAM, KNEE, seen=story.seen(), disclosed_at=77)
    assert fact == RestrictionAcknowledged(restriction=KNEE, seen=story.seen(), disclosed_at=77)
    mine = story.item().acknowledged_by(SAM.id)
    assert mine
    assert (mine.seen, mine.disclosed_at) == (story.seen(), 77)
    assert mine.source.version == story.record.version != story.seen()
    assert story.do(acknowledge, SAM, KNEE, seen=story.seen()) == []


@pytest.mark.parametrize("who", [PRIYA, RUTH, OWNER])
def test_so_do_those_who_treat_and_the_client(who: Actor) -> None:
    story = restricted()
    story.do(acknowledge, who, KNEE, seen=story.seen())


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (CARA, "outside-lane"),
        (TESS, "not-on-the-team"),
        (STRANGER, "not-on-the-team"),
        (Actor.client(UUID(int=2)), "client-only"),
    ],
)
def test_nobody_else_does(who: Actor, code: str) -> None:
    story = restricted()
    with pytest.raises(Refused, match=f"^{code}$"):
        story.do(acknowledge, who, KNEE, seen=story.seen())


def test_nobody_acknowledges_what_is_not_displayed_any_more() -> None:
    story = restricted()
    before = story.seen()
    story.do(review, PRIYA, KNEE, date(2027, 1, 10), seen=before)
    with pytest.raises(Refused, match="changed-since-seen"):
        story.do(acknowledge, SAM, KNEE, seen=before)
    story.do(lift, PRIYA, KNEE, "well", seen=story.seen())
    with pytest.raises(Refused, match="restriction-ended"):
        story.do(acknowledge, SAM, KNEE, seen=story.seen())


def test_those_who_train_have_to_acknowledge_what_tightens() -> None:
    story = restricted()
    imposed, since = story.seen(), story.now
    due = Due(SAM.id, KNEE, imposed, since)
    assert unacknowledged(story.record, story.now) == (due,)
    story.do(acknowledge, SAM, KNEE, seen=imposed)
    assert unacknowledged(story.record, story.now) == ()

    easier = terms(limits=Limits())
    story.do(modify, PRIYA, KNEE, easier, seen=story.seen())
    assert unacknowledged(story.record, story.now) == ()

    story.do(modify, QUENTIN, KNEE, terms(), seen=story.seen())
    again = Due(SAM.id, KNEE, story.seen(), story.now, seen=imposed)
    assert unacknowledged(story.record, story.now) == (again,)


def test_the_clock_of_what_tightened_does_not_start_again_with_a_second_change() -> None:
    story = restricted()
    since = story.now
    story.wait(days(1))
    story.do(modify, PRIYA, KNEE, terms(severity=Severity.STOP), seen=story.seen())
    assert [due.since for due in unacknowledged(story.record, story.now)] == [since]


def test_who_joins_later_has_to_acknowledge_too_from_then_on() -> None:
    story = restricted()
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    joined = MemberJoined(practitioner=TESS.id, discipline=Discipline.TRAINER, due_to_train=True)
    story.append(CARA, joined)
    assert unacknowledged(story.record, story.now) == (Due(TESS.id, KNEE, story.seen(), story.now),)
    story.append(CARA, MemberLeft(practitioner=TESS.id, reason=Departure.OWN_WISH))
    assert unacknowledged(story.record, story.now) == ()


def test_the_hold_is_for_the_others_to_acknowledge() -> None:
    story = held()
    assert [due.person for due in unacknowledged(story.record, story.now)] == [TESS.id]
    story.do(acknowledge, TESS, HOLD, seen=story.seen(HOLD))
    assert unacknowledged(story.record, story.now) == ()


def test_longest_waiting_comes_first() -> None:
    story = restricted()
    story.wait(days(1))
    story.do(impose, PRIYA, SHOULDER, terms(severity=Severity.STOP))
    waiting = unacknowledged(story.record, story.now)
    assert [due.restriction for due in waiting] == [KNEE, SHOULDER]
    assert story.record.id == CLIENT
