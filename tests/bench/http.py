"""Over HTTP, 32 at once: a command, and an audited view, beside a trivial route of the framework.

All three are served by one uvicorn process each, one after the other, and asked by the same load
generator in this process, on the same machine and in the same run.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count, cycle
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID

import uvloop

from api.app import create_app
from deploy.migrate import Urls
from deploy.settings import Settings
from domain.lanes import Discipline
from tests.api.clinic import TERMS, Clinic, Person, serving, settings_in
from tests.bench.load import Load, drive, get, post
from tests.bench.rows import Bench, Row, middle

CONCURRENT = 32
CLIENTS = 256
SECONDS = 1.5
ROUNDS = 3
TRIVIAL = "tests.bench.trivial:app"
WHOM = {"name": "Rania Haddad", "phone": "+1 514 555 0134", "relation": "sister"}
NOTE = {
    "client": "0c6f4ab2-6f0e-4d0a-9b0a-5b0f4a3f6f10",
    "reason": TERMS["reason"],
    "severity": "modify",
    "patterns": ["squat", "jump"],
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """Who asks about whom. `read` are clients with one restriction each; commands go to others."""

    physio: Person
    trainer: Person
    read: list[UUID]
    written: list[UUID]


def measure(bench: Bench) -> list[Row]:
    """The rows of HTTP."""
    folder = bench.directory / "http"
    folder.mkdir()
    settings = settings_in(folder)
    with bench.database("http") as urls:
        prepared = uvloop.run(_prepare(settings, urls))
        with _trivial() as trivial, _api(settings, urls) as api:
            return uvloop.run(_measure(prepared, trivial, api))


async def _measure(prepared: Prepared, trivial: int, api: int) -> list[Row]:
    note = post("/notes", json.dumps(NOTE).encode(), {})
    limit, commands, views = [], [], []
    correcting = _commands(prepared)
    for _ in range(ROUNDS):
        limit.append(await _rate(trivial, [cycle([note])] * CONCURRENT, 200))
        commands.append(await _rate(api, correcting, 201))
        views.append(await _rate(api, _views(prepared), 200))
    beside = f"c={CONCURRENT}; trivial route of the framework"
    return [
        Row(f"HTTP command, {beside}", middle(commands), middle(limit), 0.65),
        Row(f"audited view over HTTP, {beside}", middle(views), middle(limit), 0.6),
    ]


async def _rate(port: int, requests: list[Iterator[bytes]], expected: int) -> float:
    load: Load = await drive(port, requests, expected=expected, seconds=SECONDS)
    assert load.failed == 0, f"{load.failed} answers were not {expected}"
    return load.per_second


def _commands(prepared: Prepared) -> list[Iterator[bytes]]:
    """The same command as the ledger's own row takes: whom to call is corrected, again and again.

    Nobody else writes to these clients, so each knows the version that it will have seen next.
    """
    return [
        _correcting(prepared.physio, prepared.written[number::CONCURRENT])
        for number in range(CONCURRENT)
    ]


def _correcting(physio: Person, clients: list[UUID]) -> Iterator[bytes]:
    body = json.dumps({"emergency_contact": WHOM}).encode()
    for seen in chain([0], count(3)):
        headers = physio.headers(**{"If-Match": f'"{seen}"'})
        for client in clients:
            yield post(f"/clients/{client}/corrections/emergency-contact", body, headers)


def _views(prepared: Prepared) -> list[Iterator[bytes]]:
    headers = prepared.trainer.headers()
    requests = [get(f"/clients/{client}", headers) for client in prepared.read]
    return [cycle(requests[number::CONCURRENT]) for number in range(CONCURRENT)]


async def _prepare(settings: Settings, urls: Urls) -> Prepared:
    async with serving(create_app(settings, service_url=urls.service_url)) as app:
        clinic = Clinic(app, settings, urls)
        await clinic.open()
        physio = await clinic.staff(Discipline.PHYSIOTHERAPIST)
        trainer = await clinic.staff(Discipline.TRAINER, "Sam Ortiz")
        read = []
        for _ in range(CLIENTS):
            client = await clinic.client_of(physio)
            await clinic.join(client, trainer)
            await clinic.consent(client, trainer, "identity", "restrictions")
            await clinic.impose(client, physio)
            read.append(client.id)
        written = [(await clinic.client_of(physio)).id for _ in range(CLIENTS)]
        return Prepared(physio, trainer, read, written)


@contextmanager
def _trivial() -> Iterator[int]:
    with _served([TRIVIAL], {}, "/openapi.json") as port:
        yield port


@contextmanager
def _api(settings: Settings, urls: Urls) -> Iterator[int]:
    variables = {
        "TANDEM_PROFILE": settings.profile,
        "TANDEM_STATE_DIR": str(settings.state_dir),
        "TANDEM_KEY_ENCRYPTION_KEY_FILE": str(settings.key_encryption_key_file),
        "TANDEM_SERVICE_URL": urls.service_url,
    }
    with _served(["api.app:create_app", "--factory"], variables, "/livez") as port:
        yield port


@contextmanager
def _served(app: list[str], variables: dict[str, str], until: str) -> Iterator[int]:
    """One uvicorn process, once it answers. Its output goes nowhere: a pipe would cost it time."""
    port = _free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", *app, "--port", str(port)),
            *("--no-access-log", "--log-level", "error"),
        ],
        env=os.environ | variables,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.DEVNULL,
    )
    try:
        while not _answers(f"http://127.0.0.1:{port}{until}"):
            assert process.poll() is None, f"{app[0]} ended before it answered"
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
