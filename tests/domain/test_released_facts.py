"""A released fact never changes shape: a change is a `.v2` with an upcast."""

import pytest

from tests.domain.released_facts import released, shapes


@pytest.mark.parametrize("name", sorted(released()))
def test_a_released_fact_has_the_shape_it_was_released_with(name: str) -> None:
    now = shapes()
    assert name in now, f"{name} was released: it must stay readable for ever"
    assert now[name] == released()[name], f"{name} was released: declare a .v2 and an upcast"


def test_every_fact_is_in_the_snapshot() -> None:
    new = shapes().keys() - released().keys()
    assert not new, f"run `python -m tests.domain.released_facts` to release {sorted(new)}"
