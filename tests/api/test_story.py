"""Story 4, over HTTP: restricted, read, acknowledged, withdrawn, reconstructed."""

import base64
from datetime import UTC, datetime

import pytest

from domain.lanes import Discipline
from tests.api.clinic import CLINICAL, Clinic, scene

pytestmark = pytest.mark.anyio


async def test_who_knew_what_and_when(clinic: Clinic) -> None:
    s = await scene(clinic)
    read = await clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}")
    assert read.status_code == 200
    chart = read.json()
    assert chart["identity"]["name"] == "Anna Meierhofer"
    assert CLINICAL not in read.text
    disclosure = int(read.headers["tandem-disclosure"])

    (item,) = chart["restrictions"]
    assert item["to_acknowledge"]
    acknowledged = await clinic.ask(
        s.trainer,
        "POST",
        f"{s.path}/acknowledgements",
        {"disclosed_at": disclosure},
        seen=item["version"],
    )
    assert acknowledged.status_code == 201
    before = datetime.now(UTC).isoformat()

    consents = await clinic.done(s.client, "GET", f"/clients/{s.client.id}/consents")
    given = next(c for c in consents["consents"] if c["consent"] == s.consent["ids"]["consent"])
    path = f"/clients/{s.client.id}/consents/{given['consent']}/withdrawal"
    withdrawn = await clinic.ask(s.client, "POST", path, {}, seen=given["version"])
    assert withdrawn.status_code == 201, withdrawn.text
    (proof,) = withdrawn.json()["readers"]
    assert proof["last_disclosure"]["position"] == disclosure
    assert proof["released_after_withdrawal"] == 0

    gone = await clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}")
    assert "Anna Meierhofer" not in gone.text

    auditor = await clinic.staff(Discipline.AUDITOR, "Ada Quist")
    audit = f"/audit/clients/{s.client.id}"
    knowledge = await clinic.done(
        auditor, "GET", f"{audit}/knowledge?reader={s.trainer.id}&at={before.replace('+', '%2B')}"
    )
    imposed = next(f for f in knowledge["known"] if f["type"] == "restriction.imposed.v1")
    assert imposed["states"]["released"]["disclosure"] == disclosure
    assert imposed["states"]["acknowledged"]["version"] == item["version"]

    knowers = await clinic.done(auditor, "GET", f"{audit}/facts/{imposed['position']}/knowers")
    assert str(s.trainer.id) in {k["reader"] for k in knowers["knowers"]}

    screen = f"/audit/disclosures/{disclosure}/screen"
    assert (await clinic.ask(auditor, "GET", screen)).status_code == 404
    await clinic.done(auditor, "POST", f"{audit}/cases", {"reason": "complaint", "note": "Why?"})
    found = await clinic.done(auditor, "GET", screen)
    assert base64.b64decode(found["bytes"]) == read.content
    assert found["commitment_matches"] is True
    assert found["renders_the_same"] is True

    seen = await clinic.done(s.client, "GET", f"/clients/{s.client.id}/accesses")
    assert any("Sam Ortiz" in line["sentence"] for line in seen["accesses"])
