"""One installation with several API processes over one database and one state folder."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx

from deploy.child import LOOPBACK, free_port
from deploy.issuer import DemoIssuer
from deploy.migrate import Urls
from deploy.settings import PREFIX, Settings
from domain.lanes import Discipline
from tests.api.clinic import Clinic, settings_in
from tests.faults import stages
from tests.faults.waiting import eventually
from workers.bootstrap import bootstrap
from workers.program import Program, last_words
from workers.programs import API, answers, told


class Api(Program):
    """One API process."""

    def __init__(self, settings: Settings, urls: Urls, factory: str) -> None:
        self.port = free_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        super().__init__(
            f"API on {self.port}",
            factory,
            (
                *(sys.executable, "-m", "uvicorn", factory, "--factory"),
                *("--host", LOOPBACK, "--port", str(self.port)),
                *("--no-access-log", "--log-level", "warning"),
                *("--timeout-graceful-shutdown", "3", "--timeout-keep-alive", "60"),
            ),
            environment=told(settings) | {f"{PREFIX}SERVICE_URL": urls.service_url},
            log=settings.state_dir / "logs" / f"api-{self.port}.log",
            ready=lambda: answers(f"{self.url}/readyz"),
        )

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.pid is not None
        os.kill(self.pid, signal.SIGKILL)
        self.stop()


class Installation(Clinic):
    """A clinic that is asked over real connections, and the processes that serve it."""

    def __init__(self, folder: Path, urls: Urls) -> None:
        self.settings = settings_in(folder).model_copy(update={"log_level": "warning"})
        self.urls = urls
        self.apis: list[Api] = []
        self.http = httpx.AsyncClient(timeout=30)
        self._issuer = DemoIssuer(self.settings)
        self.administrator = self.person(Discipline.ADMINISTRATOR)

    async def start(self, number: int = 1, factory: str = API) -> list[Api]:
        """Start so many more API processes at once, and wait until they are ready."""
        started = [Api(self.settings, self.urls, factory) for _ in range(number)]
        self.apis += started
        for api in started:
            api.start()
        for api in started:
            await eventually(lambda api=api: api.ready() or not api.alive(), 60)  # type: ignore[misc]
            assert api.alive(), last_words(api)
        return started

    async def open(self) -> None:
        """Register the first administrator."""
        await asyncio.to_thread(bootstrap, self.settings, self.urls, self.administrator.id, "Alex")

    async def ask(self, *asked: Any, **more: Any) -> httpx.Response:
        """One request, to the process started first of those that run."""
        running = next(api for api in self.apis if api.alive())
        self.http.base_url = httpx.URL(running.url)
        return await super().ask(*asked, **more)

    async def until_stopped(self, stage: str) -> None:
        """Wait until a request has stopped where it asked to be."""
        stopped = self.settings.state_dir / stages.STOPPED
        await eventually(lambda: stopped.exists() and stopped.read_text() == stage)

    async def go_on(self) -> None:
        """Let it go on."""
        go_on = self.settings.state_dir / stages.GO_ON
        go_on.touch()
        await eventually(lambda: not (self.settings.state_dir / stages.STOPPED).exists())
        go_on.unlink()

    def kill(self, api: Api) -> None:
        """kill -9; where it had stopped is nobody's concern any more."""
        api.kill()
        (self.settings.state_dir / stages.STOPPED).unlink(missing_ok=True)

    def close(self) -> None:
        """End every process."""
        for api in self.apis:
            api.stop()
