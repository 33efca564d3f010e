"""Consent withdrawn mid-week: the auditor proves what the trainer had been shown and acknowledged
by then, that nothing was released on that consent afterwards, and which copies were outstanding."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.stories.conftest import Ask, Told
from tests.workers.waiting import until
from workers.journal import Step
from workers.people import ADA, KIM, NOA, PRIYA, SAM, Person
from workers.stories import withdrawn

REASON = "operated on"
CLINICAL = "meniscectomy"


@pytest.fixture(scope="module")
def story(told: Told) -> dict[str, Step]:
    return told(withdrawn.SLUG)


def withdrawn_at(story: dict[str, Step]) -> datetime:
    return datetime.fromisoformat(story["withdrawn"].answer["withdrawn_at"]["time"])


def knowledge(ask: Ask, at: object) -> dict[str, Any]:
    moment = at.isoformat().replace("+00:00", "Z") if isinstance(at, datetime) else str(at)
    answer = ask(ADA, f"/audit/clients/{NOA.id}/knowledge?reader={SAM.id}&at={moment}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fact(lines: list[dict[str, Any]], position: int) -> dict[str, Any]:
    return next(line for line in lines if line["position"] == position)


def test_before_it_the_trainer_saw_the_restriction_but_never_the_clinical_reason(
    story: dict[str, Step],
) -> None:
    text = json.dumps(story["sam-before"].answer)
    assert REASON in text
    assert NOA.name in text
    assert CLINICAL not in text
    assert "clinical" in story["sam-before"].answer["not_shared"]


def test_after_it_the_trainer_sees_how_to_train_safely_and_not_why(
    story: dict[str, Step], ask: Ask
) -> None:
    for screen in (story["sam-after"].answer, ask(SAM, f"/clients/{NOA.id}").json()):
        text = json.dumps(screen)
        assert "identity" not in screen
        assert NOA.name not in text
        assert REASON not in text
        assert CLINICAL not in text
        (restriction,) = screen["restrictions"]
        assert "terms" not in restriction
        assert restriction["safety_minimum"]["stop_signs"]
        assert {"no", "limit", "stop_if", "call"} <= {
            each["kind"] for each in screen["card"]["lines"]
        }


def test_the_moment_before_he_had_been_shown_it_and_had_acknowledged_that_version(
    story: dict[str, Step], ask: Ask
) -> None:
    consent = story["consent-sam"].id("consent")
    for at in (
        story["withdrawn"].position - 1,
        withdrawn_at(story) - timedelta(microseconds=1),
    ):
        states = fact(knowledge(ask, at)["known"], story["restricted"].position)["states"]
        assert states["available"]["now"]
        assert states["available"]["basis"] == {"rule": "consent", "reference": consent}
        assert states["released"]["disclosure"] == story["sam-before"].position
        assert states["released"]["basis"]["consent"] == consent
        assert states["received"]["disclosure"] == story["sam-before"].position
        assert states["acknowledged"]["version"] == story["restricted"].version
        assert states["acknowledged"]["disclosure"] == story["sam-before"].position
        assert not states["acknowledged"]["void"]


def test_from_the_very_instant_on_nothing_is_available_to_him_on_that_consent(
    story: dict[str, Step], ask: Ask
) -> None:
    ended = withdrawn_at(story)
    for at in (story["withdrawn"].position, ended):
        found = knowledge(ask, at)
        identity = fact(found["known"], story["enrolled"].answer["positions"][0])["states"]
        assert not identity["available"]["now"]
        assert datetime.fromisoformat(identity["available"]["spans"][-1]["until"]) == ended
        restriction = fact(found["known"], story["restricted"].position)["states"]
        assert restriction["available"]["basis"]["rule"] == "safety_minimum"
        assert restriction["released"]["last_disclosure"] < story["withdrawn"].position


def test_what_changed_afterwards_was_true_and_not_shown(story: dict[str, Step], ask: Ask) -> None:
    found = knowledge(ask, story["tightened"].position)
    states = fact(found["true_and_not_shown"], story["tightened"].position)["states"]
    assert states["released"] is None
    assert states["acknowledged"] is None
    assert story["tightened"].position not in {line["position"] for line in found["known"]}


def test_he_is_told_that_something_changed_and_shown_what_safety_needs(
    story: dict[str, Step], ask: Ask
) -> None:
    event = story["sam-told-tightened"].answer
    assert event["event"] == "notification"
    assert NOA.name not in json.dumps(event)
    assert str(NOA.id) not in json.dumps(event)
    shown = story["sam-told-tightened-opened"].answer
    assert shown["version"] == story["tightened"].version
    assert "terms" not in shown
    assert REASON not in json.dumps(shown)
    assert shown["safety_minimum"]["limits"]["arcs"][0]["end"] == 60
    now = knowledge(ask, story["acknowledged-tightened"].position)
    states = fact(now["known"], story["tightened"].position)["states"]
    assert states["released"]["basis"]["rule"] == "safety_minimum"
    assert states["released"]["disclosure"] == story["sam-told-tightened-opened"].position
    assert states["acknowledged"]["version"] == story["tightened"].version


def test_no_disclosure_after_the_withdrawal_rests_on_that_consent(
    story: dict[str, Step], ask: Ask
) -> None:
    consent = story["consent-sam"].id("consent")
    proof = ask(NOA, f"/clients/{NOA.id}/consents/{consent}/withdrawal").json()
    assert proof["withdrawn_at"]["position"] == story["withdrawn"].position
    (of_sam,) = proof["readers"]
    assert of_sam["reader"] == str(SAM.id)
    assert of_sam["released_after_withdrawal"] == 0
    assert of_sam["last_disclosure"]["position"] == story["card"].position
    assert proof["checked_to"] > story["tightened"].position


def test_the_copy_that_is_still_out_is_named_until_its_lease_ends(
    story: dict[str, Step],
) -> None:
    ((copy,),) = (each["outstanding_copies"] for each in story["proof"].answer["readers"])
    assert copy["disclosure"] == story["card"].position
    held = datetime.fromisoformat(copy["held_until"])
    assert held - withdrawn_at(story) <= timedelta(days=1)
    assert held == datetime.fromisoformat(story["card"].headers["tandem-held-until"])


def test_the_screen_is_shown_again_byte_for_byte(story: dict[str, Step]) -> None:
    screen = story["screen"].answer
    assert json.loads(base64.b64decode(screen["bytes"])) == story["sam-before"].answer
    assert screen["commitment_matches"]
    assert screen["renders_the_same"]


def test_who_has_known_the_restriction_is_the_author_the_trainer_and_the_client(
    story: dict[str, Step],
) -> None:
    knowers = {each["reader"]: each for each in story["knowers"].answer["knowers"]}
    assert {str(PRIYA.id), str(SAM.id), str(NOA.id)} == set(knowers)
    assert knowers[str(PRIYA.id)]["authored"]
    assert knowers[str(SAM.id)]["states"]["released"]


def test_the_client_reads_it_in_sentences(story: dict[str, Step], ask: Ask) -> None:
    seen = ask(NOA, f"/clients/{NOA.id}/accesses").json()["accesses"]
    by_position = {each["position"]: each["sentence"] for each in seen}
    before = by_position[story["sam-before"].position]
    after = by_position[story["sam-after"].position]
    assert before.startswith("Sam Ortiz, your trainer at North Gym, saw how fit you are, who")
    assert "You allowed this" in before
    assert "You allowed this" not in after
    assert "keeps you safe" in after


def test_the_auditor_learns_who_knew_and_only_with_a_case_what(
    story: dict[str, Step], ask: Ask
) -> None:
    assert REASON not in json.dumps(story["knowledge-before"].answer)
    # Ada has a case on Noa, and none on Kim.
    assert ask(ADA, f"/clients/{NOA.id}?reader={SAM.id}").status_code == 200
    assert ask(ADA, f"/clients/{KIM.id}?reader={SAM.id}").status_code in (403, 404)


def test_on_the_trainers_board_the_client_has_no_name_any_more(ask: Ask) -> None:
    def row(person: Person) -> dict[str, Any]:
        clients = ask(person, "/restriction-board").json()["clients"]
        return next((each for each in clients if each["client"] == str(NOA.id)), {})

    def acknowledged() -> dict[str, Any]:
        found = row(PRIYA)
        return found if found and not found["restrictions"][0]["unacknowledged"] else {}

    for_priya = until(acknowledged)
    assert for_priya["name"] == NOA.name
    for_sam = row(SAM)
    assert for_sam["name"] is None
    assert "reason" not in for_sam["restrictions"][0]


def test_the_register_names_every_release_and_its_basis(story: dict[str, Step], ask: Ask) -> None:
    def found() -> dict[int, dict[str, Any]]:
        answer = ask(ADA, f"/audit/register?client={NOA.id}&reader={SAM.id}")
        assert answer.status_code == 200, answer.text
        lines = [line for of in answer.json()["clients"] for line in of["accesses"]]
        rows = {line["position"]: line for line in lines}
        return rows if story["sam-after"].position in rows else {}

    rows = until(found)
    consent = story["consent-sam"].id("consent")
    before, after = (rows[story[name].position] for name in ("sam-before", "sam-after"))
    assert {each["reference"] for each in before["categories"]} == {consent}
    assert after["categories"] == [
        {"category": "restrictions", "rule": "safety_minimum", "reference": None}
    ]


@pytest.mark.parametrize("path", ["knowledge?reader={sam}", "facts/1/knowers"])
def test_the_time_machine_is_the_auditors_alone(ask: Ask, path: str) -> None:
    for person in (SAM, PRIYA, NOA):
        wanted = f"/audit/clients/{NOA.id}/{path.format(sam=SAM.id)}"
        assert ask(person, wanted).status_code == 404
