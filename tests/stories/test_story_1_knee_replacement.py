"""A new knee: both lanes assess it; the trainer is told, acknowledges, measures and proposes; the
physio confirms; the limits change with that very fact, and not before its week."""

import json
from datetime import datetime
from typing import Any

import pytest

from tests.stories.conftest import Ask, Send, Told
from tests.workers.waiting import until
from workers.journal import Step
from workers.people import MEI, PRIYA, ROBIN, SAM, Person
from workers.stories import knee


@pytest.fixture(scope="module")
def story(told: Told) -> dict[str, Step]:
    return told(knee.SLUG)


def only(screen: dict[str, Any]) -> dict[str, Any]:
    (restriction,) = screen["restrictions"]
    found: dict[str, Any] = restriction
    return found


def line(screen: dict[str, Any], kind: str) -> str:
    return str(next(each["text"] for each in screen["card"]["lines"] if each["kind"] == kind))


def test_the_card_says_in_ten_seconds_what_holds(story: dict[str, Step]) -> None:
    screen = story["sam-first"].answer
    assert "jumping" in line(screen, "no")
    assert "90° of knee bend" in line(screen, "limit")
    assert "leg press ≤ 40 kg" in line(screen, "limit")
    assert "box squat" in line(screen, "do_instead")
    assert "giving way" in line(screen, "stop_if")
    assert "Priya Nair" in line(screen, "call")
    assert len(screen["card"]["lines"]) <= 5
    assert only(screen)["to_acknowledge"]


def test_it_has_held_since_the_operation_and_was_recorded_today(story: dict[str, Step]) -> None:
    imposed = only(story["sam-first"].answer)["imposed"]
    weeks = datetime.fromisoformat(imposed["recorded_at"]) - datetime.fromisoformat(
        imposed["effective"]
    )
    assert 41 <= weeks.days <= 43


def test_a_proposal_changes_nothing_until_it_is_confirmed(story: dict[str, Step]) -> None:
    (step, later) = only(story["priya-proposal"].answer)["milestones"]
    assert step["state"] == "proposed"
    assert step["evidence"][0]["value"] == 104
    assert later["state"] == "pending"
    terms = only(story["priya-proposal"].answer)["terms"]
    assert terms["limits"]["arcs"][0]["end"] == 90


def test_with_the_confirmation_the_limits_change(story: dict[str, Step]) -> None:
    screen = story["sam-after"].answer
    assert "110° of knee bend" in line(screen, "limit")
    assert "leg press ≤ 60 kg" in line(screen, "limit")
    assert [each["state"] for each in only(screen)["milestones"]] == ["reached", "pending"]
    assert only(screen)["version"] == story["confirmed"].version


def test_easing_only_notifies(story: dict[str, Step]) -> None:
    assert not only(story["sam-after"].answer)["to_acknowledge"]


def test_the_second_milestone_is_not_reached_before_its_week(
    story: dict[str, Step], send: Send
) -> None:
    restriction = story["restricted"].id("restriction")
    path = f"/clients/{ROBIN.id}/restrictions/{restriction}/milestones/bends-to-115/proposals"
    reading = {**story["measured-bend"].request["readings"][0], "value": 118}
    answer = send(SAM, path, {"evidence": [reading]}, seen=story["confirmed"].version)
    assert answer.status_code == 409
    assert answer.json()["code"] == "too-early"


def baseline(screen: dict[str, Any], story: dict[str, Step]) -> dict[str, Any]:
    wanted = story["assessed"].id("assessment")
    return next(each for each in screen["assessments"] if each["assessment"] == wanted)


def test_one_form_is_filled_by_both_lanes(story: dict[str, Step]) -> None:
    found = baseline(story["priya-proposal"].answer, story)
    clinical, fitness = found["clinical"], found["fitness"]
    assert [each["measure"] for each in clinical["readings"]] == [
        "knee_flexion",
        "knee_short_of_straight",
        "quadriceps_lag",
    ]
    assert {each["rater"] for each in clinical["readings"]} == {str(PRIYA.id)}
    assert {each["rater"] for each in fitness["readings"]} == {str(SAM.id)}
    assert fitness["findings"][0]["movement"][0]["compensation"].startswith("Shifts to the left")
    assert clinical["completed"]["by"] == str(PRIYA.id)
    assert fitness["completed"]["by"] == str(SAM.id)


def test_each_lane_reads_of_it_what_is_theirs(story: dict[str, Step]) -> None:
    for name, clinical in (("priya-proposal", True), ("robin", True), ("sam-first", False)):
        (finding,) = baseline(story[name].answer, story)["clinical"]["findings"]
        assert ("clinical" in finding) is clinical, name
    sam = baseline(story["sam-first"].answer, story)
    assert [each["value"] for each in sam["clinical"]["readings"]] == [92, 5, 5]
    assert "fitness" not in baseline(story["mei"].answer, story)


def test_what_is_proposed_is_what_was_measured(story: dict[str, Step]) -> None:
    recorded = story["measured-bend"].request["readings"][0]
    (step, _) = only(story["priya-proposal"].answer)["milestones"]
    (evidence,) = step["evidence"]
    for name in ("measure", "value", "unit", "side", "method"):
        assert evidence[name] == recorded[name]


def test_the_trend_compares_like_with_like_and_claims_no_more_than_is_known(
    story: dict[str, Step],
) -> None:
    (trend,) = story["trend"].answer["trends"]
    assert [point["value"] for point in trend["points"]] == [92, 104]
    assert [point["rater"] for point in trend["points"]] == [str(PRIYA.id), str(SAM.id)]
    assert trend["since_first"] == {
        "by": 12,
        "size": "unknown",
        "direction": "better",
        "same_rater": False,
    }


def lines(story: dict[str, Step], ask: Ask, person: Person, *names: str) -> list[dict[str, Any]]:
    found = ask(person, "/me/notifications?limit=100").json()["notifications"]
    by_id = {each["notification"]: each for each in found}
    return [by_id[story[name].answer["data"]["id"]] for name in names]


def test_the_trainer_is_told_of_both_and_has_to_acknowledge_what_tightens(
    story: dict[str, Step], ask: Ask
) -> None:
    imposed, eased = lines(story, ask, SAM, "sam-told", "sam-told-changed")
    assert (imposed["must_acknowledge"], imposed["urgency"]) == (True, "urgent")
    assert (eased["must_acknowledge"], eased["urgency"]) == (False, "routine")
    assert story["sam-told-changed-opened"].answer["version"] == story["confirmed"].version
    (proposed,) = lines(story, ask, PRIYA, "priya-told")
    assert not proposed["must_acknowledge"]


def test_that_he_took_note_of_both_shows(story: dict[str, Step], ask: Ask) -> None:
    def noted() -> bool:
        found = lines(story, ask, SAM, "sam-told", "sam-told-changed")
        return all(each["acknowledged"] for each in found)

    until(noted)
    made = only(ask(SAM, f"/clients/{ROBIN.id}").json())["acknowledged"]
    assert made["seen"] == story["confirmed"].version


def test_a_pointer_says_nothing_of_what_it_points_to(story: dict[str, Step]) -> None:
    for name in ("sam-told", "sam-told-changed", "priya-told"):
        text = json.dumps(story[name].answer)
        for secret in (str(ROBIN.id), story["restricted"].id("restriction"), "knee"):
            assert secret not in text


def test_the_massage_therapist_reads_in_her_lane(story: dict[str, Step]) -> None:
    screen = story["mei"].answer
    assert only(screen)["terms"]["region"] == "knee"
    assert "clinical_reason" not in only(screen)
    assert screen["not_shared"]


def test_the_client_and_the_author_read_the_clinical_reason(
    story: dict[str, Step], ask: Ask
) -> None:
    for screen in (story["robin"].answer, ask(PRIYA, f"/clients/{ROBIN.id}").json()):
        assert "arthroplasty" in only(screen)["clinical_reason"]
    for person in (SAM, MEI):
        assert "arthroplasty" not in ask(person, f"/clients/{ROBIN.id}").text


def test_a_stale_decision_is_refused(story: dict[str, Step], send: Send) -> None:
    restriction = story["restricted"].id("restriction")
    path = f"/clients/{ROBIN.id}/restrictions/{restriction}/review"
    body = {"review_by": story["restricted"].request["terms"]["review_by"]}
    answer = send(PRIYA, path, body, seen=story["restricted"].version)
    assert answer.status_code == 409
    assert answer.json()["code"] == "changed-since-seen"
