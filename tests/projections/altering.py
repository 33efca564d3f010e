"""Other content in the place of what a fact says.

What is altered: texts, names, notes, limits, patterns, what was measured, who is named as to be
called, which version an acknowledgement names. What is not: what decides whether an item is in
force at all or since when (severity, review date and rule), what refers to another fact (ids,
milestone codes), and whether it must be acknowledged.
"""

from typing import Any

from domain.fact import Fact
from domain.restriction import RestrictionAcknowledged

TEXTS = frozenset(
    {"reason", "clinical_reason", "rationale", "note", "name", "title", "relation", "address"}
)
OTHER_LIMITS: tuple[dict[str, Any], ...] = ({"max_effort": 1}, {"max_pain": 2, "aid": "a stick"})
OTHER_PATTERNS = (["carry"], ["grip", "jump"])


def altered(fact: Fact) -> Fact:
    """The fact with other content; the same if it has none that can be altered."""
    if isinstance(fact, RestrictionAcknowledged):
        return fact.model_copy(update={"seen": fact.seen + 1})
    return type(fact).model_validate(_altered(fact.model_dump(mode="json"), fact.policy))


def clinically_altered(fact: Fact) -> Fact:
    """The fact with other content in those fields that need a narrower consent than it does."""
    body = fact.model_dump(mode="json")
    narrower = {name: body[name] for name in fact.narrower_fields() if body[name] is not None}
    other = {
        name: value + " otherwise" if isinstance(value, str) else _altered(value, False)
        for name, value in narrower.items()
    }
    return type(fact).model_validate({**body, **other})


def _altered(value: Any, policy: bool) -> Any:
    match value:
        case dict():
            return {name: _field(name, each, policy) for name, each in value.items()}
        case list():
            return [_altered(each, policy) for each in value]
    return value


def _field(name: str, value: Any, policy: bool) -> Any:
    match name, value:
        # What a policy fact says, but for its texts, is what the scope is made of.
        case "reason" | "outcome", str() if policy:
            return value
        case _, str() if name in TEXTS:
            return f"{value} otherwise"
        case "limits", dict():
            return OTHER_LIMITS[value.get("max_effort") == 1]
        case "patterns", [_, *_]:
            return OTHER_PATTERNS[value == OTHER_PATTERNS[0]]
        case "stop_signs", [_, *_]:
            return [f"{sign} otherwise" for sign in value]
        case "value", float() | int():
            return 3 + (value + 7) % 90
        case "birth_date", str():
            return "1970-01-01" if value != "1970-01-01" else "1971-01-01"
    return _altered(value, policy)
