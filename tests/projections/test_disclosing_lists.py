"""A page of the board leaves through the door: filtered first, disclosed whole, or not at all."""

from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest
from hypothesis import given, settings

from deploy.migrate import Urls
from domain.access import Disclosed, expand
from domain.actor import Actor
from domain.client import IdentityCorrected
from domain.lanes import GRANTABLE, Category, Purpose
from domain.ledger.command import Kept, LedgerUnavailable
from domain.lock import ItemLocked
from domain.policy import scope
from domain.practitioner import PractitionerSuspended, Standing
from domain.restriction import RestrictionLifted
from domain.terms import Severity
from projections.board import may_read
from projections.kept import open_kept
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    IDENTITY,
    KNEE,
    MASSAGE,
    PHYSIO,
    STRANGER,
    TRAINER,
    uid,
)
from tests.domain.random_consent import Told, end_of, histories, questions, tell
from tests.projections.between import Between
from tests.projections.clinic import Clinic, marked, now
from tests.projections.listed import (
    Listed,
    fragments,
    ids,
    lines,
    named,
    opened,
    restrictions,
)

pytestmark = pytest.mark.anyio
CLIENTS = ("ann", "bea", "cid")


@pytest.fixture
async def listed(clinic: Clinic, database: Urls) -> AsyncIterator[Listed]:
    """Three clients, each with one restriction of the physio's; all share with the trainer
    and, whatever there is, with the massage therapist."""
    async with opened(clinic, database) as made:
        for name in CLIENTS:
            team = (PHYSIO, TRAINER, MASSAGE, COORDINATOR)
            await made.enrols(name, f"{name.title()} Marked-Identity", *team)
            await made.shares(f"{name}'s", TRAINER)
            await made.shares(f"{name}'s to Mara", MASSAGE, *GRANTABLE)
            await clinic.restricts(uid(f"{name}'s knee"))
        made.project()
        yield made


KNEES = ids("ann's knee", "bea's knee", "cid's knee")


async def released(listed: Listed, person: Actor) -> list[tuple[int, Disclosed]]:
    """What `person` was disclosed of any of the clients, by position."""
    entries = [
        (entry.position, entry.fact)
        for name in CLIENTS
        for entry in await listed.clinic.accessed(person, uid(name))
    ]
    return sorted((at, fact) for at, fact in entries if isinstance(fact, Disclosed))


async def test_each_share_of_a_page_is_disclosed_in_one_command(listed: Listed) -> None:
    page = await listed.sees_board(TRAINER, count=True)
    assert restrictions(page) == KNEES
    assert page.total == 3
    assert page.next is None
    disclosed = await released(listed, TRAINER)
    assert [at for at, _ in disclosed] == sorted(one.position for one in page.fragments)
    moments = listed.rows(
        "SELECT count(*), count(DISTINCT recorded_at) FROM ledger.log"
        " WHERE topic = 'access.disclosed.v1'"
    )
    assert moments == [(3, 1)]
    for fragment, (_, fact) in zip(page.fragments, disclosed, strict=True):
        assert fact.commitment == fragment.commitment.hex()
        sealed = await listed.clinic.ledger.log.kept(fragment.client, fragment.commitment)
        assert sealed is not None
        kept = Kept(fragment.client, fragment.commitment, sealed)
        assert open_kept(listed.clinic.ledger.sealing, kept).body == fragment.body
        assert fragment.body in page.json()
        assert fact.view == "board"
        assert expand(fact.shown) == {1, fragment.record_version}


async def test_the_shell_says_nothing_of_anybody(listed: Listed) -> None:
    page = await listed.sees_board(TRAINER)
    shell = orjson.loads(page.json())
    del shell["clients"]
    assert set(shell["rows"][0]) == {"client", "restriction", "being_updated"}
    assert set(shell) == {"rows", "next"}


async def test_every_reader_sees_as_much_as_their_scope_allows(listed: Listed) -> None:
    everything = lines(await listed.sees_board(PHYSIO))[KNEES[0]]
    assert everything["unacknowledged"] is True
    assert {"reason", "review_by", "severity"} <= set(everything)
    listed.of("ann")
    await listed.shares("coordination", COORDINATOR)
    existence = await listed.sees_board(COORDINATOR)
    assert fragments(existence)[str(uid("ann"))]["restrictions"] == [{"restriction": KNEES[0]}]
    await listed.clinic.withdraws("ann's")
    minimum = (await listed.sees_board(TRAINER)).json()
    line = lines(await listed.sees_board(TRAINER))[KNEES[0]]
    assert {"severity", "patterns", "status"} <= set(line)
    assert not {"reason", "review_by", "to_acknowledge"} & set(line)
    ann = fragments(await listed.sees_board(TRAINER))[str(uid("ann"))]
    assert marked(orjson.dumps(ann)) == set()
    assert marked(minimum) == {Category.IDENTITY, Category.RESTRICTIONS}
    assert lines(await listed.sees_board(TRAINER))[KNEES[1]]["to_acknowledge"] is True
    assert Category.CLINICAL not in marked((await listed.sees_board(PHYSIO)).json())


async def test_the_order_tells_no_more_than_the_rows(listed: Listed) -> None:
    """A coordinator may know that there are restrictions: not which of them is the worst."""
    for name in CLIENTS:
        listed.of(name)
        await listed.shares(f"{name}'s coordination", COORDINATOR)
        strict = Severity.STOP if name == "cid" else Severity.CAUTION
        await listed.clinic.restricts(uid(f"{name}'s hip"), severity=strict)
    listed.project()
    assert restrictions(await listed.sees_board(PHYSIO))[0] == str(uid("cid's hip"))
    page = await listed.sees_board(COORDINATOR)
    assert [row["client"] for row in page.rows] == sorted(row["client"] for row in page.rows)


async def test_what_is_not_theirs_is_left_out_before_counting_and_paging(listed: Listed) -> None:
    listed.of("bea")
    await listed.clinic.told(CLIENT, ItemLocked(lock=uid("lock"), item=uid("bea's knee")))
    await listed.enrols("dan", "Dan Lee")
    await listed.clinic.restricts(uid("dan's knee"), by=STRANGER)
    listed.project()
    first = await listed.sees_board(PHYSIO, limit=1, count=True)
    assert (restrictions(first), first.total) == ([KNEES[0]], 2)
    second = await listed.sees_board(PHYSIO, limit=1, after=first.next, count=True)
    assert (restrictions(second), second.total, second.next) == ([KNEES[2]], 2, None)
    assert (await listed.sees_board(STRANGER, count=True)).total == 1


async def test_withdrawn_between_rendering_and_append_it_is_paged_again_without_them(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bea_withdraws() -> None:
        listed.of("bea")
        await listed.clinic.withdraws("bea's to Mara")

    between = Between(listed.clinic.ledger, monkeypatch, bea_withdraws)
    page = await listed.sees_board(MASSAGE, count=True)
    assert between.attempts == 2
    assert [restrictions(page), page.total] == [[KNEES[0], KNEES[2]], 2]
    assert uid("bea") not in {one.client for one in page.fragments}
    assert len(await released(listed, MASSAGE)) == 2


async def test_suspended_between_rendering_and_append_nothing_leaves(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspended = PractitionerSuspended(reason=Standing.SECURITY)
    Between(listed.clinic.ledger, monkeypatch, lambda: listed.clinic.staffed(TRAINER, suspended))
    page = await listed.sees_board(TRAINER)
    assert (page.rows, page.fragments) == ((), ())
    assert await released(listed, TRAINER) == []


async def test_one_who_keeps_changing_what_may_be_seen_keeps_the_whole_page_back(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def again() -> None:
        listed.of("bea")
        await listed.shares(f"again {between.attempts}", TRAINER)

    between = Between(listed.clinic.ledger, monkeypatch, *[again] * 50)
    with pytest.raises(LedgerUnavailable):
        await listed.sees_board(TRAINER)
    assert await released(listed, TRAINER) == []


async def test_a_busy_record_does_not_starve_its_readers(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def noted() -> None:
        listed.of("ann")
        await listed.clinic.told(COORDINATOR, IdentityCorrected(identity=IDENTITY))

    between = Between(listed.clinic.ledger, monkeypatch, *[noted] * 50)
    assert len((await listed.sees_board(TRAINER)).rows) == 3
    assert between.attempts == 2


async def test_it_ends_when_the_first_consent_on_it_does(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed.of("bea")
    await listed.clinic.withdraws("bea's to Mara")
    await listed.shares("for a moment", MASSAGE, until=now() + timedelta(hours=1))
    hour_later = now() + timedelta(hours=1)
    monkeypatch.setattr(listed.clinic, "clock", lambda: hour_later - timedelta(minutes=1))
    await listed.sees_board(MASSAGE)
    monkeypatch.setattr(listed.clinic, "clock", lambda: hour_later)
    page = await listed.sees_board(MASSAGE)
    assert restrictions(page) == [KNEES[0], KNEES[2]]


async def test_the_log_has_the_last_word_on_what_has_ended(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our clock is slow: by the database's, one of three consents is over."""
    listed.of("bea")
    await listed.clinic.withdraws("bea's to Mara")
    ended = now() - timedelta(minutes=1)
    started = ended - timedelta(minutes=5)
    await listed.shares("over", MASSAGE, starts=started, until=ended)
    listed.project()
    monkeypatch.setattr(listed.clinic, "clock", lambda: ended - timedelta(minutes=1))
    with pytest.raises(LedgerUnavailable):
        await listed.sees_board(MASSAGE)
    assert await released(listed, MASSAGE) == []


async def test_a_row_that_is_behind_is_marked_and_shows_the_record_as_it_is(
    listed: Listed,
) -> None:
    listed.of("ann")
    await listed.clinic.told(PHYSIO, IdentityCorrected(identity=IDENTITY))
    listed.of("bea")
    lifted = RestrictionLifted(restriction=uid("bea's knee"), rationale="Healed.")
    await listed.clinic.told(PHYSIO, lifted)
    page = await listed.sees_board(TRAINER, count=True)
    assert [row["being_updated"] for row in page.rows] == [True, False]
    assert restrictions(page) == [KNEES[0], KNEES[2]]
    assert fragments(page)[str(uid("ann"))]["name"] == IDENTITY.name
    assert page.total == 2


async def test_a_name_is_found_only_by_those_who_may_see_it(listed: Listed) -> None:
    assert restrictions(await listed.sees_board(TRAINER, named=named("bea"))) == [KNEES[1]]
    assert restrictions(await listed.sees_board(TRAINER, named=named("marked"))) == KNEES
    assert restrictions(await listed.sees_board(TRAINER, named=named("..."))) == []
    listed.of("bea")
    await listed.clinic.withdraws("bea's")
    assert len((await listed.sees_board(TRAINER)).rows) == 3
    assert restrictions(await listed.sees_board(TRAINER, named=named("bea"))) == []


async def test_of_an_erased_client_nothing_is_on_a_page(listed: Listed) -> None:
    listed.clinic.keys.destroy(uid("bea"))
    page = await listed.sees_board(TRAINER, count=True)
    assert (restrictions(page), page.total) == ([KNEES[0], KNEES[2]], 2)


async def test_swapped_while_somebody_pages_no_row_is_missed_or_seen_twice(listed: Listed) -> None:
    first = await listed.sees_board(TRAINER, limit=1)
    listed.rebuild(listed.board)
    second = await listed.sees_board(TRAINER, limit=1, after=first.next)
    listed.rebuild(listed.board)
    third = await listed.sees_board(TRAINER, limit=1, after=second.next)
    assert [*map(restrictions, (first, second, third))] == [[knee] for knee in KNEES]


@settings(max_examples=60, deadline=None)
@given(histories(), questions())
def test_whoever_may_see_anything_is_looked_for(
    history: list[Told], asked: tuple[Actor, Purpose]
) -> None:
    person, purpose = asked
    record = tell(history)
    if not scope(record, person, purpose, end_of(history)).empty:
        assert person.id in may_read(record)
    assert KNEE in record.restrictions.items
