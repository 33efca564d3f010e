"""Referrals over HTTP: trainer to physiotherapist and back, by oneself, and to somebody outside."""

from typing import Any

import pytest

from domain.lanes import Discipline
from tests.api.clinic import CLINICAL, Clinic, Person, Scene, scene

pytestmark = pytest.mark.anyio
REASON = "Pain down the leg when hinging."
CHART = ("identity", "restrictions")


def to(who: Person) -> dict[str, Any]:
    return {"kind": "practitioner", "practitioner": str(who.id), "discipline": who.acting_as}


async def refers(
    s: Scene, by: Person, whom: Person | dict[str, Any], **more: Any
) -> tuple[str, int]:
    """`by` asks for a referral: its path, and the version after."""
    body = {
        "to": to(whom) if isinstance(whom, Person) else whom,
        "priority": "routine",
        "reason": REASON,
        "enclosed": list(CHART),
        "no_choice": "Nobody else is near.",
        **more,
    }
    made = await s.clinic.done(by, "POST", f"/clients/{s.client.id}/referrals", body)
    return f"/clients/{s.client.id}/referrals/{made['ids']['referral']}", made["version"]


async def does(s: Scene, who: Person, path: str, what: str, **body: Any) -> dict[str, Any]:
    """`who` looks at the referral and decides."""
    looked = await s.clinic.ask(who, "GET", path)
    assert looked.status_code == 200, looked.text
    return await s.clinic.done(who, "POST", f"{path}/{what}", body, seen=looked.headers["etag"])


async def state(s: Scene, who: Person, path: str) -> str:
    found = await s.clinic.done(who, "GET", path)
    return str(found["state"])


@pytest.mark.parametrize("trainer_refers", [True, False])
async def test_from_lane_to_lane_both_ways(clinic: Clinic, trainer_refers: bool) -> None:
    """The recipient knows nothing before the client agrees, then exactly what is enclosed, and
    nothing once it is completed; the initiator reads the outcome."""
    s = await scene(clinic)
    discipline = Discipline.PHYSIOTHERAPIST if trainer_refers else Discipline.TRAINER
    asker = s.trainer if trainer_refers else s.physio
    other = await clinic.staff(discipline, "Olga Berg")
    chart = f"/clients/{s.client.id}"
    path, _ = await refers(s, asker, other)
    for hidden in (chart, path):
        assert (await clinic.ask(other, "GET", hidden)).status_code == 404
    refused = await clinic.ask(other, "POST", f"{path}/acceptance", {}, seen=1)
    assert refused.status_code == 404

    await does(s, s.client, path, "agreement")
    found = await clinic.ask(other, "GET", chart)
    assert found.json()["identity"]["name"] == "Anna Meierhofer"
    assert len(found.json()["restrictions"]) == 1
    assert "contact" not in found.json()
    assert CLINICAL not in found.text, "the clinical reason was not enclosed"
    (sent,) = found.json()["referrals"]
    assert sent["reason"] == REASON
    assert "options" not in sent
    assert "interest" not in sent

    await does(s, other, path, "acceptance")
    await does(s, other, path, "appointment", at="2027-12-01T10:00:00Z")
    await does(s, other, path, "attendance")
    await does(s, other, path, "completion", outcome="goal_achieved", note="Hinges freely.")
    done = await clinic.done(asker, "GET", path)
    assert done["state"] == "completed"
    assert done["history"][-1]["outcome"] == "goal_achieved"
    assert done["history"][-1]["by"] == str(other.id)

    after = await clinic.ask(other, "GET", chart)
    assert "Anna" not in after.text
    assert "Do not bend" not in after.text
    assert REASON not in after.text
    assert "Hinges freely." in after.text, "what they wrote themselves"
    (own,) = after.json()["referrals"]
    assert "state" not in own


async def test_the_client_refers_themselves(clinic: Clinic) -> None:
    s = await scene(clinic)
    other = await clinic.staff(Discipline.MASSAGE_THERAPIST, "Mara Silva")
    path, _ = await refers(s, s.client, other, enclosed=["restrictions"])
    found = await clinic.ask(other, "GET", path)
    assert found.json()["state"] == "requested", "who sends it has agreed"
    chart = await clinic.done(other, "GET", f"/clients/{s.client.id}")
    assert "identity" not in chart
    assert len(chart["restrictions"]) == 1
    await does(s, other, path, "decline", code="no_capacity")
    assert await state(s, s.client, path) == "declined"
    again, _ = await refers(s, s.client, other, successor_of=path.rsplit("/", 1)[1])
    assert (await clinic.done(s.client, "GET", again))["successor_of"] == path.rsplit("/", 1)[1]


async def test_the_client_chooses_among_those_on_offer(clinic: Clinic) -> None:
    s = await scene(clinic)
    one = await clinic.staff(Discipline.PHYSIOTHERAPIST, "Olga Berg")
    two = await clinic.staff(Discipline.PHYSIOTHERAPIST, "Paul Kern")
    path, _ = await refers(s, s.trainer, one, options=[to(two)], no_choice=None)
    offer = await clinic.done(s.client, "GET", path)
    assert [option["practitioner"] for option in offer["options"]] == [str(two.id)]
    assert offer["people"][str(two.id)]["name"] == "Paul Kern"
    await does(s, s.client, path, "agreement", to=to(two), enclosed=["goals"])
    assert (await clinic.ask(one, "GET", path)).status_code == 404
    assert (await clinic.done(two, "GET", path))["enclosed"] == ["goals"]
    assert "identity" not in await clinic.done(two, "GET", f"/clients/{s.client.id}")


async def test_two_phases_of_a_cancellation(clinic: Clinic) -> None:
    s = await scene(clinic)
    other = await clinic.staff(Discipline.PHYSIOTHERAPIST, "Olga Berg")
    path, _ = await refers(s, s.trainer, other)
    await does(s, s.client, path, "agreement")
    await does(s, other, path, "acceptance")
    before = (await clinic.done(other, "GET", path))["version"]
    await does(s, s.trainer, path, "cancellation-request", reason="Better by itself.")
    stale = await clinic.ask(other, "POST", f"{path}/completion", OUTCOME, seen=before)
    assert (stale.status_code, stale.json()["code"]) == (409, "changed-since-seen")
    await does(s, other, path, "cancellation-refusal", reason="Seen this morning.")
    assert await state(s, s.trainer, path) == "accepted"
    await does(s, s.trainer, path, "cancellation-request", reason="Really.")
    await does(s, other, path, "completion", **OUTCOME)
    assert await state(s, s.trainer, path) == "completed"
    gone = await clinic.ask(
        s.trainer, "POST", f"{path}/cancellation-request", {"reason": "x"}, seen=1
    )
    assert gone.status_code == 409


OUTCOME = {"outcome": "partly_achieved"}


async def test_a_refusal_says_why_to_who_may_know_and_else_nothing(clinic: Clinic) -> None:
    s = await scene(clinic)
    other = await clinic.staff(Discipline.PHYSIOTHERAPIST, "Olga Berg")
    path, version = await refers(s, s.trainer, other)
    told = await clinic.ask(s.trainer, "POST", f"{path}/acceptance", {}, seen=version)
    assert (told.status_code, told.json()["code"]) == (409, "not-in-this-state")
    assert told.json()["because"] == {"state": "proposed"}
    mallory = await clinic.staff(Discipline.PHYSIOTHERAPIST, "Mallory")
    unknown = f"/clients/{s.client.id}/referrals/{mallory.id}"
    for who in (mallory, s.physio):
        one = await clinic.ask(who, "POST", f"{path}/acceptance", {}, seen=version)
        other_one = await clinic.ask(who, "POST", f"{unknown}/acceptance", {}, seen=version)
        assert one.status_code == other_one.status_code == 404
        assert one.content == other_one.content


async def test_a_recipient_is_somebody_in_good_standing(clinic: Clinic) -> None:
    s = await scene(clinic)
    nobody = clinic.person(Discipline.PHYSIOTHERAPIST)
    body = {
        "to": to(nobody),
        "priority": "routine",
        "reason": REASON,
        "enclosed": ["goals"],
        "no_choice": "x",
    }
    path = f"/clients/{s.client.id}/referrals"
    answer = await clinic.ask(s.trainer, "POST", path, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/to")
    offered = {**body, "to": to(s.physio), "options": [to(nobody)]}
    answer = await clinic.ask(s.trainer, "POST", path, offered)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "/options")


async def test_sent_twice_it_is_one_referral(clinic: Clinic) -> None:
    s = await scene(clinic)
    body = {
        "to": to(s.physio),
        "priority": "routine",
        "reason": REASON,
        "enclosed": ["goals"],
        "no_choice": "x",
    }
    path = f"/clients/{s.client.id}/referrals"
    one = await clinic.ask(s.trainer, "POST", path, body, Idempotency_Key="again")
    two = await clinic.ask(s.trainer, "POST", path, body, Idempotency_Key="again")
    assert one.json()["ids"] == two.json()["ids"]
    assert two.headers["idempotency-replayed"] == "true"
    client = await clinic.done(s.client, "GET", f"/clients/{s.client.id}")
    assert len(client["referrals"]) == 1


async def test_the_inbox_says_why_each_is_there(clinic: Clinic) -> None:
    s = await scene(clinic)
    other = await clinic.staff(Discipline.PHYSIOTHERAPIST, "Olga Berg")
    routine, _ = await refers(s, s.trainer, other)
    urgent, _ = await refers(s, s.trainer, other, priority="urgent")
    await does(s, s.client, routine, "agreement")
    await clinic.project()
    (row,) = (await clinic.done(other, "GET", "/referral-inbox?count=true"))["rows"]
    assert row["referral"] == routine.rsplit("/", 1)[1]
    await does(s, s.client, urgent, "agreement")
    await clinic.project()

    page = await clinic.done(other, "GET", "/referral-inbox?count=true")
    assert page["total"] == 2
    assert [row["referral"] for row in page["rows"]] == [
        path.rsplit("/", 1)[1] for path in (urgent, routine)
    ]
    (fragment,) = page["clients"]
    first, second = fragment["referrals"]
    assert fragment["name"] == "Anna Meierhofer"
    assert first["why"] == "urgent, waiting 0 min for an answer"
    assert second["why"] == "waiting 0 min for an answer"
    assert first["as"] == "recipient"
    mine = await clinic.done(s.trainer, "GET", "/referral-inbox?limit=1")
    assert mine["clients"][0]["referrals"][0]["as"] == "initiator"
    rest = await clinic.done(s.trainer, "GET", f"/referral-inbox?after={mine['next']}")
    assert [row["referral"] for row in rest["rows"]] == [routine.rsplit("/", 1)[1]]
    assert (await clinic.done(s.physio, "GET", "/referral-inbox?count=true"))["total"] == 0
    await does(s, other, urgent, "decline", code="duplicate")
    after = await clinic.done(other, "GET", "/referral-inbox?count=true")
    assert after["total"] == 1, "whatever the list has not got to"
    assert (await clinic.ask(other, "GET", "/referral-inbox?after=no")).status_code == 422


@pytest.mark.parametrize("who", ["external", "clock"])
async def test_nobody_signs_in_as_the_clock_or_as_somebody_outside(
    clinic: Clinic, who: str
) -> None:
    s = await scene(clinic)
    answer = await clinic.ask(
        s.trainer, "GET", f"/clients/{s.client.id}", **{"Tandem-Acting-As": who}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "does-not-hold-discipline")
