"""`tandem up`: starts everything in order, keeps it running, and stops it in reverse.

1. claim the state folder: one supervisor at a time
2. PostgreSQL, ours or the one that the settings name, brought to shape
3. NATS, ours unless the settings name another
4. the API, until it says that it is ready; the projector; the clocks; the callout; the relay
5. in the demo profile: an administrator, and the stories, told once over HTTP
6. wait, starting again what ends by itself, until somebody asks for an end
"""

import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic

import psycopg

from deploy.database import Database, open_database
from deploy.migrate import MigrationFailed
from deploy.nats import Nats, open_nats
from deploy.settings import Settings
from deploy.unprivileged import ServerFailed
from workers.asked import Asked, StopAsked, listening
from workers.display import Display
from workers.failed import Failed
from workers.program import OwnServer, Part, Program, last_words
from workers.programs import base_url, programs_of
from workers.reset import erase
from workers.running import Running, StateFolder
from workers.watch import Watch

READY_WITHIN_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.2

Seeding = Callable[[Settings, Running, Display, Callable[[], None]], None]
"""Its last argument is to be called between two steps; it may raise StopAsked."""


def up(settings: Settings, display: Display, seed: Seeding, *, reset: bool = False) -> None:
    """Run Tandem until somebody asks for an end. Raises Failed, saying what to do."""
    state = StateFolder(settings.state_dir)
    with listening() as asked, state.claim():
        require_free(settings.host, settings.port)
        if reset:
            with display.step("Deleting what the demo stored", "Starting afresh"):
                erase(settings)
        try:
            Supervisor(settings, display, state, asked).run(seed)
        except StopAsked:
            pass
        except (ServerFailed, MigrationFailed, psycopg.OperationalError) as error:
            raise Failed(str(error)) from error
        finally:
            display.note("everything has stopped")


def require_free(host: str, port: int) -> None:
    """Raise Failed unless we could listen there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Failed(
                f"Port {port} on {host} cannot be used ({error.strerror}). Stop what uses it, or "
                f"choose another: TANDEM_PORT={port + 1 if port < 65535 else 8000}"
            ) from error


class Supervisor:
    """One run of `tandem up`."""

    def __init__(
        self, settings: Settings, display: Display, state: StateFolder, asked: Asked
    ) -> None:
        self._settings = settings
        self._display = display
        self._state = state
        self._asked = asked
        self._programs: list[Program] = []

    def run(self, seed: Seeding) -> None:
        """Start, seed, watch; whatever happens, stop."""
        with ExitStack() as stack:
            database = self._open_database(stack)
            nats = self._open_nats(stack)
            stack.callback(self._stop_programs)

            def announce() -> Running:
                return self._announce(database, nats)

            for program in programs_of(self._settings, database, nats):
                self._start(program, announce)
            servers = (database.server, nats.server)
            ours: list[Part] = [OwnServer(server) for server in servers if server]
            watch = Watch([*ours, *self._programs], self._display, announce)

            def proceed() -> None:
                watch.look()
                self._asked.proceed()

            seed(self._settings, announce(), self._display, proceed)
            while not self._asked.within(LOOK_EVERY_SECONDS):
                watch.look()
            self._display.note("stopping …")

    def _open_database(self, stack: ExitStack) -> Database:
        ours = self._settings.database_url is None
        doing = "Starting PostgreSQL" if ours else "Preparing the database"
        with self._display.step(doing, "PostgreSQL"):
            database = stack.enter_context(open_database(self._settings))
        self._asked.proceed()
        return database

    def _open_nats(self, stack: ExitStack) -> Nats:
        if self._settings.nats_url is not None:
            return stack.enter_context(open_nats(self._settings))
        with self._display.step("Starting NATS", "NATS"):
            nats = stack.enter_context(open_nats(self._settings))
        self._asked.proceed()
        return nats

    def _start(self, program: Program, announce: Callable[[], Running]) -> None:
        with self._display.step(f"Starting {program.name}", program.name):
            self._programs.append(program)
            program.start()
            # Known from now on to whoever takes over, should we be killed.
            announce()
            self._await(program)

    def _await(self, program: Program) -> None:
        deadline = monotonic() + READY_WITHIN_SECONDS
        while not program.ready():
            if not program.alive():
                raise Failed(
                    f"{program.name} ended while starting. {program.log}:\n{last_words(program)}"
                )
            if monotonic() > deadline:
                raise Failed(
                    f"{program.name} is not ready after {READY_WITHIN_SECONDS:.0f} s. "
                    f"{program.log}:\n{last_words(program)}"
                )
            if self._asked.within(0.05):
                raise StopAsked

    def _stop_programs(self) -> None:
        for program in reversed(self._programs):
            program.stop()

    def _announce(self, database: Database, nats: Nats) -> Running:
        running = Running(
            pid=os.getpid(),
            profile=self._settings.profile,
            base_url=base_url(self._settings),
            service_url=database.urls.service_url,
            projector_url=database.urls.projector_url,
            nats_url=nats.url,
            children={p.mark: p.pid for p in self._programs if p.pid is not None},
        )
        self._state.announce(running)
        return running
