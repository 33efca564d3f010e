"""Assessments over HTTP, end to end: two lanes, two consents, one form; put right, and told so."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.lanes import Discipline
from tests.api.clinic import Clinic, Person, Scene, scene

pytestmark = pytest.mark.anyio

CLINICAL = "Illustrative: effusion grade 1."
AN_HOUR_AGO = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


def bend(degrees: float, **more: Any) -> dict[str, Any]:
    return {
        "measure": "knee_flexion",
        "value": degrees,
        "unit": "deg",
        "side": "right",
        "method": "goniometer",
        "taken_at": AN_HOUR_AGO,
        **more,
    }


def hop(cm: float) -> dict[str, Any]:
    return bend(cm, measure="hop", unit="cm", method="tape")


@dataclass
class Assessed:
    """The scene, with an assessment that both lanes have filled."""

    scene: Scene
    path: str
    clinical: dict[str, Any]

    @property
    def clinic(self) -> Clinic:
        return self.scene.clinic

    async def ask(self, who: Person, method: str, path: str, *body: Any, **how: Any) -> Any:
        return await self.clinic.ask(who, method, f"{self.path}{path}", *body, **how)

    async def done(self, who: Person, method: str, path: str, *body: Any, **how: Any) -> Any:
        return await self.clinic.done(who, method, f"{self.path}{path}", *body, **how)

    async def version(self, who: Person) -> int:
        return int((await self.done(who, "GET", ""))["version"])

    @property
    def reading(self) -> dict[str, int]:
        return {"recorded": self.clinical["version"], "number": 1}

    def correction(self, degrees: float = 80) -> dict[str, Any]:
        measured = bend(degrees)
        return {
            "part": "clinical",
            "reading": self.reading,
            "measured": measured,
            "reason": "Misread.",
        }


@pytest.fixture
async def a(clinic: Clinic) -> Assessed:
    s = await scene(clinic)
    await clinic.consent(s.client, s.physio, "function", "clinical", "fitness")
    await clinic.consent(s.client, s.trainer, "fitness")
    base = f"/clients/{s.client.id}/assessments"
    made = await clinic.done(s.trainer, "POST", base, {"occasion": "baseline"})
    path = f"{base}/{made['ids']['assessment']}"
    await clinic.done(s.trainer, "POST", f"{path}/parts/fitness", {"readings": [hop(80)]})
    body = {"readings": [bend(90)], "findings": "Stiff.", "clinical_findings": CLINICAL}
    clinical = await clinic.done(s.physio, "POST", f"{path}/parts/clinical", body)
    return Assessed(s, path, clinical)


async def test_each_reader_sees_the_parts_that_they_were_granted(a: Assessed) -> None:
    s = a.scene
    physio = await a.done(s.physio, "GET", "")
    assert physio["clinical"]["readings"][0]["value"] == 90
    assert physio["clinical"]["findings"][0]["clinical"] == CLINICAL
    assert physio["fitness"]["readings"][0]["rater"] == str(s.trainer.id)
    trainer = await a.ask(s.trainer, "GET", "")
    own = trainer.json()["clinical"]
    assert (own["readings"], own["findings"]) == ([], []), "that they started it they wrote"
    assert own["version"] < a.clinical["version"]
    assert trainer.json()["fitness"]["readings"][0]["value"] == 80
    assert "Stiff" not in trainer.text
    client = await a.done(s.client, "GET", "")
    assert client["clinical"]["findings"][0]["clinical"] == CLINICAL
    coordinator = await a.clinic.staff(Discipline.COORDINATOR, "Cleo")
    await a.clinic.join(s.client, coordinator)
    assert (await a.ask(coordinator, "GET", "")).status_code == 404


async def test_the_chart_has_them_and_the_trends(a: Assessed) -> None:
    s = a.scene
    await a.done(s.physio, "POST", "/parts/clinical", {"readings": [bend(110)]})
    chart = await a.clinic.done(s.physio, "GET", f"/clients/{s.client.id}")
    (shown,) = chart["assessments"]
    assert {"clinical", "fitness"} <= shown.keys()
    (trend,) = chart["trends"]
    assert trend["since_first"] == {
        "by": 20,
        "size": "unknown",
        "direction": "better",
        "same_rater": True,
    }
    path = f"/clients/{s.client.id}/trends"
    found = await a.clinic.done(s.physio, "GET", f"{path}?code=knee_flexion&side=right")
    assert [point["value"] for point in found["trends"][0]["points"]] == [90, 110]
    none = await a.clinic.done(s.physio, "GET", f"{path}?code=knee_flexion&side=left")
    assert none["trends"] == []
    unseen = await a.clinic.done(s.trainer, "GET", f"{path}?code=knee_flexion")
    assert unseen["trends"] == []
    answer = await a.clinic.ask(s.physio, "GET", f"{path}?code=wobble")
    assert answer.status_code == 422
    assert "knee_flexion" in answer.json()["errors"][0]["mend"]


@pytest.mark.parametrize(
    ("reading", "path", "mend"),
    [
        (bend(190), "/readings/0", "between 0 and 170 deg"),
        (bend(90, unit="rad"), "/readings/0", "deg"),
        (bend(90, side=None), "/readings/0", "left or right"),
        (bend(90, measure="wobble"), "/readings/0/measure", "knee_flexion"),
        (hop(80), "/readings/0/measure", "knee_flexion"),
        (bend(90, taken_at="2999-01-01T00:00:00Z"), "/readings/0/taken_at", "has passed"),
    ],
    ids=["range", "unit", "side", "code", "part", "time"],
)
async def test_what_cannot_be_true_is_refused_with_what_would_be_right(
    a: Assessed, reading: dict[str, Any], path: str, mend: str
) -> None:
    answer = await a.ask(a.scene.physio, "POST", "/parts/clinical", {"readings": [reading]})
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["path"] == path
    assert mend in error["mend"]


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_trainer_keeps_to_their_lane(a: Assessed) -> None:
    trainer = a.scene.trainer
    grade = bend(4, measure="mmt", unit="{grade}", method="manual", of="quadriceps")
    answer = await a.ask(trainer, "POST", "/parts/clinical", {"readings": [grade]})
    assert problem(answer) == (409, "not-yours-to-measure")
    answer = await a.ask(trainer, "POST", "/parts/clinical", {"findings": "Stiff."})
    assert problem(answer) == (409, "outside-lane")


async def test_a_correction_voids_the_acknowledgement_and_names_whom_to_tell(
    a: Assessed,
) -> None:
    s = a.scene
    shown = await a.ask(s.client, "GET", "")
    disclosed = int(shown.headers["tandem-disclosure"])
    body = {"part": "clinical", "disclosed_at": disclosed}
    tag = shown.headers["etag"]
    await a.done(s.client, "POST", "/acknowledgements", body, seen=tag)
    assert (await a.done(s.client, "GET", ""))["clinical"]["acknowledged"]
    await a.done(s.trainer, "GET", "")

    version = await a.version(s.physio)
    fixed = await a.done(s.physio, "POST", "/corrections", a.correction(), seen=version)
    (position,) = fixed["positions"]
    now = await a.done(s.physio, "GET", "")
    assert now["clinical"]["readings"][0]["value"] == 80
    assert now["clinical"]["acknowledged"] == []
    stale = await a.ask(s.client, "POST", "/acknowledgements", body, seen=tag)
    assert problem(stale) == (409, "changed-since-seen")

    path = f"/corrections/{position}/informed"
    told = await a.done(s.physio, "GET", path)
    assert [line["reader"] for line in told["readers"]] == [str(s.client.id)]
    assert told["readers"][0]["first"]["disclosure"] == disclosed
    assert told["readers"][0]["told"] is None
    again = await a.ask(s.client, "GET", "")
    own = await a.done(s.client, "GET", path)
    assert own["readers"][0]["told"]["disclosure"] == int(again.headers["tandem-disclosure"])
    assert (await a.ask(s.trainer, "GET", path)).status_code == 404
    auditor = await a.clinic.staff(Discipline.AUDITOR, "Ada")
    audited = await a.ask(auditor, "GET", path)
    assert audited.status_code == 200, audited.text
    assert "80" not in str(audited.json()["correction"])
    assert (await a.ask(s.physio, "GET", "/corrections/1/informed")).status_code == 404


async def test_an_acknowledgement_is_known_to_the_auditor_and_so_is_that_it_is_void(
    a: Assessed,
) -> None:
    s = a.scene
    shown = await a.ask(s.client, "GET", "")
    body = {"part": "clinical", "disclosed_at": int(shown.headers["tandem-disclosure"])}
    await a.done(s.client, "POST", "/acknowledgements", body, seen=shown.headers["etag"])
    auditor = await a.clinic.staff(Discipline.AUDITOR, "Ada")
    path = f"/audit/clients/{s.client.id}/knowledge?reader={s.client.id}"

    async def void() -> Any:
        known = (await a.clinic.done(auditor, "GET", path))["known"]
        (fact,) = [one for one in known if one["version"] == a.clinical["version"]]
        return fact["states"]["acknowledged"]["void"]

    assert await void() is False
    version = await a.version(s.physio)
    await a.done(s.physio, "POST", "/corrections", a.correction(), seen=version)
    assert await void() is True


async def test_a_part_or_a_reading_is_taken_back(a: Assessed) -> None:
    s = a.scene
    one = {"part": "clinical", "reading": a.reading, "reason": "The wrong knee."}
    version = await a.version(s.physio)
    missing = await a.ask(s.physio, "POST", "/retractions", one)
    assert missing.status_code == 428
    await a.done(s.physio, "POST", "/retractions", one, seen=version)
    shown = await a.done(s.physio, "GET", "")
    assert "value" not in shown["clinical"]["readings"][0]
    part = {"part": "fitness", "reason": "Another client's."}
    await a.done(s.trainer, "POST", "/retractions", part, seen=await a.version(s.trainer))
    gone = await a.done(s.trainer, "GET", "")
    assert gone["fitness"]["retracted"]["reason"] == "Another client's."
    assert "readings" not in gone["fitness"]


async def test_what_is_not_granted_is_not_there(a: Assessed) -> None:
    s = a.scene
    version = await a.version(s.physio)
    for body in (
        {"part": "clinical", "reason": "Mine?"},
        {"part": "clinical", "reading": a.reading, "reason": "Mine?"},
    ):
        answer = await a.ask(s.trainer, "POST", "/retractions", body, seen=version)
        assert answer.status_code in (404, 409)
        assert "90" not in answer.text
    body = {"part": "clinical"}
    own = await a.ask(s.trainer, "POST", "/acknowledgements", body, seen=version)
    assert problem(own) == (409, "refused"), "they started it, and read no more of it"
    other = await a.clinic.staff(Discipline.TRAINER, "Kim")
    await a.clinic.join(s.client, other)
    await a.clinic.consent(s.client, other, "identity")
    here = await a.ask(other, "POST", "/acknowledgements", body, seen=version)
    nowhere = f"/clients/{s.client.id}/assessments/{uuid4()}/acknowledgements"
    absent = await a.clinic.ask(other, "POST", nowhere, body, seen=version)
    assert (here.status_code, here.content) == (absent.status_code, absent.content)
    assert here.status_code == 404


async def test_a_milestone_is_proposed_from_what_was_assessed(a: Assessed) -> None:
    s = a.scene
    base = f"/clients/{s.client.id}/restrictions"
    criterion = {
        "measure": "knee_flexion",
        "comparison": "at_least",
        "value": 90,
        "unit": "deg",
        "side": "right",
    }
    step = {
        "code": "bends",
        "title": "Bends",
        "criteria": [criterion],
        "then": {"severity": "caution", "patterns": ["squat"]},
    }
    made = await a.clinic.impose(s.client, s.physio, milestones=[step])
    path = f"{base}/{made['ids']['restriction']}/milestones/bends/proposals"
    assessment = a.path.rsplit("/", 1)[1]
    named = {"assessment": assessment, "part": "clinical", "reading": a.reading}
    body = {"assessed": [named]}
    hidden = await a.clinic.ask(s.trainer, "POST", path, body, seen=made["version"])
    assert problem(hidden) == (409, "unknown-reading")
    await a.clinic.done(s.physio, "POST", path, body, seen=made["version"])
