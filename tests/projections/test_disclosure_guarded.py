"""What happens between rendering and disclosing: nothing that policy rests on goes unnoticed."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import pytest

from deploy.migrate import Urls
from domain.client import IdentityCorrected
from domain.lanes import Category
from domain.ledger.command import LedgerUnavailable
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.practitioner import CredentialWithdrawn, PractitionerSuspended, Standing
from domain.safety import SafetyMinimumRefused
from domain.team import Departure, MemberLeft
from projections import client as client_view
from projections.asking import Ask, NotYours
from projections.disclosure import ATTEMPTS
from tests.domain.given import AUDITOR, CLIENT, COORDINATOR, IDENTITY, PHYSIO, TRAINER, uid
from tests.projections.between import Between
from tests.projections.clinic import Clinic, body, licence, now, reader

pytestmark = pytest.mark.anyio
TRAINS = (Category.IDENTITY, Category.RESTRICTIONS)
SUSPENDED = PractitionerSuspended(reason=Standing.COMPLAINT)
LEFT = MemberLeft(practitioner=TRAINER.id, reason=Departure.CLIENT_ASKED)


@pytest.fixture
async def shared(clinic: Clinic) -> Clinic:
    """The trainer may read identity and restrictions on one consent."""
    await clinic.grants("to-sam", TRAINER, *TRAINS)
    return clinic


@pytest.fixture
async def elsewhere(shared: Clinic, database: Urls) -> AsyncIterator[Clinic]:
    """The same clinic as another process has it: what happens there, this one does not know."""
    ledger = await Ledger.open(database.service_url, KeyRing(shared.keys.store))
    yield Clinic(ledger, shared.keys)
    await ledger.close()


def renamed(name: str) -> IdentityCorrected:
    return IdentityCorrected(identity=IDENTITY.model_copy(update={"name": name}))


async def test_a_record_that_moved_meanwhile_is_rendered_again(
    shared: Clinic, elsewhere: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert body(await shared.sees(TRAINER))["identity"]["name"] != "Nora"
    await elsewhere.told(COORDINATOR, renamed("Nora"))
    between = Between(shared.ledger, monkeypatch)
    released = await shared.sees(TRAINER)
    assert body(released)["identity"]["name"] == "Nora"
    assert between.attempts == 2


async def test_a_busy_record_does_not_starve_its_readers(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def corrected() -> None:
        await shared.told(COORDINATOR, renamed(f"Name {between.attempts}"))

    between = Between(shared.ledger, monkeypatch, *[corrected] * 50)
    released = await shared.sees(TRAINER)
    assert between.attempts == 2
    assert body(released)["identity"]["name"] == "Name 1"
    (fact,) = await shared.disclosed(TRAINER)
    head = (await shared.entries())[-1]
    assert fact.record_version == head.version - 1, "what came last is not in it, and not said to"


@pytest.mark.parametrize("busy", [0, 1], ids=["at once", "on a busy record"])
@pytest.mark.parametrize("happening", ["withdrawal", "leaving", "suspension"])
async def test_whatever_ends_the_reading_in_between_is_noticed(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch, happening: str, busy: int
) -> None:
    ended: list[int] = []

    async def end() -> None:
        match happening:
            case "withdrawal":
                ended.append(await shared.withdraws("to-sam"))
            case "leaving":
                ended.extend(await shared.told(CLIENT, LEFT))
            case _:
                ended.extend(await shared.staffed(TRAINER, SUSPENDED))

    async def corrected() -> None:
        await shared.told(COORDINATOR, renamed("Nora"))

    await shared.sees(TRAINER)
    # Without the safety minimum the trainer is left with nothing at all.
    await shared.told(CLIENT, SafetyMinimumRefused())
    await shared.sees(TRAINER)
    before = await shared.disclosed(TRAINER)
    between = Between(shared.ledger, monkeypatch, *[corrected] * busy, end)
    with pytest.raises(NotYours):
        await shared.sees(TRAINER)
    assert between.attempts == busy + 2, "the last is the denial"
    assert await shared.disclosed(TRAINER) == before
    (denied,) = await shared.denied(TRAINER)
    assert denied.code == "nothing-to-show"
    assert (await shared.accessed(TRAINER))[-1].position > ended[0]


async def test_a_consent_that_is_narrowed_in_between_narrows_what_is_released(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def narrowed() -> None:
        await shared.withdraws("to-sam")
        await shared.grants("to-sam-again", TRAINER, Category.RESTRICTIONS)

    Between(shared.ledger, monkeypatch, narrowed)
    released = await shared.sees(TRAINER)
    assert "identity" not in body(released)
    (fact,) = await shared.disclosed(TRAINER)
    assert {shown.reference for shown in fact.categories_shown} == {uid("to-sam-again")}


@pytest.fixture
def late(shared: Clinic) -> Iterator[timedelta]:
    """The door's clock is an hour late, so that it takes for valid what ended meanwhile."""
    lateness = timedelta(hours=1)
    shared.clock = lambda: now() - lateness
    yield lateness
    shared.clock = now


async def ending(clinic: Clinic, what: str, at: datetime) -> None:
    """Let the physiotherapist's reading rest on something that ends `at`."""
    if what == "consent":
        await clinic.grants("to-priya", PHYSIO, *TRAINS, until=at)
        return
    await clinic.grants("to-priya", PHYSIO, *TRAINS)
    gone = CredentialWithdrawn(discipline=PHYSIO.acting_as, body="College", number="1")
    await clinic.staffed(PHYSIO, gone, licence(PHYSIO.acting_as, at, number="2"))


@pytest.mark.parametrize("what", ["consent", "credential"])
async def test_what_has_ended_by_the_clock_of_the_log_has_ended(
    shared: Clinic, late: timedelta, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await ending(shared, what, now() - late / 2)
    between = Between(shared.ledger, monkeypatch)
    with pytest.raises(LedgerUnavailable):
        await shared.sees(PHYSIO)
    assert between.attempts == ATTEMPTS
    assert await shared.accessed(PHYSIO) == []


@pytest.mark.parametrize("what", ["consent", "credential"])
async def test_what_ends_between_rendering_and_disclosing_is_not_released(
    shared: Clinic, late: timedelta, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await ending(shared, what, now() - late / 2)

    async def the_clock_moves_on() -> None:
        shared.clock = now

    Between(shared.ledger, monkeypatch, the_clock_moves_on)
    with pytest.raises(NotYours):
        await shared.sees(PHYSIO)
    assert await shared.disclosed(PHYSIO) == []
    assert len(await shared.denied(PHYSIO)) == 1


@pytest.mark.parametrize("what", ["consent", "credential"])
async def test_what_has_not_ended_yet_holds(shared: Clinic, what: str) -> None:
    await ending(shared, what, now() + timedelta(minutes=5))
    assert await shared.tries(PHYSIO) is not None


async def test_an_audit_case_that_is_closed_in_between_opens_nothing(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Ask("all-of-it", client_view.view)
    await shared.audits()
    released = await shared.door.disclose(reader(AUDITOR), shared.client, ask)
    assert body(released)["identity"]
    Between(shared.ledger, monkeypatch, shared.closes)
    with pytest.raises(NotYours):
        await shared.door.disclose(reader(AUDITOR), shared.client, ask)
    assert len(await shared.disclosed(AUDITOR)) == 1
    assert len(await shared.denied(AUDITOR)) == 1


async def test_an_audit_case_is_not_disturbed_by_the_auditors_own_reading(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Ask("all-of-it", client_view.view)
    await shared.audits()
    between = Between(shared.ledger, monkeypatch)
    for _ in range(3):
        await shared.door.disclose(reader(AUDITOR), shared.client, ask)
    assert between.attempts == 3
