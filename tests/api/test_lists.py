"""Lists across clients over HTTP: what policy leaves out is nowhere, also not in counts."""

import orjson
import pytest

from domain.access import AccessRecord, Outcome, access_stream
from domain.lanes import Discipline
from tests.api.clinic import Clinic, Scene, scene

pytestmark = pytest.mark.anyio


@pytest.fixture
async def s(clinic: Clinic) -> Scene:
    s = await scene(clinic)
    await clinic.impose(s.client, s.physio, patterns=["jump"])
    await clinic.project()
    return s


async def test_the_board_shows_what_the_caller_may_see(s: Scene) -> None:
    board = await s.clinic.ask(s.trainer, "GET", "/restriction-board?count=true")
    assert board.status_code == 200, board.text
    assert len(board.json()["rows"]) == board.json()["total"] == 2
    (fragment,) = board.json()["clients"]
    assert fragment["name"] == "Anna Meierhofer"
    stranger = await s.clinic.staff(Discipline.TRAINER, "Mallory")
    empty = await s.clinic.done(stranger, "GET", "/restriction-board?count=true")
    assert (empty["rows"], empty["clients"], empty["total"]) == ([], [], 0)


async def test_every_fragment_is_disclosed_and_noted_as_sent(s: Scene) -> None:
    board = await s.clinic.ask(s.trainer, "GET", "/restriction-board")
    position = int(board.headers["tandem-disclosure"])
    await s.clinic.tandem.sent.flush()
    access = await s.clinic.tandem.ledger.refresh(
        AccessRecord, access_stream(s.client.id, s.trainer.id)
    )
    assert access.disclosures[position].fact.view == "board"
    assert access.disclosures[position].sent is Outcome.COMPLETED
    assert orjson.dumps(board.json()["clients"][0]) in board.content


async def test_pages_of_the_board_follow_each_other(s: Scene) -> None:
    first = await s.clinic.done(s.physio, "GET", "/restriction-board?limit=1")
    second = await s.clinic.done(
        s.physio, "GET", f"/restriction-board?limit=1&after={first['next']}"
    )
    assert second["next"] is None
    assert first["rows"] != second["rows"]
    answer = await s.clinic.ask(s.physio, "GET", "/restriction-board?after=nonsense")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "after")


async def test_people_are_found_by_name_where_the_name_may_be_seen(s: Scene) -> None:
    for name, rows in (("meierhofer", 2), ("Meier", 0)):
        found = await s.clinic.done(s.trainer, "GET", f"/restriction-board?name={name}")
        assert len(found["rows"]) == rows


async def test_the_register_is_for_auditors_and_for_oneself(s: Scene) -> None:
    await s.clinic.ask(s.trainer, "GET", s.path)
    stranger = await s.clinic.staff(Discipline.TRAINER, "Mallory")
    await s.clinic.ask(stranger, "GET", s.path)
    await s.clinic.project()
    auditor = await s.clinic.staff(Discipline.AUDITOR, "Ada Quist")
    path = f"/audit/register?client={s.client.id}"
    found = await s.clinic.done(auditor, "GET", path)
    kinds = {line["kind"] for line in found["clients"][0]["accesses"]}
    assert {"disclosed", "denied"} <= kinds
    denied = await s.clinic.done(auditor, "GET", f"{path}&kind=denied")
    assert [line["reader"] for line in denied["clients"][0]["accesses"]] == [str(stranger.id)]
    assert (await s.clinic.done(s.trainer, "GET", path))["rows"] == []
    assert (await s.clinic.done(s.client, "GET", "/audit/register"))["rows"]


async def test_who_was_denied_is_told_to_the_client(s: Scene) -> None:
    stranger = await s.clinic.staff(Discipline.TRAINER, "Mallory Knox")
    await s.clinic.ask(stranger, "GET", s.path)
    await s.clinic.project()
    seen = await s.clinic.done(s.client, "GET", f"/clients/{s.client.id}/accesses")
    assert any("Mallory Knox" in line["sentence"] for line in seen["accesses"])
