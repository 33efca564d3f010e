"""The card taken along: known to be out, for at most a day, until the device says it is gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.access import AccessRecord, Channel, access_stream
from domain.lanes import Discipline
from tests.api.clinic import Clinic, Scene, scene

pytestmark = pytest.mark.anyio


@pytest.fixture
async def s(clinic: Clinic) -> Scene:
    return await scene(clinic)


def copies(s: Scene) -> str:
    return f"/clients/{s.client.id}/card/offline-copies"


async def accessed(s: Scene) -> AccessRecord:
    stream = access_stream(s.client.id, s.trainer.id)
    return await s.clinic.tandem.ledger.refresh(AccessRecord, stream)


async def test_a_copy_is_known_to_be_out_before_it_is_let_go_of_and_until_it_is_wiped(
    s: Scene,
) -> None:
    taken = await s.clinic.ask(s.trainer, "POST", copies(s), {})
    assert taken.status_code == 201, taken.text
    assert taken.json()["card"]["lines"]
    position, now = int(taken.headers["tandem-disclosure"]), datetime.now(UTC)
    (out,) = (await accessed(s)).outstanding(now)
    assert (out.position, out.fact.channel) == (position, Channel.OFFLINE)
    assert out.held_until == datetime.fromisoformat(taken.headers["tandem-held-until"])
    assert now < out.held_until <= now + timedelta(hours=24)
    assert (await accessed(s)).outstanding(out.held_until) == []
    wiping = f"/clients/{s.client.id}/disclosures/{position}/wiping"
    await s.clinic.done(s.trainer, "POST", wiping, {})
    assert (await accessed(s)).outstanding(now) == []


@pytest.mark.parametrize("hours", [-1, 25])
async def test_a_lease_is_at_most_a_day_and_nothing_is_released_on_any_other(
    s: Scene, hours: int
) -> None:
    before = (await accessed(s)).version
    until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    refused = await s.clinic.ask(s.trainer, "POST", copies(s), {"until": until})
    body: Any = refused.json()
    assert (refused.status_code, body["errors"][0]["path"]) == (422, "/until")
    assert (await accessed(s)).version == before


async def test_nobody_takes_what_they_may_not_read_or_wipes_what_they_do_not_hold(
    s: Scene,
) -> None:
    stranger = await s.clinic.staff(Discipline.TRAINER, "Uma Stranger")
    assert (await s.clinic.ask(stranger, "POST", copies(s), {})).status_code == 404
    chart = await s.clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}")
    read = chart.headers["tandem-disclosure"]
    wiping = f"/clients/{s.client.id}/disclosures/{read}/wiping"
    assert (await s.clinic.ask(s.trainer, "POST", wiping, {})).status_code == 404
