"""A referral from beginning to end: proposed, agreed, answered, cancelled or completed."""

from typing import Any
from uuid import UUID

import pytest

from domain.actor import Actor
from domain.lanes import Category, Discipline
from domain.measure import Reading
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralCancellationConfirmed,
    ReferralCancellationRefused,
    ReferralCancellationRequested,
    ReferralCancelled,
    ReferralCompleted,
    ReferralDeclined,
    ReferralInformationGiven,
    ReferralInterimNoted,
    ReferralReassigned,
    ReferralRequested,
    ReferralScheduled,
    ReferralWaitlisted,
)
from domain.referral_decisions import agree, follow_up, request
from domain.referral_terms import (
    TERMINAL,
    DeclineCode,
    Interest,
    OutcomeCode,
    Priority,
    State,
    ToColleague,
)
from domain.refused import Refused, Unprocessable
from domain.team import Departure, MemberLeft
from tests.domain.given import (
    ADMINISTRATOR,
    CLIENT,
    CLINIC,
    COORDINATOR,
    DAY,
    HOUR,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    uid,
    with_team,
)
from tests.domain.given_referral import (
    ENCLOSED,
    OTHER,
    OUTSIDE,
    REFERRAL,
    SAID,
    TO,
    TO_OTHER,
    in_state,
    proposed,
    the,
)


def refer(
    by: Actor = TRAINER,
    record: CareRecord | None = None,
    referral: UUID = REFERRAL,
    **more: Any,
) -> ReferralRequested:
    usual: dict[str, Any] = {
        "to": TO,
        "priority": Priority.ROUTINE,
        "reason": "Pain when hinging.",
        "enclosed": ENCLOSED,
        "options": (TO_OTHER,),
        "now": NOW,
    }
    (fact,) = request(record or with_team(), by, referral, **{**usual, **more})
    assert isinstance(fact, ReferralRequested)
    return fact


def follows(record: CareRecord, by: Actor, kind: Any, **said: Any) -> CareRecord:
    """The record once `by` has decided so."""
    seen = said.pop("seen", the(record).version)
    facts = follow_up(record, by, kind, REFERRAL, seen=seen, now=NOW, **said)
    return happened(record, by, *facts)


@pytest.mark.parametrize("by", [TRAINER, PHYSIO, MASSAGE, COORDINATOR])
def test_any_lane_refers_to_any_lane_and_the_client_agrees(by: Actor) -> None:
    for discipline in (Discipline.TRAINER, Discipline.PHYSIOTHERAPIST, Discipline.COORDINATOR):
        to = ToColleague(practitioner=STRANGER.id, discipline=discipline)
        fact = refer(by, to=to, interest=Interest.OTHER)
        record = happened(with_team(), by, fact)
        assert the(record).state is State.PROPOSED
        agreed = agree(record, CLIENT, REFERRAL, seen=the(record).version, now=NOW)
        assert agreed == [ReferralAgreed(referral=REFERRAL, to=to, enclosed=ENCLOSED)]


def test_a_client_who_refers_themselves_agrees_by_sending() -> None:
    fact = refer(CLIENT, options=())
    record = happened(with_team(), CLIENT, fact)
    assert the(record).state is State.REQUESTED
    assert the(record).agreed is not None
    record = follows(record, STRANGER, ReferralAccepted)
    record = follows(record, CLIENT, ReferralCancellationRequested, reason="Better by itself.")
    assert the(record).state is State.CANCELLING, "as the initiator they are"


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (STRANGER, "not-on-the-team"),
        (ADMINISTRATOR, "outside-lane"),
        (Actor.client(uid("another")), "outside-lane"),
        (Actor(TRAINER.id, TRAINER.acting_as, 1, good_standing=False), "not-in-good-standing"),
    ],
)
def test_nobody_else_refers(by: Actor, code: str) -> None:
    with pytest.raises(Refused, match=f"^{code}$"):
        refer(by)


def test_the_client_is_offered_a_choice_or_told_why_there_is_none() -> None:
    with pytest.raises(Refused, match="choice-needed"):
        refer(options=())
    with pytest.raises(Refused, match="choice-needed"):
        refer(options=(TO,))
    assert refer(options=(), no_choice="Nobody else is near.").no_choice


def test_what_the_initiator_has_to_gain_is_disclosed() -> None:
    colleague = TO.model_copy(update={"organisation": CLINIC})
    with pytest.raises(Refused, match="interest-undisclosed"):
        refer(PHYSIO, to=colleague)
    ours = refer(PHYSIO, to=colleague, interest=Interest.SAME_ORGANISATION)
    assert ours.interest is Interest.SAME_ORGANISATION
    assert refer(TRAINER, to=colleague).interest is Interest.NONE


def test_nobody_refers_to_themselves_and_no_id_is_used_twice() -> None:
    own = ToColleague(practitioner=TRAINER.id, discipline=TRAINER.acting_as)
    with pytest.raises(Refused, match="refers-to-oneself"):
        refer(to=own)
    with pytest.raises(Refused, match="referral-exists"):
        refer(record=proposed())


def test_the_client_chooses_among_those_on_offer_and_what_goes_along() -> None:
    record = proposed()
    seen = the(record).version
    (fact,) = agree(
        record, CLIENT, REFERRAL, seen=seen, now=NOW, to=TO_OTHER, enclosed=(Category.GOALS,)
    )
    assert the(happened(record, CLIENT, fact)).to == TO_OTHER
    with pytest.raises(Refused, match="not-offered"):
        agree(record, CLIENT, REFERRAL, seen=seen, now=NOW, to=OUTSIDE)
    with pytest.raises(Refused, match="client-only"):
        agree(record, TRAINER, REFERRAL, seen=seen, now=NOW)
    with pytest.raises(Refused, match="changed-since-seen"):
        agree(record, CLIENT, REFERRAL, seen=seen - 1, now=NOW)


def test_a_decision_names_the_version_displayed() -> None:
    record = in_state(State.ACCEPTED)
    before = the(record).version
    record = follows(record, STRANGER, ReferralInterimNoted, note="Better.")
    with pytest.raises(Refused, match="changed-since-seen"):
        follows(record, STRANGER, ReferralInterimNoted, note="Again.", seen=before)
    with pytest.raises(Refused, match="unknown-referral"):
        follow_up(record, STRANGER, ReferralAccepted, uid("another"), seen=1, now=NOW)


def test_declined_with_a_code_and_then_only_a_successor() -> None:
    record = in_state(State.REQUESTED)
    record = follows(record, STRANGER, ReferralDeclined, code=DeclineCode.OUT_OF_SCOPE)
    with pytest.raises(Refused, match="referral-ended"):
        follows(record, STRANGER, ReferralAccepted)
    with pytest.raises(Refused, match="referral-exists"):
        refer(record=record)
    again = happened(record, TRAINER, SAID[ReferralInterimNoted])
    assert the(again) == the(record), "whatever comes, it has ended"


@pytest.mark.parametrize("state", State)
def test_a_successor_is_linked_to_what_has_ended(state: State) -> None:
    record = in_state(state)
    if state not in TERMINAL:
        with pytest.raises(Refused, match="referral-not-ended"):
            refer(record=record, referral=uid("next"), successor_of=REFERRAL)
        return
    fact = refer(record=record, referral=uid("next"), successor_of=REFERRAL)
    after = happened(record, TRAINER, fact)
    assert the(after, uid("next")).request.successor_of == REFERRAL
    with pytest.raises(Refused, match="unknown-referral"):
        refer(successor_of=uid("nothing"))


def test_completed_with_code_and_measures() -> None:
    flexion = Reading(measure="tug", value=9, unit="s", taken_at=NOW - HOUR)
    record = follows(
        in_state(State.ATTENDED),
        STRANGER,
        ReferralCompleted,
        outcome=OutcomeCode.PARTLY_ACHIEVED,
        measures=(flexion,),
    )
    assert the(record).state is State.COMPLETED
    assert the(record).steps[-1].fact == ReferralCompleted(
        referral=REFERRAL, outcome=OutcomeCode.PARTLY_ACHIEVED, measures=(flexion,)
    )


def test_completed_while_cancelling_the_visit_had_happened() -> None:
    record = follows(
        in_state(State.ATTENDED), TRAINER, ReferralCancellationRequested, reason="Too long."
    )
    completed = follows(record, STRANGER, ReferralCompleted, outcome=OutcomeCode.GOAL_ACHIEVED)
    assert the(completed).state is State.COMPLETED
    with pytest.raises(Refused, match="referral-ended"):
        follows(completed, STRANGER, ReferralCancellationConfirmed)
    with pytest.raises(Refused, match="changed-since-seen"):
        follows(completed, STRANGER, ReferralCancellationConfirmed, seen=the(record).version)


def test_a_refused_cancellation_leaves_it_as_it_was() -> None:
    record = in_state(State.SCHEDULED)
    record = follows(record, TRAINER, ReferralCancellationRequested, reason="Too far.")
    record = follows(record, STRANGER, ReferralCancellationRefused, reason="Seen already.")
    assert the(record).state is State.SCHEDULED
    assert the(record).appointment == NOW + 3 * DAY


@pytest.mark.parametrize(
    ("kind", "said", "path"),
    [
        (ReferralScheduled, {"at": NOW}, "at"),
        (ReferralScheduled, {"at": NOW + 900 * DAY}, "at"),
    ],
)
def test_an_appointment_lies_ahead(kind: Any, said: dict[str, Any], path: str) -> None:
    with pytest.raises(Unprocessable) as wrong:
        follows(in_state(State.ACCEPTED), STRANGER, kind, **said)
    assert wrong.value.path == path


def test_a_place_is_not_expected_in_the_past() -> None:
    with pytest.raises(Unprocessable, match="expected"):
        follows(
            in_state(State.REQUESTED),
            STRANGER,
            ReferralWaitlisted,
            expected=(NOW - DAY).date(),
        )


def test_reassigned_to_somebody_else_and_not_to_who_asked() -> None:
    record = in_state(State.REQUESTED)
    with pytest.raises(Refused, match="same-recipient"):
        follows(record, STRANGER, ReferralReassigned, to=TO, reason="?")
    back = ToColleague(practitioner=TRAINER.id, discipline=TRAINER.acting_as)
    with pytest.raises(Refused, match="refers-to-oneself"):
        follows(record, STRANGER, ReferralReassigned, to=back, reason="?")
    record = follows(record, COORDINATOR, ReferralReassigned, to=TO_OTHER, reason="Nearer.")
    assert the(record).state is State.PROPOSED
    with pytest.raises(Refused, match="not-in-this-state"):
        follows(record, OTHER, ReferralAccepted)


def test_what_somebody_leaves_behind_is_the_coordinators_to_answer() -> None:
    record = in_state(State.INFORMATION_AWAITED)
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follows(record, COORDINATOR, ReferralInformationGiven, answer="Since May.")
    left = MemberLeft(practitioner=TRAINER.id, reason=Departure.OWN_WISH)
    record = happened(record, CLIENT, left)
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follows(record, TRAINER, ReferralInformationGiven, answer="Since May.")
    record = follows(record, COORDINATOR, ReferralInformationGiven, answer="Since May.")
    assert the(record).state is State.REQUESTED


def test_the_client_ends_it_at_any_time_and_the_initiator_before_it_is_sent() -> None:
    for state in State:
        record = in_state(state)
        if not the(record).ended:
            assert the(follows(record, CLIENT, ReferralCancelled)).state is State.CANCELLED
    assert the(follows(proposed(), TRAINER, ReferralCancelled)).state is State.CANCELLED
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follows(in_state(State.REQUESTED), TRAINER, ReferralCancelled)
