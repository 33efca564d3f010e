"""What policy said is asked again as soon as anything that it rests on has moved."""

from datetime import timedelta

from domain.consent import ConsentWithdrawn
from domain.lanes import Category
from projections.scopes import Scopes
from tests.domain.given import (
    CLIENT,
    DAY,
    NOW,
    PHYSIO,
    TRAINER,
    granted,
    happened,
    restricted,
    terms,
    uid,
    with_team,
)


def test_it_is_remembered_while_nothing_moves_and_asked_again_when_something_does() -> None:
    scopes = Scopes()
    what = terms(PHYSIO, Category.RESTRICTIONS, until=NOW + DAY)
    record = granted(with_team(), "physio", what)
    first = scopes.of(record, PHYSIO, NOW)
    assert first.sees(Category.RESTRICTIONS)
    assert scopes.of(restricted(record, by=TRAINER), PHYSIO, NOW) is first
    later = NOW + DAY + timedelta(seconds=1)
    assert scopes.of(record, PHYSIO, later).sees(Category.RESTRICTIONS) is None
    assert scopes.of(record, PHYSIO, NOW).sees(Category.RESTRICTIONS)
    withdrawn = happened(record, CLIENT, ConsentWithdrawn(consent=uid("physio")))
    assert scopes.of(withdrawn, PHYSIO, NOW).sees(Category.RESTRICTIONS) is None
    assert scopes.of(record, TRAINER, NOW).categories != first.categories
