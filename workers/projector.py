"""Keeps every list up with the log: `python -m workers.projector`.

It sleeps until the log says that it has grown (LISTEN, no polling), then brings each list to the
head. Where it stands is kept with the rows, in the same transaction, so it may be killed at any
time. While PostgreSQL is away it tries again, ever more slowly, and then catches up.
"""

import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from time import sleep

import psycopg
from eventsourcing import persistence
from psycopg.conninfo import make_conninfo

from deploy.database import open_database
from deploy.settings import load_settings
from projections.listing import Listing
from projections.projecting import follow
from workers.lists import make_lists, open_lists

CHANNEL = "ledger_log"
LONGEST_PAUSE_SECONDS = 5.0
AWAY = (psycopg.OperationalError, persistence.OperationalError, persistence.InterfaceError)

log = logging.getLogger(__name__)


def project(url: str, lists: Sequence[Listing], pause: Callable[[float], object] = sleep) -> None:
    """Follow the log for ever over `url`, the projector's own connection."""
    failures = 0
    while True:
        try:
            for _ in keep_up(url, lists):
                failures = 0
        except AWAY as error:
            failures += 1
            seconds = min(LONGEST_PAUSE_SECONDS, 0.1 * 2**failures)
            log.warning("PostgreSQL is away (%s); trying again in %.1f s", error, seconds)
            pause(seconds)


def keep_up(url: str, lists: Sequence[Listing]) -> Iterator[int]:
    """Bring all `lists` to the head of the log whenever it has grown, yielding where they stand.

    Raises one of AWAY when a connection is lost.
    """
    with listening(url) as ear, open_lists(url) as (recorder, reader):
        stands = 0
        while True:
            failed = []
            for listing in lists:
                try:
                    stands = follow(listing, recorder, reader)
                except AWAY:
                    raise
                except Exception as error:
                    # A list that cannot be projected must not keep the others back.
                    failed.append(error)
            if failed:
                raise ExceptionGroup("lists that cannot be projected", failed)
            yield stands
            for note in ear.notifies(stop_after=1):
                log.debug("the log has grown to %s", note.payload)


@contextmanager
def listening(url: str) -> Iterator[psycopg.Connection]:
    """A connection that hears of every append from now on. Look at the log only after this."""
    # A server that vanished without a word is noticed in under a minute.
    url = make_conninfo(url, keepalives_idle=20, keepalives_interval=10, keepalives_count=3)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}")
        yield connection


@contextmanager
def stopping_when_asked() -> Iterator[None]:
    """SIGTERM and SIGINT end the program, whatever it does: what is unfinished is rolled back."""

    def stop(_number: int, _frame: object) -> None:
        sys.exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    yield


def main() -> None:
    """Run as a program, with the settings of its environment."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    settings = load_settings()
    with stopping_when_asked(), ExitStack() as stack:
        if settings.projector_url is not None:
            url = settings.projector_url.get_secret_value()
        else:
            url = stack.enter_context(open_database(settings)).urls.projector_url
        project(url, make_lists(settings))


if __name__ == "__main__":
    main()
