"""A released fact never changes shape: a change is a `.v2` with an upcast."""

import pytest

from tests.domain.released_facts import readable, released, shapes


@pytest.mark.parametrize("name", sorted(released()))
def test_a_released_fact_has_the_shape_it_was_released_with(name: str) -> None:
    now = shapes()
    assert name in now, f"{name} was released: it must stay readable for ever"
    was = released()[name]
    assert readable(was, now[name]), f"{name} was released: declare a .v2 and an upcast"


def test_every_fact_is_in_the_snapshot() -> None:
    new = shapes().keys() - released().keys()
    assert not new, f"run `python -m tests.domain.released_facts` to release {sorted(new)}"


def test_a_shape_may_gain_a_code_and_nothing_else() -> None:
    was = {"properties": {"code": {"enum": ["a", "b"]}, "at": {"type": "string"}}}
    more = {"properties": {"code": {"enum": ["a", "c", "b"]}, "at": {"type": "string"}}}
    assert readable(was, was)
    assert readable(was, more)
    assert not readable(more, was), "a code that was stored must stay readable"
    for now in (
        {"properties": {"code": {"enum": ["a", "b"]}}},
        {"properties": {"code": {"enum": ["a", "b"]}, "at": {"type": "integer"}}},
        {"properties": {**was["properties"], "new": {"type": "string"}}},
    ):
        assert not readable(was, now)


def test_the_snapshot_is_current() -> None:
    assert shapes() == released(), "run `python -m tests.domain.released_facts`"
