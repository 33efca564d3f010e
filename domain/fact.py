"""A fact type is one class; everything else derives from it.

Its part of the record, stored form (the topic is `type`, the body is the model's JSON), API schema
and documentation, information category, and its line in the generated catalogue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidationInfo

from domain.lanes import Category


@dataclass(frozen=True, slots=True)
class Narrower:
    """Marks a field that needs consent to a narrower category than its fact does."""

    category: Category


STORED = {"stored": True}
"""Validation context in which a stored fact is read back."""


def replaying(info: ValidationInfo) -> bool:
    """Whether a stored value is being read back, in the context `STORED`.

    Rules of plausibility are for what is proposed: one that is tightened later must never make an
    old stream unreadable.
    """
    return bool(info.context and info.context.get("stored"))


class Value(BaseModel):
    """Base of what facts are made of: immutable, and it knows no field that it does not name."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Fact(Value):
    """Something that happened and that somebody stands for. Never changes shape once released.

    Declare with `type` (stored topic, past tense, versioned), `part` (of the care record, or of
    the stream kind it belongs to) and `category` (what consent is needed to read it).
    `policy=True` marks what reading may rest on: a disclosure is guarded against any such fact
    that it has not seen. `sealed=False` keeps the body in clear: references and codes only.
    """

    type: ClassVar[str]
    part: ClassVar[str]
    category: ClassVar[Category]
    policy: ClassVar[bool]
    sealed: ClassVar[bool]

    def __init_subclass__(
        cls,
        *,
        type: str,
        part: str,
        category: Category,
        policy: bool = False,
        sealed: bool = True,
        **more: Any,
    ) -> None:
        super().__init_subclass__(**more)
        if type in _FACTS:
            raise TypeError(f"two facts are called {type!r}")
        cls.type, cls.part, cls.category = type, part, category
        cls.policy, cls.sealed = policy, sealed
        _FACTS[type] = cls

    @classmethod
    def narrower_fields(cls) -> dict[str, Category]:
        """Fields that need a narrower consent than the fact: name → category."""
        return {
            name: mark.category
            for name, field in cls.model_fields.items()
            for mark in field.metadata
            if isinstance(mark, Narrower)
        }


_FACTS: dict[str, type[Fact]] = {}


def fact_type(topic: str) -> type[Fact]:
    """The class stored under `topic`. Raises KeyError for a topic that this version cannot read."""
    return _FACTS[topic]


def every_fact() -> Iterator[type[Fact]]:
    """All declared facts, by name. Import `domain.record` and the other stream kinds first."""
    return iter(sorted(_FACTS.values(), key=lambda cls: cls.type))


def policy_topics() -> tuple[str, ...]:
    """Topics of all facts that reading may rest on: what a disclosure is guarded against."""
    return tuple(cls.type for cls in every_fact() if cls.policy)
