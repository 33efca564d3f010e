"""The projector: woken by the log, killed at any time, exactly once, whatever PostgreSQL does."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from deploy.migrate import Urls
from tests.workers.lines import Broken, Counted, append, counted
from tests.workers.waiting import until
from workers.lag import lags
from workers.projector import keep_up, project

PROGRAM = """
import sys
from tests.workers.lines import Counted
from workers.projector import project, stopping_when_asked
with stopping_when_asked():
    project(sys.argv[1], [Counted()])
"""


def has(database: Urls, least: int) -> bool:
    return counted(database.service_url) >= least


@contextmanager
def projecting(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """A projector in a process of its own, to be killed."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, url])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_list_is_made_kept_up_and_woken_by_the_log(database: Urls) -> None:
    append(database.service_url, 3)
    following = keep_up(database.projector_url, [Counted()])
    assert next(following) == 3
    assert counted(database.service_url) == 3
    append(database.service_url, 2, topic="test.other.v1")
    last = append(database.service_url, 1)
    stands = next(following)
    while stands < last:
        stands = next(following)
    assert counted(database.service_url) == 4
    assert [
        (lag.name, lag.position, lag.head, lag.seconds) for lag in lags(database.projector_url)
    ] == [("counted", last, last, 0.0)]


def test_it_says_how_far_behind_a_list_is(database: Urls) -> None:
    append(database.service_url, 2)
    next(keep_up(database.projector_url, [Counted()]))
    append(database.service_url, 5)
    (lag,) = lags(database.projector_url)
    assert lag.head - lag.position == 5
    assert lag.seconds > 0


def test_there_is_no_lag_before_there_are_lists(database: Urls) -> None:
    assert lags(database.projector_url) == []


def test_killed_at_any_time_it_resumes_exactly_once(database: Urls) -> None:
    total = 0
    for number in range(4):
        with projecting(database.projector_url) as process:
            for _ in range(8):
                append(database.service_url, 400)
                total += 400
            # Killed while it works: somewhere after what the round before had left.
            least = total - 3200 * (number > 0)
            until(partial(has, database, least))
            process.send_signal(signal.SIGKILL)
            process.wait()
    with projecting(database.projector_url):
        until(lambda: counted(database.service_url) == total)


def test_asked_to_end_it_ends_at_once(database: Urls) -> None:
    append(database.service_url, 1)
    with projecting(database.projector_url) as process:
        until(lambda: counted(database.service_url) == 1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_two_projectors_do_not_disturb_each_other(database: Urls) -> None:
    with projecting(database.projector_url), projecting(database.projector_url):
        for _ in range(20):
            append(database.service_url, 100)
        until(lambda: counted(database.service_url) == 2000)


def test_a_list_that_fails_does_not_keep_the_others_back(database: Urls) -> None:
    append(database.service_url, 1)
    following = keep_up(database.projector_url, [Broken(), Counted()])
    with pytest.raises(ExceptionGroup, match="cannot be projected"):
        next(following)
    assert counted(database.service_url) == 1


def test_while_postgresql_is_away_it_waits_longer_and_longer(database: Urls) -> None:
    class Enough(Exception):
        pass

    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 7:
            raise Enough

    nobody = make_conninfo(database.projector_url, port=1)
    with pytest.raises(Enough):
        project(nobody, [Counted()], pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] == 5.0


def test_a_lost_connection_is_made_again_and_nothing_is_missed(database: Urls) -> None:
    with projecting(database.projector_url):
        append(database.service_url, 1)
        until(lambda: counted(database.service_url) == 1)
        for total in range(2, 5):
            with psycopg.connect(database.admin_url, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE usename = 'tandem_projector' AND datname = current_database()"
                )
            append(database.service_url, 1)
            until(partial(has, database, total))
