"""The clocks in a process of their own, whose time is what a file says, and that stop in their
tracks where they are told to: `python -m tests.workers.clocked FOLDER STAGE`.

FOLDER holds `url`, `kek`, `keys/` and `now`; `stopped` appears there once STAGE is reached:

- `looked`: what is due has been looked up, and nothing decided
- `decided`: a fact has been decided, and not appended
- `recorded`: a fact is durable, and nobody was told
- `half`: three facts are durable, and others are not
- `never`
"""

import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from domain.clock import fall_due
from domain.ledger.key_directory import DirectoryKeyStore
from domain.ledger.key_wrapping import LocalWrapper
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from projections.deadlines import due_before
from projections.querying import Lists
from workers import clocks
from workers.clocks import Clocks, keep_clocks
from workers.until_asked import until_asked_to_end

STAGES = ("looked", "decided", "recorded", "half")


def keys_in(folder: Path) -> KeyRing:
    """The keys of the test, by the key-encryption key in the folder."""
    wrapper = LocalWrapper((folder / "kek").read_bytes())
    return KeyRing(DirectoryKeyStore(folder / "keys", wrapper))


def set_clock(folder: Path, to: datetime) -> None:
    """What time the worker finds from now on; it never finds half of it."""
    written = folder / "now.written"
    written.write_text(to.isoformat(), "utf-8")
    written.replace(folder / "now")


async def run(folder: Path, stage: str) -> None:
    """Keep the clocks by the time in the folder."""

    async def clock(_lists: Lists) -> datetime:
        return datetime.fromisoformat((folder / "now").read_text("utf-8"))

    def stop() -> NoReturn:
        (folder / "stopped").write_text(stage, "utf-8")
        while True:
            time.sleep(60)

    url = (folder / "url").read_text("utf-8")
    ledger = await Ledger.open(url, keys_in(folder))
    lists = await Lists(url).open()
    _stopping_at(stage, stop)
    try:
        await keep_clocks(url, Clocks(ledger, lists, clock))
    finally:
        await lists.close()
        await ledger.close()


def _stopping_at(stage: str, stop: Callable[[], NoReturn]) -> None:
    decide, durable = Ledger.decide, 0

    async def looking(*what: Any, **how: Any) -> Any:
        found = await due_before(*what, **how)
        return stop() if found and stage == "looked" else found

    def falling(*what: Any, **how: Any) -> Any:
        facts = fall_due(*what, **how)
        return stop() if facts and stage == "decided" else facts

    async def deciding(*what: Any, **how: Any) -> Any:
        nonlocal durable
        decided = await decide(*what, **how)
        durable += decided.appended is not None
        if durable == {"recorded": 1, "half": 3}.get(stage):
            stop()
        return decided

    vars(clocks).update(due_before=looking, fall_due=falling)
    Ledger.decide = deciding  # type: ignore[method-assign]


if __name__ == "__main__":
    until_asked_to_end(run(Path(sys.argv[1]), sys.argv[2]))
