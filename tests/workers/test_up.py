"""`tandem up`: what it starts it keeps running, and what it started it ends."""

import asyncio
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import httpx
import nats
import psycopg
import pytest

from deploy.nats import EmbeddedNats
from deploy.nats_accounts import open_nats_secrets
from tests.workers.system import System, alive, system
from tests.workers.waiting import until
from workers.failed import Exit
from workers.lists import NAMES
from workers.stories import STORIES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")

PROGRAMS = ("projector", "clocks", "callout", "relay")
TOLD = "SELECT count(*) FROM ledger.log WHERE topic NOT IN ('access.sent.v1', 'access.notified.v1')"
IMPOSED = "SELECT count(*) FROM ledger.log WHERE topic = 'restriction.imposed.v1'"
EPOCH = "SELECT id FROM ledger.epoch"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One state folder for the module, so that the stories are told once: with an interruption."""
    with system(tmp_path_factory.mktemp("up") / "state") as made:
        made.begin()
        until(lambda: "✓ the people" in made.output, 60)
        assert made.signal(signal.SIGTERM) == 0
        made.start()
        yield made


@pytest.fixture(autouse=True)
def _running(up: System) -> None:
    if up.ended():
        up.start()
    until(up.ready)


def ask(up: System, query: LiteralString) -> Any:
    with psycopg.connect(up.running.service_url) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def told(up: System) -> int:
    """How many facts there are, but for those that the API adds on its own time."""
    return int(ask(up, TOLD))


def status(up: System) -> dict[str, object]:
    answer = up.tandem("status", "--json")
    found: dict[str, object] = json.loads(answer.stdout)
    return found


def stands_at_the_head(up: System) -> bool:
    lists = status(up)["lists"]
    assert isinstance(lists, list)
    return bool(lists) and all(each["position"] == each["head"] for each in lists)


def child(up: System, mark: str) -> int:
    return up.running.children[mark]


def test_it_is_ready_soon_and_says_who_is_who(up: System) -> None:
    for word in ("✓ PostgreSQL", "✓ the API", "Priya Nair", "tandem token", up.url):
        assert word in up.output


def test_interrupted_halfway_the_stories_are_told_to_their_end_and_once(up: System) -> None:
    steps = [
        json.loads(line)["name"]
        for file in sorted((up.state / "demo").rglob("*.jsonl"))
        for line in file.read_text("utf-8").splitlines()
        if file.stem == "withdrawn"
    ]
    assert steps[0] == "begun"
    assert steps[-1] == "screen"
    assert len(set(steps)) == len(steps)
    assert ask(up, IMPOSED) == len(STORIES) + 1, "one a story, and Mei's caution"


def test_its_status_says_what_runs_and_where_the_lists_stand(up: System) -> None:
    until(lambda: stands_at_the_head(up))
    found = status(up)
    assert {name: found[name] for name in ("running", "api", "database", "nats")} == {
        "running": True,
        "api": True,
        "database": True,
        "nats": True,
    }
    assert str(found["nats_url"]).startswith("nats://127.0.0.1:")
    assert found["base_url"] == up.url
    assert found["overdue"] == {"number": 0, "seconds": 0.0}
    words = up.tandem("status")
    assert words.returncode == Exit.DONE
    assert "up to date" in words.stdout
    assert re.search(r"Clocks +on time", words.stdout)


def test_a_second_one_is_refused_and_the_first_goes_on(up: System) -> None:
    answer = up.tandem("up")
    assert answer.returncode == Exit.ALREADY_RUNNING
    assert f"process {up.pid}" in answer.stderr
    assert up.ready()


def test_a_token_is_to_be_had_in_a_terminal_without_settings(up: System) -> None:
    answer = up.tandem("token", "priya", "--json")
    assert json.loads(answer.stdout)["name"] == "Priya Nair"


def test_lists_are_rebuilt_while_they_are_served(up: System) -> None:
    until(lambda: stands_at_the_head(up))
    bearer = {"Authorization": f"Bearer {up.tandem('token', 'priya').stdout.strip()}"}
    done, boards = threading.Event(), list[tuple[int, int]]()

    def look() -> None:
        while not done.is_set():
            board = httpx.get(f"{up.url}/restriction-board", headers=bearer, timeout=20)
            boards.append((board.status_code, len(board.json()["rows"])))

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            answer = up.tandem("rebuild", "--json")
        finally:
            done.set()
        looking.result()
    assert answer.returncode == Exit.DONE, answer.stderr
    assert set(boards) == {(200, len(STORIES) + 1)}
    assert json.loads(answer.stdout)["lists"].keys() == set(NAMES)
    until(lambda: stands_at_the_head(up))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_leaves_no_process_and_the_next_one_goes_on(
    up: System, number: signal.Signals
) -> None:
    before, family = told(up), up.family()
    assert len(family) > 4
    assert up.signal(number) == 0
    assert not alive(family)
    assert "everything has stopped" in up.output
    assert up.tandem("status").returncode == Exit.NOT_RUNNING
    up.start()
    assert told(up) == before, "nothing is told twice"


def test_killed_and_started_again_at_once_it_takes_over(up: System) -> None:
    before, family = told(up), up.family()
    up.signal(signal.SIGKILL)
    up.start()
    assert told(up) == before
    assert not alive(family)


@pytest.mark.parametrize("mark", ["api.app:create_app", *(f"workers.{name}" for name in PROGRAMS)])
def test_a_killed_child_is_started_again_and_said_loudly(up: System, mark: str) -> None:
    killed = child(up, mark)
    os.kill(killed, signal.SIGKILL)
    until(lambda: child(up, mark) != killed)
    until(up.ready)
    assert "has ended unexpectedly; starting it again" in up.output
    until(lambda: stands_at_the_head(up))


def test_postgresql_killed_under_it_comes_back_with_the_same_data(up: System) -> None:
    before = told(up)
    pid = int((_data(up) / "postmaster.pid").read_text().split("\n")[0])
    api = child(up, "api.app:create_app")
    os.kill(pid, signal.SIGKILL)
    until(lambda: "PostgreSQL is back" in up.output)
    until(up.ready)
    until(lambda: stands_at_the_head(up))
    assert told(up) == before
    assert child(up, "api.app:create_app") == api, "the API lives through it"


def test_nats_killed_under_it_comes_back_on_its_port_and_commands_wait_for_nothing(
    up: System,
) -> None:
    url = up.running.nats_url
    nats_server = EmbeddedNats(up.state / "nats", open_nats_secrets(up.state / "secrets"))
    os.kill(int((nats_server.data / "server.pid").read_text()), signal.SIGKILL)
    assert up.ready()
    until(lambda: "NATS is back" in up.output)
    assert up.running.nats_url == url
    token = up.tandem("token", "sam").stdout.strip()
    until(lambda: asyncio.run(gets_in(url, token)))


async def gets_in(url: str, token: str) -> bool:
    """Whether whoever has this token is let in to NATS."""
    try:
        client = await nats.connect(url, token=token, allow_reconnect=False)
    except (nats.errors.Error, OSError):
        return False
    async with client:
        return client.is_connected


def _data(up: System) -> Path:
    with psycopg.connect(up.running.service_url) as connection:
        port = connection.info.port
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"-D" in words and f"--port={port}".encode() in words:
            return Path(words[words.index(b"-D") + 1].decode())
    raise AssertionError("no PostgreSQL is running")


def test_reset_starts_afresh(up: System) -> None:
    before = ask(up, EPOCH)
    up.stop()
    up.start("--reset")
    assert "Starting afresh" in up.output
    assert ask(up, EPOCH) != before
