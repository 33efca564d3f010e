"""Reading on a referral: nothing before the agreement, exactly what is enclosed, nothing after."""

from datetime import timedelta

import pytest

from domain.actor import Actor
from domain.external import holder
from domain.fact import policy_topics
from domain.grantee import ToPractitioner
from domain.lanes import GRANTABLE, Category, Discipline, Purpose
from domain.lock import ItemLocked, PartyLocked
from domain.policy import scope
from domain.record import CareRecord
from domain.referral import (
    ReferralAccepted,
    ReferralAgreed,
    ReferralLinkRevoked,
    ReferralReassigned,
)
from domain.referral_decisions import follow_up
from domain.referral_terms import LIVE, TERMINAL, State
from domain.refused import Refused
from domain.scope import Basis, Rule, Scope, Withheld
from domain.team import Departure, MemberJoined, MemberLeft
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    DAY,
    KNEE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    granted,
    happened,
    joined,
    terms,
    uid,
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
    requested,
    with_link,
)

TREATMENT, TRAINING = Purpose.TREATMENT, Purpose.TRAINING
BASIS = Basis(Rule.REFERRAL, REFERRAL)
LINK = holder(uid("link"))


def seen(record: CareRecord, reader: Actor = STRANGER, purpose: Purpose = TREATMENT) -> Scope:
    return scope(record, reader, purpose, NOW)


def test_before_the_client_agrees_the_recipient_sees_nothing() -> None:
    record = proposed()
    assert seen(record).empty
    assert seen(happened(record, CLIENT, SAID[ReferralAgreed])).empty is False


@pytest.mark.parametrize("state", sorted(LIVE))
def test_while_it_is_under_way_exactly_what_is_enclosed(state: State) -> None:
    found = seen(in_state(state))
    assert dict(found.categories) == dict.fromkeys(ENCLOSED, BASIS)
    assert dict(found.items) == {REFERRAL: BASIS}
    assert found.withheld[Category.CLINICAL] is Withheld.NO_CONSENT
    assert found.sees(Category.RESTRICTIONS, item=KNEE) == BASIS


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_after_it_has_ended_nothing_but_what_they_wrote(state: State) -> None:
    found = seen(in_state(state))
    assert not found.categories
    assert not found.items
    assert found.sees(Category.REFERRALS, item=REFERRAL, author=TRAINER.id) is None
    wrote = state in (State.DECLINED, State.COMPLETED)
    own = found.sees(Category.REFERRALS, item=REFERRAL, author=STRANGER.id)
    assert own == (Basis(Rule.OWN_FACTS) if wrote else None)


def test_of_other_referrals_they_know_nothing() -> None:
    record = happened(in_state(State.ACCEPTED), TRAINER, requested(uid("other"), to=TO_OTHER))
    found = seen(record)
    assert found.sees(Category.REFERRALS, item=uid("other"), author=TRAINER.id) is None
    assert found.sees(Category.REFERRALS) is None
    assert found.sees(Category.REFERRALS, item=REFERRAL, author=TRAINER.id) == BASIS


def test_only_the_one_whom_the_client_chose() -> None:
    chosen = ReferralAgreed(referral=REFERRAL, to=TO_OTHER, enclosed=(Category.GOALS,))
    record = happened(proposed(), CLIENT, chosen)
    assert seen(record).empty
    assert set(seen(record, OTHER).categories) == {Category.GOALS}


def test_another_discipline_another_purpose_or_another_standing_opens_nothing() -> None:
    record = in_state(State.REQUESTED)
    as_trainer = Actor(STRANGER.id, Discipline.TRAINER, 1)
    suspended = Actor(STRANGER.id, STRANGER.acting_as, 1, good_standing=False)
    assert seen(record, as_trainer, TRAINING).empty
    assert seen(record, purpose=Purpose.RESEARCH).empty
    assert seen(record, suspended).empty


def test_the_lane_narrows_what_is_enclosed() -> None:
    everything = ReferralAgreed(referral=REFERRAL, to=TO, enclosed=tuple(GRANTABLE))
    found = seen(happened(proposed(), CLIENT, everything))
    closed = {Category.CONSENTS}
    assert set(found.categories) == set(Category) - closed

    to = requested().to.model_copy(update={"discipline": Discipline.COORDINATOR})
    to_coordinator = ReferralAgreed(referral=REFERRAL, to=to, enclosed=tuple(GRANTABLE))
    found = seen(
        happened(proposed(to=to), CLIENT, to_coordinator),
        Actor(STRANGER.id, Discipline.COORDINATOR, 1),
        Purpose.COORDINATION,
    )
    assert found.withheld[Category.CLINICAL] is Withheld.OUTSIDE_LANE
    assert found.withheld[Category.FITNESS] is Withheld.OUTSIDE_LANE


def test_what_opens_by_name_only_is_open_to_whom_the_client_chose_by_name() -> None:
    to = requested().to.model_copy(update={"discipline": Discipline.TRAINER})
    agreed = ReferralAgreed(referral=REFERRAL, to=to, enclosed=(Category.CLINICAL,))
    record = happened(proposed(to=to), CLIENT, agreed)
    found = seen(record, Actor(STRANGER.id, Discipline.TRAINER, 1), TRAINING)
    assert found.categories[Category.CLINICAL] == BASIS


def test_locks_go_before_it() -> None:
    record = in_state(State.ACCEPTED)
    item = happened(record, CLIENT, ItemLocked(lock=uid("a"), item=KNEE))
    assert seen(item).sees(Category.RESTRICTIONS, item=KNEE) is None
    own = happened(record, CLIENT, ItemLocked(lock=uid("a"), item=REFERRAL))
    assert seen(own).sees(Category.REFERRALS, item=REFERRAL) is None
    party = PartyLocked(lock=uid("b"), party=ToPractitioner(practitioner=STRANGER.id))
    assert seen(happened(record, CLIENT, party)).empty


def test_a_consent_goes_before_it_and_its_exceptions_narrow_only_itself() -> None:
    record = joined(in_state(State.ACCEPTED), STRANGER)
    what = terms(STRANGER, Category.RESTRICTIONS, except_items=(KNEE,))
    found = seen(granted(record, "may", what))
    assert found.categories[Category.RESTRICTIONS].rule is Rule.CONSENT
    assert found.sees(Category.RESTRICTIONS, item=KNEE) == BASIS
    assert found.categories[Category.IDENTITY] == BASIS


def test_who_was_taken_off_the_team_since_reads_no_more() -> None:
    joins = MemberJoined(practitioner=STRANGER.id, discipline=STRANGER.acting_as)
    left = MemberLeft(practitioner=STRANGER.id, reason=Departure.CLIENT_ASKED)
    record = happened(in_state(State.ACCEPTED), COORDINATOR, joins)
    assert not seen(record).empty
    record = happened(record, CLIENT, left)
    assert not seen(record).categories
    assert not seen(record).items
    before = happened(proposed(), CLIENT, joins, left, SAID[ReferralAgreed])
    assert seen(before).categories, "the client has agreed to them since"


def test_reassigned_nobody_reads_until_the_client_agrees_to_the_other() -> None:
    record = happened(in_state(State.REQUESTED), STRANGER, SAID[ReferralReassigned])
    assert not seen(record).categories
    assert not seen(record).items
    assert seen(record, OTHER).empty
    agreed = ReferralAgreed(referral=REFERRAL, to=TO_OTHER, enclosed=ENCLOSED)
    record = happened(record, CLIENT, agreed)
    assert not seen(record).categories
    assert set(seen(record, OTHER).categories) == set(ENCLOSED)


def test_the_initiator_sees_the_referral_while_on_the_team_and_nothing_by_it() -> None:
    for state in State:
        found = seen(in_state(state), TRAINER, TRAINING)
        assert set(found.categories) == {Category.RESTRICTIONS}, "the safety minimum, as ever"
        assert found.sees(Category.REFERRALS, item=REFERRAL, author=STRANGER.id) == BASIS
    record = happened(
        in_state(State.ACCEPTED),
        CLIENT,
        MemberLeft(practitioner=TRAINER.id, reason=Departure.CLIENT_ASKED),
    )
    assert seen(record, TRAINER, TRAINING).empty


def test_the_rest_of_the_team_sees_nothing_of_it_without_a_consent() -> None:
    record = in_state(State.ACCEPTED)
    assert seen(record, PHYSIO).sees(Category.REFERRALS, item=REFERRAL) is None
    record = granted(record, "may", terms(PHYSIO, Category.REFERRALS))
    assert seen(record, PHYSIO).sees(Category.REFERRALS, item=REFERRAL) is not None


def test_who_holds_the_link_reads_until_it_ends_or_is_revoked() -> None:
    record = with_link(in_state(State.PROPOSED, to=OUTSIDE))
    assert seen(record, LINK).empty, "not before the client agrees"
    agreed = ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=ENCLOSED)
    record = happened(record, CLIENT, agreed)
    until = NOW + 9 * DAY
    found = seen(record, LINK)
    assert dict(found.categories) == dict.fromkeys(ENCLOSED, Basis(Rule.REFERRAL, REFERRAL, until))
    assert found.not_after == until
    instant = timedelta(microseconds=1)
    assert not scope(record, LINK, TREATMENT, until - instant).empty
    assert scope(record, LINK, TREATMENT, until).empty
    assert seen(record, holder(uid("another link"))).empty
    assert seen(record, Actor(LINK.id, Discipline.PHYSIOTHERAPIST, 1)).empty
    revoked = happened(record, CLIENT, ReferralLinkRevoked(referral=REFERRAL, link=LINK.id))
    assert seen(revoked, LINK).empty
    moved = ReferralReassigned(referral=REFERRAL, to=TO, reason="Has an account.")
    assert seen(happened(record, COORDINATOR, moved), LINK).empty


def test_a_link_is_for_whom_it_was_made_and_not_for_who_comes_after() -> None:
    agreed = ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=ENCLOSED)
    record = with_link(happened(proposed(to=OUTSIDE), CLIENT, agreed))
    another = OUTSIDE.model_copy(update={"name": "Dr Jon Falk"})
    moved = ReferralReassigned(referral=REFERRAL, to=another, reason="On leave.")
    record = happened(record, COORDINATOR, moved, agreed.model_copy(update={"to": another}))
    assert record.referrals.items[REFERRAL].live
    assert seen(record, LINK).empty
    seen_version = record.referrals.items[REFERRAL].version
    with pytest.raises(Refused, match="not-yours-to-decide"):
        follow_up(record, LINK, ReferralAccepted, REFERRAL, seen=seen_version, now=NOW)
    known = record.referrals.by_link(LINK.id)
    assert known is not None, "who that was is known all the same"


def test_where_the_lane_opens_nothing_of_it_the_referral_itself_is_open() -> None:
    to = TO.model_copy(update={"discipline": Discipline.COORDINATOR})
    agreed = ReferralAgreed(referral=REFERRAL, to=to, enclosed=(Category.CLINICAL,))
    record = happened(proposed(to=to), CLIENT, agreed)
    found = seen(record, Actor(STRANGER.id, Discipline.COORDINATOR, 1), Purpose.COORDINATION)
    assert not found.categories
    assert found.sees(Category.REFERRALS, item=REFERRAL) == BASIS
    assert not found.empty


def test_what_opens_or_closes_reading_is_guarded() -> None:
    """Every fact after which somebody reads more or less is one that disclosures are guarded by."""
    guarded = set(policy_topics())
    for state in State:
        before = in_state(state)
        for kind, fact in SAID.items():
            after = happened(before, STRANGER, fact)
            for who, purpose in ((STRANGER, TREATMENT), (OTHER, TREATMENT), (TRAINER, TRAINING)):
                one, other = seen(before, who, purpose), seen(after, who, purpose)
                if (one.categories, one.items) != (other.categories, other.items):
                    assert kind.type in guarded, (state, kind.type)
