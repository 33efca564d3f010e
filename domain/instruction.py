"""What a restriction tells a trainer, one instruction at a time, in the words of a gym."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

from domain.body import IMPACT_PATTERNS, MOVEMENT_WORDS, PATTERN_WORDS, Pattern, Region, Side, place
from domain.limits import (
    UNLIMITED,
    WEIGHT_BEARING_WORDS,
    Arc,
    ArcMode,
    Impact,
    Load,
    Supervision,
    WeightBearing,
    WeightBearingClass,
    cap,
    supervision_needed,
    weight_allowed,
)
from domain.terms import Severity, Terms


class LineKind(StrEnum):
    """The five lines of a card, in their order."""

    NO = auto()
    LIMIT = auto()
    DO_INSTEAD = auto()
    STOP_IF = auto()
    CALL = auto()


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing to heed: `subject` `words`, such as "squatting" "to 90° of knee bend".

    Instructions with the same `key` are about the same thing. What is allowed lies from `low` to
    `high`: of two, what both allow is the stricter; where nothing is left they contradict each
    other. `single`: two of these with different words contradict each other. `pattern` is the
    one that it is about, if it is; `tail` what follows the degrees of an arc.
    """

    line: LineKind
    key: tuple[str, ...]
    subject: str
    words: str = ""
    low: float = -UNLIMITED
    high: float = UNLIMITED
    pattern: Pattern | None = None
    single: bool = False
    tail: str = ""

    @property
    def text(self) -> str:
        """The instruction as one phrase."""
        return f"{self.subject} {self.words}".strip()


About = tuple[str, str, Pattern | None]
"""What a limit is about: its key, its words, and the pattern, if it is one."""

ANYTHING = "training"
CARE = "care"
"""Key of what is said where no limit says how far."""
_LEG = frozenset(
    {Region.HIP, Region.THIGH, Region.KNEE, Region.LOWER_LEG, Region.ANKLE, Region.FOOT}
)
_EVERYWHERE = {
    "max_effort": "effort ≤ {}/10",
    "max_heart_rate": "heart rate ≤ {}/min",
    "max_systolic": "systolic blood pressure ≤ {} mmHg",
    "max_diastolic": "diastolic blood pressure ≤ {} mmHg",
}
_OF_SOMETHING = {
    "max_sets": "at most {} sets",
    "max_minutes": "at most {} min",
    "max_metres": "at most {} m",
    "max_sessions_per_week": "at most {} times a week",
}
_ARC_MODES = {
    ArcMode.ACTIVE: ", by themselves",
    ArcMode.PASSIVE: ", moved by someone",
    ArcMode.LOADED: " under load",
}
_IMPACTS = {Impact.LOW: "low impact only", Impact.MODERATE: "moderate impact at most"}
_SUPERVISION = {
    Supervision.AT_HAND: "with somebody at hand",
    Supervision.ONE_TO_ONE: "one to one only",
    Supervision.HANDS_ON: "with hands on",
}


def instructions(terms: Terms) -> tuple[Instruction, ...]:
    """All that the terms tell a trainer to heed. The reason is not among it."""
    return (*_ruled_out(terms), *_limits(terms), *_instead(terms), *_stop_if(terms), *_call(terms))


def ruled_out(terms: Terms) -> frozenset[Pattern]:
    """Patterns that the terms rule out altogether."""
    stopped: frozenset[Pattern] = frozenset()
    if terms.severity is Severity.STOP:
        everything = terms.region is Region.WHOLE_BODY and not terms.patterns
        stopped = frozenset(Pattern) if everything else frozenset(terms.patterns)
    return stopped | (IMPACT_PATTERNS if terms.limits.max_impact is Impact.NONE else frozenset())


def _ruled_out(terms: Terms) -> Iterator[Instruction]:
    if terms.severity is Severity.STOP:
        for pattern in terms.patterns:
            yield _no(pattern.value, PATTERN_WORDS[pattern], pattern)
        if not terms.patterns:
            for key, words, _ in _places(terms):
                yield _no(key, words if key == ANYTHING else f"loading the {words}")
    if terms.limits.max_impact is Impact.NONE:
        for pattern in sorted(IMPACT_PATTERNS):
            yield _no(pattern.value, PATTERN_WORDS[pattern], pattern)


def _no(key: str, words: str, pattern: Pattern | None = None) -> Instruction:
    return Instruction(LineKind.NO, ("no", key), words, high=0, pattern=pattern)


def _limits(terms: Terms) -> Iterator[Instruction]:
    own = [
        *(found for about in _abouts(terms) for found in _of(about, terms)),
        *(_load(about, load) for load in terms.limits.loads for about in _abouts(terms)),
    ]
    yield from own
    heeded = {instruction.pattern or instruction.subject for instruction in own}
    if terms.severity is not Severity.STOP:
        for key, words, pattern in _abouts(terms):
            if (pattern or words) not in heeded:
                yield _limit((CARE, key), words, "with care", pattern=pattern)
    yield from _weight(terms)
    yield from _equipment(terms)
    yield from _caps(terms)


def _of(about: About, terms: Terms) -> Iterator[Instruction]:
    """Limits of what the terms are about: arcs, sets, duration, distance, sessions."""
    key, words, pattern = about
    for arc in terms.limits.arcs:
        joint = f"{terms.region}" if pattern else key
        tail = _arc_tail(terms, arc, pattern)
        yield _limit(
            ("arc", key, joint, arc.movement, arc.mode),
            words,
            arc_words(arc.start, arc.end, tail),
            low=arc.start,
            high=arc.end,
            pattern=pattern,
            tail=tail,
        )
    for name, phrase in _OF_SOMETHING.items():
        most = cap(terms.limits, name)
        if most < UNLIMITED:
            said = phrase.format(int(most))
            yield _limit((name, key), words, said, high=most, pattern=pattern)


def _arc_tail(terms: Terms, arc: Arc, pattern: Pattern | None) -> str:
    movement = MOVEMENT_WORDS[arc.movement]
    if pattern is None or terms.region is None:
        return f" of {movement}{_ARC_MODES[arc.mode]}"
    mode = "" if arc.mode is ArcMode.LOADED else _ARC_MODES[arc.mode]
    return f" of {place(terms.region, None)} {movement}{mode}"


def arc_words(start: float, end: float, tail: str) -> str:
    """ "to 90° of knee bend"; with its start unless that is the neutral position."""
    return f"{'to' if start == 0 else f'{start:g}° to'} {end:g}°{tail}"


def _load(about: About, load: Load) -> Instruction:
    """A load of a named exercise is about that exercise, wherever it is said."""
    key, words, pattern = about
    said = f"≤ {load.kilograms:g} kg"
    if load.exercise is None:
        return _limit(("load", key), words, said, high=load.kilograms, pattern=pattern)
    name = ("exercise", load.exercise.casefold())
    return _limit(name, load.exercise, said, high=load.kilograms)


def _weight(terms: Terms) -> Iterator[Instruction]:
    bearing = terms.limits.weight_bearing
    if bearing is None or bearing.grade is WeightBearingClass.FWB:
        return
    limb = "leg" if terms.region in _LEG else "arm"
    rank, kilograms = weight_allowed(terms.limits)
    for side in _sides(terms.side):
        subject = f"{side} {limb}:" if side else "weight-bearing:"
        said = _weight_words(bearing)
        allowed = rank * 1000 + min(kilograms, 999)
        yield _limit(("weight", limb if side else "", side or ""), subject, said, high=allowed)


def _weight_words(bearing: WeightBearing) -> str:
    if bearing.kilograms is not None:
        return f"at most {bearing.kilograms:g} kg of weight ({bearing.grade})"
    return f"{WEIGHT_BEARING_WORDS[bearing.grade]} ({bearing.grade})"


def _equipment(terms: Terms) -> Iterator[Instruction]:
    if terms.limits.brace is not None:
        for key, words, _ in _places(terms):
            said = f"in {terms.limits.brace}"
            yield _limit(("brace", key), words, said, single=True)
    if terms.limits.aid is not None:
        yield _limit(("aid",), f"with {terms.limits.aid}", single=True)
    if terms.limits.supervision is not None:
        needed = supervision_needed(terms.limits)
        said = _SUPERVISION[terms.limits.supervision]
        yield _limit(("supervision",), said, high=-needed)


def _caps(terms: Terms) -> Iterator[Instruction]:
    """Caps on the whole session: whatever they were set for, the strictest holds throughout."""
    for name, phrase in _EVERYWHERE.items():
        most = cap(terms.limits, name)
        if most < UNLIMITED:
            yield _limit((name,), phrase.format(int(most)), high=most)
    impact = terms.limits.max_impact
    if impact in _IMPACTS:
        yield _limit(("max_impact",), _IMPACTS[impact], high=cap(terms.limits, "max_impact"))


def _limit(
    key: tuple[str, ...],
    subject: str,
    words: str = "",
    *,
    low: float = -UNLIMITED,
    high: float = UNLIMITED,
    pattern: Pattern | None = None,
    single: bool = False,
    tail: str = "",
) -> Instruction:
    return Instruction(LineKind.LIMIT, key, subject, words, low, high, pattern, single, tail)


def _instead(terms: Terms) -> Iterator[Instruction]:
    for other in terms.substitutes:
        key = ("instead", other.name.casefold())
        yield Instruction(LineKind.DO_INSTEAD, key, other.name, pattern=other.pattern)


def _stop_if(terms: Terms) -> Iterator[Instruction]:
    for sign in terms.stop_signs:
        yield Instruction(LineKind.STOP_IF, ("sign", sign.casefold()), sign)
    pain = terms.limits.max_pain
    if pain is not None:
        yield Instruction(LineKind.STOP_IF, ("max_pain",), f"pain above {pain}/10", high=pain)


def _call(terms: Terms) -> Iterator[Instruction]:
    whom = terms.call
    if whom is not None:
        parts = [part for part in (whom.name, whom.phone, whom.note) if part]
        key = ("call", whom.name.casefold(), whom.phone or "")
        yield Instruction(LineKind.CALL, key, ", ".join(parts))


def _abouts(terms: Terms) -> tuple[About, ...]:
    """What its limits are about: its patterns; but where those are ruled out, its region."""
    if terms.patterns and (terms.severity is not Severity.STOP or terms.region is None):
        return tuple((p.value, PATTERN_WORDS[p], p) for p in terms.patterns)
    return _places(terms)


def _places(terms: Terms) -> tuple[About, ...]:
    if terms.region is None or terms.region is Region.WHOLE_BODY:
        return ((ANYTHING, ANYTHING, None),)
    return tuple(
        (f"{terms.region}:{side or ''}", place(terms.region, side), None)
        for side in _sides(terms.side)
    )


def _sides(side: Side | None) -> tuple[Side | None, ...]:
    return (Side.LEFT, Side.RIGHT) if side is Side.BOTH else (side,)
