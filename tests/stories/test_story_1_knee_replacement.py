"""A new knee: the trainer acknowledges, measures and proposes; the physio confirms; the limits
change with that very fact, and not before its week."""

from datetime import datetime
from typing import Any

import pytest

from tests.stories.conftest import Ask, Send, Told
from workers.journal import Step
from workers.people import MEI, PRIYA, ROBIN, SAM
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
    reading = {**story["proposed"].request["evidence"][0], "value": 118}
    answer = send(SAM, path, {"evidence": [reading]}, seen=story["confirmed"].version)
    assert answer.status_code == 409
    assert answer.json()["code"] == "too-early"


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
