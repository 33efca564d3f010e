"""What `tandem up` says once the demo is ready: who is who, and three commands to try."""

import sys
from collections.abc import Iterator
from pathlib import Path

from workers.display import Display
from workers.journal import Journal
from workers.people import ADA, CLIENTS, NOA, SAM, STAFF, Person
from workers.running import Running
from workers.stories import withdrawn


def guide(running: Running, display: Display, folder: Path) -> None:
    """Say it. `folder` holds what the stories were answered."""
    display.say()
    display.say(
        f"Tandem is ready: {running.base_url}  (the API: {running.base_url}/openapi.json)", "bold"
    )
    display.say()
    for person in (*STAFF, *CLIENTS):
        words = person.acting_as.value.replace("_", " ")
        place = f" at {person.organisation.name}" if person.organisation else ""
        display.say(f"  {person.slug:<7}{person.name:<14}{words:<19}{person.about}{place}")
    display.say()
    display.say(f"Everybody has a token: {_tandem()} token sam")
    display.say("Try, in another terminal (all of it is invented, and no medical advice):")
    for words, person, path in _tries(folder):
        display.say()
        display.say(f"  # {words}")
        display.say(f"  {curl(running.base_url, person, path)}")
    display.say()
    display.say("Ctrl-C stops everything; the next `make demo` goes on with the same data.")


def _tries(folder: Path) -> Iterator[tuple[str, Person, str]]:
    consent = Journal(folder / f"{withdrawn.SLUG}.jsonl").find(withdrawn.WITHDRAWN)
    yield (
        "What Sam sees of Noa since Noa withdrew: how to train safely, and not why.",
        SAM,
        (f"/clients/{NOA.id}"),
    )
    if consent is not None:
        yield (
            "What Sam knew a moment before, proved: released, sent, acknowledged.",
            ADA,
            (f"/audit/clients/{NOA.id}/knowledge?reader={SAM.id}&at={consent.position - 1}"),
        )
    yield "Who has seen Noa's data, as Noa reads it.", NOA, f"/clients/{NOA.id}/accesses"


def curl(base_url: str, person: Person, path: str) -> str:
    """The same request on a command line."""
    bearer = f"Authorization: Bearer $({_tandem()} token {person.slug})"
    return f"curl -s -H \"{bearer}\" '{base_url}{path}'"


def _tandem() -> str:
    """The `tandem` command as it is called from here."""
    command = Path(sys.executable).with_name("tandem")
    here = Path.cwd()
    return str(command.relative_to(here) if command.is_relative_to(here) else command)
