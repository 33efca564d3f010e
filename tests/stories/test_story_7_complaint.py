"""A complaint, later: which version had the trainer been shown and which acknowledged on that day,
on which screen, and who else knew?"""

import base64
import json
from typing import Any

import pytest

from tests.stories.conftest import Ask, Told
from tests.workers.waiting import until
from workers.journal import Step
from workers.people import ADA, JO, LOU, PRIYA, SAM
from workers.stories import complaint


@pytest.fixture(scope="module")
def story(told: Told) -> dict[str, Step]:
    return told(complaint.SLUG)


def states(story: dict[str, Step], position: int) -> dict[str, Any]:
    lines = story["knowledge"].answer["known"]
    found: dict[str, Any] = next(each for each in lines if each["position"] == position)["states"]
    return found


def test_the_second_version_was_on_the_screen_and_not_acknowledged(
    story: dict[str, Step],
) -> None:
    second = states(story, story["tightened"].position)
    assert second["released"]["disclosure"] == story["sam-told-second-opened"].position
    assert second["released"]["last_disclosure"] == story["sam-second-version"].position
    assert second["received"]["disclosure"] == story["sam-second-version"].position
    assert second["acknowledged"] is None


def test_the_first_version_was_acknowledged(story: dict[str, Step]) -> None:
    first = states(story, story["restricted"].position)
    assert first["acknowledged"]["version"] == story["restricted"].version
    assert first["acknowledged"]["disclosure"] == story["sam-first-version"].position


def test_he_was_told_of_both_and_his_phone_had_the_second(story: dict[str, Step], ask: Ask) -> None:
    def confirmed() -> list[dict[str, Any]]:
        found = ask(SAM, "/me/notifications?limit=100").json()["notifications"]
        by_id = {each["notification"]: each for each in found}
        told = [
            by_id[story[name].answer["data"]["id"]]
            for name in ("sam-told-first", "sam-told-second")
        ]
        return told if told[0]["acknowledged"] and told[1]["received"] else []

    first, second = until(confirmed)
    assert first["must_acknowledge"]
    assert second["must_acknowledge"]
    assert not second["acknowledged"]


def test_knowledge_tells_being_told_from_being_shown(story: dict[str, Step]) -> None:
    lines = {each["position"]: each for each in story["knowledge"].answer["known"]}
    first = lines[story["restricted"].position]["notified"]
    second = lines[story["tightened"].position]["notified"]
    assert first["must_acknowledge"]
    assert first["received"] is None
    assert second["must_acknowledge"]
    assert second["position"] < second["received"]["position"]
    assert second["received"]["position"] < story["sam-second-version"].position
    assert second["received"]["position"] == story["phone-told-second"].answer["positions"][0]


def test_the_auditor_sees_that_he_was_told_and_his_phone_said_so(
    story: dict[str, Step], ask: Ask
) -> None:
    def found() -> set[str]:
        answer = ask(ADA, f"/audit/register?client={LOU.id}&reader={SAM.id}")
        assert answer.status_code == 200, answer.text
        lines = [line for of in answer.json()["clients"] for line in of["accesses"]]
        kinds = {line["kind"] for line in lines}
        return kinds if {"notified", "notification-received"} <= kinds else set()

    until(found)


def test_two_moments_side_by_side_differ_in_what_was_shown_between_them(
    story: dict[str, Step],
) -> None:
    found = {each["position"]: each for each in story["differences"].answer["differences"]}
    line = found[story["tightened"].position]
    assert line["one"] is None
    assert line["other"]["released"]["last_disclosure"] == story["sam-second-version"].position


def test_the_screen_of_that_day_is_shown_again(story: dict[str, Step]) -> None:
    screen = story["screen"].answer
    shown = json.loads(base64.b64decode(screen["bytes"]))
    assert shown == story["sam-second-version"].answer
    limit = next(each["text"] for each in shown["card"]["lines"] if each["kind"] == "limit")
    assert "4 kg" in limit
    assert screen["commitment_matches"]
    assert screen["renders_the_same"]


def test_who_else_knew_is_said(story: dict[str, Step]) -> None:
    knowers = {each["reader"]: each for each in story["knowers"].answer["knowers"]}
    assert knowers[str(SAM.id)]["states"]["released"]
    assert knowers[str(PRIYA.id)]["authored"]
    assert not (knowers.get(str(JO.id)) or {"states": {"released": None}})["states"]["released"]


def test_the_chart_as_he_would_have_seen_it_at_any_moment(story: dict[str, Step], ask: Ask) -> None:
    then = story["acknowledged"].position
    answer = ask(ADA, f"/clients/{LOU.id}?reader={SAM.id}&at={then}")
    assert answer.status_code == 200, answer.text
    assert "12.0" in answer.text
    assert "pain at night" in answer.text


def test_the_case_is_recorded_and_the_client_is_told(story: dict[str, Step], ask: Ask) -> None:
    assert story["case"].status == 201
    assert ask(LOU, f"/clients/{LOU.id}/accesses").status_code == 200
