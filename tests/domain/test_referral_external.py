"""Links for external practitioners: what is kept of a token, how long it opens, who issues it."""

from datetime import timedelta
from uuid import uuid5

import pytest

from domain.actor import Actor
from domain.entry import Entry
from domain.external import (
    LONGEST_LINK,
    NAMESPACE,
    OPENINGS,
    LinkLeads,
    LinkOpened,
    LinkRecord,
    digest_of,
    holder,
    issue_link,
    leads,
    link_id,
    link_stream,
    open_link,
    revoke_link,
)
from domain.fact import Fact
from domain.record import CareRecord
from domain.referral import (
    ReferralAgreed,
    ReferralCancelled,
    ReferralLinkIssued,
    ReferralLinkRevoked,
)
from domain.referral_terms import State
from domain.refused import Refused, Unprocessable
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    DAY,
    MASSAGE,
    NOW,
    PHYSIO,
    STRANGER,
    TRAINER,
    happened,
    uid,
)
from tests.domain.given_referral import ENCLOSED, OUTSIDE, REFERRAL, in_state, proposed, the

TOKEN = bytes(range(32))
DIGEST = digest_of(TOKEN)


def outside() -> CareRecord:
    agreed = ReferralAgreed(referral=REFERRAL, to=OUTSIDE, enclosed=ENCLOSED)
    return happened(proposed(to=OUTSIDE), CLIENT, agreed)


def issued(record: CareRecord, by: Actor = TRAINER, **how: object) -> ReferralLinkIssued:
    fact = issue_link(record, by, REFERRAL, DIGEST, now=NOW, **how)[-1]  # type: ignore[arg-type]
    assert isinstance(fact, ReferralLinkIssued)
    return fact


def test_only_the_digest_of_a_token_is_kept() -> None:
    fact = issued(outside())
    assert fact.digest == DIGEST
    assert fact.link == link_id(REFERRAL, DIGEST) == holder(fact.link).id
    assert fact.until == NOW + LONGEST_LINK
    assert fact.openings == OPENINGS
    stored = (fact, leads(fact, CLIENT.id))
    assert all(TOKEN.hex() not in one.model_dump_json() for one in stored)
    assert DIGEST not in leads(fact, CLIENT.id).model_dump_json()
    assert link_stream(DIGEST) == uuid5(NAMESPACE, DIGEST)


@pytest.mark.parametrize("by", [TRAINER, COORDINATOR, CLIENT])
def test_the_initiator_a_coordinator_or_the_client_issues_it(by: Actor) -> None:
    assert issued(outside(), by).sent_to == OUTSIDE.name


@pytest.mark.parametrize("by", [PHYSIO, MASSAGE, STRANGER])
def test_nobody_else_does(by: Actor) -> None:
    with pytest.raises(Refused, match="not-yours-to-decide"):
        issued(outside(), by)


def test_who_is_not_in_good_standing_makes_none() -> None:
    suspended = Actor(TRAINER.id, TRAINER.acting_as, 1, good_standing=False)
    with pytest.raises(Refused, match="not-yours-to-decide"):
        issued(outside(), suspended)


def test_it_opens_for_thirty_days_at_most() -> None:
    for until in (NOW, NOW + LONGEST_LINK + timedelta(seconds=1)):
        with pytest.raises(Unprocessable, match="until"):
            issued(outside(), until=until)
    assert issued(outside(), until=NOW + DAY).until == NOW + DAY


def test_there_is_none_before_the_client_agrees_nor_after_the_end_nor_for_an_account() -> None:
    with pytest.raises(Refused, match="agreement-needed"):
        issued(proposed(to=OUTSIDE))
    with pytest.raises(Refused, match="not-external"):
        issued(in_state(State.REQUESTED))
    ended = happened(outside(), CLIENT, ReferralCancelled(referral=REFERRAL))
    with pytest.raises(Refused, match="referral-ended"):
        issued(ended)


def test_a_new_link_revokes_the_one_before() -> None:
    first = issued(outside())
    record = happened(outside(), TRAINER, first)
    revoked, second = issue_link(record, TRAINER, REFERRAL, digest_of(b"other"), now=NOW)
    assert revoked == ReferralLinkRevoked(referral=REFERRAL, link=first.link)
    record = happened(record, TRAINER, revoked, second)
    assert isinstance(second, ReferralLinkIssued)
    standing = the(record).link(NOW)
    assert standing is not None
    assert standing.id == second.link


@pytest.mark.parametrize("by", [TRAINER, COORDINATOR, CLIENT])
def test_it_is_revoked_once(by: Actor) -> None:
    fact = issued(outside())
    record = happened(outside(), TRAINER, fact)
    (revoked,) = revoke_link(record, by, REFERRAL, fact.link, now=NOW)
    record = happened(record, by, revoked)
    assert the(record).link(NOW) is None
    for link in (fact.link, uid("another")):
        with pytest.raises(Refused, match="unknown-link"):
            revoke_link(record, by, REFERRAL, link, now=NOW)


def where_it_leads(*facts: Fact) -> LinkRecord:
    record = LinkRecord(link_stream(DIGEST))
    for number, fact in enumerate(facts, 1):
        by = TRAINER.authorship(NOW)
        record = record.evolve(Entry(record.id, number, fact, by, NOW, number))
    return record


def test_it_opens_so_many_times_until_its_end_and_else_like_one_that_never_was() -> None:
    fact = issued(outside(), openings=2)
    lead = leads(fact, CLIENT.id)
    assert isinstance(lead, LinkLeads)
    record = where_it_leads(lead)
    opened = [LinkOpened(link=fact.link)]
    assert open_link(record, now=NOW) == opened
    assert open_link(where_it_leads(lead, *opened), now=fact.until - timedelta(seconds=1)) == opened
    refusals = []
    for gone, now in (
        (where_it_leads(), NOW),
        (where_it_leads(lead, *opened, *opened), NOW),
        (record, fact.until),
    ):
        with pytest.raises(Refused) as refused:
            open_link(gone, now=now)
        refusals.append((refused.value.code, dict(refused.value.detail)))
    assert refusals == [("unknown-link", {})] * 3


def test_where_a_link_leads_is_said_once() -> None:
    lead = leads(issued(outside()), CLIENT.id)
    elsewhere = lead.model_copy(update={"client": uid("another")})
    assert where_it_leads(lead, elsewhere).leads == lead
