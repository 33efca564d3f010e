"""Readiness, metrics and logs: useful, and without anybody in them."""

import logging

import pytest

from domain.lanes import Discipline
from tests.api.clinic import CLINICAL, Clinic, scene

pytestmark = pytest.mark.anyio


async def test_it_lives_and_is_ready(clinic: Clinic) -> None:
    assert (await clinic.done(None, "GET", "/livez")) == {"live": True}
    ready = await clinic.done(None, "GET", "/readyz")
    assert ready["ready"] is True
    assert ready["parts"]["log"] == {"ok": True, "waiting": 0}
    assert set(ready["parts"]["lists"]) == {"ok", "lag"}
    assert set(ready["parts"]["clocks"]) == {"ok", "overdue"}


async def test_metrics_count_requests_by_template_and_hold_no_ids(clinic: Clinic) -> None:
    s = await scene(clinic)
    await clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}")
    text = (await clinic.ask(None, "GET", "/metrics")).text
    expected = 'tandem_http_requests_total{method="GET",route="/clients/{client}",status="200"} 1.0'
    assert expected in text
    assert "tandem_append_queue_depth 0.0" in text
    assert 'tandem_append_batch_commands_bucket{le="1.0"} 0.0' not in text
    for id in (s.client.id, s.trainer.id, s.physio.id, s.restriction):
        assert str(id) not in text


async def test_no_log_names_anybody_or_repeats_what_was_sent(
    clinic: Clinic, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        s = await scene(clinic)
        await clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}?at=Meierhofer")
        await clinic.ask(s.trainer, "POST", f"/clients/{s.client.id}/holds", {"a": CLINICAL})
        await clinic.ask(s.physio, "POST", f"{s.path}/lifting", {"rationale": 1}, seen=1)
        await clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}")
        stranger = clinic.person(Discipline.TRAINER)
        await clinic.ask(stranger, "GET", f"/clients/{s.client.id}")
    out, err = capfd.readouterr()
    logged = "\n".join((caplog.text, out, err))
    assert "/clients/{client}" in logged
    ids = (s.client.id, s.trainer.id, s.physio.id, s.restriction, stranger.id)
    for secret in ("Meierhofer", "Ortiz", CLINICAL, s.trainer.token, *map(str, ids)):
        assert secret not in logged
