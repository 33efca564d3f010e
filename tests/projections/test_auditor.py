"""What was on a reader's screen: the very bytes, and whether they can be made again."""

import zlib
from base64 import b64decode
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from deploy.migrate import Urls
from domain.lanes import Category
from domain.organisation import OrganisationRecord, OrganisationRenamed
from domain.practitioner import PractitionerRegistered, PractitionerSuspended, Profile, Standing
from domain.scope import Rule
from projections import views
from projections.asking import Ask, NotYours
from projections.auditor import (
    Screen,
    as_seen_view,
    chart_as_of,
    disclosure_at,
    screen,
    screen_view,
)
from projections.kept import SALT_BYTES
from projections.sheet import NothingToShow, View
from projections.time_machine import moment
from tests.domain.given import ADMINISTRATOR, AUDITOR, CLINIC, KNEE, PHYSIO, STRANGER, TRAINER, uid
from tests.projections.clinic import Clinic, body, marked, now, reader

pytestmark = pytest.mark.anyio
READS = (Category.IDENTITY, Category.RESTRICTIONS)


@pytest.fixture
async def shared(clinic: Clinic) -> Clinic:
    await clinic.restricts()
    await clinic.grants("to-sam", TRAINER, *READS, until=now() + timedelta(days=1))
    return clinic


def as_page(found: object) -> bytes:
    return b"<p>as a page</p>"


async def looked_at(clinic: Clinic, position: int) -> Screen:
    return await screen(clinic.ledger, await disclosure_at(clinic.ledger, position))


async def audited(clinic: Clinic, found: Screen) -> Any:
    ask = Ask("screen", lambda *given: screen_view(found, *given))
    return body(await clinic.door.disclose(reader(AUDITOR), clinic.client, ask))


@pytest.mark.parametrize("name", ["chart", "card", "restriction"])
async def test_the_very_bytes_and_that_they_would_be_the_same(shared: Clinic, name: str) -> None:
    item = KNEE if name == "restriction" else None
    released = await shared.sees(TRAINER, name, item=item)
    found = await looked_at(shared, released.position)
    assert found.opened is not None
    assert found.opened.body == released.body
    assert found.opened.matches
    assert found.renders_the_same is True


async def test_whatever_happens_later_they_are_still_the_same(shared: Clinic) -> None:
    released = await shared.sees(TRAINER)
    await shared.withdraws("to-sam")
    await shared.restricts(uid("hip"))
    await shared.staffed(TRAINER, PractitionerSuspended(reason=Standing.COMPLAINT))
    profile = Profile(name="Priya Married", disciplines=(PHYSIO.acting_as,), organisation=CLINIC)
    await shared.staffed(PHYSIO, PractitionerRegistered(profile=profile))
    renamed = OrganisationRenamed(name="Hillside Clinic")
    await shared._append(OrganisationRecord, CLINIC, ADMINISTRATOR, renamed)
    assert (await looked_at(shared, released.position)).renders_the_same is True


async def test_another_rendering_is_noticed_and_the_bytes_are_as_they_were(
    shared: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = await shared.sees(TRAINER)
    render = views.CHART[TRAINER.acting_as]

    def otherwise(*given: Any) -> View:
        made = render(*given)
        made.body["view"] = "another"
        return made

    monkeypatch.setitem(views.CHART, TRAINER.acting_as, otherwise)
    found = await looked_at(shared, released.position)
    assert found.renders_the_same is False
    assert found.opened is not None
    assert found.opened.body == released.body


@pytest.mark.parametrize(
    ("view", "form"), [("made-of-more", "application/json"), ("chart", "text/html")]
)
async def test_what_cannot_be_rendered_again_is_not_said_to_differ(
    shared: Clinic, view: str, form: str
) -> None:
    ask = Ask(view, views.CHART[TRAINER.acting_as], content_type=form, serialise=as_page)
    released = await shared.door.disclose(reader(TRAINER), shared.client, ask)
    found = await looked_at(shared, released.position)
    assert found.renders_the_same is None
    assert found.opened is not None


async def test_kept_bytes_that_were_tampered_with_do_not_match(
    shared: Clinic, database: Urls
) -> None:
    released = await shared.sees(TRAINER)
    with psycopg.connect(database.admin_url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE ledger.kept SET sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)"
        )
    found = await looked_at(shared, released.position)
    assert found.opened is not None
    assert not found.opened.matches
    assert found.opened.body == b""
    assert found.renders_the_same is False
    await shared.audits()
    assert (await audited(shared, found))["commitment_matches"] is False


async def test_other_bytes_sealed_by_whoever_holds_the_key_do_not_match(
    shared: Clinic, database: Urls
) -> None:
    released = await shared.sees(TRAINER)
    forged = bytes(SALT_BYTES) + zlib.compress(b"{}")
    sealed = shared.ledger.sealing.seal_bytes(shared.client, released.commitment, forged)
    with psycopg.connect(database.admin_url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute("UPDATE ledger.kept SET sealed = %s", (sealed,))
    found = await looked_at(shared, released.position)
    assert found.opened is not None
    assert not found.opened.matches


async def test_bytes_moved_to_another_address_do_not_match(shared: Clinic, database: Urls) -> None:
    first = await shared.sees(TRAINER)
    await shared.restricts(uid("hip"))
    second = await shared.sees(TRAINER)
    with psycopg.connect(database.admin_url) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE ledger.kept SET sealed ="
            " (SELECT sealed FROM ledger.kept k WHERE k.digest = %s) WHERE digest = %s",
            (second.commitment, first.commitment),
        )
    found = await looked_at(shared, first.position)
    assert found.opened is not None
    assert not found.opened.matches


async def test_an_auditor_sees_a_screen_with_an_open_case_only(shared: Clinic) -> None:
    released = await shared.sees(TRAINER)
    found = await looked_at(shared, released.position)
    with pytest.raises(NotYours):
        await audited(shared, found)
    await shared.audits()
    shown = await audited(shared, found)
    assert b64decode(shown["bytes"]) == released.body
    assert (shown["commitment_matches"], shown["renders_the_same"]) == (True, True)
    assert shown["reader"] == str(TRAINER.id)
    (fact,) = await shared.disclosed(AUDITOR)
    (seen,) = await shared.disclosed(TRAINER)
    assert fact.shown == seen.shown, "the auditor has now seen what the trainer saw"
    assert {(one.category, one.rule) for one in fact.categories_shown} == {
        (category, Rule.AUDIT) for category in READS
    }
    await shared.closes()
    with pytest.raises(NotYours):
        await audited(shared, found)


async def test_there_is_a_screen_of_disclosures_only(shared: Clinic) -> None:
    assert await shared.tries(STRANGER) is None
    for position in (1, await shared.ledger.log.head(), 10_000):
        with pytest.raises(NothingToShow):
            await disclosure_at(shared.ledger, position)


async def test_of_an_erased_client_the_bytes_are_gone_and_the_account_is_not(
    shared: Clinic,
) -> None:
    released = await shared.sees(TRAINER)
    shared.keys.destroy(shared.client)
    shared.ledger.forget(shared.client)
    found = await looked_at(shared, released.position)
    assert found.opened is None
    assert found.renders_the_same is None
    assert found.disclosed.commitment == released.commitment.hex()


async def test_a_chart_as_it_would_have_been_shown(shared: Clinic) -> None:
    before = await shared.ledger.log.head()
    live = await shared.sees(TRAINER)
    await shared.withdraws("to-sam")
    await shared.audits()
    cuts = [await moment(shared.ledger, at, now()) for at in (before, None)]
    charts = []
    for cut in cuts:
        then, scope = await chart_as_of(shared.ledger, shared.client, reader(TRAINER), cut)
        ask = Ask(
            "as-seen",
            lambda *given, t=then, s=scope, c=cut: as_seen_view(t, s, c, *given),
        )
        released = await shared.door.disclose(reader(AUDITOR), shared.client, ask)
        charts.append(body(released)["chart"])
    shown = body(live)
    shown.pop("people")
    assert charts[0] == shown
    assert "identity" not in charts[1]
    assert marked(str(charts[1]).encode()) == set(), "but for the safety minimum"
