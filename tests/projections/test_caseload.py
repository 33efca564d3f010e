"""The caseload: each reason comes and goes with its cause, the worst first, and nothing that is not
the reader's decides anything."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from deploy.migrate import Urls
from domain.body import Side
from domain.client import IdentityCorrected
from domain.grantee import ToPractitioner
from domain.lanes import Category
from domain.lock import ItemLocked, PartyLocked
from domain.restriction import (
    HoldOutcome,
    HoldPlaced,
    HoldReviewed,
    MilestoneDeclined,
    MilestoneProposed,
    RestrictionAcknowledged,
    RestrictionLifted,
    RestrictionModified,
    RestrictionReviewed,
)
from domain.team import Departure, MemberLeft
from domain.terms import ReviewRule, Severity
from projections.caseload import CASELOAD
from projections.concerns_queries import Place
from tests.domain.given import CLIENT, COORDINATOR, IDENTITY, MASSAGE, PHYSIO, TRAINER, uid
from tests.domain.given_restriction import flexion, milestone
from tests.projections.clinic import Clinic, marked, marked_terms, now
from tests.projections.reasoned import Reasoned, clients, lines, named, reasoned, sentence

pytestmark = pytest.mark.anyio
TEAM = (PHYSIO, TRAINER, MASSAGE, COORDINATOR)
SHARED = (Category.IDENTITY, Category.RESTRICTIONS)
TODAY = now().date()
NOTHING = ["on-caseload"]


@pytest.fixture
async def r(clinic: Clinic, database: Urls) -> AsyncIterator[Reasoned]:
    """One client, Ann, who shares with her team; the clinic's own client shares nothing."""
    async with reasoned(clinic, database) as made:
        await made.enrols("ann", *TEAM, share=SHARED)
        yield made


async def restricts(r: Reasoned, name: str = "knee", **changes: Any) -> int:
    """Ann is restricted, and the trainer has acknowledged it: nothing waits. The version."""
    await r.clinic.restricts(uid(name), **changes)
    version = len(await r.clinic.entries())
    await r.told(TRAINER, RestrictionAcknowledged(restriction=uid(name), seen=version))
    return version


async def test_whoever_treats_has_their_clients_on_it_and_nobody_else(r: Reasoned) -> None:
    (line,) = await r.sees(CASELOAD, PHYSIO)
    assert (line["name"], line["why"]) == (
        "Ann Marked-Identity",
        "You are on their care team; nothing that you may see restricts them.",
    )
    assert [reason["code"] for reason in line["reasons"]] == NOTHING
    assert await r.codes(CASELOAD, MASSAGE) == NOTHING
    assert await r.sees(CASELOAD, TRAINER) == []
    left = MemberLeft(practitioner=PHYSIO.id, reason=Departure.HANDED_OVER)
    await r.told(CLIENT, left)
    assert await r.sees(CASELOAD, PHYSIO) == []


async def test_a_tightening_stands_there_until_it_is_acknowledged(r: Reasoned) -> None:
    seen = await restricts(r)
    assert await r.codes(CASELOAD, PHYSIO) == NOTHING
    tighter = RestrictionModified(restriction=uid("knee"), terms=marked_terms(side=Side.LEFT))
    await r.told(PHYSIO, tighter)
    r.after(timedelta(hours=26))
    found = await r.sees(CASELOAD, PHYSIO)
    assert found[0]["reasons"][0]["item"] == str(uid("knee"))
    text = sentence(found, "tightening-unacknowledged")
    assert text.startswith("Left knee (modify): not acknowledged by all who train them, for 26 h,")
    await r.told(TRAINER, RestrictionAcknowledged(restriction=uid("knee"), seen=seen + 2))
    assert await r.codes(CASELOAD, PHYSIO) == NOTHING


async def test_a_hold_stands_there_until_somebody_has_looked(r: Reasoned) -> None:
    terms = marked_terms(severity=Severity.STOP, review_by=TODAY + timedelta(days=3))
    await r.told(TRAINER, HoldPlaced(hold=uid("hold"), terms=terms))
    assert await r.codes(CASELOAD, PHYSIO) == ["hold-awaiting-review"]
    said = sentence(await r.sees(CASELOAD, PHYSIO), "hold-awaiting-review")
    assert "on hold for 0 min" in said
    assert "is asked for by" in said
    r.after(timedelta(days=5))
    assert "was asked for by" in sentence(await r.sees(CASELOAD, PHYSIO), "hold-awaiting-review")
    outcome = HoldOutcome.RELEASED
    await r.told(PHYSIO, HoldReviewed(hold=uid("hold"), outcome=outcome, rationale="Fine."))
    assert await r.codes(CASELOAD, PHYSIO) == NOTHING


async def test_time_alone_brings_a_review_and_makes_it_overdue(r: Reasoned) -> None:
    await restricts(r, review_by=TODAY + timedelta(days=20))
    r.project()
    for days, codes, said in (
        (12, NOTHING, "the next review is due by"),
        (13, ["review-due"], "is to be reviewed in 7 days"),
        (20, ["review-due"], "is to be reviewed today"),
        (21, ["review-overdue"], "the review is 1 day overdue"),
        (26, ["review-overdue"], "the review is 6 days overdue"),
    ):
        r.after(timedelta(days=days))
        (line,) = lines(await r.page(CASELOAD, PHYSIO))
        assert [reason["code"] for reason in line["reasons"]] == codes, days
        assert said in line["why"], days
    later = RestrictionReviewed(restriction=uid("knee"), review_by=TODAY + timedelta(days=90))
    await r.told(PHYSIO, later)
    assert await r.codes(CASELOAD, PHYSIO) == NOTHING


async def test_what_is_overdue_says_what_that_blocks_and_what_lapses_is_gone(r: Reasoned) -> None:
    due = {"review_by": TODAY + timedelta(days=1)}
    await restricts(r, "blocking", review_rule=ReviewRule.BLOCKS_NEW_LOAD, **due)
    lapsing = {"severity": Severity.CAUTION, "review_rule": ReviewRule.LAPSES}
    await restricts(r, "lapsing", **lapsing, **due)
    found = [reason["sentence"] for reason in (await r.sees(CASELOAD, PHYSIO))[0]["reasons"]]
    assert any("lapses in 1 day" in text for text in found)
    r.after(timedelta(days=2))
    assert await r.codes(CASELOAD, PHYSIO) == ["review-overdue"]
    assert "nothing may be added" in sentence(await r.sees(CASELOAD, PHYSIO), "review-overdue")


async def test_a_proposed_milestone_waits_to_be_confirmed(r: Reasoned) -> None:
    await restricts(r, milestones=(milestone("bends", 100, 100),))
    measured = (flexion(101),)
    proposed = MilestoneProposed(restriction=uid("knee"), milestone="bends", evidence=measured)
    await r.told(TRAINER, proposed)
    assert "“Bends to 100°” was measured" in sentence(
        await r.sees(CASELOAD, PHYSIO), "milestone-proposed"
    )
    declined = MilestoneDeclined(restriction=uid("knee"), milestone="bends", reason="Not yet.")
    await r.told(PHYSIO, declined)
    assert await r.codes(CASELOAD, PHYSIO) == NOTHING


async def test_the_end_of_a_restriction_ends_its_reasons(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"), review_by=TODAY - timedelta(days=2))
    codes = await r.codes(CASELOAD, PHYSIO)
    assert codes[:2] == ["tightening-unacknowledged", "review-overdue"]
    await r.told(PHYSIO, RestrictionLifted(restriction=uid("knee"), rationale="Healed."))
    assert await r.codes(CASELOAD, PHYSIO) == NOTHING


async def test_the_worst_come_first_and_pages_follow_each_other(r: Reasoned) -> None:
    """Not acknowledged, on hold, overdue, due; of two that are equally bad, the longer waiting."""
    for name in ("calm", "due", "overdue", "held", "new", "older"):
        await r.enrols(name, *TEAM, share=SHARED)
    terms = marked_terms(severity=Severity.STOP, review_by=TODAY + timedelta(days=3))
    for name in ("older", "new"):
        r.listed.of(name)
        await r.clinic.restricts(uid(f"{name}'s"))
    r.listed.of("held")
    await r.told(TRAINER, HoldPlaced(hold=uid("hold"), terms=terms))
    for name, days in (("overdue", -1), ("due", 2), ("calm", 30)):
        r.listed.of(name)
        await restricts(r, f"{name}'s", review_by=TODAY + timedelta(days=days))
    r.project()
    expected = named("older", "new", "held", "overdue", "due", "ann", "calm")
    assert clients(await r.page(CASELOAD, PHYSIO, count=True)) == expected
    paged, after = [], None
    while True:
        page = await r.page(CASELOAD, PHYSIO, limit=2, after=after, count=True)
        paged += clients(page)
        assert page.total == len(expected)
        if (after := page.next) is None:
            break
    assert paged == expected


async def test_a_client_with_several_reasons_is_on_it_once_the_newest_of_equals_on_top(
    r: Reasoned,
) -> None:
    await r.enrols("bea", *TEAM, share=SHARED)
    for name in ("first", "second"):
        await r.clinic.restricts(uid(name), review_by=TODAY + timedelta(days=1))
    r.project()
    r.after(timedelta(days=3))
    page = await r.page(CASELOAD, PHYSIO, count=True)
    assert (clients(page), page.total) == (named("bea", "ann"), 2)
    said = [(one["code"], one["item"]) for one in lines(page)[0]["reasons"]]
    assert said[:2] == [
        ("tightening-unacknowledged", str(uid("second"))),
        ("tightening-unacknowledged", str(uid("first"))),
    ]
    assert {code for code, _ in said[2:]} == {"review-overdue"}
    first = await r.page(CASELOAD, PHYSIO, limit=1)
    second = await r.page(CASELOAD, PHYSIO, limit=1, after=first.next)
    assert (clients(first), clients(second), second.next) == (named("bea"), named("ann"), None)


async def test_what_may_not_be_seen_decides_neither_order_nor_number(r: Reasoned) -> None:
    """Bea shares who she is and no restriction; Cid has locked the one that would put him first."""
    await r.enrols("bea", *TEAM, share=(Category.IDENTITY,))
    await r.clinic.restricts(uid("bea's"), by=MASSAGE, severity=Severity.STOP)
    await r.enrols("cid", *TEAM, share=SHARED)
    await r.clinic.restricts(uid("cid's"), severity=Severity.STOP)
    await r.told(CLIENT, ItemLocked(lock=uid("lock"), item=uid("cid's")))
    r.listed.of("ann")
    await restricts(r, review_by=TODAY - timedelta(days=1))
    found = await r.sees(CASELOAD, PHYSIO, count=True)
    assert [line["client"] for line in found] == [str(one) for one in named("ann", "bea", "cid")]
    bea, cid = found[1:]
    assert bea["why"] == "You are on their care team; what restricts them is not shared with you."
    assert cid["why"] == "You are on their care team; nothing that you may see restricts them."
    first = await r.page(CASELOAD, PHYSIO, limit=1, count=True)
    assert (clients(first), first.total) == (named("ann"), 3)


async def test_whoever_is_locked_out_or_let_see_nothing_is_not_counted(r: Reasoned) -> None:
    await r.enrols("bea", *TEAM)
    await r.clinic.restricts(uid("bea's"), by=MASSAGE)
    await r.enrols("cid", *TEAM, share=SHARED)
    party = ToPractitioner(practitioner=PHYSIO.id)
    await r.told(CLIENT, PartyLocked(lock=uid("lock"), party=party))
    r.project()
    page = await r.page(CASELOAD, PHYSIO, count=True)
    assert (clients(page), page.total) == (named("ann"), 1)


async def test_nothing_withheld_is_in_any_line_and_no_text_in_any_row(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"), milestones=(milestone("bends", 100, 100),))
    r.project()
    assert marked((await r.page(CASELOAD, PHYSIO)).json()) == {Category.IDENTITY}
    rows = repr(r.listed.rows("SELECT * FROM lists.concerns"))
    assert marked(rows.encode()) == set()
    assert "Bends" not in rows
    await r.clinic.withdraws(f"ann to {PHYSIO.id}")
    await r.clinic.grants("less", PHYSIO, Category.RESTRICTIONS)
    (line,) = lines(await r.page(CASELOAD, PHYSIO))
    assert (line["name"], line["reasons"][0]["code"]) == (None, "tightening-unacknowledged")
    assert marked((await r.page(CASELOAD, PHYSIO)).json()) == set()
    await r.clinic.withdraws("less")
    # What they wrote themselves they go on reading, and so what waits of it.
    assert len(lines(await r.page(CASELOAD, PHYSIO))) == 1
    assert lines(await r.page(CASELOAD, MASSAGE))[0]["name"] == "Ann Marked-Identity"


async def test_each_line_is_disclosed_and_says_what_it_shows(r: Reasoned) -> None:
    await restricts(r, review_by=TODAY - timedelta(days=1))
    r.project()
    page = await r.page(CASELOAD, PHYSIO)
    (fact,) = await r.clinic.disclosed(PHYSIO)
    (fragment,) = page.fragments
    assert fact.view == "caseload"
    assert fact.commitment == fragment.commitment.hex()
    imposed = fragment.record_version - 1
    assert fact.shown == ((1, 1), (imposed, imposed))


async def test_a_line_whose_record_has_moved_is_marked_and_stays(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"))
    r.project()
    assert (await r.page(CASELOAD, PHYSIO)).rows[0]["being_updated"] is False
    tighter = RestrictionModified(restriction=uid("knee"), terms=marked_terms(side=Side.LEFT))
    await r.told(TRAINER, RestrictionAcknowledged(restriction=uid("knee"), seen=11))
    await r.told(PHYSIO, tighter)
    page = await r.page(CASELOAD, PHYSIO)
    assert [row["being_updated"] for row in page.rows] == [True]
    assert lines(page)[0]["reasons"][0]["code"] == "tightening-unacknowledged"
    await r.told(COORDINATOR, IdentityCorrected(identity=IDENTITY))
    assert lines(await r.page(CASELOAD, PHYSIO))[0]["name"] == IDENTITY.name


async def test_an_empty_list_says_what_would_put_something_there(r: Reasoned) -> None:
    r.project()
    for person in (TRAINER, COORDINATOR):
        page = await r.page(CASELOAD, person)
        assert (page.rows, page.hint) == ((), CASELOAD.hint)
    assert (await r.page(CASELOAD, PHYSIO)).hint is None


@pytest.mark.parametrize(
    "token", ["", "x", "bnVsbA", "WzFd", "WyIyMDI2LTAxLTAxIiwwLCIyMDI2LTAxLTAxIiwiMSIsIjIiXQ"]
)
def test_what_is_no_cursor_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Place.of_token(token)
