"""Whatever happened, in whatever order: what holds of every view of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import Category
from domain.policy import scope
from domain.record import CareRecord
from domain.scope import Scope
from projections.sheet import NothingToShow, View
from projections.views import rendering
from tests.domain.given import CLIENT, KNEE
from tests.domain.random_consent import HIP, PEOPLE, STEP
from tests.projections.altering import altered, clinically_altered
from tests.projections.clinic import reader
from tests.projections.marked import folded, histories

ordinary = settings(max_examples=40, deadline=None)
readers = st.sampled_from([CLIENT, *PEOPLE])
asked = st.sampled_from(
    [("chart", None), ("card", None), ("restriction", KNEE), ("restriction", HIP)]
)
later = st.integers(0, 200).map(lambda days: timedelta(days=days))


def seen(record: CareRecord, person: Actor, now: datetime) -> Scope:
    return scope(record, person, reader(person).purpose, now)


def shown(what: tuple[str, object], record: CareRecord, permitted: Scope, now: datetime) -> View:
    name, item = what
    render = rendering(name, permitted.acting_as, item)  # type: ignore[arg-type]
    assert render is not None
    try:
        return render(record, permitted, now)
    except NothingToShow:
        return View({}, frozenset(), {}, {})


def content(view: View) -> bytes:
    return orjson.dumps(view.body)


def end_of(history: list[Entry]) -> datetime:
    return history[-1].recorded_at + STEP


def changed(history: list[Entry], change: Callable[[Fact], Fact], *versions: int) -> CareRecord:
    """The record with other content in these of its facts."""
    return folded(
        [
            replace(entry, fact=change(entry.fact))
            if entry.version in versions and isinstance(entry.fact, Fact)
            else entry
            for entry in history
        ]
    )


@ordinary
@given(histories(), readers, asked, later)
def test_altering_what_is_not_shown_never_changes_the_bytes(
    history: list[Entry], person: Actor, what: tuple[str, object], after: timedelta
) -> None:
    now = end_of(history) + after
    record = folded(history)
    permitted = seen(record, person, now)
    view = shown(what, record, permitted, now)
    hidden = {entry.version for entry in history} - view.shown
    other = changed(history, altered, *hidden)
    assert content(shown(what, other, permitted, now)) == content(view)
    assert seen(other, person, now) == permitted, "and policy rests on none of it"


@ordinary
@given(histories(), readers, asked, later)
def test_a_field_that_needs_a_narrower_consent_shows_only_with_that(
    history: list[Entry], person: Actor, what: tuple[str, object], after: timedelta
) -> None:
    now = end_of(history) + after
    record = folded(history)
    permitted = seen(record, person, now)
    view = shown(what, record, permitted, now)
    narrow = [
        entry.version
        for entry in history
        if isinstance(entry.fact, Fact)
        and not {*entry.fact.narrower_fields().values()} & view.categories.keys()
    ]
    other = changed(history, clinically_altered, *narrow)
    assert content(shown(what, other, permitted, now)) == content(view)


@ordinary
@given(histories(), readers, asked, later)
def test_what_is_shown_is_permitted(
    history: list[Entry], person: Actor, what: tuple[str, object], after: timedelta
) -> None:
    now = end_of(history) + after
    record = folded(history)
    permitted = seen(record, person, now)
    view = shown(what, record, permitted, now)
    assert view.shown <= {entry.version for entry in history}
    by_version = {entry.version: entry for entry in history}
    for category in view.categories:
        assert category in permitted.categories or permitted.own_facts
    for version in view.shown:
        fact = by_version[version].fact
        assert isinstance(fact, Fact)
        narrower = set(fact.narrower_fields().values())
        assert view.categories.keys() & {fact.category, *narrower}, fact
    for item, code in permitted.hidden.items():
        assert str(item) not in content(view).decode() or person is CLIENT, code


@ordinary
@given(histories(), readers, asked, later)
def test_whoever_may_see_nothing_is_shown_nothing(
    history: list[Entry], person: Actor, what: tuple[str, object], after: timedelta
) -> None:
    now = end_of(history) + after
    nothing = Scope(person.id, person.acting_as, reader(person).purpose)
    view = shown(what, folded(history), nothing, now)
    assert view.shown == frozenset()
    assert not view.categories
    assert view.mentions == frozenset()


@ordinary
@given(histories(), readers, asked)
def test_replay_at_any_version_equals_what_live_showed(
    history: list[Entry], person: Actor, what: tuple[str, object]
) -> None:
    live: list[bytes] = []
    record = CareRecord(CLIENT.id)
    for entry in history:
        record = record.evolve(entry)
        now = entry.recorded_at
        live.append(content(shown(what, record, seen(record, person, now), now)))
    for version, entry in enumerate(history, 1):
        cut = folded(history[:version])
        now = entry.recorded_at
        assert content(shown(what, cut, seen(cut, person, now), now)) == live[version - 1]


@ordinary
@given(histories(), readers, later)
def test_not_shared_says_nothing_about_what_there_is(
    history: list[Entry], person: Actor, after: timedelta
) -> None:
    now = end_of(history) + after
    permitted = seen(folded(history), person, now)
    empty = CareRecord(CLIENT.id)
    one = shown(("chart", None), folded(history), permitted, now).body.get("not_shared")
    assert one == shown(("chart", None), empty, permitted, now).body.get("not_shared")
    assert Category.CONSENTS not in (one or [])
