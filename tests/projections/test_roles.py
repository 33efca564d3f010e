"""Charts of the roles that neither treat nor train: as much as their lane allows, and the rule."""

from datetime import timedelta

import pytest

from domain.break_glass import BreakGlassDeclared, Emergency
from domain.grantee import ToPractitioner
from domain.lanes import GRANTABLE, Category
from domain.lock import PartyLocked
from domain.restriction import RestrictionAcknowledged
from projections.asking import NotYours
from tests.domain.given import CLIENT, COORDINATOR, KNEE, MASSAGE, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, body, marked, now

pytestmark = pytest.mark.anyio


async def test_a_coordinator_knows_the_team_and_that_something_waits(clinic: Clinic) -> None:
    await clinic.restricts()
    glass = BreakGlassDeclared(
        declaration=uid("glass"),
        reason=Emergency.SAFETY_CHECK,
        until=now() + timedelta(hours=1),
        note="Marked-Note",
    )
    await clinic.told(MASSAGE, glass)
    seen = await clinic.sees(COORDINATOR)
    found = body(seen)
    assert [(member["practitioner"], member["discipline"]) for member in found["team"]] == [
        (str(person.id), person.acting_as) for person in (COORDINATOR, PHYSIO, MASSAGE, TRAINER)
    ]
    assert [reason["code"] for reason in found["waiting"]] == ["break-glass-unreviewed"]
    assert found["restrictions"] == []
    assert b"Marked-Note" not in seen.body
    assert marked(seen.body) <= {Category.IDENTITY, Category.CONTACT}, "what they wrote"
    assert "consents" not in found
    assert Category.CONSENTS not in found["not_shared"]
    with pytest.raises(NotYours):
        await clinic.sees(COORDINATOR, "restriction", KNEE)


async def test_whatever_is_granted_they_read_their_lane(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("to-cleo", COORDINATOR, *GRANTABLE)
    seen = await clinic.sees(COORDINATOR)
    found = body(seen)
    assert found["alerts"] is True
    assert found["restrictions"] == [{"restriction": str(KNEE)}]
    assert [reason["code"] for reason in found["waiting"]] == ["acknowledgement-missing"]
    assert marked(seen.body) == {Category.IDENTITY, Category.CONTACT}
    assert body(await clinic.sees(COORDINATOR, "consents")).keys() <= {"view", "client"}


async def test_whom_the_client_locks_out_coordinates_no_more(clinic: Clinic) -> None:
    party = ToPractitioner(practitioner=COORDINATOR.id)
    await clinic.told(CLIENT, PartyLocked(lock=uid("lock"), party=party))
    with pytest.raises(NotYours):
        await clinic.sees(COORDINATOR)


async def test_a_massage_therapist_sees_what_they_have_acknowledged(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.grants("to-mara", MASSAGE, Category.RESTRICTIONS, Category.CLINICAL)
    version = len(await clinic.entries()) - 1
    await clinic.told(MASSAGE, RestrictionAcknowledged(restriction=KNEE, seen=version))
    found = body(await clinic.sees(MASSAGE))
    (item,) = found["restrictions"]
    assert item["acknowledged"]["seen"] == version
    assert "clinical_reason" in item
    assert found["card"]["lines"]
    assert found["trends"] == []
