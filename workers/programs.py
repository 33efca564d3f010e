"""The programs of ours that make up a running Tandem, and what each is told."""

import sys
from urllib.error import URLError
from urllib.request import urlopen

from deploy.database import Database
from deploy.nats import Nats
from deploy.settings import PREFIX, Settings
from workers.program import Program

API = "api.app:create_app"
PROJECTOR = "workers.projector"
CLOCKS = "workers.clocks"
CALLOUT = "workers.callout"
RELAY = "workers.relay"
DATABASE = ("database_url", "service_url", "projector_url")
GRACE_SECONDS = 3
"""How long requests under way may still take once the API was asked to stop."""


def base_url(settings: Settings) -> str:
    """Where the API is reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def programs_of(settings: Settings, database: Database, nats: Nats) -> tuple[Program, ...]:
    """In the order in which they are started."""
    return (
        api(settings, database),
        projector(settings, database),
        clocks(settings, database),
        callout(settings, database, nats),
        relay(settings, database, nats),
    )


def api(settings: Settings, database: Database) -> Program:
    """The API, in a process of its own."""
    listening = ("--host", settings.host, "--port", str(settings.port))
    return Program(
        "the API",
        API,
        (
            *(sys.executable, "-m", "uvicorn", API, "--factory", *listening),
            *("--no-access-log", "--log-level", settings.log_level),
            *("--timeout-graceful-shutdown", str(GRACE_SECONDS)),
        ),
        environment=told(settings) | {f"{PREFIX}SERVICE_URL": database.urls.service_url},
        log=settings.state_dir / "logs" / "api.log",
        ready=lambda: answers(f"{base_url(settings)}/readyz"),
    )


def projector(settings: Settings, database: Database) -> Program:
    """The projector. It reads the log and owns the lists, and can do nothing else."""
    return Program(
        "the projector",
        PROJECTOR,
        (sys.executable, "-m", PROJECTOR),
        environment=told(settings) | {f"{PREFIX}PROJECTOR_URL": database.urls.projector_url},
        log=settings.state_dir / "logs" / "projector.log",
    )


def clocks(settings: Settings, database: Database) -> Program:
    """The clocks. They look up what is due, and decide as the service does."""
    return Program(
        "the clocks",
        CLOCKS,
        (sys.executable, "-m", CLOCKS),
        environment=told(settings) | {f"{PREFIX}SERVICE_URL": database.urls.service_url},
        log=settings.state_dir / "logs" / "clocks.log",
    )


def callout(settings: Settings, database: Database, nats: Nats) -> Program:
    """Who says whom NATS lets in."""
    return _beside_nats("the callout", CALLOUT, settings, database, nats)


def relay(settings: Settings, database: Database, nats: Nats) -> Program:
    """Who notifies, publishes to NATS, and hears what readers say there."""
    return _beside_nats("the relay", RELAY, settings, database, nats)


def _beside_nats(
    name: str, module: str, settings: Settings, database: Database, nats: Nats
) -> Program:
    urls = {"SERVICE_URL": database.urls.service_url, "NATS_URL": nats.url}
    return Program(
        name,
        module,
        (sys.executable, "-m", module),
        environment=told(settings) | {f"{PREFIX}{which}": url for which, url in urls.items()},
        log=settings.state_dir / "logs" / f"{module.partition('.')[2]}.log",
    )


def told(settings: Settings) -> dict[str, str]:
    """Our settings as variables for a child, but for where the database is.

    A child connects as the role whose work it does, and holds the rights of that role and no more.
    """
    given = settings.model_dump(exclude_none=True, exclude=set(DATABASE))
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in given.items()}


def answers(url: str) -> bool:
    """Whether a GET of `url` is answered with success within a second."""
    try:
        with urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
