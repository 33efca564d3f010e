"""The access register: a row for each access fact, by reference and code; queries; its pages."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from deploy.migrate import Urls
from domain.access import (
    Acknowledged,
    Copy,
    Exported,
    HeldOffline,
    OfflineCopyWiped,
    Outcome,
    Received,
    Sent,
    access_stream,
)
from domain.break_glass import BreakGlassDeclared, BreakGlassReviewed, Emergency, Finding
from domain.client import IdentityCorrected
from domain.lanes import Category, Discipline
from projections.register import Register
from projections.register_queries import (
    BREAK_GLASS,
    DENIALS,
    Access,
    accesses,
    readers_of,
)
from tests.domain.given import (
    AUDITOR,
    CLIENT,
    COORDINATOR,
    IDENTITY,
    KNEE,
    MASSAGE,
    PHYSIO,
    TRAINER,
    uid,
)
from tests.projections.between import Between
from tests.projections.clinic import Clinic, marked, now
from tests.projections.listed import Listed, fragments, opened

pytestmark = pytest.mark.anyio


@pytest.fixture
async def listed(clinic: Clinic, database: Urls) -> AsyncIterator[Listed]:
    """The trainer reads with consent, the physio tries without, and copies are made."""
    async with opened(clinic, database) as made:
        await clinic.restricts()
        await clinic.grants("gym", TRAINER, Category.RESTRICTIONS, Category.IDENTITY)
        yield made


async def found(listed: Listed, **wanted: object) -> list[Access]:
    return list((await accesses(listed.lists, **wanted)).rows)  # type: ignore[arg-type]


async def test_every_kind_of_access_is_a_row_that_names_client_and_reader(listed: Listed) -> None:
    released = await listed.clinic.sees(TRAINER)
    about = released.position
    until = now() + timedelta(hours=8)
    await listed.clinic.noted(TRAINER, Sent(disclosure=about, outcome=Outcome.COMPLETED))
    listed.project()
    # Of what follows, only the disclosure says whose it is: also to a projector that never saw it.
    await listed.clinic.noted(
        TRAINER,
        Received(disclosure=about),
        Exported(disclosure=about, form=Copy.PRINT),
        HeldOffline(disclosure=about, until=until),
        OfflineCopyWiped(disclosure=about),
        Acknowledged(item=KNEE, version=7),
    )
    listed.project(Register())
    rows = await found(listed, reader=TRAINER.id)
    assert [row.kind for row in reversed(rows)] == [
        *("disclosed", "sent", "received", "exported"),
        *("held-offline", "offline-copy-wiped", "acknowledged"),
    ]
    assert {(row.client, row.reader, row.acting_as) for row in rows} == {
        (CLIENT.id, TRAINER.id, Discipline.TRAINER)
    }
    assert [row.code for row in reversed(rows)] == [
        *(None, "completed", None, "print", None, None, None)
    ]
    assert {row.until for row in rows} == {None, until}
    first = rows[-1]
    assert (first.position, first.view, first.channel) == (about, "chart", "api")
    assert ("restrictions", "consent", uid("gym")) in first.bases
    assert rows[0].item == KNEE


async def test_looked_up_by_client_reader_denial_and_disclosure(listed: Listed) -> None:
    released = await listed.clinic.sees(TRAINER)
    await listed.clinic.noted(TRAINER, Sent(disclosure=released.position, outcome=Outcome.FAILED))
    await listed.clinic.tries(MASSAGE)
    other = await listed.enrols("other", "Ove Berg", TRAINER)
    await listed.clinic.tries(MASSAGE)
    listed.project()
    (denial, earlier) = await found(listed, kinds=DENIALS)
    assert (denial.client, denial.code) == (other, "nothing-to-show")
    assert await found(listed, kinds=DENIALS, before=denial.position) == [earlier]
    assert await found(listed, client=other) == [denial]
    assert await found(listed, reader=MASSAGE.id, client=CLIENT.id) == [earlier]
    assert [row.kind for row in await found(listed, disclosure=released.position)] == [
        *("sent", "disclosed")
    ]
    assert len(await found(listed, limit=2)) == 2
    assert await found(listed, kinds=["no such kind"]) == []


async def test_of_a_broken_glass_there_is_who_and_when_and_no_word(listed: Listed) -> None:
    declared = BreakGlassDeclared(
        declaration=uid("glass"),
        reason=Emergency.DANGER_TO_LIFE,
        until=now() + timedelta(hours=1),
        note="Found unconscious.",
    )
    reviewed = BreakGlassReviewed(declaration=uid("glass"), outcome=Finding.JUSTIFIED)
    await listed.clinic.told(PHYSIO, declared)
    await listed.clinic.told(AUDITOR, reviewed)
    listed.project()
    review, declaration = await found(listed, kinds=BREAK_GLASS)
    assert (declaration.kind, declaration.reader) == ("break-glass-declared", PHYSIO.id)
    assert (review.kind, review.reader) == ("break-glass-reviewed", AUDITOR.id)
    assert {declaration.client, review.client} == {CLIENT.id}
    assert (declaration.code, declaration.item, declaration.until) == (None, None, None)


async def test_no_text_that_a_person_wrote_is_in_it(listed: Listed) -> None:
    await listed.clinic.audits()
    await listed.clinic.sees(TRAINER)
    await listed.clinic.sees(AUDITOR, view="card")
    listed.project()
    whole = repr(listed.rows("SELECT * FROM lists.register r"))
    assert marked(whole.encode()) == set()
    assert "audit-opened" in whole


async def test_readers_of_a_client_are_exact_also_while_the_list_is_behind(listed: Listed) -> None:
    await listed.clinic.sees(TRAINER)
    listed.project()
    await listed.clinic.sees(CLIENT)
    await listed.clinic.tries(MASSAGE)
    other = await listed.enrols("other", "Ove Berg", PHYSIO)
    await listed.shares("there", PHYSIO)
    await listed.clinic.sees(PHYSIO)
    trainer, self = (TRAINER.id, Discipline.TRAINER), (CLIENT.id, Discipline.CLIENT)
    assert await readers_of(listed.lists, CLIENT.id) == {trainer, self}
    listed.project()
    assert await readers_of(listed.lists, CLIENT.id) == {trainer, self}
    assert await readers_of(listed.lists, other) == {(PHYSIO.id, Discipline.PHYSIOTHERAPIST)}


async def test_rebuilt_it_is_what_it_was(listed: Listed) -> None:
    query = "SELECT * FROM lists.register r ORDER BY position"
    for _ in range(3):
        released = await listed.clinic.sees(TRAINER)
        await listed.clinic.noted(
            TRAINER, Sent(disclosure=released.position, outcome=Outcome.COMPLETED)
        )
        await listed.clinic.tries(MASSAGE)
        listed.project()
    live = listed.rows(query)
    listed.rebuild(Register())
    assert listed.rows(query) == live
    assert len(live) == 9


async def test_an_auditor_pages_through_all_clients_and_each_share_is_disclosed(
    listed: Listed,
) -> None:
    await listed.clinic.sees(TRAINER)
    other = await listed.enrols("other", "Ove Berg", PHYSIO)
    await listed.clinic.tries(MASSAGE)
    await listed.clinic.tries(MASSAGE)
    listed.project()
    page = await listed.sees_register(AUDITOR, limit=2)
    assert [row["client"] for row in page.rows] == [str(other)] * 2
    assert page.next is not None
    rest = await listed.sees_register(AUDITOR, limit=2, before=int(page.next))
    assert [row["client"] for row in rest.rows] == [str(CLIENT.id)]
    assert rest.next is None
    (line,) = fragments(rest)[str(CLIENT.id)]["accesses"]
    assert (line["kind"], line["reader"]) == ("disclosed", str(TRAINER.id))
    assert {c["reference"] for c in line["categories"]} == {str(uid("gym"))}
    assert fragments(rest)[str(CLIENT.id)]["people"][str(TRAINER.id)]["name"] == "Sam Osei"
    assert marked(rest.json()) == set()
    for client, page_of_it in ((other, page), (CLIENT.id, rest)):
        (entry,) = await listed.clinic.accessed(AUDITOR, client)
        (fragment,) = page_of_it.fragments
        assert entry.position == fragment.position
        assert entry.fact.commitment == fragment.commitment.hex()  # type: ignore[union-attr]
        assert (entry.fact.view, entry.fact.shown) == ("register", ())  # type: ignore[union-attr]


async def test_a_client_sees_their_own_rows_and_nobody_else_any(listed: Listed) -> None:
    await listed.clinic.sees(TRAINER)
    await listed.enrols("other", "Ove Berg", PHYSIO)
    await listed.clinic.tries(MASSAGE)
    listed.project()
    own = await listed.sees_register(CLIENT)
    assert [row["client"] for row in own.rows] == [str(CLIENT.id)]
    assert (await listed.sees_register(CLIENT, client=uid("other"))).rows == ()
    for person in (TRAINER, PHYSIO, COORDINATOR):
        assert (await listed.sees_register(person)).rows == ()
        assert (await listed.sees_register(person, client=CLIENT.id)).rows == ()


async def test_what_an_erased_client_was_told_stays_in_it(listed: Listed) -> None:
    await listed.clinic.sees(TRAINER)
    listed.clinic.keys.destroy(CLIENT.id)
    listed.clinic.ledger.forget(CLIENT.id)
    listed.rebuild(Register())
    page = await listed.sees_register(AUDITOR)
    assert [row["client"] for row in page.rows] == [str(CLIENT.id)]
    assert page.fragments[0].record_version > 0


async def test_a_record_that_moves_meanwhile_does_not_keep_the_auditor_out(
    listed: Listed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listed.clinic.sees(TRAINER)
    listed.project()
    between = Between(
        listed.clinic.ledger,
        monkeypatch,
        lambda: listed.clinic.told(COORDINATOR, IdentityCorrected(identity=IDENTITY)),
    )
    page = await listed.sees_register(AUDITOR)
    assert len(page.rows) == 1
    assert between.attempts >= 2
    stream = access_stream(CLIENT.id, AUDITOR.id)
    assert len(await listed.clinic.entries(stream)) == 1
