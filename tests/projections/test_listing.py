"""A list is projected exactly once, whoever is killed and however many do it; and is rebuilt and
swapped while it is read."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from deploy.migrate import Urls
from projections import listing, projecting
from projections.listing import Overtaken
from projections.projecting import advance, follow, rebuild
from tests.projections.tally import Failing, Reshaped, Tally, projector, tallied
from tests.workers.lines import TOPIC, append
from tests.workers.waiting import until


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projecting, "BATCH", 10)


def test_killed_between_batches_it_goes_on_where_it_stopped(database: Urls) -> None:
    last = append(database.service_url, 45)
    with projector(database.projector_url) as (recorder, log):
        generation = recorder.begin(Tally())
        batches = advance(Tally(), generation, recorder, log)
        assert [next(batches), next(batches)] == [10, 20]
    with projector(database.projector_url) as (recorder, log):
        assert list(advance(Tally(), generation, recorder, log)) == [30, 40, last]
        assert recorder.swap(generation)
    assert tallied(database.service_url) == list(range(1, 46))


def test_killed_within_a_batch_it_leaves_nothing_of_it(database: Urls) -> None:
    append(database.service_url, 15)
    with projector(database.projector_url) as (recorder, log):
        follow(Tally(), recorder, log)
        append(database.service_url, 5)
        with pytest.raises(KeyboardInterrupt):
            follow(Failing(), recorder, log)
        assert len(tallied(database.service_url)) == 15
    with projector(database.projector_url) as (recorder, log):
        follow(Tally(), recorder, log)
    assert tallied(database.service_url) == list(range(1, 21))


def test_who_read_further_does_not_project_again_what_another_just_has(database: Urls) -> None:
    append(database.service_url, 8)
    with (
        projector(database.projector_url) as (one, log),
        projector(database.projector_url) as (other, _),
    ):
        generation = one.begin(Tally())
        lines = log.lines(0, 99, [TOPIC])
        one.apply(Tally(), generation, lines[:5], after=0, upto=5)
        with pytest.raises(Overtaken):
            other.apply(Tally(), generation, lines, after=0, upto=8)
        other.apply(Tally(), generation, lines[5:], after=5, upto=8)
        one.swap(generation)
    assert tallied(database.service_url) == list(range(1, 9))


def test_two_projectors_and_a_growing_log(database: Urls) -> None:
    done = threading.Event()

    def keep_up() -> None:
        with projector(database.projector_url) as (recorder, log):
            while not done.is_set():
                follow(Tally(), recorder, log)
            follow(Tally(), recorder, log)

    with ThreadPoolExecutor(3) as threads:
        both = [threads.submit(keep_up) for _ in range(3)]
        last = max(append(database.service_url, 40) for _ in range(15))
        done.set()
        for each in both:
            each.result()
    assert tallied(database.service_url) == list(range(1, last + 1))


def test_a_list_of_another_shape_is_rebuilt_by_itself(database: Urls) -> None:
    append(database.service_url, 25)
    with projector(database.projector_url) as (recorder, log):
        follow(Tally(), recorder, log)
        first = recorder.live(Tally())
        assert follow(Tally(), recorder, log) == 25
        assert recorder.live(Tally()) == first
        assert follow(Reshaped(), recorder, log) == 25
        second = recorder.live(Reshaped())
    assert first is not None
    assert second is not None
    assert second.number == first.number + 1
    with psycopg.connect(database.service_url) as reader:
        assert reader.execute("SELECT sum(twice) FROM lists.tally").fetchone() == (650,)
        assert tables(reader) == ["tally_2"]


def test_readers_see_a_whole_list_that_never_goes_back(database: Urls) -> None:
    total = append(database.service_url, 60)
    with projector(database.projector_url) as (recorder, log):
        follow(Tally(), recorder, log)
    stop = threading.Event()

    def read() -> int:
        seen = 0
        with psycopg.connect(database.service_url, autocommit=True) as reader:
            while not stop.is_set():
                row = reader.execute("SELECT count(*) FROM lists.tally", prepare=True).fetchone()
                assert row is not None
                assert row[0] >= max(total, seen)
                seen = row[0]
        return seen

    def keep_up() -> None:
        with projector(database.projector_url) as (recorder, log):
            while not stop.is_set():
                follow(Tally(), recorder, log)

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read) for _ in range(3)]
        live = threads.submit(keep_up)
        try:
            with projector(database.projector_url) as (recorder, log):
                for shape in (Tally(), Tally(), Tally()):
                    append(database.service_url, 20)
                    rebuild(shape, recorder, log)
        finally:
            stop.set()
        live.result()
        assert min(each.result() for each in readers) >= total
    assert tallied(database.service_url) == list(range(1, total + 61))


def test_a_generation_that_is_behind_is_not_swapped_in(database: Urls) -> None:
    append(database.service_url, 25)
    with projector(database.projector_url) as (recorder, log):
        follow(Tally(), recorder, log)
        behind = recorder.begin(Tally())
        catching_up = advance(Tally(), behind, recorder, log)
        next(catching_up)
        assert not recorder.swap(behind)
        assert len(tallied(database.service_url)) == 25
        for _ in catching_up:
            pass
        assert recorder.swap(behind)
    assert len(tallied(database.service_url)) == 25


def test_a_slow_reader_is_waited_for_and_its_list_is_not_taken_away(
    database: Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "SWAP_WAITS_MILLISECONDS", 50)
    append(database.service_url, 12)
    with projector(database.projector_url) as (recorder, log):
        follow(Tally(), recorder, log)
        new = recorder.begin(Tally())
        list(advance(Tally(), new, recorder, log))
        with psycopg.connect(database.service_url) as reader:
            assert reader.execute("SELECT count(*) FROM lists.tally").fetchone() == (12,)
            assert not recorder.swap(new)
            assert reader.execute("SELECT count(*) FROM lists.tally").fetchone() == (12,)
        assert recorder.swap(new)
    assert len(tallied(database.service_url)) == 12


def test_whoever_begins_anew_waits_for_who_is_writing(database: Urls) -> None:
    """The two take their locks in the same order: neither is ever the victim of a deadlock."""
    append(database.service_url, 12)
    writing, go_on = threading.Event(), threading.Event()

    class Slow(Tally):
        def project(self, *of: object) -> None:
            writing.set()
            go_on.wait(20)
            super().project(*of)  # type: ignore[arg-type]

    with (
        ThreadPoolExecutor(2) as threads,
        projector(database.projector_url) as (recorder, log),
        projector(database.projector_url) as (other, _),
        psycopg.connect(database.admin_url, autocommit=True) as watching,
    ):
        generation = recorder.begin(Tally())
        lines = log.lines(0, 99, [TOPIC])
        applied = threads.submit(
            recorder.apply, Slow(), generation, lines, after=0, upto=lines[-1].position
        )
        assert writing.wait(20)
        begun = threads.submit(other.begin, Tally())
        until(lambda: waiting_for_locks(watching))
        go_on.set()
        applied.result(20)
        assert begun.result(20).number == 1 + generation.number
        with pytest.raises(Overtaken):
            recorder.apply(Tally(), generation, [], after=lines[-1].position, upto=99)
        with pytest.raises(Overtaken):
            recorder.swap(generation)


def test_only_one_rebuilds_a_list_at_a_time(database: Urls) -> None:
    append(database.service_url, 30)

    def make(how: Callable[..., int]) -> int:
        with projector(database.projector_url) as (recorder, log):
            return how(Tally(), recorder, log)

    with ThreadPoolExecutor(6) as threads:
        made = [threads.submit(make, how) for how in (follow, rebuild) * 3]
        assert {each.result() for each in made} == {30}
    assert tallied(database.service_url) == list(range(1, 31))
    with psycopg.connect(database.service_url) as reader:
        assert len(tables(reader)) == 1


def tables(reader: psycopg.Connection) -> list[str]:
    found = reader.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'tally%'")
    return [name for (name,) in found.fetchall()]


def waiting_for_locks(watching: psycopg.Connection) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    row = watching.execute(query).fetchone()
    return row is not None and row[0] > 0
