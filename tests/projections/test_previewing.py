"""Before granting: exactly what the grantee then really sees."""

from typing import Any

import orjson
import pytest

from domain.actor import Actor
from domain.consent_terms import ConsentTerms
from domain.grantee import ToDiscipline, ToOrganisation
from domain.lanes import Category, Discipline
from domain.practitioner import PractitionerSuspended, Standing
from domain.record import CareRecord
from projections.asking import Ask, NotYours
from projections.previewing import grantees, preview_view
from tests.domain.given import (
    CLIENT,
    CLINIC,
    COORDINATOR,
    KNEE,
    MASSAGE,
    PHYSIO,
    STRANGER,
    TRAINER,
    terms,
    uid,
)
from tests.projections.clinic import MARKERS, Clinic, body, now, reader

pytestmark = pytest.mark.anyio
ALL = (*MARKERS,)


@pytest.fixture
async def restricted(clinic: Clinic) -> Clinic:
    await clinic.restricts(by=MASSAGE)
    await clinic.restricts(uid("hip"), by=MASSAGE)
    return clinic


async def previewed(clinic: Clinic, what: ConsentTerms, person: Actor = CLIENT) -> Any:
    record = await clinic.ledger.refresh(CareRecord, clinic.client)
    reached = await grantees(clinic.ledger, record, what, now())
    ask = Ask("preview", lambda *given: preview_view(what, reached, None, *given))
    return body(await clinic.door.disclose(reader(person), clinic.client, ask))


@pytest.mark.parametrize(
    ("person", "what"),
    [
        (TRAINER, terms(TRAINER, *ALL)),
        (TRAINER, terms(TRAINER, Category.RESTRICTIONS, except_items=(KNEE,))),
        (PHYSIO, terms(PHYSIO, Category.IDENTITY, Category.RESTRICTIONS)),
        (MASSAGE, terms(ToOrganisation(organisation=CLINIC), *ALL)),
        (COORDINATOR, terms(ToDiscipline(discipline=Discipline.COORDINATOR), *ALL)),
    ],
    ids=["all", "but for an item", "two categories", "an organisation", "a discipline"],
)
async def test_what_is_previewed_is_what_they_then_see(
    restricted: Clinic, person: Actor, what: ConsentTerms
) -> None:
    promised = await previewed(restricted, what)
    await restricted.grants_terms("granted", what)
    seen = body(await restricted.sees(person))
    seen.pop("people", None)
    (mine,) = [one for one in promised["grantees"] if one["grantee"] == str(person.id)]
    assert orjson.dumps(mine["would_see"]) == orjson.dumps(seen)
    _, scope = await restricted.door.scope(reader(person), restricted.client)
    assert mine["categories"] == sorted(scope.categories)
    assert mine["withheld"] == dict(sorted(scope.withheld.items()))


async def test_previewing_grants_nothing(restricted: Clinic) -> None:
    await previewed(restricted, terms(PHYSIO, *ALL))
    assert await restricted.tries(PHYSIO) is None


async def test_everybody_whom_it_would_reach_and_nobody_else(restricted: Clinic) -> None:
    found = await previewed(restricted, terms(ToOrganisation(organisation=CLINIC), *ALL))
    reached = {one["grantee"] for one in found["grantees"]}
    assert reached == {str(person.id) for person in (PHYSIO, MASSAGE, COORDINATOR)}
    assert found["people"][str(PHYSIO.id)]["name"] == "Priya Nair"


async def test_whoever_is_not_on_the_team_would_see_nothing(restricted: Clinic) -> None:
    (only,) = (await previewed(restricted, terms(STRANGER, *ALL)))["grantees"]
    assert (only["would_see"], only["categories"]) == (None, [])


async def test_whoever_is_suspended_would_see_nothing(restricted: Clinic) -> None:
    await restricted.staffed(PHYSIO, PractitionerSuspended(reason=Standing.COMPLAINT))
    (only,) = (await previewed(restricted, terms(PHYSIO, *ALL)))["grantees"]
    assert only["would_see"] is None


async def test_only_the_client_previews(restricted: Clinic) -> None:
    await restricted.grants("to-priya", PHYSIO, *ALL)
    with pytest.raises(NotYours):
        await previewed(restricted, terms(TRAINER, *ALL), PHYSIO)
