"""A NATS client in another language, with only a trainer's token: `client.mjs`."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from deploy.nats_streams import STREAM
from domain.lanes import Discipline
from projections.confirming import Confirming
from tests.api.clinic import Person, scene
from tests.nats.desk import Desk
from workers.publishing import Publishing
from workers.relay import Relay

HERE = Path(__file__).parent
FILES = ("client.mjs", "package.json", "package-lock.json")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        shutil.which("node") is None or shutil.which("npm") is None,
        reason="NOT TESTED: a client in another language. Install Node.js, with npm.",
    ),
]


@pytest.fixture(scope="session")
def program() -> Path:
    """The client beside what it needs, installed once for each lock file, outside the tree."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tandem-tests"
    lock = (HERE / "package-lock.json").read_bytes()
    folder = cache / f"nats-client-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not (folder / "node_modules").exists():
        _install(folder)
    draft = folder / f"client-{os.getpid()}.mjs"
    shutil.copy(HERE / "client.mjs", draft)
    draft.replace(folder / "client.mjs")
    return folder / "client.mjs"


def _install(folder: Path) -> None:
    """Put it there whole, so that of two test runs either finds all of it or none."""
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    for name in FILES:
        shutil.copy(HERE / name, draft)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=draft, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    try:
        draft.rename(folder)
    except OSError:  # another run was faster; what it has is the same
        shutil.rmtree(draft)


async def run(
    program: Path, desk: Desk, sam: Person, priya: Person, **says: object
) -> dict[str, Any]:
    """What becomes of it as Sam, who says so of each notification, and tries to be Priya."""
    told = {
        "url": desk.server.url,
        "token": sam.token,
        "reader": str(sam.id),
        "other": str(priya.id),
        "expected": 1,
        "says": says,
    }
    node = await asyncio.create_subprocess_exec(
        *("node", str(program)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(90):
        output, errors = await node.communicate(json.dumps(told).encode())
    assert node.returncode == 0, errors.decode()
    found: dict[str, Any] = json.loads(output)
    return found


async def test_it_receives_and_acknowledges_what_is_the_trainers_and_nothing_else(
    program: Path, desk: Desk
) -> None:
    sam = await desk.clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    priya = await desk.clinic.staff(Discipline.PHYSIOTHERAPIST)
    priyas = await desk.connect(priya)
    await desk.connect(sam)
    await desk.publish(sam, b'{"id": "1", "for": "Sam"}')
    await desk.publish(priya, b'{"id": "2", "for": "Priya"}')

    found = await run(program, desk, sam, priya, kind="received")

    assert found["received"] == [{"id": "1", "for": "Sam"}]
    assert found["answers"] == [{"durable": True}]
    said = [(reader, json.loads(message)) for reader, message in desk.said]
    assert said == [(sam.id, {"kind": "received", "notification": "1"})]
    own = await desk.js.consumer_info(STREAM, str(sam.id))
    assert (own.num_pending, own.num_ack_pending) == (0, 0)

    assert len(found["attempts"]) > 30
    attempts = found["attempts"].items()
    assert [each for each in attempts if not each[1].startswith("refused: ")] == []
    assert (await desk.js.stream_info(STREAM)).state.messages == 2
    assert await priyas.pull() == b'{"id": "2", "for": "Priya"}'


async def test_what_it_acknowledges_of_a_restriction_shows_in_knowledge(
    program: Path, desk: Desk
) -> None:
    s, tandem = await scene(desk.clinic), desk.clinic.tandem
    await desk.clinic.project()
    head, url = await tandem.ledger.log.head(), desk.clinic.urls.service_url
    await Relay(url, tandem.ledger, tandem.lists).follow(upto=head)
    notified = await tandem.ledger.log.head()
    await Publishing(url, tandem.ledger, tandem.lists, desk.js).follow(upto=notified)
    desk.durable = Confirming(tandem.ledger, tandem.clock).acknowledge

    found = await run(program, desk, s.trainer, s.physio, kind="acknowledged", seen=s.version)

    (pointer,), (answer,) = found["received"], found["answers"]
    assert pointer["data"] == {"notification": pointer["id"], "sequence": 1}
    assert answer["notification"] == pointer["id"]
    auditor = await desk.clinic.staff(Discipline.AUDITOR, "Ada Quist")
    path = f"/audit/clients/{s.client.id}/knowledge?reader={s.trainer.id}"
    knowledge = await desk.clinic.done(auditor, "GET", f"{path}&at={answer['positions'][-1]}")
    facts = knowledge["known"] + knowledge["true_and_not_shown"]
    imposed = next(fact for fact in facts if fact["type"] == "restriction.imposed.v1")
    assert imposed["states"]["acknowledged"]["version"] == s.version
