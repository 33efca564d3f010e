"""The demo clinic: its people and its stories, told once on each log, over HTTP like anybody's.

Only the first administrator cannot come to be that way (see `bootstrap`).
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import psycopg

from deploy.issuer import DemoIssuer
from deploy.settings import Settings
from workers.bootstrap import anybody_registered, bootstrap
from workers.clinic import Clinic, founds, register
from workers.display import Display
from workers.guide import guide
from workers.journal import Journal
from workers.people import ALEX, ORGANISATIONS, STAFF, Person
from workers.running import Running
from workers.stories import STORIES, Story
from workers.telling import Teller

TIMEOUT_SECONDS = 15.0


def seed(
    settings: Settings, running: Running, display: Display, proceed: Callable[[], None]
) -> None:
    """Tell what has not been told yet, and say who is who; outside the demo profile, nothing.

    `proceed` is called before each step, and may raise.
    """
    if not settings.demo:
        display.say(f"Tandem is ready: {running.base_url}", "bold")
        return
    if not anybody_registered(running.service_url):
        with display.step("Registering the first administrator", f"{ALEX.name}, administrator"):
            bootstrap(settings, running.urls, ALEX.id, ALEX.name)
    folder = settings.state_dir / "demo" / epoch(running.service_url)
    with httpx.Client(base_url=running.base_url, timeout=TIMEOUT_SECONDS) as http:
        clinic = Demo(http, tokens(settings), folder, proceed)
        with display.step("Registering the people", "the people"):
            clinic.people()
        for story in STORIES:
            with display.step(f"Telling: {story.title}", story.title):
                clinic.tell(story)
    guide(running, display, folder)


def epoch(url: str) -> str:
    """What makes this log another than one that was reset: the id of its first epoch."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT id FROM ledger.epoch ORDER BY number LIMIT 1").fetchone()
    assert row is not None
    return str(row[0])


def tokens(settings: Settings) -> Callable[[Person], str]:
    """Gives each person's bearer token, issued once."""
    issuer, issued = DemoIssuer(settings), dict[str, str]()

    def token(person: Person) -> str:
        if person.slug not in issued:
            issued[person.slug] = issuer.issue(person.id, person.acting_as, datetime.now(UTC))
        return issued[person.slug]

    return token


class Demo:
    """Tells stories over `http`; what has been told is kept in `folder`."""

    def __init__(
        self,
        http: httpx.Client,
        token: Callable[[Person], str],
        folder: Path,
        proceed: Callable[[], None] = lambda: None,
    ) -> None:
        self._http = http
        self._token = token
        self._folder = folder
        self._proceed = proceed

    def people(self) -> None:
        """Register everybody who works here, but for the administrator who registers them."""
        teller, today = self._teller("people")
        for organisation in ORGANISATIONS:
            founds(teller, ALEX, organisation)
        for person in STAFF:
            if person is not ALEX:
                register(teller, ALEX, person, today)

    def tell(self, story: Story) -> None:
        """Tell one story, or the rest of it."""
        teller, today = self._teller(story.slug)
        story.tell(Clinic(teller, story.client, today))

    def _teller(self, slug: str) -> tuple[Teller, date]:
        journal = Journal(self._folder / f"{slug}.jsonl")
        today = journal.begun(datetime.now(UTC).date())
        return Teller(self._http, self._token, journal, slug, self._proceed), today
