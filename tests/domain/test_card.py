"""The card that a trainer reads at arm's length."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from domain.acknowledgement import acknowledge
from domain.body import Movement, Pattern, Region, Side
from domain.card import Card, card, safety_minimum
from domain.hold import place_hold
from domain.instruction import LineKind
from domain.limits import (
    Arc,
    ArcMode,
    Impact,
    Limits,
    Load,
    Supervision,
    WeightBearing,
    WeightBearingClass,
)
from domain.restrict import impose, lift, modify
from domain.restricted import Status
from domain.terms import ReviewRule, Severity, Substitute, Terms, WhomToCall
from tests.domain.given_restriction import (
    HOLD,
    KNEE,
    NOW,
    PRIYA,
    SAM,
    SHOULDER,
    TESS,
    Story,
    days,
    restricted,
    terms,
)


def told(story: Story, **how: Any) -> dict[str, str]:
    shown = card(story.record.restrictions.active(story.now), SAM.id, story.now, **how)
    return {line.kind.value: line.text for line in shown.lines}


def of(*many: Terms) -> dict[str, str]:
    story = Story()
    for number, what in enumerate(many, 100):
        story.do(impose, PRIYA, UUID(int=number), what)
    return told(story)


def knee(**limits: Any) -> Terms:
    return terms(limits=Limits(**limits), substitutes=(), stop_signs=(), call=None)


def shown(story: Story, reader: UUID = SAM.id) -> Card:
    return card(story.record.restrictions.items.values(), reader, story.now)


def test_the_card_of_the_sketch() -> None:
    no_impact = terms(
        severity=Severity.STOP,
        patterns=(Pattern.JUMP, Pattern.RUN, Pattern.ROTATE),
        limits=Limits(loads=(Load(exercise="leg press", max_kg=40),), max_pain=4),
        stop_signs=("giving way",),
        substitutes=(Substitute(name="bike, no resistance sprints"),),
    )
    assert of(terms(), no_impact) == {
        "no": "jumping, running, twisting",
        "limit": "leg press ≤ 40 kg · squatting to 90° of knee bend · effort ≤ 6/10",
        "do_instead": "bike, no resistance sprints · box squat",
        "stop_if": "giving way · pain above 4/10 · swelling the same day",
        "call": "Priya, 555 0134",
    }


def test_nothing_restricted_is_no_card() -> None:
    assert told(Story()) == {}
    story = restricted()
    story.do(lift, PRIYA, KNEE, "well", seen=story.seen())
    assert shown(story) == Card((), ())


def test_the_strictest_wins() -> None:
    arcs = (Arc(movement=Movement.FLEXION, end=70),)
    assert of(knee(max_effort=6), knee(max_effort=4, arcs=arcs)) == {
        "limit": "effort ≤ 4/10 · squatting to 70° of knee bend",
        "call": "whoever set this",
    }


def test_patterns_with_the_same_limit_are_told_together() -> None:
    arcs = (Arc(movement=Movement.FLEXION, end=90),)
    both = knee(arcs=arcs).model_copy(update={"patterns": (Pattern.SQUAT, Pattern.LUNGE)})
    assert of(both)["limit"] == "squatting, lunging to 90° of knee bend"
    tighter = knee(arcs=(Arc(movement=Movement.FLEXION, end=60),))
    assert (
        of(both, tighter)["limit"] == "squatting to 60° of knee bend · lunging to 90° of knee bend"
    )


def test_what_is_ruled_out_is_not_limited_as_well() -> None:
    stop = knee().model_copy(update={"severity": Severity.STOP})
    assert of(terms(substitutes=()), stop)["no"] == "squatting"
    assert of(terms(substitutes=()), stop)["limit"] == "effort ≤ 6/10"


def test_arcs_are_cut_to_what_both_allow() -> None:
    low = knee(arcs=(Arc(movement=Movement.FLEXION, start=20, end=90),))
    high = knee(arcs=(Arc(movement=Movement.FLEXION, start=0, end=60),))
    assert of(low, high)["limit"] == "squatting 20° to 60° of knee bend"


def test_limits_that_leave_nothing_become_ask_first() -> None:
    low = knee(arcs=(Arc(movement=Movement.FLEXION, start=0, end=30),))
    high = knee(arcs=(Arc(movement=Movement.FLEXION, start=60, end=90),))
    assert of(low, high)["limit"] == (
        "ask first: squatting to 30° of knee bend or squatting 60° to 90° of knee bend"
    )


def test_a_substitute_that_another_restriction_rules_out_becomes_ask_first() -> None:
    stop = terms(severity=Severity.STOP, region=Region.HIP, substitutes=())
    assert of(terms(), stop)["do_instead"] == "ask first: box squat"


def test_two_braces_for_one_knee_become_ask_first() -> None:
    assert of(knee(brace="hinged brace"), knee(brace="sleeve"))["limit"] == (
        "squatting with care · ask first: right knee in hinged brace or right knee in sleeve"
    )


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (
            {"weight_bearing": WeightBearing(grade=WeightBearingClass.PWB, max_kg=20)},
            "right leg: at most 20 kg of weight (PWB)",
        ),
        (
            {"weight_bearing": WeightBearing(grade=WeightBearingClass.NWB)},
            "right leg: no weight on it (NWB)",
        ),
        ({"max_heart_rate": 120}, "heart rate ≤ 120/min"),
        ({"max_impact": Impact.LOW}, "low impact only"),
        ({"aid": "crutches"}, "with crutches"),
        ({"supervision": Supervision.ONE_TO_ONE}, "one to one only"),
    ],
)
def test_limits_in_words(limits: dict[str, Any], text: str) -> None:
    assert of(knee(**limits))["limit"] == f"squatting with care · {text}"


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"max_sets": 3}, "squatting at most 3 sets"),
        ({"max_sessions_per_week": 2}, "squatting at most 2 times a week"),
        ({"loads": (Load(max_kg=12.5),)}, "squatting ≤ 12.5 kg"),
        (
            {"arcs": (Arc(movement=Movement.FLEXION, end=90, mode=ArcMode.ACTIVE),)},
            "squatting to 90° of knee bend, by themselves",
        ),
    ],
)
def test_limits_of_a_pattern_in_words(limits: dict[str, Any], text: str) -> None:
    assert of(knee(**limits))["limit"] == text


def test_no_impact_rules_out_what_lands() -> None:
    assert of(knee(max_impact=Impact.NONE))["no"] == "impact, jumping, running"


def test_a_region_without_patterns() -> None:
    shoulder = terms(
        severity=Severity.STOP,
        region=Region.SHOULDER,
        side=Side.BOTH,
        patterns=(),
        limits=Limits(),
        substitutes=(),
    )
    assert of(shoulder)["no"] == "loading the left shoulder, loading the right shoulder"
    everything = shoulder.model_copy(update={"region": Region.WHOLE_BODY, "side": None})
    assert of(everything, terms())["no"] == "training"
    assert of(everything, terms())["do_instead"] == "ask first: box squat"


def test_a_review_that_is_overdue_can_block_new_load() -> None:
    story = restricted(terms(review_rule=ReviewRule.BLOCKS_NEW_LOAD))
    story.wait(days(60))
    assert told(story)["no"] == "new or heavier load before the review"
    (heading,) = shown(story).headings
    assert heading.status is Status.NEW_LOAD_BLOCKED


def test_changes_since_the_last_acknowledgement_are_marked() -> None:
    story = restricted(terms(limits=Limits(arcs=(Arc(movement=Movement.FLEXION, end=70),))))
    assert shown(story).changed == ()
    assert shown(story).headings[0].unseen
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    acknowledged = story.record.version
    assert not shown(story).headings[0].unseen
    story.do(modify, PRIYA, KNEE, terms(stop_signs=()), seen=story.seen())
    assert shown(story).changed == (
        "squatting to 90° of knee bend: was to 70° of knee bend",
        "effort ≤ 6/10: new",
        "no longer: swelling the same day",
    )
    assert shown(story).headings[0].changed
    assert shown(story, TESS.id).changed == ()
    seen = story.item().acknowledged_by(SAM.id)
    assert seen
    assert shown(story).versions == {seen.seen, acknowledged, story.seen()}
    assert shown(story, TESS.id).versions == {story.seen()}


def test_a_change_of_words_alone_is_no_change_of_the_card() -> None:
    story = restricted()
    story.do(acknowledge, SAM, KNEE, seen=story.seen())
    story.do(modify, PRIYA, KNEE, terms(reason="It heals well."), seen=story.seen())
    assert shown(story).changed == ()
    assert not shown(story).headings[0].changed


def test_the_heading_says_what_until_when_and_from_whom() -> None:
    (heading,) = shown(restricted()).headings
    assert (heading.title, heading.review_by, heading.author) == (
        "right knee",
        date(2026, 12, 14),
        PRIYA.id,
    )
    story = restricted(terms(region=None, side=None, limits=Limits()))
    assert shown(story).headings[0].title == "squat"


def test_each_part_names_the_restrictions_it_is_merged_from() -> None:
    story = restricted()
    story.do(impose, PRIYA, SHOULDER, knee(max_effort=4))
    (effort,) = (
        part
        for line in shown(story).lines
        for part in line.parts
        if part.rules[0].key == ("max_effort",)
    )
    assert effort.text == "effort ≤ 4/10"
    assert effort.items == (KNEE, SHOULDER)
    assert effort.versions == {story.seen(KNEE), story.seen(SHOULDER)}


def test_a_hold_is_on_the_card() -> None:
    story = restricted()
    hold = terms(
        severity=Severity.STOP, patterns=(Pattern.HINGE,), limits=Limits(), review_by=NOW.date()
    )
    story.do(place_hold, SAM, HOLD, hold)
    assert told(story)["no"] == "hip hinging"
    assert [heading.provisional for heading in shown(story).headings] == [True, False]


def test_the_safety_minimum_never_tells_the_reason() -> None:
    story = restricted()
    minimum = safety_minimum(story.item())
    assert not hasattr(minimum, "reason")
    assert (minimum.patterns, minimum.limits) == (terms().patterns, terms().limits)
    assert minimum.call == WhomToCall(name="Priya", phone="555 0134")
    assert told(story, minimum=True) == {
        kind: text for kind, text in told(story).items() if kind != LineKind.DO_INSTEAD
    }
