"""The one door: what is released was disclosed before, durably, and its very bytes are kept."""

import hashlib
from uuid import uuid4

import psycopg
import pytest

from deploy.migrate import Urls
from domain.access import Channel, expand
from domain.lanes import Category
from domain.ledger.command import Appended, Command, Kept, LedgerUnavailable
from domain.legal_label import LabelAttached, LegalLabel
from domain.practitioner import PractitionerSuspended, Standing
from domain.refused import Refused
from domain.scope import Rule, Withheld
from projections.asking import NotYours
from projections.disclosure import Door
from projections.kept import SALT_BYTES, Copies, open_kept
from projections.reader import Reader
from tests.domain.given import (
    CLIENT,
    COORDINATOR,
    KNEE,
    MASSAGE,
    PHYSIO,
    STRANGER,
    TRAINER,
    terms,
    uid,
)
from tests.projections.clinic import Clinic, body, marked, reader

pytestmark = pytest.mark.anyio
TRAINS = (Category.IDENTITY, Category.RESTRICTIONS)


@pytest.fixture
async def shared(clinic: Clinic) -> Clinic:
    """The knee is restricted, and the trainer may read that."""
    await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *TRAINS)
    return clinic


async def test_what_is_released_was_disclosed_before(shared: Clinic) -> None:
    released = await shared.sees(TRAINER, channel=Channel.PAGE)
    (entry,) = await shared.accessed(TRAINER)
    (fact,) = await shared.disclosed(TRAINER)
    record, _ = await shared.door.scope(reader(TRAINER), shared.client)
    assert entry.position == released.position == await shared.ledger.log.head()
    assert (entry.by.actor, entry.by.purpose) == (TRAINER.id, reader(TRAINER).purpose)
    assert (fact.client, fact.reader, fact.view) == (shared.client, TRAINER.id, "chart")
    assert (fact.record_version, fact.record_position) == (record.version, record.position)
    assert (fact.as_of, fact.channel) == (released.as_of, Channel.PAGE)
    assert [(shown.category, shown.rule, shown.reference) for shown in fact.categories_shown] == [
        (category, Rule.CONSENT, uid("to-sam")) for category in TRAINS
    ]
    codes = {withheld.category: withheld.code for withheld in fact.categories_withheld}
    assert codes[Category.CLINICAL] is Withheld.NO_CONSENT
    assert codes[Category.CONSENTS] is Withheld.OUTSIDE_LANE
    assert marked(released.body) == set(TRAINS)
    assert expand(fact.shown) == {1, 7}, "the enrolment and the restriction"


async def test_no_append_no_bytes(shared: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(command: Command) -> Appended:
        raise LedgerUnavailable("away")

    monkeypatch.setattr(shared.ledger, "append", refuse)
    with pytest.raises(LedgerUnavailable):
        await shared.sees(TRAINER)
    assert await shared.accessed(TRAINER) == []


async def test_nothing_is_released_while_the_log_cannot_be_written(shared: Clinic) -> None:
    await shared.sees(TRAINER)
    await shared.ledger.writer.close()
    for person in (TRAINER, STRANGER):
        with pytest.raises(LedgerUnavailable):
            await shared.sees(person)
    assert len(await shared.accessed(TRAINER)) == 1


async def test_the_very_bytes_are_kept(shared: Clinic) -> None:
    released = await shared.sees(TRAINER)
    (fact,) = await shared.disclosed(TRAINER)
    assert fact.commitment == released.commitment.hex()
    sealed = await shared.ledger.log.kept(shared.client, released.commitment)
    assert sealed is not None
    assert marked(sealed) == set(), "sealed"
    kept = Kept(shared.client, released.commitment, sealed)
    opened = open_kept(shared.ledger.sealing, kept)
    assert opened.body == released.body
    assert opened.matches
    assert hashlib.sha256(released.body).digest() != released.commitment, "salted"
    assert len(released.commitment) == 2 * SALT_BYTES


def kept_copies(database: Urls) -> int:
    with psycopg.connect(database.admin_url) as connection:
        row = connection.execute("SELECT count(*) FROM ledger.kept").fetchone()
    assert row is not None
    return int(row[0])


async def test_the_same_bytes_are_kept_once_and_disclosed_each_time(
    shared: Clinic, database: Urls
) -> None:
    first, second = await shared.sees(TRAINER), await shared.sees(TRAINER)
    assert first.body == second.body
    assert first.etag == second.etag
    assert first.position < second.position
    assert kept_copies(database) == 1
    await shared.restricts(uid("hip"))
    third = await shared.sees(TRAINER)
    assert third.etag != first.etag
    assert kept_copies(database) == 2


async def test_what_was_not_appended_is_not_taken_for_kept(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch, database: Urls
) -> None:
    async def refuse(command: Command) -> Appended:
        raise LedgerUnavailable("away")

    with monkeypatch.context() as away:
        away.setattr(shared.ledger, "append", refuse)
        with pytest.raises(LedgerUnavailable):
            await shared.sees(TRAINER)
    await shared.sees(TRAINER)
    assert kept_copies(database) == 1


async def test_the_same_bytes_of_two_clients_say_nothing_of_each_other(clinic: Clinic) -> None:
    copies = Copies(clinic.ledger.sealing)
    other = Clinic(clinic.ledger, clinic.keys, client=uid("another"))
    await other.told(COORDINATOR, *[e.fact for e in await clinic.entries()][:1])  # type: ignore[arg-type]
    one, two = (copies.copy(client, b"the same") for client in (clinic.client, other.client))
    assert one.commitment != two.commitment


async def test_unknown_and_forbidden_look_the_same_and_leave_the_same_trace(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = uuid4()
    reads: list[object] = []
    rows = shared.ledger.log._rows

    async def counted(query: str, arguments: object) -> object:
        reads.append(arguments)
        return await rows(query, arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shared.ledger.log, "_rows", counted)
    seen = []
    for client in (nobody, shared.client):
        shared.ledger.forget(client)
        shared.ledger.forget(STRANGER.id)
        reads.clear()
        with pytest.raises(NotYours) as refusal:
            await shared.sees(STRANGER, client=client)
        seen.append((str(refusal.value), len(reads)))
    assert seen[0] == seen[1]
    (unknown,) = await shared.denied(STRANGER, nobody)
    (forbidden,) = await shared.denied(STRANGER)
    assert unknown.model_copy(update={"client": shared.client}) == forbidden
    assert await shared.disclosed(STRANGER) == []


async def test_an_item_that_is_not_there_looks_like_one_that_is_not_theirs(
    shared: Clinic,
) -> None:
    hip = uid("hip")
    await shared.restricts(hip, by=MASSAGE)
    await shared.grants_terms("to-priya", terms(PHYSIO, Category.RESTRICTIONS, except_items=(hip,)))
    assert await shared.tries(PHYSIO, "restriction", item=KNEE) is not None
    assert await shared.tries(PHYSIO, "restriction", item=uid("no-such")) is None
    assert await shared.tries(PHYSIO, "restriction", item=hip) is None
    one, other = await shared.denied(PHYSIO)
    assert one == other


async def test_who_is_suspended_sees_nothing(shared: Clinic) -> None:
    await shared.staffed(TRAINER, PractitionerSuspended(reason=Standing.COMPLAINT))
    assert await shared.tries(TRAINER) is None
    assert len(await shared.denied(TRAINER)) == 1


async def test_nobody_acts_as_what_they_are_not(shared: Clinic) -> None:
    posing = Reader(TRAINER.id, PHYSIO.acting_as, reader(PHYSIO).purpose)
    with pytest.raises(Refused, match="does-not-hold-discipline"):
        await shared.door.scope(posing, shared.client)


async def test_legal_notices_travel_with_what_they_label(shared: Clinic) -> None:
    label = LabelAttached(
        attachment=uid("label"),
        label=LegalLabel.REDISCLOSURE_PROHIBITED,
        on_category=Category.RESTRICTIONS,
    )
    await shared.told(CLIENT, label)
    released = await shared.sees(TRAINER)
    assert [notice["label"] for notice in body(released)["labels"]] == ["redisclosure-prohibited"]
    (fact,) = await shared.disclosed(TRAINER)
    assert fact.labels == ("redisclosure-prohibited",)


async def test_looking_at_the_scope_releases_nothing(shared: Clinic) -> None:
    _, scope = await shared.door.scope(reader(TRAINER), shared.client)
    assert not scope.empty
    assert await shared.accessed(TRAINER) == []


async def test_who_is_mentioned_is_named(shared: Clinic) -> None:
    people = body(await shared.sees(TRAINER))["people"]
    assert people == {str(PHYSIO.id): {"name": "Priya Nair", "organisation": "Riverside Clinic"}}


async def test_a_second_door_knows_nothing_of_what_the_first_kept(
    shared: Clinic, database: Urls
) -> None:
    other = Door(shared.ledger, shared.clock, Copies(shared.ledger.sealing))
    first = await shared.sees(TRAINER)
    second = await shared.sees(TRAINER, door=other)
    assert first.body == second.body
    assert first.commitment != second.commitment
    assert kept_copies(database) == 2
