import pytest
from pydantic import ValidationError

from domain.grantee import ToDiscipline, ToOrganisation, ToPractitioner
from domain.lanes import Category, Discipline
from domain.legal_label import LabelAttached, LegalLabel, attach_label, remove_label
from domain.lock import ItemLocked, PartyLocked, lock_item, lock_party, unlock
from domain.refused import Refused, Unprocessable
from domain.safety import refuse_safety_minimum, restore_safety_minimum
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    GYM,
    KNEE,
    NOW,
    PHYSIO,
    TRAINER,
    happened,
    restricted,
    uid,
    with_team,
)

LOCK, GOAL = uid("lock"), uid("goal")
SAM = ToPractitioner(practitioner=TRAINER.id)
PRIYA = ToPractitioner(practitioner=PHYSIO.id)


def test_the_client_locks_an_item_and_unlocks_it() -> None:
    record = with_team()
    facts = lock_item(record, CLIENT, LOCK, GOAL, party=SAM, silent=True, now=NOW)
    assert facts == [ItemLocked(lock=LOCK, item=GOAL, party=SAM, silent=True)]

    locked = happened(record, CLIENT, *facts)
    assert locked.consents.locks.by_id[LOCK].source.version == locked.version
    assert locked.consents.locks.on_items(TRAINER, locked.team) == {GOAL: True}
    assert locked.consents.locks.on_items(PHYSIO, locked.team) == {}

    open_again = happened(locked, CLIENT, *unlock(locked, CLIENT, LOCK, now=NOW))
    assert open_again.consents.locks.on_items(TRAINER, open_again.team) == {}


@pytest.mark.parametrize("first", [True, False])
def test_one_lock_that_speaks_is_enough_to_be_told(first: bool) -> None:
    silent = ItemLocked(lock=LOCK, item=GOAL, silent=True)
    speaking = ItemLocked(lock=uid("lock 2"), item=GOAL, party=SAM)
    facts = (silent, speaking) if first else (speaking, silent)
    record = happened(with_team(), CLIENT, *facts)
    assert record.consents.locks.on_items(TRAINER, record.team) == {GOAL: False}
    assert record.consents.locks.on_items(PHYSIO, record.team) == {GOAL: True}


def test_a_lock_against_an_organisation_reaches_all_of_its_people() -> None:
    record = happened(
        with_team(), CLIENT, PartyLocked(lock=LOCK, party=ToOrganisation(organisation=GYM))
    )
    assert record.consents.locks.on_record(TRAINER, record.team)
    assert record.consents.locks.on_record(PHYSIO, record.team) is None


@pytest.mark.parametrize(
    "party", [SAM, ToOrganisation(organisation=GYM), ToDiscipline(discipline=Discipline.TRAINER)]
)
def test_a_lock_that_ends_training_is_never_silent_and_told_of_before(
    party: ToPractitioner | ToOrganisation | ToDiscipline,
) -> None:
    record = restricted(with_team())
    with pytest.raises(Refused, match="silence-unsafe"):
        lock_party(record, CLIENT, LOCK, party, silent=True, told_consequence=True, now=NOW)
    with pytest.raises(Refused, match="silence-unsafe"):
        lock_item(record, CLIENT, LOCK, KNEE, party=party, silent=True, now=NOW)
    with pytest.raises(Refused, match="consequence-not-told"):
        lock_item(record, CLIENT, LOCK, KNEE, party=party, now=NOW)
    with pytest.raises(Refused, match="consequence-not-told"):
        lock_item(record, CLIENT, LOCK, KNEE, now=NOW)
    assert lock_item(record, CLIENT, LOCK, KNEE, party=party, told_consequence=True, now=NOW)


def test_a_lock_against_somebody_who_does_not_train_may_be_silent() -> None:
    record = restricted(with_team())
    assert lock_party(record, CLIENT, LOCK, PRIYA, silent=True, now=NOW)
    assert lock_item(record, CLIENT, LOCK, KNEE, party=PRIYA, silent=True, now=NOW)


def test_who_locks_and_what() -> None:
    record = with_team()
    with pytest.raises(Refused, match="client-only"):
        lock_item(record, PHYSIO, LOCK, GOAL, party=SAM, now=NOW)
    with pytest.raises(Refused, match="client-only"):
        unlock(record, PHYSIO, LOCK, now=NOW)
    with pytest.raises(Refused, match="unknown-lock"):
        unlock(record, CLIENT, LOCK, now=NOW)
    with pytest.raises(Unprocessable, match="party"):
        lock_party(record, CLIENT, LOCK, ToPractitioner(practitioner=CLIENT.id), now=NOW)
    once = happened(record, CLIENT, ItemLocked(lock=LOCK, item=GOAL))
    with pytest.raises(Refused, match="lock-exists"):
        lock_item(once, CLIENT, LOCK, GOAL, now=NOW)


def test_the_safety_minimum_is_refused_only_by_a_client_who_was_told() -> None:
    record = with_team()
    with pytest.raises(Refused, match="consequence-not-told"):
        refuse_safety_minimum(record, CLIENT, told_consequence=False, now=NOW)
    with pytest.raises(Refused, match="client-only"):
        refuse_safety_minimum(record, TRAINER, told_consequence=True, now=NOW)

    refused = happened(
        record, CLIENT, *refuse_safety_minimum(record, CLIENT, told_consequence=True, now=NOW)
    )
    assert refused.consents.safety.refused
    with pytest.raises(Refused, match="already-refused"):
        refuse_safety_minimum(refused, CLIENT, told_consequence=True, now=NOW)

    restored = happened(refused, CLIENT, *restore_safety_minimum(refused, CLIENT, now=NOW))
    assert restored.consents.safety.refused is None
    with pytest.raises(Refused, match="not-refused"):
        restore_safety_minimum(restored, CLIENT, now=NOW)


def test_labels_are_attached_in_lane_and_removed_by_who_attached_them() -> None:
    record = with_team()
    label, notice = uid("label"), LegalLabel.REDISCLOSURE_PROHIBITED
    with pytest.raises(Refused, match="outside-lane"):
        attach_label(record, TRAINER, label, notice, category=Category.CLINICAL, now=NOW)
    facts = attach_label(record, PHYSIO, label, notice, category=Category.CLINICAL, now=NOW)
    labelled = happened(record, PHYSIO, *facts)
    assert labelled.consents.labels.by_id[label].label is notice

    with pytest.raises(Refused, match="label-exists"):
        attach_label(labelled, CLIENT, label, notice, now=NOW)
    with pytest.raises(Refused, match="attacher-or-coordinator-only"):
        remove_label(labelled, TRAINER, label, now=NOW)
    with pytest.raises(Refused, match="unknown-label"):
        remove_label(labelled, PHYSIO, uid("other"), now=NOW)
    assert remove_label(labelled, COORDINATOR, label, now=NOW)
    gone = happened(labelled, PHYSIO, *remove_label(labelled, PHYSIO, label, now=NOW))
    assert gone.consents.labels.by_id == {}


def test_a_label_on_an_item_says_its_category() -> None:
    with pytest.raises(ValidationError, match="on_category"):
        LabelAttached(attachment=uid("label"), label=LegalLabel.COURT_ORDER, on_item=uid("item"))
