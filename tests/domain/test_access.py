from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.access import (
    AccessRecord,
    Acknowledged,
    Channel,
    Copy,
    Denied,
    Disclosed,
    Exported,
    HeldOffline,
    OfflineCopyWiped,
    Outcome,
    Received,
    Sent,
    ShownBasis,
    access_stream,
    expand,
    ranges,
)
from domain.auditing import AT_MOST, AuditOpened, AuditReason, close_audit, open_audit
from domain.entry import Entry, Erased
from domain.fact import Fact
from domain.lanes import Category, Discipline, Purpose
from domain.refused import Refused, Unprocessable
from domain.scope import Rule
from tests.domain.given import AUDITOR, CLIENT, DAY, HOUR, KNEE, NOW, TRAINER, uid

SAM_OF_NOOR = access_stream(CLIENT.id, TRAINER.id)
CASE = uid("case")


def told(
    *facts: Fact | Erased, id: object = None, first: int = 10, at: datetime = NOW
) -> AccessRecord:
    """An access record whose facts lie at positions 10, 20, 30 …"""
    stream = SAM_OF_NOOR if id is None else access_stream(CLIENT.id, AUDITOR.id)
    return AccessRecord.fold(
        stream,
        (
            Entry(stream, n, fact, TRAINER.authorship(at), at + n * HOUR, first * n)
            for n, fact in enumerate(facts, 1)
        ),
    )


def disclosed(*shown: int, consent: str = "may") -> Disclosed:
    return Disclosed(
        client=CLIENT.id,
        reader=TRAINER.id,
        acting_as=Discipline.TRAINER,
        view="trainer.card",
        record_version=9,
        record_position=81,
        shown=ranges(shown),
        categories_shown=(
            ShownBasis(category=Category.RESTRICTIONS, rule=Rule.CONSENT, reference=uid(consent)),
        ),
        purpose=Purpose.TRAINING,
        channel=Channel.PAGE,
        content_type="application/json",
        as_of=NOW,
        commitment="f" * 64,
    )


def test_a_pair_has_one_stream_and_the_reverse_pair_another() -> None:
    assert access_stream(CLIENT.id, TRAINER.id) == SAM_OF_NOOR
    assert access_stream(TRAINER.id, CLIENT.id) != SAM_OF_NOOR
    assert AccessRecord(SAM_OF_NOOR).is_of(CLIENT.id, TRAINER.id)


def test_what_was_released_is_known_by_record_version() -> None:
    access = told(disclosed(1, 2, 3, 7), disclosed(7))
    assert [d.position for d in access.released(2)] == [10]
    assert [d.position for d in access.released(7)] == [10, 20]
    assert access.released(4) == []
    assert access.disclosures[10].source.recorded_at == NOW + HOUR


def test_released_sent_received_and_acknowledged_are_told_apart() -> None:
    access = told(
        disclosed(7),
        Sent(disclosure=10, outcome=Outcome.UNKNOWN),
        Sent(disclosure=10, outcome=Outcome.COMPLETED),
        Received(disclosure=10),
        Acknowledged(disclosure=10, item=KNEE, version=7),
        Acknowledged(item=KNEE, version=7),
    )
    disclosure = access.disclosures[10]
    assert disclosure.sent is Outcome.COMPLETED
    assert [source.position for source in disclosure.received] == [40]
    assert [fact.version for fact, _ in disclosure.acknowledged] == [7]
    assert len(access.acknowledgements) == 2
    assert told(disclosed(7)).disclosures[10].sent is None


def test_after_a_withdrawal_the_last_disclosure_on_it_and_the_copies_out_are_known() -> None:
    access = told(
        disclosed(7),
        disclosed(7, consent="other"),
        disclosed(8),
        HeldOffline(disclosure=10, until=NOW + DAY),
        HeldOffline(disclosure=30, until=NOW + DAY),
        OfflineCopyWiped(disclosure=30),
        Exported(disclosure=20, form=Copy.PRINT),
    )
    assert [d.position for d in access.resting_on(uid("may"))] == [10, 30]
    assert [d.position for d in access.outstanding(NOW)] == [10, 20]
    assert [d.position for d in access.outstanding(NOW + DAY)] == [20]


def test_denials_are_kept() -> None:
    denied = Denied(
        client=CLIENT.id,
        reader=TRAINER.id,
        acting_as=Discipline.TRAINER,
        view="trainer.card",
        code="no_consent",
        purpose=Purpose.TRAINING,
        channel=Channel.API,
    )
    assert [fact for fact, _ in told(denied).denials] == [denied]


def test_what_refers_to_nothing_known_changes_nothing() -> None:
    access = told(Sent(disclosure=5, outcome=Outcome.FAILED), Erased("access.unknown.v9"))
    assert (access.version, access.position, access.disclosures) == (2, 20, {})


def test_an_audit_case_opens_and_ends_by_itself_or_by_its_auditor() -> None:
    empty = told(id=AUDITOR)
    facts = open_audit(
        empty, AUDITOR, CLIENT.id, CASE, AuditReason.COMPLAINT, until=NOW + DAY, now=NOW
    )
    opened = told(*facts, id=AUDITOR)

    case = opened.audit_case(NOW)
    assert case is not None
    assert (case.id, case.client, case.auditor) == (CASE, CLIENT.id, AUDITOR.id)
    assert opened.audit_case(NOW + DAY) is None

    closed = told(*facts, *close_audit(opened, AUDITOR, CASE, now=NOW), id=AUDITOR)
    assert closed.audit_case(NOW) is None
    with pytest.raises(Refused, match="case-closed"):
        close_audit(closed, AUDITOR, CASE, now=NOW)
    with pytest.raises(Refused, match="case-exists"):
        open_audit(closed, AUDITOR, CLIENT.id, CASE, AuditReason.INCIDENT, now=NOW)


def test_only_an_auditor_opens_their_own_stream_and_for_a_while() -> None:
    empty, why = told(id=AUDITOR), AuditReason.LEGAL_DUTY
    with pytest.raises(Refused, match="auditors-only"):
        open_audit(told(), TRAINER, CLIENT.id, CASE, why, now=NOW)
    with pytest.raises(Refused, match="another-stream"):
        open_audit(told(), AUDITOR, CLIENT.id, CASE, why, now=NOW)
    with pytest.raises(Refused, match="unknown-case"):
        close_audit(empty, AUDITOR, CASE, now=NOW)
    for until in (NOW, NOW + AT_MOST + timedelta(seconds=1)):
        with pytest.raises(Unprocessable, match="until"):
            open_audit(empty, AUDITOR, CLIENT.id, CASE, why, until=until, now=NOW)


def test_access_facts_hold_references_and_codes_only() -> None:
    assert not Disclosed.sealed
    assert AuditOpened.policy
    with pytest.raises(ValidationError):
        Disclosed.model_validate({**disclosed(1).model_dump(), "view": "Noor's knee"})
    with pytest.raises(ValidationError):
        Disclosed.model_validate({**disclosed(1).model_dump(), "commitment": "short"})


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(1, 200)))
def test_ranges_and_expand_are_inverse_and_ranges_are_fewest(versions: set[int]) -> None:
    found = ranges(versions)
    assert expand(found) == versions
    assert all(first <= last for first, last in found)
    assert all(a[1] + 1 < b[0] for a, b in pairwise(found))
    assert Disclosed.model_validate_json(disclosed(*versions).model_dump_json()).shown == found
