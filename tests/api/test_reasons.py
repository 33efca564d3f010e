"""Lists of reasons, the directory and the administration over HTTP: to each what is theirs."""

import pytest

from domain.access import AccessRecord, Outcome, access_stream
from domain.lanes import Discipline
from tests.api.clinic import Clinic, Person, Scene, scene

pytestmark = pytest.mark.anyio
LISTS = ("/me/caseload", "/me/today", "/me/worklist")


@pytest.fixture
async def s(clinic: Clinic) -> Scene:
    s = await scene(clinic)
    await clinic.project()
    return s


async def test_each_role_has_its_list_and_the_others_are_empty(s: Scene) -> None:
    coordinator = await s.clinic.staff(Discipline.COORDINATOR, "Cleo Brandt")
    await s.clinic.join(s.client, coordinator)
    await s.clinic.project()
    codes = {
        (s.physio, "/me/caseload"): ["tightening-unacknowledged"],
        (s.trainer, "/me/today"): ["to-acknowledge"],
    }
    for who in (s.physio, s.trainer, coordinator, s.client, s.clinic.administrator):
        for path in LISTS:
            page = await s.clinic.done(who, "GET", f"{path}?count=true")
            found = [r["code"] for line in page["clients"] for r in line["reasons"]]
            assert found == codes.get((who, path), []), (who.acting_as, path)
            assert ("hint" in page) == (not found) == (page["total"] == 0)


async def test_each_line_is_disclosed_and_noted_as_sent(s: Scene) -> None:
    answer = await s.clinic.ask(s.trainer, "GET", "/me/today")
    (line,) = answer.json()["clients"]
    assert line["name"] == "Anna Meierhofer"
    assert line["why"].startswith("Right knee (modify): it is yours to acknowledge")
    assert line["card"]["lines"]
    position = int(answer.headers["tandem-disclosure"])
    await s.clinic.tandem.sent.flush()
    stream = access_stream(s.client.id, s.trainer.id)
    access = await s.clinic.tandem.ledger.refresh(AccessRecord, stream)
    assert access.disclosures[position].fact.view == "today"
    assert access.disclosures[position].sent is Outcome.COMPLETED


async def test_an_acknowledgement_ends_what_waited_for_it(s: Scene) -> None:
    headers = {"seen": s.version, "Idempotency_Key": "understood"}
    await s.clinic.done(s.trainer, "POST", f"{s.path}/acknowledgements", {}, **headers)
    await s.clinic.project()
    (line,) = (await s.clinic.done(s.physio, "GET", "/me/caseload"))["clients"]
    assert [reason["code"] for reason in line["reasons"]] == ["on-caseload"]
    (line,) = (await s.clinic.done(s.trainer, "GET", "/me/today"))["clients"]
    assert [reason["code"] for reason in line["reasons"]] == ["due-to-train"]


async def test_what_is_no_cursor_is_said_to_be_none(s: Scene) -> None:
    for path in (*LISTS, "/practitioners"):
        answer = await s.clinic.ask(s.physio, "GET", f"{path}?after=nonsense")
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "after")


async def test_practitioners_and_clients_look_for_a_practitioner_and_nobody_else(s: Scene) -> None:
    noted = {"places": 2, "waiting": 1}
    await s.clinic.done(s.physio, "PUT", f"/practitioners/{s.physio.id}/capacity", noted)
    await s.clinic.project()
    for who in (s.trainer, s.client):
        found = await s.clinic.done(
            who, "GET", "/practitioners?discipline=physiotherapist&accepting=true&count=true"
        )
        (row,) = found["practitioners"]
        assert (row["name"], row["capacity"]["places"], found["total"]) == ("Priya Nair", 2, 1)
        assert "standing" not in row
        assert "contact" not in row
    everybody = await s.clinic.done(s.clinic.administrator, "GET", "/practitioners")
    assert len(everybody["practitioners"]) == 3
    auditor = await s.clinic.staff(Discipline.AUDITOR, "Ada Quist")
    nobody = s.clinic.person(Discipline.CLIENT)
    for who in (auditor, nobody):
        assert (await s.clinic.ask(who, "GET", "/practitioners")).status_code == 404


async def test_capacity_is_ones_own_to_note_or_an_administrators(s: Scene) -> None:
    path, noted = f"/practitioners/{s.physio.id}/capacity", {"places": 2}
    assert (await s.clinic.ask(s.trainer, "PUT", path, noted)).status_code == 403
    await s.clinic.done(s.clinic.administrator, "PUT", path, noted)
    nobody = f"/practitioners/{s.client.id}/capacity"
    answer = await s.clinic.ask(s.clinic.administrator, "PUT", nobody, noted)
    assert answer.status_code == 404


async def test_the_administration_is_for_administrators_and_names_no_client(s: Scene) -> None:
    answer = await s.clinic.ask(s.clinic.administrator, "GET", "/administration?within_days=366")
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert [one["code"] for one in seen["expiring"]] == ["credential-expiring"]
    assert seen["parts"]["database"]["ok"] is True
    assert {one["list"] for one in seen["lists"]} >= {"directory", "concerns"}
    for text in ("Meierhofer", str(s.client.id), str(s.restriction), "knee"):
        assert text not in answer.text
    for who in (s.physio, s.trainer, s.client):
        assert (await s.clinic.ask(who, "GET", "/administration")).status_code == 404
    assert await sees_no_client(s.clinic.administrator, s)


async def sees_no_client(who: Person, s: Scene) -> bool:
    """Whether no route that tells of clients tells `who` of one."""
    paths = (f"/clients/{s.client.id}", s.path)
    answers = [(await s.clinic.ask(who, "GET", path)).status_code for path in paths]
    lists = (*LISTS, "/restriction-board", "/audit/register")
    rows = [(await s.clinic.done(who, "GET", path))["rows"] for path in lists]
    return set(answers) == {404} and not any(rows)
