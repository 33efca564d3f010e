"""Back pain seen under load: the trainer's hold is a provisional stop; what the physio finds
replaces it; the clinical reason is not visible to the trainer, the plain one is."""

import json
from typing import Any

import pytest

from tests.stories.conftest import Ask, Send, Told
from workers.journal import Step
from workers.people import JO, KIM, MEI, PRIYA, SAM
from workers.stories import back_pain


@pytest.fixture(scope="module")
def story(told: Told) -> dict[str, Step]:
    return told(back_pain.SLUG)


def by_id(screen: dict[str, Any], id: str) -> dict[str, Any]:
    return next(each for each in screen["restrictions"] if each["restriction"] == id)


def test_the_hold_stops_at_once_and_waits_for_the_physio(story: dict[str, Step]) -> None:
    held = by_id(story["priya-hold"].answer, story["held"].id("hold"))
    assert held["provisional"]
    assert held["terms"]["severity"] == "stop"
    assert "pain into the leg" in held["terms"]["reason"]


def test_the_review_puts_a_restriction_in_its_place(story: dict[str, Step]) -> None:
    screen = story["sam"].answer
    assert by_id(screen, story["held"].id("hold"))["status"] == "replaced"
    restriction = by_id(screen, story["reviewed"].id("restriction"))
    assert restriction["status"] == "active"
    assert restriction["to_acknowledge"]


def test_the_trainer_reads_the_plain_reason_and_not_the_clinical_one(
    story: dict[str, Step],
) -> None:
    text = json.dumps(story["sam"].answer)
    assert "A nerve in the lower back is irritated" in text
    assert "sciatica" not in text
    assert "clinical_reason" not in text


def test_the_client_reads_both(story: dict[str, Step]) -> None:
    restriction = by_id(story["kim"].answer, story["reviewed"].id("restriction"))
    assert "sciatica" in restriction["clinical_reason"]
    assert "nerve" in restriction["terms"]["reason"]


def test_a_trainer_does_not_write_restrictions_and_an_rmt_only_cautions(
    story: dict[str, Step], send: Send
) -> None:
    path = f"/clients/{KIM.id}/restrictions"
    for person, code in ((SAM, "outside-lane"), (MEI, "cautions-only")):
        answer = send(person, path, {"terms": story["reviewed"].request["terms"]})
        assert answer.status_code in (403, 409), answer.text
        assert answer.json()["code"] == code


def test_the_coordinator_knows_that_there_is_something_and_not_what(
    story: dict[str, Step], ask: Ask
) -> None:
    answer = ask(JO, f"/clients/{KIM.id}")
    assert answer.json()["identity"]["name"] == KIM.name
    assert story["reviewed"].id("restriction") in answer.text
    for secret in ("nerve", "sciatica", "hinge", "modify"):
        assert secret not in answer.text


def test_without_a_consent_nobody_reads_more_than_what_they_wrote(ask: Ask) -> None:
    answer = ask(MEI, f"/clients/{KIM.id}")
    assert "nerve" not in answer.text
    assert "Twisting under load" in answer.text


def test_the_client_sees_who_has_looked(story: dict[str, Step]) -> None:
    sentences = " ".join(each["sentence"] for each in story["accesses"].answer["accesses"])
    assert PRIYA.name in sentences
    assert SAM.name in sentences
    assert "You allowed this" in sentences
