"""A disclosure that is not let go of in time is discarded, and disclosed again."""

from uuid import UUID, uuid4

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api import release
from domain.access import AccessRecord, access_stream
from projections.asking import Released
from tests.api.clinic import Clinic, scene

pytestmark = pytest.mark.anyio


async def test_late_bytes_are_never_let_go_of(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = await scene(clinic)
    late: list[int] = []

    def stale(released: Released) -> bool:
        """The first disclosure comes out too late; the next ones in time."""
        late.append(released.position)
        return len(late) == 1

    monkeypatch.setattr(Released, "stale", property(stale))
    answer = await clinic.ask(s.trainer, "GET", s.path)
    assert answer.status_code == 200
    assert int(answer.headers["tandem-disclosure"]) > late[0]
    await clinic.tandem.sent.flush()
    access = await _access(clinic, s.client.id, s.trainer.id)
    assert access.disclosures[late[0]].sent is None
    assert access.disclosures[int(answer.headers["tandem-disclosure"])].sent is not None


async def test_what_may_no_longer_be_seen_by_then_is_not(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = await scene(clinic)
    consents = await clinic.done(s.client, "GET", f"/clients/{s.client.id}/consents")
    given = next(c for c in consents["consents"] if c["consent"] == s.consent["ids"]["consent"])
    send_bytes = release.Disclosed.__call__

    async def withdrawn_meanwhile(
        self: release.Disclosed, scope: Scope, receive: Receive, send: Send
    ) -> None:
        monkeypatch.setattr(release.Disclosed, "__call__", send_bytes)
        path = f"/clients/{s.client.id}/consents/{given['consent']}/withdrawal"
        await clinic.done(s.client, "POST", path, {}, seen=given["version"])
        monkeypatch.setattr(Released, "stale", True)
        await send_bytes(self, scope, receive, send)

    monkeypatch.setattr(release.Disclosed, "__call__", withdrawn_meanwhile)
    answer: httpx.Response = await clinic.ask(s.trainer, "GET", f"/clients/{s.client.id}")
    assert "Meierhofer" not in answer.text


async def _access(clinic: Clinic, client: UUID, reader: UUID) -> AccessRecord:
    return await clinic.tandem.ledger.refresh(AccessRecord, access_stream(client, reader))


async def test_an_unknown_method_is_told_what_is_allowed(clinic: Clinic) -> None:
    answer = await clinic.ask(None, "DELETE", f"/clients/{uuid4()}/card")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"
    assert (await clinic.ask(None, "GET", "/no/such/path")).status_code == 404
