"""Who gets in, in which capacity; and that not-found and not-yours are the same bytes."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import APIRoute

from api.doors import declared
from domain.access import AccessRecord, access_stream
from domain.lanes import Discipline
from tests.api.clinic import TERMS, Clinic, Scene, scene

pytestmark = pytest.mark.anyio


@pytest.fixture
async def s(clinic: Clinic) -> Scene:
    return await scene(clinic)


async def test_every_route_that_is_not_public_wants_a_token_before_anything_else(
    clinic: Clinic,
) -> None:
    asked = 0
    for route in clinic.app.routes:
        assert isinstance(route, APIRoute)
        found = declared(route.endpoint)
        assert found is not None
        path = route.path_format
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", str(uuid4()))
        for method in route.methods or ():
            answer = await clinic.http.request(method, path, content=b"{not json")
            asked += 1
            if found.public:
                assert answer.status_code != 401, path
            else:
                assert answer.status_code == 401, (method, path, answer.text)
                assert answer.json()["code"] == "unauthenticated"
                assert answer.headers["www-authenticate"].startswith("Bearer")
    assert asked > 50


async def test_a_discipline_that_one_does_not_hold_is_403(s: Scene) -> None:
    for method, path, body in (
        ("GET", f"/clients/{s.client.id}", None),
        ("POST", f"/clients/{s.client.id}/restrictions", {"terms": TERMS}),
    ):
        answer = await s.clinic.ask(
            s.trainer, method, path, body, Tandem_Acting_As="physiotherapist"
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "does-not-hold-discipline")


async def test_the_discipline_is_the_only_one_held_if_nothing_says_which(s: Scene) -> None:
    plain = s.clinic.person(Discipline.CLIENT, s.trainer.id)
    token = s.clinic._issuer.issue(s.trainer.id, None, s.clinic.tandem.clock())
    me = await s.clinic.http.get("/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["acting_as"] == "trainer"
    assert me.json()["disciplines"] == [{"discipline": "trainer", "in_good_standing": True}]
    stranger = s.clinic._issuer.issue(uuid4(), None, s.clinic.tandem.clock())
    me = await s.clinic.http.get("/me", headers={"Authorization": f"Bearer {stranger}"})
    assert me.json()["acting_as"] == "client"
    assert plain.acting_as is Discipline.CLIENT


async def test_who_is_suspended_cannot_act_and_reads_nothing(s: Scene) -> None:
    chart = f"/clients/{s.client.id}"
    assert (await s.clinic.ask(s.trainer, "GET", chart)).status_code == 200
    path = f"/practitioners/{s.trainer.id}/suspension"
    await s.clinic.done(s.clinic.administrator, "POST", path, {"reason": "complaint"})
    assert (await s.clinic.ask(s.trainer, "GET", chart)).status_code == 404
    hold = {"terms": {**TERMS, "severity": "stop"}}
    answer = await s.clinic.ask(s.trainer, "POST", f"{chart}/holds", hold)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-in-good-standing")
    await s.clinic.done(
        s.clinic.administrator, "POST", f"/practitioners/{s.trainer.id}/reinstatement"
    )
    assert (await s.clinic.ask(s.trainer, "GET", chart)).status_code == 200


async def test_only_administrators_keep_the_directory(s: Scene) -> None:
    body = {"person": str(uuid4()), "profile": {"name": "Mallory", "disciplines": ["auditor"]}}
    answer = await s.clinic.ask(s.trainer, "POST", "/practitioners", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "administrators-only")


async def test_a_registration_is_for_its_owner_and_for_administrators(s: Scene) -> None:
    path = f"/practitioners/{s.trainer.id}"
    own = await s.clinic.done(s.trainer, "GET", path)
    assert own["profile"]["name"] == "Sam Ortiz"
    assert (await s.clinic.ask(s.clinic.administrator, "GET", path)).status_code == 200
    other = await s.clinic.ask(s.physio, "GET", path)
    nobody = await s.clinic.ask(s.physio, "GET", f"/practitioners/{uuid4()}")
    assert same(other, nobody)


REQUESTS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("HEAD", "", None),
    ("GET", "?at=1", None),
    ("GET", "/card", None),
    ("GET", "/accesses", None),
    ("GET", "/consents", None),
    ("GET", "/restrictions/{item}", None),
    ("GET", "/consents/{item}/withdrawal", None),
    ("POST", "/restrictions", {"terms": TERMS}),
    ("POST", "/holds", {"terms": {**TERMS, "severity": "stop"}}),
    ("PUT", "/restrictions/{item}/terms", {"terms": TERMS}),
    ("POST", "/restrictions/{item}/lifting", {"rationale": "Fine."}),
    ("POST", "/restrictions/{item}/acknowledgements", {}),
    ("POST", "/restrictions/{item}/milestones/bend/proposals", {"evidence": []}),
    ("POST", "/consents/{item}/withdrawal", {}),
    ("POST", "/consents/{item}/confirmation", None),
    ("POST", "/break-glass/{item}/review", {"outcome": "justified"}),
    ("POST", "/disclosures/1/receipt", {}),
    ("DELETE", "/locks/{item}", None),
    ("PUT", "/coordinator", {"practitioner": str(uuid4())}),
]


@pytest.mark.parametrize(
    "acting_as", [Discipline.PHYSIOTHERAPIST, Discipline.TRAINER, Discipline.CLIENT]
)
async def test_not_yours_is_answered_exactly_like_not_there(
    s: Scene, acting_as: Discipline
) -> None:
    stranger = (
        s.clinic.person(acting_as)
        if acting_as is Discipline.CLIENT
        else await s.clinic.staff(acting_as, "Mallory")
    )
    for method, path, body in REQUESTS:
        there = f"/clients/{s.client.id}{path}".format(item=s.restriction)
        nowhere = f"/clients/{uuid4()}{path}".format(item=uuid4())
        not_yours = await s.clinic.ask(stranger, method, there, body, seen=s.version)
        not_there = await s.clinic.ask(stranger, method, nowhere, body, seen=s.version)
        assert not_yours.status_code == 404, (method, path, not_yours.text)
        assert same(not_yours, not_there), (method, path)


def same(one: httpx.Response, other: httpx.Response) -> bool:
    """The same but for what is new in every answer."""
    ignored = {"tandem-request", "date"}
    left = {name: value for name, value in one.headers.items() if name not in ignored}
    right = {name: value for name, value in other.headers.items() if name not in ignored}
    return (one.status_code, one.content, left) == (other.status_code, other.content, right)


async def test_an_id_that_is_none_is_not_found_either(s: Scene) -> None:
    answer = await s.clinic.ask(s.physio, "GET", "/clients/anna")
    other = await s.clinic.ask(s.physio, "GET", f"/clients/{uuid4()}")
    assert same(answer, other)


async def test_somebody_of_staff_is_no_client(s: Scene) -> None:
    answer = await s.clinic.ask(s.physio, "GET", f"/clients/{s.trainer.id}")
    assert answer.status_code == 404
    body = {"client": str(s.trainer.id), "identity": {"name": "X", "birth_date": "1990-01-01"}}
    answer = await s.clinic.ask(s.physio, "POST", "/clients", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-registered")
    registering = {
        "person": str(s.client.id),
        "profile": {"name": "Mallory", "disciplines": ["auditor"]},
    }
    answer = await s.clinic.ask(s.clinic.administrator, "POST", "/practitioners", registering)
    assert (answer.status_code, answer.json()["code"]) == (409, "already-registered")


async def test_a_denied_reading_is_on_record(s: Scene) -> None:
    stranger = await s.clinic.staff(Discipline.TRAINER, "Mallory")
    await s.clinic.ask(stranger, "GET", f"/clients/{s.client.id}")
    access = await s.clinic.tandem.ledger.refresh(
        AccessRecord, access_stream(s.client.id, stranger.id)
    )
    assert [denied.view for denied, _ in access.denials] == ["chart"]


async def test_a_reader_with_a_lane_but_without_the_clinical_category_does_not_get_it(
    s: Scene,
) -> None:
    own = await s.clinic.done(s.physio, "GET", s.path)
    other = await s.clinic.done(s.trainer, "GET", s.path)
    assert "clinical_reason" in own
    assert "clinical_reason" not in other


async def test_a_locked_restriction_is_not_told_from_one_that_is_not_there(s: Scene) -> None:
    await s.clinic.done(
        s.client,
        "POST",
        f"/clients/{s.client.id}/locks/items",
        {"item": str(s.restriction), "silent": False, "told_consequence": True},
    )
    nowhere = s.path.replace(str(s.restriction), str(uuid4()))
    for method, tail, body in (
        ("GET", "", None),
        ("POST", "/acknowledgements", {}),
    ):
        locked = await s.clinic.ask(s.trainer, method, s.path + tail, body, seen=1)
        missing = await s.clinic.ask(s.trainer, method, nowhere + tail, body, seen=1)
        assert locked.status_code == 404
        assert same(locked, missing)


async def test_auditors_see_no_content_without_a_case(s: Scene) -> None:
    auditor = await s.clinic.staff(Discipline.AUDITOR, "Ada Quist")
    chart = f"/clients/{s.client.id}"
    assert (await s.clinic.ask(auditor, "GET", chart)).status_code == 422
    seen = f"{chart}?reader={s.trainer.id}"
    assert (await s.clinic.ask(auditor, "GET", seen)).status_code == 404
    await s.clinic.done(
        auditor, "POST", f"/audit/clients/{s.client.id}/cases", {"reason": "incident"}
    )
    opened = await s.clinic.done(auditor, "GET", seen)
    live = await s.clinic.done(s.trainer, "GET", chart)
    assert opened["chart"]["restrictions"] == live["restrictions"]


async def test_the_time_machine_is_for_auditors(s: Scene) -> None:
    for path in (
        f"/audit/clients/{s.client.id}/knowledge?reader={s.trainer.id}",
        f"/audit/clients/{s.client.id}/differences?reader={s.trainer.id}&and_reader={s.physio.id}",
        f"/audit/clients/{s.client.id}/facts/1/knowers",
        "/audit/disclosures/1/screen",
    ):
        for who in (s.physio, s.trainer, s.client, s.clinic.administrator):
            answer = await s.clinic.ask(who, "GET", path)
            assert answer.status_code == 404, (path, answer.text)
