"""One running system for all stories, started as a user starts it; what it was told and answers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.workers.system import System, system
from workers.demo import epoch
from workers.journal import Journal, Step
from workers.people import Person

Ask = Callable[[Person, str], httpx.Response]
Told = Callable[[str], dict[str, Step]]


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The demo, its stories told."""
    with system(tmp_path_factory.mktemp("stories") / "state") as made:
        made.start()
        yield made


@pytest.fixture(scope="session")
def told(running: System) -> Told:
    """The steps of one story, by name, with what the API answered."""
    folder: Path = running.state / "demo" / epoch(running.running.service_url)

    def steps(slug: str) -> dict[str, Step]:
        return {step.name: step for step in Journal(folder / f"{slug}.jsonl").steps}

    return steps


@pytest.fixture(scope="session")
def ask(running: System) -> Ask:
    """What somebody is answered to a GET."""
    tokens: dict[str, str] = {}

    def get(person: Person, path: str) -> httpx.Response:
        if person.slug not in tokens:
            tokens[person.slug] = running.tandem("token", person.slug).stdout.strip()
        headers = {"Authorization": f"Bearer {tokens[person.slug]}"}
        return httpx.get(f"{running.url}{path}", headers=headers, timeout=20)

    return get
