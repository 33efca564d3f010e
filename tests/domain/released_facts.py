"""The shape of every released fact, as checked in: `python -m tests.domain.released_facts` adds new
ones, and refuses to change a line that stands.

The one change that a released shape may see is a code more in a list of codes: whatever was stored
is read as before. A code that goes, or any other change, is a new version of the fact.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import domain.streams  # noqa: F401  (declares every fact)
from domain.fact import Fact, every_fact

SNAPSHOT = Path(__file__).with_suffix(".json")


def shape(fact: type[Fact]) -> dict[str, Any]:
    """All of a fact that what is stored depends on; wording may be bettered at any time."""
    return {
        "part": fact.part,
        "category": fact.category,
        "policy": fact.policy,
        "sealed": fact.sealed,
        "narrower": dict(sorted(fact.narrower_fields().items())),
        "schema": _without_words(fact.model_json_schema()),
    }


def _without_words(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {
            key: _without_words(value)
            for key, value in schema.items()
            if not (key in ("description", "title", "examples") and not isinstance(value, dict))
        }
    if isinstance(schema, list):
        return [_without_words(value) for value in schema]
    return schema


def readable(was: Any, now: Any) -> bool:
    """Whether all that was stored in the shape `was` is read the same in the shape `now`."""
    match was, now:
        case dict(), dict():
            return was.keys() == now.keys() and all(
                set(old) <= set(now[key]) if key == "enum" else readable(old, now[key])
                for key, old in was.items()
            )
        case list(), list():
            return len(was) == len(now) and all(map(readable, was, now))
        case _:
            return bool(was == now)


@cache
def shapes() -> dict[str, dict[str, Any]]:
    """What the code declares now: type → shape."""
    return {fact.type: json.loads(json.dumps(shape(fact))) for fact in _declared()}


def _declared() -> list[type[Fact]]:
    # Tests declare facts of their own.
    return [fact for fact in every_fact() if fact.__module__.startswith("domain.")]


def released() -> dict[str, dict[str, Any]]:
    """What was released: type → shape."""
    found: dict[str, dict[str, Any]] = json.loads(SNAPSHOT.read_text("utf-8"))
    return found


def main() -> None:
    """Add facts that are new. Raises SystemExit if one that was released has changed."""
    before = released() if SNAPSHOT.exists() else {}
    now = shapes()
    changed = [name for name, was in before.items() if not readable(was, now.get(name))]
    if changed:
        raise SystemExit(f"released facts never change; declare a .v2 and an upcast: {changed}")
    SNAPSHOT.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
