"""`tandem status`: what runs, and how far lists are behind the log and clocks behind the time."""

from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from deploy.nats import greets
from workers.display import Display
from workers.failed import Exit
from workers.lag import Lag, lags
from workers.overdue import Overdue, overdue
from workers.programs import answers
from workers.running import Running, StateFolder


@dataclass(frozen=True, slots=True)
class Status:
    """What `tandem status` says. `lists` is None while PostgreSQL cannot be asked."""

    running: Running | None
    api: bool = False
    lists: list[Lag] | None = None
    overdue: Overdue | None = None
    nats: bool = False

    @property
    def code(self) -> Exit:
        """Success only if everything that should run does its work."""
        if self.running is None:
            return Exit.NOT_RUNNING
        works = self.api and self.lists is not None and self.nats
        return Exit.DONE if works else Exit.FAILED

    def as_data(self) -> dict[str, Any]:
        """The same for a program; no secret is in it."""
        running = self.running
        return {
            "running": running is not None,
            "pid": running.pid if running else None,
            "profile": running.profile if running else None,
            "base_url": running.base_url if running else None,
            "api": self.api,
            "database": self.lists is not None,
            "nats": self.nats,
            "nats_url": running.nats_url if running else None,
            "lists": [asdict(lag) for lag in self.lists or []],
            "overdue": asdict(self.overdue) if self.overdue else None,
        }


def find_status(state: StateFolder) -> Status:
    """Ask everything that runs on this state folder."""
    running = state.find()
    if running is None:
        return Status(None)
    try:
        lists, late = lags(running.projector_url), overdue(running.projector_url)
    except psycopg.OperationalError:
        lists, late = None, None
    api = answers(f"{running.base_url}/readyz")
    return Status(running, api, lists, late, greets(running.nats_url))


def show(status: Status, display: Display) -> None:
    """The same in words."""
    running = status.running
    if running is None:
        display.say("No Tandem is running here. Start it with `make demo` or `tandem up`.")
        return
    display.say(f"Tandem ({running.profile}) runs as process {running.pid}: {running.base_url}")
    display.say(f"  API         {'ready' if status.api else 'not ready'}")
    display.say(f"  PostgreSQL  {'answers' if status.lists is not None else 'does not answer'}")
    nats = "answers" if status.nats else "does not answer"
    display.say(f"  NATS        {nats}: {running.nats_url}")
    if late := status.overdue:
        words = f"{late.number} overdue, for {late.seconds:.1f} s" if late.number else "on time"
        display.say(f"  Clocks      {words}")
    for lag in status.lists or []:
        behind = lag.head - lag.position
        words = f"{behind} behind, for {lag.seconds:.1f} s" if behind else "up to date"
        display.say(f"  {lag.name:<18} at {lag.position} of {lag.head}, {words}")
