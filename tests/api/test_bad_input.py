"""Bad input: 422 with the path and what would be right, and nothing is appended."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.api.clinic import REVIEW, TERMS, TODAY, Clinic, Scene, scene

pytestmark = pytest.mark.anyio

SECRET = "Meierhofer-Unsaid"
SOON = (datetime.now(UTC) + timedelta(days=1)).isoformat()
LATER = (datetime.now(UTC) + timedelta(days=2)).isoformat()


@pytest.fixture
async def s(clinic: Clinic) -> Scene:
    return await scene(clinic)


def milestone(**criterion: Any) -> dict[str, Any]:
    step = {"code": "bend", "title": "Bends well", "then": {"severity": "caution"}}
    return {**step, "criteria": [criterion] if criterion else []}


TERMS_THAT_NO_RECORD_ACCEPTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown field": ({"colour": SECRET}, "/terms/colour", "leave it out"),
    "partial weight-bearing without a maximum": (
        {"limits": {"weight_bearing": {"grade": "PWB"}}},
        "/terms/limits/weight_bearing",
        "max_kg",
    ),
    "an arc with its ends reversed": (
        {"limits": {"arcs": [{"movement": "flexion", "start": 90, "end": 10}]}},
        "/terms/limits/arcs/0",
        "start",
    ),
    "a milestone without a measurable criterion": (
        {"milestones": [milestone()]},
        "/terms/milestones/0/criteria",
        "at least one criterion that can be measured",
    ),
    "a criterion that nothing measures": (
        {
            "milestones": [
                milestone(measure="looks_better", comparison="at_least", value=1, unit="deg")
            ]
        },
        "/terms/milestones/0/criteria/0/measure",
        "use one of",
    ),
    "a value outside its plausible range": (
        {"limits": {"loads": [{"max_kg": 900}]}},
        "/terms/limits/loads/0/max_kg",
        "at most 500",
    ),
    "text beyond its limit": (
        {"reason": SECRET * 100},
        "/terms/reason",
        "at most 500 characters",
    ),
    "a severity that there is not": ({"severity": SECRET}, "/terms/severity", "'stop'"),
    "a number that is none": (
        {"limits": {"max_pain": "a lot"}},
        "/terms/limits/max_pain",
        "a whole number",
    ),
    "a side that is missing": ({"side": None}, "/terms", "side of the knee"),
    "a review date that is past": (
        {"review_by": TODAY.isoformat()},
        "/terms/review_by",
        "a date after",
    ),
}


@pytest.mark.parametrize(
    ("changes", "path", "mend"),
    TERMS_THAT_NO_RECORD_ACCEPTS.values(),
    ids=TERMS_THAT_NO_RECORD_ACCEPTS.keys(),
)
async def test_terms_of_a_restriction(
    s: Scene, changes: dict[str, Any], path: str, mend: str
) -> None:
    body = {"terms": {**TERMS, **changes}}
    head = await s.clinic.tandem.ledger.log.head()
    answer = await s.clinic.ask(s.physio, "POST", f"/clients/{s.client.id}/restrictions", body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    errors = answer.json()["errors"]
    assert path in {error["path"] for error in errors}, errors
    assert any(mend in error["mend"] for error in errors), errors
    assert SECRET not in answer.text
    assert await s.clinic.tandem.ledger.log.head() == head


def _consent(s: Scene, **changes: Any) -> dict[str, Any]:
    terms = {
        "grantee": {"kind": "practitioner", "practitioner": str(s.trainer.id)},
        "categories": ["restrictions"],
        "purposes": ["training"],
    }
    return {"terms": {**terms, **changes}}


CONSENTS_THAT_NO_RECORD_ACCEPTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "to nobody": ({"grantee": None}, "/terms/grantee", "a JSON object"),
    "with no category": ({"categories": []}, "/terms/categories", "at least 1"),
    "with no purpose": ({"purposes": []}, "/terms/purposes", "at least 1"),
    "a category that cannot be granted": (
        {"categories": ["consents"]},
        "/terms/categories",
        "any of",
    ),
    "a period that ends before it starts": (
        {"starts": LATER, "until": SOON},
        "/terms",
        "later than starts",
    ),
    "a time without its zone": (
        {"until": "2099-01-01T00:00:00"},
        "/terms/until",
        "offset",
    ),
    "a period that is over": (
        {"until": "2020-01-01T00:00:00Z"},
        "/terms/until",
        "still to come",
    ),
}


@pytest.mark.parametrize(
    ("changes", "path", "mend"),
    CONSENTS_THAT_NO_RECORD_ACCEPTS.values(),
    ids=CONSENTS_THAT_NO_RECORD_ACCEPTS.keys(),
)
async def test_terms_of_a_consent(s: Scene, changes: dict[str, Any], path: str, mend: str) -> None:
    head = await s.clinic.tandem.ledger.log.head()
    answer = await s.clinic.ask(
        s.client, "POST", f"/clients/{s.client.id}/consents", _consent(s, **changes)
    )
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert path in {error["path"] for error in errors}, errors
    assert any(mend in error["mend"] for error in errors), errors
    assert await s.clinic.tandem.ledger.log.head() == head


async def test_a_witness_who_is_the_grantee(s: Scene) -> None:
    body = {**_consent(s), "witness": str(s.trainer.id)}
    answer = await s.clinic.ask(s.physio, "POST", f"/clients/{s.client.id}/consents/oral", body)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["mend"] == "somebody other than the grantee"
    assert error["path"] == "/witness"


async def test_a_wrong_unit(s: Scene) -> None:
    evidence = [
        {
            "measure": "knee_flexion",
            "value": 95,
            "unit": "cm",
            "side": "right",
            "method": "goniometer",
            "taken_at": datetime.now(UTC).isoformat(),
        }
    ]
    path = f"{s.path}/milestones/bend/proposals"
    answer = await s.clinic.ask(s.trainer, "POST", path, {"evidence": evidence}, seen=s.version)
    assert answer.status_code == 422, answer.text
    assert any("deg" in error["mend"] for error in answer.json()["errors"])


MALFORMED = {
    "not JSON": b"{",
    "empty": b"",
    "not UTF-8": b'{"terms": "\xff"}',
    "not a number": b'{"terms": NaN}',
    "infinite": b'{"terms": Infinity}',
    "a list": b"[]",
    "nothing": b"null",
    "two documents": b"{}{}",
    "deep": b'{"terms":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "quite deep": b'{"terms":' + b"[" * 500 + b"]" * 500 + b"}",
    "an enormous number": b'{"terms":' + b"9" * 100_000 + b"}",
    "an enormous exponent": b'{"terms": 1e999999}',
    "a lone surrogate": b'{"terms": "\\ud800"}',
}


async def test_a_body_that_is_malformed(s: Scene) -> None:
    headers = s.physio.headers(**{"Content-Type": "application/json"})
    path = f"/clients/{s.client.id}/restrictions"
    for name, body in MALFORMED.items():
        answer = await s.clinic.http.post(path, content=body, headers=headers)
        assert answer.status_code == 422, (name, answer.text[:500])
        assert answer.json()["errors"], name


async def test_an_enormous_number_in_its_place(s: Scene) -> None:
    headers = s.physio.headers(**{"Content-Type": "application/json"})
    body = b'{"terms": {"severity": "stop", "limits": {"max_pain": ' + b"9" * 5000 + b"}}}"
    path = f"/clients/{s.client.id}/restrictions"
    answer = await s.clinic.http.post(path, content=body, headers=headers)
    assert answer.status_code == 422


async def test_a_body_that_is_not_said_to_be_json(s: Scene) -> None:
    headers = s.physio.headers(**{"Content-Type": "text/plain"})
    path = f"/clients/{s.client.id}/restrictions"
    answer = await s.clinic.http.post(path, content=b"{}", headers=headers)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["mend"] == "a JSON object, sent as application/json"


async def test_an_enormous_body(s: Scene) -> None:
    headers = s.physio.headers(**{"Content-Type": "application/json"})
    path = f"/clients/{s.client.id}/restrictions"
    answer = await s.clinic.http.post(path, content=b" " * 300_000, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Idempotency_Key": "k" * 65}, "Idempotency-Key"),
        ({"Tandem_Acting_As": "surgeon"}, "Tandem-Acting-As"),
        ({"Tandem_Purpose": "curiosity"}, "Tandem-Purpose"),
        ({"Tandem_Effective": "yesterday"}, "Tandem-Effective"),
        ({"Tandem_Effective": "2999-01-01T00:00:00Z"}, "Tandem-Effective"),
    ],
)
async def test_headers(s: Scene, headers: dict[str, str], path: str) -> None:
    body = {"terms": TERMS}
    answer = await s.clinic.ask(
        s.physio, "POST", f"/clients/{s.client.id}/restrictions", body, **headers
    )
    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [path]


async def test_a_stale_if_match_is_no_version(s: Scene) -> None:
    body = {"terms": {**TERMS, "review_by": REVIEW}}
    for sent in ("7", '"seven"', "*", '"7", "8"'):
        answer = await s.clinic.ask(s.physio, "PUT", f"{s.path}/terms", body, seen=sent)
        assert answer.status_code == 422, sent


async def test_what_the_record_forbids_is_409_and_says_what_would_have_to_change(s: Scene) -> None:
    step = milestone(
        measure="knee_flexion",
        comparison="at_least",
        value=110,
        unit="deg",
        side="right",
        fresh_days=14,
    )
    made = await s.clinic.ask(
        s.physio,
        "POST",
        f"/clients/{s.client.id}/restrictions",
        {"terms": {**TERMS, "milestones": [step]}},
    )
    assert made.status_code == 201, made.text
    item = made.json()["ids"]["restriction"]
    path = f"/clients/{s.client.id}/restrictions/{item}/lifting"
    answer = await s.clinic.ask(
        s.physio, "POST", path, {"rationale": "Fine."}, seen=made.json()["version"]
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "milestones-pending"
    assert answer.json()["because"] == {"pending": ["bend"]}
    assert int(answer.headers["tandem-disclosure"]) > 0


async def test_an_unknown_id_of_an_item_is_not_found(s: Scene) -> None:
    path = f"/clients/{s.client.id}/restrictions/{uuid4()}/lifting"
    answer = await s.clinic.ask(s.physio, "POST", path, {"rationale": "Fine."}, seen=1)
    assert answer.status_code == 404
