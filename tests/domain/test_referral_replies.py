"""What a recipient without an account replies: written down for them, or said by their link."""

from typing import Any

import pytest

from domain.actor import Actor
from domain.lanes import Discipline
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralCompleted,
    ReferralDeclined,
    ReferralInterimNoted,
    ReferralReassigned,
)
from domain.referral_decisions import follow_up
from domain.referral_terms import (
    DeclineCode,
    Medium,
    OutcomeCode,
    State,
    Transcribed,
)
from domain.refused import Refused, Unprocessable
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    HOUR,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    uid,
)
from tests.domain.given_referral import (
    ENCLOSED,
    OUTSIDE,
    REFERRAL,
    TO,
    in_state,
    proposed,
    the,
    with_link,
)

BY_PHONE = Transcribed(medium=Medium.PHONE, said_by="Dr Ida Weber", said_at=NOW - HOUR)


def follows(record: CareRecord, by: Actor, kind: Any, **said: Any) -> CareRecord:
    """The record once `by` has decided so."""
    seen = said.pop("seen", the(record).version)
    facts = follow_up(record, by, kind, REFERRAL, seen=seen, now=NOW, **said)
    return happened(record, by, *facts)


@pytest.mark.parametrize("by", [TRAINER, COORDINATOR])
def test_the_reply_of_somebody_outside_is_written_down_with_its_source(by: Actor) -> None:
    record = outside()
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follows(record, by, ReferralAccepted)
    accepted = follows(record, by, ReferralAccepted, transcribed=BY_PHONE)
    assert the(accepted).state is State.ACCEPTED
    assert the(accepted).steps[-1].fact == ReferralAccepted(referral=REFERRAL, transcribed=BY_PHONE)
    later = BY_PHONE.model_copy(update={"said_at": NOW + HOUR})
    with pytest.raises(Unprocessable, match="said_at"):
        follows(record, by, ReferralAccepted, transcribed=later)


@pytest.mark.parametrize("by", [PHYSIO, MASSAGE, CLIENT, STRANGER])
def test_nobody_else_writes_it_down(by: Actor) -> None:
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follows(outside(), by, ReferralAccepted, transcribed=BY_PHONE)


def test_nobody_answers_for_a_colleague_with_an_account() -> None:
    for by in (TRAINER, COORDINATOR, STRANGER):
        with pytest.raises(Refused, match="answers-for-themselves"):
            follows(in_state(State.REQUESTED), by, ReferralAccepted, transcribed=BY_PHONE)


def test_by_link_one_accepts_declines_or_notes() -> None:
    holder = Actor(uid("link"), Discipline.EXTERNAL)
    record = with_link(outside())
    declined = follows(record, holder, ReferralDeclined, code=DeclineCode.NO_CAPACITY)
    assert the(declined).state is State.DECLINED
    accepted = follows(record, holder, ReferralAccepted)
    noted = follows(accepted, holder, ReferralInterimNoted, note="Operated on Monday.")
    assert the(noted).state is State.ACCEPTED
    with pytest.raises(Refused, match="not-by-link"):
        follows(accepted, holder, ReferralCompleted, outcome=OutcomeCode.GOAL_ACHIEVED)
    with pytest.raises(Refused, match="not-by-link"):
        follows(accepted, holder, ReferralReassigned, to=TO, reason="?")
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follows(record, Actor(uid("other"), Discipline.EXTERNAL), ReferralAccepted)


def outside() -> CareRecord:
    """A referral to somebody without an account, to which the client has agreed."""
    record = proposed(to=OUTSIDE)
    agreed = ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=ENCLOSED)
    return happened(record, CLIENT, agreed)
