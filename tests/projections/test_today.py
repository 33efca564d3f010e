"""Today: whom a trainer trains, each with the card; what is to be acknowledged comes first."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from deploy.migrate import Urls
from domain.lanes import Category
from domain.restriction import (
    HoldOutcome,
    HoldPlaced,
    HoldReviewed,
    RestrictionAcknowledged,
    RestrictionLifted,
    RestrictionModified,
    RestrictionReviewed,
)
from domain.safety import SafetyMinimumRefused
from domain.team import MemberJoined
from domain.terms import ReviewRule, Severity
from projections.today import TODAY
from tests.domain.given import CLIENT, COORDINATOR, MASSAGE, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, marked, marked_terms, now
from tests.projections.reasoned import Reasoned, clients, lines, named, reasoned, sentence

pytestmark = pytest.mark.anyio
TEAM = (PHYSIO, TRAINER, MASSAGE, COORDINATOR)
SHARED = (Category.IDENTITY, Category.RESTRICTIONS)
DAY = timedelta(days=1)
NOTHING = ["due-to-train"]


@pytest.fixture
async def r(clinic: Clinic, database: Urls) -> AsyncIterator[Reasoned]:
    """One client, Ann, who shares with her team; the clinic's own client shares nothing."""
    async with reasoned(clinic, database) as made:
        await made.enrols("ann", *TEAM, share=SHARED)
        yield made


async def restricts(r: Reasoned, name: str = "knee", **changes: Any) -> None:
    """A restriction that the trainer has acknowledged."""
    await r.clinic.restricts(uid(name), **changes)
    await acknowledges(r, name)


async def acknowledges(r: Reasoned, name: str = "knee") -> None:
    version = len(await r.clinic.entries())
    await r.told(TRAINER, RestrictionAcknowledged(restriction=uid(name), seen=version))


def of_ann(found: list[dict[str, Any]]) -> dict[str, Any]:
    (line,) = (line for line in found if line["client"] == str(uid("ann")))
    return line


async def test_everybody_whom_they_are_due_to_train_is_on_it(r: Reasoned) -> None:
    """Also who shares nothing: that is what the safety minimum is for."""
    found = await r.sees(TODAY, TRAINER)
    assert {line["client"] for line in found} == {str(CLIENT.id), str(uid("ann"))}
    ann = of_ann(found)
    assert (ann["name"], ann["why"]) == (
        "Ann Marked-Identity",
        "You train them; nothing restricts them.",
    )
    assert ann["card"]["lines"] == []
    assert await r.sees(TODAY, PHYSIO) == []
    who, role = TRAINER.id, TRAINER.acting_as
    await r.told(CLIENT, MemberJoined(practitioner=who, discipline=role, due_to_train=False))
    assert len(await r.sees(TODAY, TRAINER)) == 1


async def test_what_is_not_acknowledged_comes_first_until_it_is(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"))
    r.after(timedelta(hours=26))
    ann = of_ann(await r.sees(TODAY, TRAINER))
    assert ann["why"].startswith("Right knee (modify): it is yours to acknowledge for 26 h, since")
    assert [line["kind"] for line in ann["card"]["lines"]]
    await acknowledges(r)
    assert await r.codes(TODAY, TRAINER) == NOTHING
    tighter = marked_terms(severity=Severity.STOP)
    await r.told(PHYSIO, RestrictionModified(restriction=uid("knee"), terms=tighter))
    assert "what has changed is yours" in sentence(
        [of_ann(await r.sees(TODAY, TRAINER))], "to-acknowledge"
    )


async def test_what_was_eased_has_changed_until_it_is_acknowledged(r: Reasoned) -> None:
    await restricts(r)
    eased = RestrictionModified(
        restriction=uid("knee"), terms=marked_terms(), must_be_acknowledged=False
    )
    await r.told(PHYSIO, eased)
    said = sentence([of_ann(await r.sees(TODAY, TRAINER))], "changed")
    assert "nothing is tighter than what you acknowledged" in said
    await acknowledges(r)
    assert await r.codes(TODAY, TRAINER) == NOTHING


async def test_a_hold_is_there_until_it_is_reviewed(r: Reasoned) -> None:
    terms = marked_terms(severity=Severity.STOP, review_by=now().date() + 3 * DAY)
    await r.told(TRAINER, HoldPlaced(hold=uid("hold"), terms=terms))
    assert await r.codes(TODAY, TRAINER) == ["on-hold"], "nobody acknowledges their own hold"
    assert "you stopped this" in of_ann(await r.sees(TODAY, TRAINER))["why"]
    released = HoldReviewed(hold=uid("hold"), outcome=HoldOutcome.RELEASED, rationale="Fine.")
    await r.told(PHYSIO, released)
    assert await r.codes(TODAY, TRAINER) == NOTHING


async def test_time_alone_blocks_new_load_and_a_review_frees_it(r: Reasoned) -> None:
    due = now().date() + DAY
    await restricts(r, review_by=due, review_rule=ReviewRule.BLOCKS_NEW_LOAD)
    assert await r.codes(TODAY, TRAINER) == NOTHING
    r.after(2 * DAY)
    assert "add nothing and make nothing heavier" in of_ann(await r.sees(TODAY, TRAINER))["why"]
    later = RestrictionReviewed(restriction=uid("knee"), review_by=due + 30 * DAY)
    await r.told(PHYSIO, later)
    assert await r.codes(TODAY, TRAINER) == ["changed"]


async def test_that_something_has_ended_is_news_for_a_week(r: Reasoned) -> None:
    await restricts(r)
    await r.told(PHYSIO, RestrictionLifted(restriction=uid("knee"), rationale="Healed."))
    assert await r.codes(TODAY, TRAINER) == ["ended"]
    assert "lifted 0 min ago" in of_ann(await r.sees(TODAY, TRAINER))["why"]
    r.after(8 * DAY)
    assert await r.codes(TODAY, TRAINER) == NOTHING


async def test_the_worst_come_first(r: Reasoned) -> None:
    r.listed.of("client")
    for name, severity in (("bea", Severity.CAUTION), ("cid", Severity.STOP)):
        await r.enrols(name, *TEAM, share=SHARED)
        await r.clinic.restricts(uid(f"{name}'s"), severity=severity)
    await r.enrols("dan", *TEAM, share=SHARED)
    terms = marked_terms(severity=Severity.STOP, review_by=now().date() + 3 * DAY)
    await r.told(TRAINER, HoldPlaced(hold=uid("hold"), terms=terms))
    r.project()
    page = await r.page(TODAY, TRAINER, count=True)
    assert clients(page) == [*named("cid", "bea", "dan"), CLIENT.id, uid("ann")]
    first = await r.page(TODAY, TRAINER, limit=2, count=True)
    second = await r.page(TODAY, TRAINER, limit=3, after=first.next)
    assert clients(first) + clients(second) == clients(page)
    assert (first.total, page.total, second.next) == (5, 5, None)


async def test_without_a_consent_it_is_the_safety_minimum_and_no_name(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"))
    await r.clinic.withdraws(f"ann to {TRAINER.id}")
    r.project()
    page = await r.page(TODAY, TRAINER)
    ann = of_ann(lines(page))
    assert (ann["name"], ann["reasons"][0]["code"]) == (None, "to-acknowledge")
    assert {line["kind"] for line in ann["card"]["lines"]} <= {"no", "limit", "stop_if", "call"}
    assert marked(page.json()) == set()
    await acknowledges(r)
    await r.told(PHYSIO, RestrictionLifted(restriction=uid("knee"), rationale="Healed."))
    assert await r.codes(TODAY, TRAINER) == NOTHING, "what has ended is no part of the minimum"


async def test_whoever_refuses_even_that_is_not_on_it(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"))
    await r.clinic.withdraws(f"ann to {TRAINER.id}")
    await r.told(CLIENT, SafetyMinimumRefused())
    r.project()
    page = await r.page(TODAY, TRAINER, count=True)
    assert (clients(page), page.total) == ([CLIENT.id], 1)
    await r.clinic.grants("who", TRAINER, Category.IDENTITY)
    ann = of_ann(await r.sees(TODAY, TRAINER))
    assert "is not shared with you" in ann["why"]
    assert "card" not in ann


async def test_no_text_is_in_any_row_and_nothing_withheld_in_any_line(r: Reasoned) -> None:
    await r.clinic.restricts(uid("knee"))
    r.project()
    assert marked((await r.page(TODAY, TRAINER)).json()) == {Category.IDENTITY}
    assert marked(repr(r.listed.rows("SELECT * FROM lists.concerns")).encode()) == set()


async def test_an_empty_list_says_what_would_put_somebody_there(r: Reasoned) -> None:
    r.project()
    for person in (PHYSIO, COORDINATOR):
        page = await r.page(TODAY, person)
        assert (page.rows, page.hint) == ((), TODAY.hint)
