"""A practitioner without an account, reached by a link: what it opens, for how long, and what it
leaves behind."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.access import AccessRecord, Channel, access_stream
from domain.lanes import Category, Discipline
from domain.scope import Rule
from tests.api.clinic import CLINICAL, Clinic, Scene, scene
from tests.api.test_referrals import does, refers, state

pytestmark = pytest.mark.anyio
WEBER = {"kind": "external", "name": "Dr Ida Weber", "profession": "orthopaedic surgeon"}
NOBODY = "A" * 43


class Sent:
    """A referral to Dr Weber, agreed to, and a link to it."""

    def __init__(self, s: Scene, path: str) -> None:
        self.s, self.path, self.token, self.link = s, path, "", ""

    async def linked(self, **body: Any) -> "Sent":
        made = await self.s.clinic.done(self.s.trainer, "POST", f"{self.path}/links", body)
        self.token, self.link = made["token"], made["ids"]["link"]
        return self

    async def opens(self, token: str | None = None) -> httpx.Response:
        return await self.s.clinic.ask(None, "GET", f"/external/{token or self.token}")

    async def says(self, what: str, seen: Any = None, **body: Any) -> httpx.Response:
        shown = seen or (await self.opens()).headers["etag"]
        path = f"/external/{self.token}/{what}"
        return await self.s.clinic.ask(None, "POST", path, body, seen=shown)


@pytest.fixture
async def sent(clinic: Clinic) -> Sent:
    s = await scene(clinic)
    path, _ = await refers(s, s.trainer, WEBER)
    await does(s, s.client, path, "agreement")
    return await Sent(s, path).linked()


async def test_a_link_opens_what_is_enclosed_through_the_door(sent: Sent) -> None:
    s = sent.s
    found = await sent.opens()
    assert found.status_code == 200
    assert found.json()["identity"]["name"] == "Anna Meierhofer"
    assert found.json()["referral"]["state"] == "requested"
    assert len(found.json()["restrictions"]) == 1
    assert CLINICAL not in found.text
    assert "options" not in found.text
    assert "contact" not in found.json()

    access = await s.clinic.tandem.ledger.refresh(
        AccessRecord, access_stream(s.client.id, UUID(sent.link))
    )
    made = access.disclosures[int(found.headers["tandem-disclosure"])].fact
    assert (made.channel, made.acting_as) == (Channel.LINK, Discipline.EXTERNAL)
    shown = {(one.category, one.rule) for one in made.categories_shown}
    opened = (Category.IDENTITY, Category.RESTRICTIONS, Category.REFERRALS)
    assert shown == {(category, Rule.REFERRAL) for category in opened}

    await s.clinic.project()
    accesses = await s.clinic.done(s.client, "GET", f"/clients/{s.client.id}/accesses")
    (line,) = [line for line in accesses["accesses"] if line["reader"] == sent.link]
    assert line["sentence"].startswith("Dr Ida Weber, who was sent a referral of yours, saw")
    assert "You agreed to this referral on" in line["sentence"]


async def test_by_the_link_one_accepts_and_notes_and_the_initiator_reads_it(sent: Sent) -> None:
    s = sent.s
    assert (await sent.says("acceptance")).status_code == 201
    stale = await sent.says("notes", seen=1, note="Too late.")
    assert (stale.status_code, stale.json()["code"]) == (409, "changed-since-seen")
    assert (await sent.says("notes", note="Operated on Monday.")).status_code == 201
    found = await s.clinic.done(s.trainer, "GET", sent.path)
    assert found["state"] == "accepted"
    assert found["history"][-1]["note"] == "Operated on Monday."
    assert found["history"][-1]["name"] == "Dr Ida Weber"
    missing = await s.clinic.ask(None, "POST", f"/external/{sent.token}/notes", {"note": "x"})
    assert missing.status_code == 428


async def test_declined_by_the_link_it_opens_nothing_any_more(sent: Sent) -> None:
    answer = await sent.says("decline", code="no_capacity")
    assert answer.status_code == 201
    assert (await sent.opens()).status_code == 404
    assert await state(sent.s, sent.s.client, sent.path) == "declined"


async def test_a_reply_by_phone_is_written_down_with_its_source(sent: Sent) -> None:
    by_phone = {
        "medium": "phone",
        "said_by": "Dr Ida Weber",
        "said_at": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
    }
    await does(sent.s, sent.s.trainer, sent.path, "acceptance", transcribed=by_phone)
    found = await sent.s.clinic.done(sent.s.client, "GET", sent.path)
    assert found["history"][-1]["transcribed"]["medium"] == "phone"
    assert found["history"][-1]["by"] == str(sent.s.trainer.id)


async def test_whatever_opens_nothing_looks_the_same(sent: Sent) -> None:
    """Unknown, malformed, used up, revoked, of a referral that has ended: one answer."""
    s, answers = sent.s, []
    for token in (NOBODY, "x", "%2e%2e", sent.token[:-1], sent.token + "A", "A" * 300):
        answers.append(await sent.opens(token))

    once = await sent.linked(openings=1)
    assert (await once.opens()).status_code == 200
    answers.append(await once.opens())

    revoked = (await sent.linked()).token
    path = f"{sent.path}/links/{sent.link}"
    assert (await s.clinic.ask(s.client, "DELETE", path)).status_code == 201
    answers.append(await sent.opens(revoked))

    ended = (await sent.linked()).token
    assert (await sent.opens(ended)).status_code == 200
    await does(s, s.client, sent.path, "cancellation")
    answers.append(await sent.opens(ended))

    for answer in answers:
        assert answer.status_code == 404
        assert answer.content == answers[0].content
        assert "tandem-disclosure" not in answer.headers


async def test_a_new_link_takes_the_place_of_the_one_before(sent: Sent) -> None:
    before = sent.token
    await sent.linked()
    assert (await sent.opens(before)).status_code == 404
    assert (await sent.opens()).status_code == 200
    await sent.says("acceptance")
    dead = await sent.s.clinic.ask(None, "POST", f"/external/{before}/notes", {"note": "x"}, seen=1)
    assert dead.status_code == 404
    assert await state(sent.s, sent.s.client, sent.path) == "accepted"


async def test_an_expired_link_is_like_one_that_never_was(
    sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    tandem = sent.s.clinic.tandem
    later = datetime.now(UTC) + timedelta(days=31)
    monkeypatch.setattr(tandem, "clock", lambda: later)
    expired, unknown = await sent.opens(), await sent.opens(NOBODY)
    assert expired.status_code == unknown.status_code == 404
    assert expired.content == unknown.content


async def test_nobody_makes_a_link_but_who_sent_it_coordinates_or_is_the_client(sent: Sent) -> None:
    s = sent.s
    path = f"{sent.path}/links"
    physio = await s.clinic.ask(s.physio, "POST", path, {})
    assert physio.status_code == 404, "to whom the referral is not known"
    team = await s.clinic.consent(s.client, s.physio, "referrals")
    assert team["positions"]
    told = await s.clinic.ask(s.physio, "POST", path, {})
    assert (told.status_code, told.json()["code"]) == (409, "not-yours-to-decide")
    assert "token" not in told.json()
    assert (await s.clinic.ask(s.client, "POST", path, {})).json()["token"]
    long = {"until": (datetime.now(UTC) + timedelta(days=60)).isoformat()}
    answer = await s.clinic.ask(s.trainer, "POST", path, long)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/until")


async def test_a_token_is_told_once(sent: Sent) -> None:
    s, path = sent.s, f"{sent.path}/links"
    first = await s.clinic.ask(s.trainer, "POST", path, {}, Idempotency_Key="link")
    again = await s.clinic.ask(s.trainer, "POST", path, {}, Idempotency_Key="link")
    assert first.json()["token"]
    assert again.json()["token"] is None
    assert again.json()["ids"] == first.json()["ids"]
    assert (await sent.opens(first.json()["token"])).status_code == 200


async def test_no_line_of_a_log_and_nothing_stored_holds_a_token(
    sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    app = sent.s.clinic.app
    lines: list[str] = []
    app.log = lines.append  # type: ignore[attr-defined]
    app.middleware_stack = app.build_middleware_stack()
    await sent.opens()
    await sent.opens(NOBODY)
    await sent.says("acceptance")
    assert any("/external/{token}" in line for line in lines)
    printed = capsys.readouterr()
    for text in (*lines, printed.out, printed.err):
        assert sent.token not in text
    metrics = await sent.s.clinic.ask(None, "GET", "/metrics")
    assert sent.token not in metrics.text
    rows = await sent.s.clinic.tandem.ledger.log.after(0, limit=10_000)
    assert rows
    assert not any(sent.token.encode() in row.state for row in rows)
