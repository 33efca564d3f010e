from datetime import datetime

import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.consent import (
    CONFIRM_WITHIN,
    ConsentGranted,
    ConsentStatus,
    ConsentWithdrawn,
    OralConsentRecorded,
)
from domain.consent_terms import ConsentTerms
from domain.grantee import Grantee, ToDiscipline, ToOrganisation, ToPractitioner
from domain.granting import amend, confirm, grant, record_oral, withdraw
from domain.lanes import Category, Discipline, Purpose
from domain.record import CareRecord
from domain.refused import Refused, Unprocessable
from tests.domain.given import (
    CLIENT,
    CLINIC,
    COORDINATOR,
    DAY,
    GYM,
    HOUR,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    granted,
    happened,
    terms,
    uid,
    with_team,
)

SAM = uid("sam may")
LIMITS = terms(TRAINER, Category.RESTRICTIONS, Category.GOALS)


def test_the_client_grants() -> None:
    assert grant(with_team(), CLIENT, SAM, LIMITS, now=NOW) == [
        ConsentGranted(consent=SAM, terms=LIMITS)
    ]


def test_a_consent_remembers_where_it_comes_from() -> None:
    record = granted(with_team(), "sam may", LIMITS)
    consent = record.consents.by_id[SAM]
    assert (consent.version, consent.versions) == (record.version, (record.version,))
    assert consent.granted.author == CLIENT.id
    assert consent.granted.recorded_at == NOW


def test_nobody_else_grants() -> None:
    for actor in (TRAINER, COORDINATOR, Actor.client(uid("another client"))):
        with pytest.raises(Refused, match="client-only"):
            grant(with_team(), actor, SAM, LIMITS, now=NOW)
    with pytest.raises(Refused, match="not-enrolled"):
        grant(CareRecord(CLIENT.id), CLIENT, SAM, LIMITS, now=NOW)
    with pytest.raises(Refused, match="erased"):
        grant(CareRecord(CLIENT.id, erased=True), CLIENT, SAM, LIMITS, now=NOW)


def test_a_consent_id_is_used_once() -> None:
    with pytest.raises(Refused, match="consent-exists"):
        grant(granted(with_team(), "sam may", LIMITS), CLIENT, SAM, LIMITS, now=NOW)


def test_terms_that_make_no_sense_now_are_unprocessable() -> None:
    for what, path in (
        (terms(TRAINER, Category.GOALS, until=NOW), "terms.until"),
        (terms(CLIENT, Category.GOALS), "terms.grantee"),
    ):
        with pytest.raises(Unprocessable) as caught:
            grant(with_team(), CLIENT, SAM, what, now=NOW)
        assert caught.value.path == path


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"grantee": None}, ("grantee",)),
        ({"grantee": {"kind": "nobody"}}, ("grantee",)),
        ({"grantee": {"kind": "discipline", "discipline": "auditor"}}, None),
        ({"categories": []}, ("categories",)),
        ({"categories": ["consents"]}, ("categories",)),
        ({"categories": ["gossip"]}, ("categories", 0)),
        ({"purposes": []}, ("purposes",)),
        ({"purposes": ["self"]}, ("purposes",)),
        ({"starts": "2026-03-05T00:00:00Z", "until": "2026-03-04T00:00:00Z"}, ()),
        ({"until": "2026-03-04T00:00:00"}, ("until",)),
        ({"except_categories": ["goals"]}, ()),
        ({"except_people": [str(TRAINER.id)]}, ()),
        ({"except_items": [str(uid(str(n))) for n in range(501)]}, ("except_items",)),
        ({"note": "hello"}, ("note",)),
    ],
)
def test_bad_terms_are_named(change: dict[str, object], path: tuple[str, ...] | None) -> None:
    good: dict[str, object] = {
        "grantee": {"kind": "practitioner", "practitioner": str(TRAINER.id)},
        "categories": ["goals"],
        "purposes": ["training"],
    }
    ConsentTerms.model_validate(good)
    with pytest.raises(ValidationError) as caught:
        ConsentTerms.model_validate({**good, **change})
    if path is not None:
        assert caught.value.errors()[0]["loc"] == path


def test_terms_that_mean_the_same_are_stored_the_same() -> None:
    one = terms(TRAINER, Category.GOALS, Category.FITNESS, Category.GOALS)
    other = terms(TRAINER, Category.FITNESS, Category.GOALS)
    assert one.model_dump_json() == other.model_dump_json()
    assert ConsentTerms.model_validate_json(one.model_dump_json()) == one


def test_amending_replaces_the_terms() -> None:
    record = granted(with_team(), "sam may", LIMITS)
    less = terms(TRAINER, Category.GOALS, until=NOW + DAY)

    facts = amend(record, CLIENT, SAM, less, seen=record.version, now=NOW)
    after = happened(record, CLIENT, *facts)

    consent = after.consents.by_id[SAM]
    assert consent.terms == less
    assert consent.versions == (record.version, after.version)


def test_amending_refuses_another_grantee_what_was_not_seen_and_nothing_new() -> None:
    record = granted(with_team(), "sam may", LIMITS)
    seen = record.version
    with pytest.raises(Unprocessable, match=r"terms\.grantee"):
        amend(record, CLIENT, SAM, terms(PHYSIO, Category.GOALS), seen=seen, now=NOW)
    with pytest.raises(Refused, match="changed-since-seen"):
        amend(record, CLIENT, SAM, terms(TRAINER, Category.GOALS), seen=seen - 1, now=NOW)
    with pytest.raises(Refused, match="nothing-changed"):
        amend(record, CLIENT, SAM, LIMITS, seen=seen, now=NOW)
    with pytest.raises(Refused, match="unknown-consent"):
        amend(record, CLIENT, uid("other"), LIMITS, seen=seen, now=NOW)


def test_withdrawing_ends_a_consent_once_and_for_all() -> None:
    record = granted(with_team(), "sam may", LIMITS)

    facts = withdraw(record, CLIENT, SAM, seen=record.version, now=NOW, reason="Changed gym")
    after = happened(record, CLIENT, *facts)

    assert facts == [ConsentWithdrawn(consent=SAM, reason="Changed gym")]
    assert after.consents.by_id[SAM].status(NOW) is ConsentStatus.WITHDRAWN
    with pytest.raises(Refused, match="consent-ended"):
        withdraw(after, CLIENT, SAM, seen=after.version, now=NOW)
    with pytest.raises(Refused, match="consent-ended"):
        amend(after, CLIENT, SAM, terms(TRAINER, Category.GOALS), seen=after.version, now=NOW)


def test_withdrawing_names_the_version_seen() -> None:
    record = granted(with_team(), "sam may", LIMITS)
    with pytest.raises(Refused, match="changed-since-seen"):
        withdraw(record, CLIENT, SAM, seen=record.version - 1, now=NOW)
    with pytest.raises(Refused, match="client-only"):
        withdraw(record, TRAINER, SAM, seen=record.version, now=NOW)


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (NOW - HOUR, ConsentStatus.NOT_YET),
        (NOW, ConsentStatus.IN_FORCE),
        (NOW + DAY - HOUR / 3600, ConsentStatus.IN_FORCE),
        (NOW + DAY, ConsentStatus.EXPIRED),
    ],
)
def test_a_period_begins_and_ends_at_its_instants(at: datetime, status: ConsentStatus) -> None:
    what = terms(TRAINER, Category.GOALS, starts=NOW, until=NOW + DAY)
    record = granted(with_team(), "sam may", what, at=NOW - DAY)
    assert record.consents.by_id[SAM].status(at) is status


def test_an_oral_consent_permits_at_once_and_lapses_unless_confirmed() -> None:
    record = oral()
    consent = record.consents.by_id[SAM]
    assert consent.status(NOW) is ConsentStatus.IN_FORCE
    assert consent.ends == NOW + CONFIRM_WITHIN
    assert consent.status(NOW + CONFIRM_WITHIN) is ConsentStatus.LAPSED

    facts = confirm(record, CLIENT, SAM, seen=record.version, now=NOW + DAY)
    kept = happened(record, CLIENT, *facts, at=NOW + DAY).consents.by_id[SAM]
    assert kept.ends is None
    assert kept.status(NOW + CONFIRM_WITHIN) is ConsentStatus.IN_FORCE


def test_terms_amended_by_the_client_need_no_confirmation() -> None:
    record = oral()
    facts = amend(record, CLIENT, SAM, LIMITS, seen=record.version, now=NOW)
    assert happened(record, CLIENT, *facts).consents.by_id[SAM].confirm_by is None


def test_confirming_refuses_what_lapsed_or_was_written() -> None:
    record = oral()
    late = NOW + CONFIRM_WITHIN
    with pytest.raises(Refused, match="consent-ended"):
        confirm(record, CLIENT, SAM, seen=record.version, now=late)
    with pytest.raises(Refused, match="client-only"):
        confirm(record, COORDINATOR, SAM, seen=record.version, now=NOW)
    written = granted(with_team(), "sam may", LIMITS)
    with pytest.raises(Refused, match="nothing-to-confirm"):
        confirm(written, CLIENT, SAM, seen=written.version, now=NOW)


@pytest.mark.parametrize(
    ("grantee", "by", "witness", "code"),
    [
        (ToPractitioner(practitioner=COORDINATOR.id), COORDINATOR, PHYSIO, "recorder-is-grantee"),
        (ToOrganisation(organisation=CLINIC), COORDINATOR, TRAINER, "recorder-is-grantee"),
        (
            ToDiscipline(discipline=Discipline.COORDINATOR),
            COORDINATOR,
            PHYSIO,
            "recorder-is-grantee",
        ),
        (ToOrganisation(organisation=GYM), COORDINATOR, TRAINER, "witness-is-grantee"),
        (
            ToDiscipline(discipline=Discipline.MASSAGE_THERAPIST),
            COORDINATOR,
            MASSAGE,
            "witness-is-grantee",
        ),
        (ToPractitioner(practitioner=TRAINER.id), STRANGER, PHYSIO, "not-on-the-team"),
        (ToPractitioner(practitioner=TRAINER.id), CLIENT, PHYSIO, "not-on-the-team"),
    ],
)
def test_recorder_and_witness_have_no_part_in_it(
    grantee: Grantee, by: Actor, witness: Actor, code: str
) -> None:
    what = terms(grantee, Category.GOALS)
    with pytest.raises(Refused, match=code):
        record_oral(with_team(), by, SAM, what, witness=witness.id, now=NOW)


@pytest.mark.parametrize("witness", [TRAINER, COORDINATOR, CLIENT])
def test_a_witness_who_cannot_be_one_is_unprocessable(witness: Actor) -> None:
    with pytest.raises(Unprocessable) as caught:
        record_oral(with_team(), COORDINATOR, SAM, LIMITS, witness=witness.id, now=NOW)
    assert caught.value.path == "witness"


def test_the_fact_itself_knows_no_interested_witness() -> None:
    with pytest.raises(ValidationError, match="witness"):
        OralConsentRecorded(
            consent=SAM,
            terms=LIMITS,
            recorder=COORDINATOR.id,
            witness=TRAINER.id,
            confirm_by=NOW + DAY,
        )


def test_purposes_are_those_that_can_be_granted() -> None:
    what = terms(TRAINER, Category.GOALS, purposes=[Purpose.RESEARCH, Purpose.QUALITY])
    assert what.purposes == (Purpose.QUALITY, Purpose.RESEARCH)


def oral() -> CareRecord:
    record = with_team()
    facts = record_oral(record, COORDINATOR, SAM, LIMITS, witness=PHYSIO.id, now=NOW)
    return happened(record, COORDINATOR, *facts)
