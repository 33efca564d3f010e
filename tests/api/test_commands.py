"""Commands: once for one intention, decided on what was seen, answered with their place."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from domain.access import AccessRecord, Outcome, access_stream
from domain.lanes import Discipline
from domain.record import CareRecord
from tests.api.clinic import CLINICAL, TERMS, Clinic, Scene, scene

pytestmark = pytest.mark.anyio
KEY = "7d9f3c1e-5a41-4a8e-9a53-3f0b8a1c2d4e"


@pytest.fixture
async def s(clinic: Clinic) -> Scene:
    return await scene(clinic)


async def test_a_repeated_command_is_recorded_once_and_answered_alike(s: Scene) -> None:
    path, body = f"/clients/{s.client.id}/restrictions", {"terms": TERMS}
    first = await s.clinic.ask(s.physio, "POST", path, body, Idempotency_Key=KEY)
    # What has happened meanwhile does not change the answer.
    await s.clinic.impose(s.client, s.physio)
    second = await s.clinic.ask(s.physio, "POST", path, body, Idempotency_Key=KEY)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    record = await s.clinic.tandem.ledger.refresh(CareRecord, s.client.id)
    assert len(record.restrictions.items) == 3


async def test_a_repeated_command_finds_its_result_though_it_would_be_refused_now(
    s: Scene,
) -> None:
    body = {"rationale": "Bends well."}
    path = f"{s.path}/lifting"
    first = await s.clinic.ask(s.physio, "POST", path, body, seen=s.version, Idempotency_Key=KEY)
    second = await s.clinic.ask(s.physio, "POST", path, body, seen=s.version, Idempotency_Key=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


@pytest.mark.parametrize("changed", ["body", "acting as", "seen", "purpose"])
async def test_a_key_serves_one_request_only(s: Scene, changed: str) -> None:
    path = f"{s.path}/retraction"
    first = await s.clinic.ask(
        s.physio, "POST", path, {"reason": "Wrong client."}, seen=s.version, Idempotency_Key=KEY
    )
    assert first.status_code == 201, first.text
    reason = "Wrong knee." if changed == "body" else "Wrong client."
    seen = s.version + 1 if changed == "seen" else s.version
    more = {"Tandem_Purpose": "coordination"} if changed == "purpose" else {}
    if changed == "acting as":
        more = {"Tandem_Acting_As": "client"}
    answer = await s.clinic.ask(
        s.physio, "POST", path, {"reason": reason}, seen=seen, Idempotency_Key=KEY, **more
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_key_is_its_callers_own(s: Scene) -> None:
    hold = {"terms": {**TERMS, "severity": "stop", "review_by": _soon()}}
    path = f"/clients/{s.client.id}/holds"
    other = await s.clinic.staff(Discipline.TRAINER, "Kim")
    await s.clinic.join(s.client, other)
    first = await s.clinic.done(s.trainer, "POST", path, hold, Idempotency_Key=KEY)
    second = await s.clinic.done(other, "POST", path, hold, Idempotency_Key=KEY)
    assert first["ids"] != second["ids"]


def _soon() -> str:
    return (datetime.now(UTC) + timedelta(days=5)).date().isoformat()


async def test_a_receipt_says_nothing_of_the_record(s: Scene) -> None:
    path = f"/clients/{s.client.id}/restrictions"
    answer = await s.clinic.ask(
        s.physio, "POST", path, {"terms": TERMS, "clinical_reason": CLINICAL}
    )
    assert set(answer.json()) == {"ids", "positions", "version", "recorded_at"}
    assert CLINICAL not in answer.text
    assert answer.headers["tandem-position"] == str(answer.json()["positions"][-1])


async def test_decisions_name_the_version_that_was_seen(s: Scene) -> None:
    path, body = f"{s.path}/lifting", {"rationale": "Bends well."}
    missing = await s.clinic.ask(s.physio, "POST", path, body)
    assert (missing.status_code, missing.json()["code"]) == (428, "if-match-required")
    stale = await s.clinic.ask(s.physio, "POST", path, body, seen=s.version - 1)
    assert (stale.status_code, stale.json()["code"]) == (409, "changed-since-seen")
    assert (await s.clinic.ask(s.physio, "POST", path, body, seen=s.version)).status_code == 201


async def test_the_etag_of_an_item_is_what_a_decision_sends(s: Scene) -> None:
    shown = await s.clinic.ask(s.physio, "GET", s.path)
    answer = await s.clinic.ask(
        s.physio, "POST", f"{s.path}/lifting", {"rationale": "Fine."}, seen=shown.headers["etag"]
    )
    assert answer.status_code == 201, answer.text


async def test_what_is_unchanged_is_not_sent_again_but_disclosed_all_the_same(s: Scene) -> None:
    path = f"/clients/{s.client.id}"
    first = await s.clinic.ask(s.trainer, "GET", path)
    again = await s.clinic.ask(s.trainer, "GET", path, If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert int(again.headers["tandem-disclosure"]) > int(first.headers["tandem-disclosure"])
    head = await s.clinic.ask(s.trainer, "HEAD", path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(first.content))
    await s.clinic.impose(s.client, s.physio, patterns=["jump"])
    changed = await s.clinic.ask(s.trainer, "GET", path, If_None_Match=first.headers["etag"])
    assert changed.status_code == 200


async def _access(s: Scene, until: Callable[[AccessRecord], bool]) -> AccessRecord:
    """The trainer's access record, once what is written in the background is there."""
    ledger = s.clinic.tandem.ledger
    stream = access_stream(s.client.id, s.trainer.id)
    await s.clinic.tandem.sent.flush()
    access = await ledger.refresh(AccessRecord, stream)
    assert until(access)
    return access


async def test_a_transfer_is_noted_as_sent_also_for_304_and_head(s: Scene) -> None:
    path = f"/clients/{s.client.id}"
    first = await s.clinic.ask(s.trainer, "GET", path)
    await s.clinic.ask(s.trainer, "GET", path, If_None_Match=first.headers["etag"])
    await s.clinic.ask(s.trainer, "HEAD", path)
    access = await _access(s, lambda access: len(access.disclosures) == 3)
    assert [made.sent for made in access.disclosures.values()] == [Outcome.COMPLETED] * 3


async def test_a_device_confirms_what_it_has(s: Scene) -> None:
    shown = await s.clinic.ask(s.trainer, "GET", s.path)
    position = shown.headers["tandem-disclosure"]
    path = f"/clients/{s.client.id}/disclosures/{position}/receipt"
    await s.clinic.done(s.trainer, "POST", path, {})
    again = await s.clinic.ask(s.trainer, "POST", path, {})
    assert (again.status_code, again.json()["positions"]) == (200, [])
    access = await _access(s, lambda access: bool(access.disclosures))
    assert len(access.disclosures[int(position)].received) == 1
    other = await s.clinic.ask(s.physio, "POST", path, {})
    assert other.status_code == 404


async def test_a_device_confirms_one_screen_after_another(s: Scene) -> None:
    """What was known of the reader's accesses after the first is behind at the second."""
    for _ in range(2):
        shown = await s.clinic.ask(s.trainer, "GET", s.path)
        position = shown.headers["tandem-disclosure"]
        path = f"/clients/{s.client.id}/disclosures/{position}/receipt"
        assert (await s.clinic.ask(s.trainer, "POST", path, {})).status_code == 201


async def test_an_acknowledgement_names_a_disclosure_to_its_reader(s: Scene) -> None:
    shown = await s.clinic.ask(s.physio, "GET", s.path)
    path = f"{s.path}/acknowledgements"
    for position in (int(shown.headers["tandem-disclosure"]), 10**9):
        body = {"disclosed_at": position}
        answer = await s.clinic.ask(s.trainer, "POST", path, body, seen=s.version)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] == "/disclosed_at"
    own = await s.clinic.ask(s.trainer, "GET", s.path)
    body = {"disclosed_at": int(own.headers["tandem-disclosure"])}
    await s.clinic.done(s.trainer, "POST", path, body, seen=s.version)
    access = await _access(s, lambda access: bool(access.acknowledgements))
    assert access.acknowledgements[0][0].item == s.restriction


async def test_what_holds_from_an_earlier_time_says_so(s: Scene) -> None:
    earlier = "2026-01-02T03:04:05Z"
    made = await s.clinic.done(
        s.physio,
        "POST",
        f"/clients/{s.client.id}/restrictions",
        {"terms": TERMS},
        Tandem_Effective=earlier,
    )
    record = await s.clinic.tandem.ledger.refresh(CareRecord, s.client.id)
    item = record.restrictions.items[UUID(made["ids"]["restriction"])]
    assert item.imposed.effective == datetime.fromisoformat(earlier)


async def test_the_preview_is_what_the_grantee_then_sees(s: Scene) -> None:
    other = await s.clinic.staff(Discipline.TRAINER, "Kim")
    await s.clinic.join(s.client, other)
    terms = {
        "grantee": {"kind": "practitioner", "practitioner": str(other.id)},
        "categories": ["identity", "restrictions"],
        "purposes": ["training"],
    }
    path = f"/clients/{s.client.id}/consents"
    preview = await s.clinic.done(s.client, "POST", f"{path}/preview", {"terms": terms})
    (grantee,) = preview["grantees"]
    await s.clinic.done(s.client, "POST", path, {"terms": terms})
    chart = await s.clinic.done(other, "GET", f"/clients/{s.client.id}")
    assert grantee["would_see"] == {k: v for k, v in chart.items() if k != "people"}
    assert (
        await s.clinic.ask(other, "POST", f"{path}/preview", {"terms": terms})
    ).status_code == 404


async def test_ones_own_chart_at_an_earlier_moment(s: Scene) -> None:
    position = (await s.clinic.impose(s.client, s.physio, patterns=["jump"]))["positions"][-1]
    path = f"/clients/{s.client.id}"
    before = await s.clinic.done(s.trainer, "GET", f"{path}?at={position - 1}")
    after = await s.clinic.done(s.trainer, "GET", f"{path}?at={position}")
    assert len(before["restrictions"]) == 1
    assert len(after["restrictions"]) == 2


async def test_pages_of_accesses_follow_each_other(s: Scene) -> None:
    for _ in range(5):
        await s.clinic.ask(s.trainer, "GET", s.path)
    path = f"/clients/{s.client.id}/accesses"
    whole = await s.clinic.done(s.client, "GET", path)
    found, after = [], ""
    while True:
        page = await s.clinic.done(s.client, "GET", f"{path}?limit=2{after}")
        found += page["accesses"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [seen["position"] for seen in found] == [seen["position"] for seen in whole["accesses"]]
    assert len(found) == 5


async def test_a_team_takes_only_people_in_good_standing(s: Scene) -> None:
    path = f"/clients/{s.client.id}/team"
    body = {"practitioner": str(uuid4()), "discipline": "trainer"}
    answer = await s.clinic.ask(s.client, "POST", path, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "/practitioner"
