import pytest
from pydantic import ValidationError

from domain.actor import Actor
from domain.lanes import Discipline
from domain.refused import Refused
from domain.team import (
    Departure,
    MemberJoined,
    MemberLeft,
    assign_coordinator,
    join,
    leave_team,
)
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    GYM,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    enrolled,
    happened,
    joined,
    uid,
    with_team,
)


def test_a_trainer_joins_due_to_train_and_others_not() -> None:
    record = joined(enrolled(), COORDINATOR)
    trainer = join(record, COORDINATOR, TRAINER.id, Discipline.TRAINER, organisation=GYM, now=NOW)
    physio = join(record, CLIENT, PHYSIO.id, Discipline.PHYSIOTHERAPIST, now=NOW)
    record = happened(record, COORDINATOR, *trainer, *physio)

    assert [m.practitioner for m in record.team.trainers()] == [TRAINER.id]
    assert [m.practitioner for m in record.team.rostered(GYM)] == [TRAINER.id]


def test_somebody_may_be_on_the_team_in_two_disciplines_and_leave_one() -> None:
    coordinating = Actor(TRAINER.id, Discipline.COORDINATOR)
    record = joined(with_team(), coordinating)
    record = happened(
        record,
        CLIENT,
        *leave_team(
            record,
            CLIENT,
            TRAINER.id,
            Departure.CLIENT_ASKED,
            discipline=Discipline.TRAINER,
            now=NOW,
        ),
    )
    assert record.team.member(TRAINER.id, Discipline.TRAINER) is None
    assert record.team.member(TRAINER.id, Discipline.COORDINATOR)
    assert not record.team.has_left(TRAINER.id)

    record = happened(
        record, CLIENT, MemberLeft(practitioner=TRAINER.id, reason=Departure.CLIENT_ASKED)
    )
    assert record.team.has_left(TRAINER.id)


def test_a_coordinator_who_leaves_coordinates_no_more() -> None:
    record = with_team()
    record = happened(record, CLIENT, *assign_coordinator(record, CLIENT, COORDINATOR.id, now=NOW))
    assert record.team.coordinator == COORDINATOR.id
    left = leave_team(record, COORDINATOR, COORDINATOR.id, Departure.OWN_WISH, now=NOW)
    assert happened(record, COORDINATOR, *left).team.coordinator is None


def test_who_decides_about_the_team() -> None:
    record = with_team()
    someone, discipline = uid("someone"), Discipline.TRAINER

    with pytest.raises(Refused, match="not-on-the-team"):
        join(record, STRANGER, someone, discipline, now=NOW)
    with pytest.raises(Refused, match="coordinator-or-client-only"):
        join(record, TRAINER, someone, discipline, now=NOW)
    with pytest.raises(Refused, match="already-on-the-team"):
        join(record, COORDINATOR, TRAINER.id, discipline, organisation=GYM, now=NOW)
    with pytest.raises(Refused, match="coordinator-or-client-only"):
        leave_team(record, PHYSIO, TRAINER.id, Departure.HANDED_OVER, now=NOW)
    with pytest.raises(Refused, match="not-on-the-team"):
        leave_team(record, CLIENT, someone, Departure.HANDED_OVER, now=NOW)
    with pytest.raises(Refused, match="not-on-the-team"):
        assign_coordinator(record, CLIENT, PHYSIO.id, now=NOW)

    alone = joined(enrolled(), PHYSIO)
    assert join(alone, PHYSIO, someone, discipline, now=NOW)


def test_only_who_reads_limits_can_be_due_to_train() -> None:
    with pytest.raises(ValidationError, match="due_to_train"):
        MemberJoined(practitioner=uid("x"), discipline=Discipline.COORDINATOR, due_to_train=True)
    with pytest.raises(ValidationError, match="discipline"):
        MemberJoined(practitioner=uid("x"), discipline=Discipline.AUDITOR)
