"""How facts of a released version are read once that version is gone from the code.

A released fact never changes shape: the new shape is a new class with a new `type`, and the old
topic gets an upcast here. What is stored stays as it was written, for ever.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

Body = dict[str, Any]
"""A fact as stored: decoded JSON."""

Upcast = Callable[[Body], Body]

_UPCASTS: Final[dict[str, tuple[str, Upcast]]] = {}


def upcast(topic: str, *, to: str) -> Callable[[Upcast], Upcast]:
    """Declare how a body stored under `topic` becomes one of `to`, which may be upcast further.

    The function is total on what was ever stored, and pure. It is applied on every reading.
    """

    def register(function: Upcast) -> Upcast:
        if topic in _UPCASTS:
            raise TypeError(f"two upcasts start from {topic!r}")
        if topic in _chain(to):
            raise TypeError(f"upcasts from {topic!r} would never end")
        _UPCASTS[topic] = (to, function)
        return function

    return register


def has_upcast(topic: str) -> bool:
    """Whether bodies stored under `topic` are read as a later version."""
    return topic in _UPCASTS


def upcasted(topic: str, body: Body) -> tuple[str, Body]:
    """The topic and body to read instead of `body`, stored under `topic`."""
    while topic in _UPCASTS:
        topic, function = _UPCASTS[topic]
        body = function(body)
    return topic, body


def stored_as(topics: Iterable[str]) -> tuple[str, ...]:
    """`topics`, and the older ones that are read as one of them: what a guard has to name while
    processes of the previous release may still be writing."""
    wanted = set(topics)
    older = {topic for topic in _UPCASTS if wanted & set(_chain(topic))}
    return tuple(sorted(wanted | older))


def _chain(topic: str) -> list[str]:
    chain = [topic]
    while chain[-1] in _UPCASTS:
        chain.append(_UPCASTS[chain[-1]][0])
    return chain
