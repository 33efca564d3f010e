import pytest

from domain.actor import Actor
from domain.break_glass import (
    AT_MOST,
    BreakGlassDeclared,
    Emergency,
    Finding,
    declare_break_glass,
    review_break_glass,
    to_alert,
)
from domain.grantee import ToPractitioner
from domain.lanes import Category, Discipline, Purpose
from domain.lock import ItemLocked, PartyLocked
from domain.policy import scope
from domain.record import CareRecord
from domain.refused import Refused, Unprocessable
from domain.scope import Basis, Rule, Withheld
from domain.team import CoordinatorAssigned
from tests.domain.given import (
    AUDITOR,
    CLIENT,
    COORDINATOR,
    HOUR,
    KNEE,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    restricted,
    uid,
    with_team,
)

GLASS = uid("glass")
SOON = NOW + HOUR / 2
LOCKED_OUT = PartyLocked(lock=uid("lock"), party=ToPractitioner(practitioner=STRANGER.id))


def broken(
    record: CareRecord, reason: Emergency = Emergency.SAFETY_CHECK, by: Actor = STRANGER
) -> CareRecord:
    return happened(record, by, *declare_break_glass(record, by, GLASS, reason, now=NOW))


def test_a_regulated_clinician_reads_their_lane_for_an_hour() -> None:
    record = broken(restricted(with_team()))

    seen = scope(record, STRANGER, Purpose.TREATMENT, SOON)

    assert seen.categories[Category.CLINICAL] == Basis(Rule.BREAK_GLASS, GLASS, NOW + AT_MOST)
    assert seen.sees(Category.RESTRICTIONS, item=KNEE)
    assert Category.CONSENTS in seen.withheld
    assert seen.not_after == NOW + AT_MOST
    assert scope(record, STRANGER, Purpose.TREATMENT, NOW + AT_MOST).empty
    assert scope(record, STRANGER, Purpose.QUALITY, SOON).empty


def test_what_the_lane_opens_only_by_name_stays_closed() -> None:
    record = broken(with_team(), by=MASSAGE)
    seen = scope(record, MASSAGE, Purpose.TREATMENT, SOON)
    assert Category.FUNCTION in seen.categories
    assert seen.withheld[Category.CLINICAL] is Withheld.NO_CONSENT


def test_it_yields_to_an_explicit_lock() -> None:
    record = happened(broken(with_team()), CLIENT, LOCKED_OUT)
    seen = scope(record, STRANGER, Purpose.TREATMENT, SOON)
    assert seen.empty
    assert set(seen.withheld.values()) == {Withheld.LOCKED}


def test_it_yields_to_the_lock_of_an_item() -> None:
    record = broken(restricted(with_team()))
    record = happened(record, CLIENT, ItemLocked(lock=uid("lock"), item=KNEE))
    seen = scope(record, STRANGER, Purpose.TREATMENT, SOON)
    assert seen.sees(Category.RESTRICTIONS, item=KNEE) is None
    assert seen.sees(Category.RESTRICTIONS, item=uid("hip"))


def test_only_danger_to_life_goes_before_a_lock() -> None:
    record = broken(restricted(with_team()), Emergency.DANGER_TO_LIFE)
    record = happened(record, CLIENT, LOCKED_OUT, ItemLocked(lock=uid("lock 2"), item=KNEE))
    seen = scope(record, STRANGER, Purpose.TREATMENT, SOON)
    assert seen.sees(Category.RESTRICTIONS, item=KNEE) == Basis(
        Rule.BREAK_GLASS, GLASS, NOW + AT_MOST
    )
    assert seen.hidden == {}


def test_it_goes_before_no_fence() -> None:
    record = broken(with_team(), Emergency.DANGER_TO_LIFE)
    suspended = Actor(STRANGER.id, Discipline.PHYSIOTHERAPIST, good_standing=False)
    seen = scope(record, suspended, Purpose.TREATMENT, SOON)
    assert set(seen.withheld.values()) == {Withheld.NOT_IN_GOOD_STANDING}


def test_who_may_declare_and_for_how_long() -> None:
    record, why = with_team(), Emergency.SAFETY_CHECK
    for actor in (TRAINER, COORDINATOR, AUDITOR, CLIENT):
        with pytest.raises(Refused, match="regulated-clinicians-only"):
            declare_break_glass(record, actor, GLASS, why, now=NOW)
    suspended = Actor(STRANGER.id, Discipline.PHYSIOTHERAPIST, good_standing=False)
    with pytest.raises(Refused, match="not-in-good-standing"):
        declare_break_glass(record, suspended, GLASS, why, now=NOW)
    for until in (NOW, NOW + AT_MOST * 1.001):
        with pytest.raises(Unprocessable, match="until"):
            declare_break_glass(record, STRANGER, GLASS, why, until=until, now=NOW)
    with pytest.raises(Refused, match="declaration-exists"):
        declare_break_glass(broken(record), STRANGER, GLASS, why, now=NOW)


def test_declaring_does_not_tell_of_a_lock() -> None:
    locked = happened(with_team(), CLIENT, LOCKED_OUT)
    assert declare_break_glass(locked, STRANGER, GLASS, Emergency.SAFETY_CHECK, now=NOW)


def test_a_stored_declaration_never_lasts_longer_than_an_hour() -> None:
    fact = BreakGlassDeclared(
        declaration=GLASS, reason=Emergency.SAFETY_CHECK, until=NOW + 9 * HOUR
    )
    record = happened(with_team(), STRANGER, fact)
    assert record.consents.break_glass.by_id[GLASS].until == NOW + AT_MOST


def test_it_alerts_the_client_and_the_coordinator() -> None:
    record = with_team()
    assert to_alert(record) == (CLIENT.id,)
    record = happened(record, CLIENT, CoordinatorAssigned(practitioner=COORDINATOR.id))
    assert to_alert(record) == (CLIENT.id, COORDINATOR.id)


@pytest.mark.parametrize("by", [COORDINATOR, AUDITOR, MASSAGE])
def test_somebody_else_reviews(by: Actor) -> None:
    record = broken(with_team())
    facts = review_break_glass(record, by, GLASS, Finding.JUSTIFIED, now=SOON, note="Seen.")
    after = happened(record, by, *facts, at=SOON)
    declaration = after.consents.break_glass.by_id[GLASS]
    assert declaration.reviewed is not None
    assert declaration.reviewed.author == by.id
    assert after.consents.break_glass.unreviewed() == ()
    with pytest.raises(Refused, match="already-reviewed"):
        review_break_glass(after, by, GLASS, Finding.JUSTIFIED, now=SOON)


def test_who_does_not_review() -> None:
    record = broken(with_team(), by=PHYSIO)
    for actor, code in (
        (PHYSIO, "not-by-the-declarer"),
        (TRAINER, "reviewers-only"),
        (STRANGER, "reviewers-only"),
        (CLIENT, "reviewers-only"),
    ):
        with pytest.raises(Refused, match=code):
            review_break_glass(record, actor, GLASS, Finding.JUSTIFIED, now=SOON)
    with pytest.raises(Refused, match="unknown-declaration"):
        review_break_glass(record, AUDITOR, uid("other"), Finding.JUSTIFIED, now=SOON)


def test_one_that_was_not_justified_ends_at_its_review() -> None:
    record = broken(with_team())
    facts = review_break_glass(record, AUDITOR, GLASS, Finding.NOT_JUSTIFIED, now=SOON)
    after = happened(record, AUDITOR, *facts, at=SOON)
    assert scope(after, STRANGER, Purpose.TREATMENT, SOON).empty


@pytest.mark.parametrize("by", [TRAINER, COORDINATOR])
def test_a_stored_declaration_of_somebody_not_regulated_opens_nothing(by: Actor) -> None:
    fact = BreakGlassDeclared(declaration=GLASS, reason=Emergency.DANGER_TO_LIFE, until=SOON)
    record = happened(with_team(), by, fact)
    assert not scope(record, by, Purpose.TREATMENT, NOW).categories
