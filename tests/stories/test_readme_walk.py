"""The walk in the README is what the running system answers."""

from tests.stories.walk import README, walk, written
from tests.workers.system import System
from workers.demo import epoch
from workers.journal import Journal
from workers.people import NOA
from workers.stories import withdrawn


def test_the_walk_is_what_the_system_answers(running: System) -> None:
    folder = running.state / "demo" / epoch(running.running.service_url)
    readme = README.read_text("utf-8")
    walked = walk(Journal(folder / f"{withdrawn.SLUG}.jsonl"))
    assert written(readme, walked) == readme, "the walk in README.md is old: make readme"


def test_the_walk_names_the_client_that_the_demo_has() -> None:
    assert f"NOA=$TANDEM/clients/{NOA.id}" in README.read_text("utf-8")
