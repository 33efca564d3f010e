"""One running system for all stories, started as a user starts it; what it was told and answers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.workers.system import System, system
from workers.demo import epoch
from workers.journal import Journal, Step
from workers.people import Person

Ask = Callable[[Person, str], httpx.Response]
Send = Callable[..., httpx.Response]
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
def token(running: System) -> Callable[[Person], str]:
    """A person's bearer token, from the command that gives them out."""
    issued: dict[str, str] = {}

    def of(person: Person) -> str:
        if person.slug not in issued:
            issued[person.slug] = running.tandem("token", person.slug).stdout.strip()
        return issued[person.slug]

    return of


@pytest.fixture(scope="session")
def ask(running: System, token: Callable[[Person], str]) -> Ask:
    """What somebody is answered to a GET."""

    def get(person: Person, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(person)}"}
        return httpx.get(f"{running.url}{path}", headers=headers, timeout=20)

    return get


@pytest.fixture(scope="session")
def send(running: System, token: Callable[[Person], str]) -> Send:
    """What somebody is answered who wants something recorded."""

    def post(person: Person, path: str, body: Any, seen: int | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token(person)}"}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"'
        return httpx.post(f"{running.url}{path}", json=body, headers=headers, timeout=20)

    return post
