"""Back pain seen under load: the trainer records it, holds and refers back; what the physio finds
replaces the hold; the clinical reason is not visible to the trainer, the plain one is."""

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


def test_what_was_seen_under_load_reaches_the_physio_once_it_is_enclosed(
    story: dict[str, Step],
) -> None:
    """She was not granted fitness: the referral encloses it, and only as long as it is open."""
    for name, shown in (("priya-before", False), ("priya-hold", False), ("priya-after", False)):
        assert ("Shifts to the left from" in json.dumps(story[name].answer)) is shown, name
    (assessment,) = story["priya-referred"].answer["assessments"]
    (finding,) = assessment["fitness"]["findings"]
    assert finding["movement"] == [story["assessed-fitness"].request["movement"][0]]
    assert finding["by"] == str(SAM.id)


def test_the_client_is_offered_a_choice_and_agrees_before_anything_is_sent(
    story: dict[str, Step],
) -> None:
    offer = story["kim-offer"].answer
    assert offer["state"] == "proposed"
    assert len(offer["options"]) == 1
    assert offer["interest"] == "none"
    assert offer["enclosed"] == ["fitness", "identity", "restrictions"]
    assert story["priya-hold"].answer["referrals"] == [], "not sent yet"
    (sent,) = story["priya-referred"].answer["referrals"]
    assert sent["state"] == "requested"
    assert "options" not in sent
    assert "interest" not in sent


def test_the_referral_goes_its_whole_way_back_to_the_trainer(story: dict[str, Step]) -> None:
    found = story["sam-outcome-opened"].answer
    assert found["state"] == "completed"
    assert [step["fact"] for step in found["history"]] == [
        "requested",
        "agreed",
        "accepted",
        "scheduled",
        "attended",
        "completed",
    ]
    outcome = found["history"][-1]
    assert outcome["outcome"] == "partly_achieved"
    assert outcome["measures"][0]["value"] == 45
    assert outcome["by"] == str(PRIYA.id)
    assert "nothing bent under load" in outcome["note"]
    assert "clinical_note" not in outcome


def test_the_trainer_never_reads_the_clinical_findings(story: dict[str, Step], ask: Ask) -> None:
    referral = story["referred"].id("referral")
    form = story["assessed"].id("assessment")
    for path in ("", f"/referrals/{referral}", f"/assessments/{form}"):
        answer = ask(SAM, f"/clients/{KIM.id}{path}")
        assert answer.status_code == 200, answer.text
        for secret in ("sciatica", "dermatome"):
            assert secret not in answer.text
    for person in (PRIYA, KIM):
        assert "sciatica" in ask(person, f"/clients/{KIM.id}/assessments/{form}").text


def test_each_is_told_of_what_the_other_decided(story: dict[str, Step]) -> None:
    sent = story["priya-told-referral-opened"].answer
    assert (sent["view"], sent["referral"]) == ("referral", story["referred"].id("referral"))
    assert sent["state"] == "requested"
    assert story["priya-told-opened"].answer["restriction"] == story["held"].id("hold")
    opened = story["sam-told-opened"].answer
    assert opened["restriction"] == story["reviewed"].id("restriction")
    assert "nerve" in opened["terms"]["reason"]
    assert "sciatica" not in json.dumps(opened)
    mine = by_id(story["sam"].answer, story["reviewed"].id("restriction"))
    assert story["acknowledged"].sent["If-Match"] == f'"{mine["version"]}"'


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
