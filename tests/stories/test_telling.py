"""A telling that was cut off goes on where it was, and has nothing recorded twice."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg

from tests.stories.conftest import Told
from tests.workers.system import System
from workers.demo import Demo, epoch
from workers.journal import Journal
from workers.people import Person
from workers.stories import STORIES, withdrawn

COMMANDS = (
    "SELECT topic, count(*) FROM ledger.log WHERE topic NOT LIKE 'access.%' GROUP BY 1 ORDER BY 1"
)
CUT = "acknowledged-tightened"
(STORY,) = (story for story in STORIES if story.slug == withdrawn.SLUG)


def commands(running: System) -> list[tuple[object, ...]]:
    with psycopg.connect(running.running.service_url) as connection:
        return connection.execute(COMMANDS).fetchall()


def test_cut_off_while_an_answer_was_written_down(
    running: System, told: Told, token: Callable[[Person], str], tmp_path: Path
) -> None:
    folder = running.state / "demo" / epoch(running.running.service_url)
    copy = Path(shutil.copytree(folder, tmp_path / "demo")) / f"{withdrawn.SLUG}.jsonl"
    lines = copy.read_text("utf-8").splitlines(keepends=True)
    cut = next(n for n, line in enumerate(lines) if f'"name": "{CUT}"' in line)
    copy.write_text("".join(lines[:cut]) + lines[cut][:100], "utf-8")
    before = commands(running)
    with httpx.Client(base_url=running.url, timeout=20) as http:
        Demo(http, token, copy.parent).tell(STORY)
    assert commands(running) == before
    first, again = told(withdrawn.SLUG), {s.name: s for s in Journal(copy).steps}
    assert again.keys() == first.keys()
    assert again[CUT].answer == first[CUT].answer
    assert again["screen"].answer["bytes"] == first["screen"].answer["bytes"]


def test_a_story_is_told_from_the_day_on_which_it_was_begun(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "story.jsonl")
    today = datetime.now(UTC).date()
    assert journal.begun(today) == today
    later = today.replace(year=today.year + 1, day=1)
    assert Journal(tmp_path / "story.jsonl").begun(later) == today
    assert journal.steps == []
