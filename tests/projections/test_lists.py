"""The lists that there are: one registry, which every program agrees with."""

from domain.ledger.keys import KeyRing
from projections.lists import LISTS, every_list
from tests.projections.listed import INDEX
from workers.lists import NAMES


def test_every_list_is_made_in_the_order_in_which_it_is_named(keys: KeyRing) -> None:
    made = every_list(keys, INDEX)
    assert tuple(type(listing) for listing in made) == LISTS
    assert tuple(listing.name for listing in made) == NAMES


def test_no_two_lists_share_a_table() -> None:
    assert len({listing.name for listing in LISTS}) == len(LISTS)
