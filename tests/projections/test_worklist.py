"""The coordinator's worklist: what waits comes and goes with its cause; nothing of what it says."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from deploy.migrate import Urls
from domain.actor import Actor
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed, Emergency, Finding
from domain.consent import ConsentConfirmed, ConsentWithdrawn, OralConsentRecorded
from domain.deadline import Kind, RestrictionDeadlinePassed
from domain.lanes import Category, Discipline
from domain.referral import ReferralAgreed, ReferralDeclined, ReferralRequested
from domain.referral_terms import DeclineCode, Priority, ToColleague
from domain.restriction import (
    RestrictionAcknowledged,
    RestrictionLifted,
    RestrictionReviewed,
)
from domain.team import CoordinatorAssigned, Departure, MemberLeft
from domain.terms import Severity
from projections.worklist import WORKLIST
from tests.domain.given import CLIENT, COORDINATOR, MASSAGE, PHYSIO, STRANGER, TRAINER, terms, uid
from tests.projections.clinic import Clinic, marked, now
from tests.projections.reasoned import Reasoned, clients, lines, named, reasoned, sentence

pytestmark = pytest.mark.anyio
TEAM = (PHYSIO, TRAINER, MASSAGE, COORDINATOR)
SHARED = (Category.IDENTITY, Category.RESTRICTIONS, Category.REFERRALS)
DAY = timedelta(days=1)
OTHER = Actor(uid("olga"), Discipline.COORDINATOR, 1)


@pytest.fixture
async def r(clinic: Clinic, database: Urls) -> AsyncIterator[Reasoned]:
    """One client, Ann, who shares with her team; the clinic's own client shares nothing."""
    async with reasoned(clinic, database) as made:
        await made.enrols("ann", *TEAM, share=SHARED)
        yield made


async def test_it_is_empty_while_nothing_waits(r: Reasoned) -> None:
    r.project()
    for person in (COORDINATOR, PHYSIO, TRAINER):
        page = await r.page(WORKLIST, person, count=True)
        assert (page.rows, page.total, page.hint) == ((), 0, WORKLIST.hint)


async def test_a_missing_acknowledgement_says_whose_and_not_of_what(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"), severity=Severity.STOP)
    r.after(timedelta(hours=26))
    (line,) = await r.sees(WORKLIST, COORDINATOR)
    (reason,) = line["reasons"]
    assert reason["code"] == "acknowledgement-missing"
    assert (reason["item"], reason["person"]) == (str(uid("knee")), str(TRAINER.id))
    assert line["people"][str(TRAINER.id)]["name"] == "Sam Osei"
    assert "has not acknowledged a restriction for 26 h" in line["why"]
    assert "nee" not in line["why"]
    seen = len(await r.clinic.entries())
    await r.told(TRAINER, RestrictionAcknowledged(restriction=uid("knee"), seen=seen))
    assert await r.sees(WORKLIST, COORDINATOR) == []


async def test_broken_glass_is_there_until_somebody_else_has_looked(r: Reasoned) -> None:
    await r.told(MASSAGE, glass())
    (line,) = await r.sees(WORKLIST, COORDINATOR)
    (reason,) = line["reasons"]
    assert (reason["code"], reason["item"], reason["person"]) == (
        "break-glass-unreviewed",
        str(uid("glass")),
        str(MASSAGE.id),
    )
    assert "Marked-Note" not in str(line)
    assert "safety" not in str(line)
    justified = BreakGlassReviewed(declaration=uid("glass"), outcome=Finding.JUSTIFIED)
    await r.told(PHYSIO, justified)
    assert await r.sees(WORKLIST, COORDINATOR) == []


async def test_an_oral_consent_is_there_until_it_is_confirmed_withdrawn_or_lapses(
    r: Reasoned,
) -> None:
    for name, end in (
        ("confirmed", ConsentConfirmed(consent=uid("confirmed"))),
        ("withdrawn", ConsentWithdrawn(consent=uid("withdrawn"))),
    ):
        await r.told(COORDINATOR, oral(name))
        assert await r.codes(WORKLIST, COORDINATOR) == ["oral-consent-to-confirm"]
        said = sentence(await r.sees(WORKLIST, COORDINATOR), "oral-consent-to-confirm")
        assert said.startswith("Something was permitted by word of mouth 0 min ago")
        await r.told(CLIENT, end)
        assert await r.codes(WORKLIST, COORDINATOR) == []
    await r.told(COORDINATOR, oral("lapsing"))
    assert await r.codes(WORKLIST, COORDINATOR) == ["oral-consent-to-confirm"]
    r.after(6 * DAY)
    assert await r.codes(WORKLIST, COORDINATOR) == []


async def test_what_was_not_done_in_time_is_there_once_the_clock_says_so(r: Reasoned) -> None:
    (_, version) = await restricts_and_lets_pass(r)
    (line,) = await r.sees(WORKLIST, COORDINATOR)
    codes = {reason["code"] for reason in line["reasons"]}
    assert codes == {"acknowledgement-missing", "review-not-done"}
    assert sentence([line], "review-not-done").startswith("A restriction was not reviewed in time")
    later = RestrictionReviewed(restriction=uid("knee"), review_by=now().date() + 30 * DAY)
    await r.told(PHYSIO, later)
    await r.told(TRAINER, RestrictionAcknowledged(restriction=uid("knee"), seen=version + 2))
    assert await r.codes(WORKLIST, COORDINATOR) == []


async def restricts_and_lets_pass(r: Reasoned) -> tuple[int, int]:
    """A restriction that was to be reviewed yesterday, and what the clock made of it; versions."""
    due = now().date() - DAY
    await r.clinic.restricts(uid("knee"), review_by=due)
    version = len(await r.clinic.entries())
    passed = RestrictionDeadlinePassed(
        kind=Kind.RESTRICTION_REVIEW,
        item=uid("knee"),
        set_by=version,
        due=now(),
        who=(PHYSIO.id,),
    )
    await r.told(COORDINATOR, passed)
    return version, version + 1


async def test_a_referral_is_there_once_it_waits_too_long(r: Reasoned) -> None:
    await refers(r, "routine", Priority.ROUTINE)
    r.project()
    assert (await r.page(WORKLIST, COORDINATOR)).rows == ()
    r.after(6 * DAY)
    said = sentence(await r.sees(WORKLIST, COORDINATOR), "referral-overdue")
    assert said.startswith("A referral (routine) waits for an answer: 24 h overdue")
    declined = ReferralDeclined(
        referral=uid("routine"), code=DeclineCode.NO_CAPACITY, reason="Full."
    )
    await r.told(STRANGER, declined)
    assert await r.codes(WORKLIST, COORDINATOR) == []


async def test_the_worst_come_first_and_pages_follow_each_other(r: Reasoned) -> None:
    for name in ("bea", "cid", "dan", "eve"):
        await r.enrols(name, *TEAM, share=SHARED)
    r.listed.of("bea")
    await r.told(COORDINATOR, oral("bea's"))
    r.listed.of("cid")
    await r.clinic.restricts(uid("cid's"), severity=Severity.CAUTION)
    r.listed.of("dan")
    await refers(r, "dan's", Priority.URGENT)
    r.listed.of("eve")
    await r.told(MASSAGE, glass())
    r.after(2 * DAY)
    r.project()
    page = await r.page(WORKLIST, COORDINATOR, count=True)
    assert clients(page) == named("eve", "dan", "cid", "bea")
    first = await r.page(WORKLIST, COORDINATOR, limit=3, count=True)
    second = await r.page(WORKLIST, COORDINATOR, limit=3, after=first.next)
    assert clients(first) + clients(second) == clients(page)
    assert (first.total, page.total) == (4, 4)


async def test_only_whoever_coordinates_sees_it(r: Reasoned) -> None:
    await r.clinic.registers(OTHER, "Olga Berg")
    await r.told(MASSAGE, glass())
    await r.listed.joins(OTHER)
    both = [await r.codes(WORKLIST, person) for person in (COORDINATOR, OTHER)]
    assert both == [["break-glass-unreviewed"]] * 2, "while nobody is assigned"
    await restricts_and_lets_pass(r)
    assert "review-not-done" in await r.codes(WORKLIST, COORDINATOR)
    await r.told(CLIENT, CoordinatorAssigned(practitioner=OTHER.id))
    assert await r.codes(WORKLIST, COORDINATOR) == []
    assert await r.codes(WORKLIST, OTHER) == ["break-glass-unreviewed"]
    await r.told(CLIENT, MemberLeft(practitioner=OTHER.id, reason=Departure.CLIENT_ASKED))
    r.project()
    page = await r.page(WORKLIST, OTHER, count=True)
    assert (page.rows, page.total) == ((), 0)


async def test_without_a_consent_they_know_of_no_restriction_and_no_referral(r: Reasoned) -> None:
    """But of what waits for somebody about consents, and who is on the team."""
    await restricts_and_lets_pass(r)
    await refers(r, "urgent", Priority.URGENT)
    await r.clinic.withdraws(f"ann to {COORDINATOR.id}")
    r.after(2 * DAY)
    r.project()
    assert (await r.page(WORKLIST, COORDINATOR, count=True)).total == 0
    await r.told(MASSAGE, glass())
    (line,) = await r.sees(WORKLIST, COORDINATOR)
    assert [reason["code"] for reason in line["reasons"]] == ["break-glass-unreviewed"]
    (fact,) = await r.clinic.disclosed(COORDINATOR)
    assert [(one.category, one.rule) for one in fact.categories_shown] == [
        (Category.CONSENTS, "coordination"),
        (Category.IDENTITY, "own_facts"),
    ], "they enrolled Ann, and read what they wrote"


async def test_nothing_withheld_is_in_any_line_and_no_text_in_any_row(r: Reasoned) -> None:
    await restricts_and_lets_pass(r)
    await r.told(COORDINATOR, oral("spoken"))
    await r.told(MASSAGE, glass())
    r.project()
    page = await r.page(WORKLIST, COORDINATOR)
    assert len(lines(page)[0]["reasons"]) == 4
    assert marked(page.json()) == {Category.IDENTITY}
    assert b"Marked-Note" not in page.json()
    rows = repr(r.listed.rows("SELECT * FROM lists.concerns"))
    assert marked(rows.encode()) == set()
    assert "Marked" not in rows


async def test_the_end_of_a_restriction_ends_what_waits_for_it(r: Reasoned) -> None:
    await restricts_and_lets_pass(r)
    await r.told(PHYSIO, RestrictionLifted(restriction=uid("knee"), rationale="Healed."))
    assert await r.codes(WORKLIST, COORDINATOR) == []


def glass() -> BreakGlassDeclared:
    return BreakGlassDeclared(
        declaration=uid("glass"),
        reason=Emergency.SAFETY_CHECK,
        until=now() + timedelta(hours=1),
        note="Marked-Note",
    )


def oral(name: str) -> OralConsentRecorded:
    return OralConsentRecorded(
        consent=uid(name),
        terms=terms(STRANGER, Category.GOALS),
        recorder=COORDINATOR.id,
        witness=MASSAGE.id,
        confirm_by=now() + 5 * DAY,
    )


async def refers(r: Reasoned, name: str, priority: Priority) -> None:
    """The physio refers on, and the client agrees: it waits for an answer."""
    to = ToColleague(practitioner=STRANGER.id, discipline=STRANGER.acting_as)
    asked = ReferralRequested(
        referral=uid(name),
        priority=priority,
        to=to,
        reason="Marked-Referral: a second look.",
        enclosed=(Category.RESTRICTIONS,),
    )
    await r.told(PHYSIO, asked)
    await r.told(CLIENT, ReferralAgreed(referral=uid(name), to=to, enclosed=asked.enclosed))


async def test_a_line_of_which_everything_has_changed_is_marked_and_stays(r: Reasoned) -> None:
    await r.told(MASSAGE, glass())
    r.project()
    justified = BreakGlassReviewed(declaration=uid("glass"), outcome=Finding.JUSTIFIED)
    await r.told(PHYSIO, justified)
    await r.told(COORDINATOR, oral("spoken"))
    page = await r.page(WORKLIST, COORDINATOR, count=True)
    assert ([row["being_updated"] for row in page.rows], page.total) == ([True], 1)
    assert [reason["code"] for reason in lines(page)[0]["reasons"]] == ["oral-consent-to-confirm"]
    assert await r.codes(WORKLIST, COORDINATOR) == ["oral-consent-to-confirm"]
