"""Every basis that something was released on is named: that is what a withdrawal is proved by."""

from datetime import timedelta

import pytest

from domain.lanes import Category
from domain.scope import Rule
from tests.domain.given import KNEE, MASSAGE, PHYSIO, TRAINER, terms, uid
from tests.projections.clinic import Clinic, body, marked, now

pytestmark = pytest.mark.anyio
HIP = uid("hip")
RESTRICTIONS = (Category.RESTRICTIONS,)


async def test_that_there_is_nothing_is_told_on_a_basis_too(clinic: Clinic) -> None:
    await clinic.grants("to-priya", PHYSIO, Category.RESTRICTIONS, Category.CONTACT)
    released = await clinic.sees(PHYSIO)
    assert body(released)["restrictions"] == []
    access = await clinic.access(PHYSIO)
    assert list(access.disclosures) == [released.position]
    assert [one.position for one in access.resting_on(uid("to-priya"))] == [released.position]


async def test_both_of_two_consents_are_named(clinic: Clinic) -> None:
    await clinic.restricts(by=MASSAGE)
    await clinic.restricts(HIP, by=MASSAGE)
    await clinic.grants_terms("but-for-the-hip", terms(PHYSIO, *RESTRICTIONS, except_items=(HIP,)))
    later = now() + timedelta(days=1)
    await clinic.grants_terms("all", terms(PHYSIO, *RESTRICTIONS, until=later))
    shown = [one["restriction"] for one in body(await clinic.sees(PHYSIO))["restrictions"]]
    assert shown == [str(KNEE), str(HIP)]
    access = await clinic.access(PHYSIO)
    for consent in ("all", "but-for-the-hip"):
        assert len(access.resting_on(uid(consent))) == 1, consent


async def test_the_safety_minimum_is_named_beside_a_consent(clinic: Clinic) -> None:
    await clinic.restricts()
    await clinic.restricts(HIP)
    await clinic.grants_terms("but-for-the-hip", terms(TRAINER, *RESTRICTIONS, except_items=(HIP,)))
    released = await clinic.sees(TRAINER)
    assert marked(released.body) == {Category.RESTRICTIONS}
    (fact,) = await clinic.disclosed(TRAINER)
    rules = [shown.rule for shown in fact.categories_shown]
    assert rules == [Rule.CONSENT, Rule.SAFETY_MINIMUM]


async def test_what_one_wrote_oneself_is_named_as_such(clinic: Clinic) -> None:
    await clinic.restricts()
    released = await clinic.sees(PHYSIO)
    assert marked(released.body) == {Category.RESTRICTIONS, Category.CLINICAL}
    (fact,) = await clinic.disclosed(PHYSIO)
    assert {(shown.category, shown.rule) for shown in fact.categories_shown} == {
        (Category.RESTRICTIONS, Rule.OWN_FACTS),
        (Category.CLINICAL, Rule.OWN_FACTS),
    }
