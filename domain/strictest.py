"""Merging what several restrictions tell: strictest wins, and what contradicts itself is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.body import Pattern
from domain.instruction import CARE, Instruction, LineKind, arc_words, instructions, ruled_out
from domain.restricted import Edition, Restriction, Status

_NEW_LOAD = Instruction(
    LineKind.NO, ("no", "new-load"), "new or heavier load before the review", high=0
)
_NOBODY = Instruction(LineKind.CALL, ("call",), "whoever set this")


@dataclass(frozen=True, slots=True)
class Part:
    """One phrase of a line.

    `items` and `versions`: restrictions, and record versions, that it is merged from. `ask_first`:
    they contradict each other, so the text says what to ask about. `changed`: what the reader
    last acknowledged said otherwise: "was …", or "new".
    """

    text: str
    items: tuple[UUID, ...]
    versions: frozenset[int]
    rules: tuple[Instruction, ...]
    ask_first: bool = False
    changed: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A restriction with what it tells now, and what it told when the reader acknowledged it."""

    item: Restriction
    now: tuple[Instruction, ...]
    before: tuple[Instruction, ...] | None
    versions: frozenset[int]

    @classmethod
    def of(
        cls, item: Restriction, reader: UUID, now: datetime, wanted: Sequence[LineKind]
    ) -> "Told":
        last = item.acknowledged_by(reader)
        seen = item.edition_seen(last.seen) if last else None
        tells = list(_of(item.edition, wanted))
        if item.status(now) is Status.NEW_LOAD_BLOCKED:
            tells.append(_NEW_LOAD)
        if item.terms.call is None:
            tells.append(_NOBODY)
        versions = item.edition.shown
        if last and seen:
            versions |= seen.shown | {last.source.version}
        before = _of(seen, wanted) if seen else None
        return cls(item, tuple(tells), before, versions)

    @property
    def differs(self) -> bool:
        """Whether anything is different from what the reader acknowledged."""
        mine = tuple(rule for rule in self.now if rule not in (_NEW_LOAD, _NOBODY))
        return self.before is not None and self.before != mine

    def changed(self, rule: Instruction) -> str | None:
        """How the reader last knew this rule, if otherwise; nothing if they never knew any."""
        if self.before is None or rule in (_NEW_LOAD, _NOBODY):
            return None
        old = next((known for known in self.before if known.key == rule.key), None)
        if old is None:
            return "new"
        return None if old == rule else f"was {old.words or old.text}"


def _of(edition: Edition, wanted: Sequence[LineKind]) -> tuple[Instruction, ...]:
    return tuple(rule for rule in instructions(edition.terms) if rule.line in wanted)


def merge(told: Sequence[Told]) -> tuple[Part, ...]:
    """All instructions, the strictest of each kind; those that differ in subject only, as one."""
    stopped = frozenset[Pattern]().union(*(ruled_out(one.item.terms) for one in told))
    by_key: dict[tuple[str, ...], list[tuple[Told, Instruction]]] = {}
    for one in told:
        for rule in one.now:
            by_key.setdefault(rule.key, []).append((one, rule))
    rules = [rule for one in told for rule in one.now]
    parts = [
        _part(members, stopped)
        for members in by_key.values()
        if not _superfluous(members[0][1], rules, stopped)
    ]
    if any(part.rules[0].line is LineKind.CALL and part.rules[0] != _NOBODY for part in parts):
        parts = [part for part in parts if part.rules[0] != _NOBODY]
    return _joined(parts)


def _superfluous(rule: Instruction, rules: list[Instruction], stopped: frozenset[Pattern]) -> bool:
    """Whether a limit is of what is ruled out; or says "with care" where another says how far."""
    if rule.line is not LineKind.LIMIT:
        return False
    exact = any(
        other.line is LineKind.LIMIT
        and other.key[0] != CARE
        and (other.pattern, other.pattern or other.subject)
        == (rule.pattern, rule.pattern or rule.subject)
        for other in rules
    )
    return rule.pattern in stopped or (rule.key[0] == CARE and exact)


def _part(members: list[tuple[Told, Instruction]], stopped: frozenset[Pattern]) -> Part:
    rules = [rule for _, rule in members]
    first = rules[0]
    low, high = max(rule.low for rule in rules), min(rule.high for rule in rules)
    torn = first.single and len({rule.text.casefold() for rule in rules}) > 1
    barred = first.line is LineKind.DO_INSTEAD and (
        stopped.issuperset(Pattern) or any(rule.pattern in stopped for rule in rules)
    )
    ask = low >= high or torn or barred
    both = [rule for rule in rules if (rule.low, rule.high) == (low, high)]
    strictest = both[0] if both else _between(first, low, high)
    marks = (one.changed(rule) for one, rule in members)
    return Part(
        text=" or ".join(dict.fromkeys(rule.text for rule in rules)) if ask else strictest.text,
        items=tuple(dict.fromkeys(one.item.id for one, _ in members)),
        versions=frozenset().union(*(one.versions for one, _ in members)),
        rules=(strictest,),
        ask_first=ask,
        changed=next(filter(None, marks), None),
    )


def _between(rule: Instruction, low: float, high: float) -> Instruction:
    """What is left where one restriction bounds it from below and another from above."""
    return Instruction(
        line=rule.line,
        key=rule.key,
        subject=rule.subject,
        words=arc_words(low, high, rule.tail),
        low=low,
        high=high,
        pattern=rule.pattern,
        tail=rule.tail,
    )


def _joined(parts: list[Part]) -> tuple[Part, ...]:
    """Parts that say the same of several subjects, as one: "squatting, lunging to 90°"."""
    groups: dict[object, list[Part]] = {}
    for number, part in enumerate(parts):
        rule = part.rules[0]
        alone = part.ask_first or part.changed or not rule.words
        same = number if alone else (rule.line, rule.key[0], rule.words)
        groups.setdefault(same, []).append(part)
    return tuple(_join(group) for group in groups.values())


def _join(group: list[Part]) -> Part:
    if len(group) == 1:
        return group[0]
    subjects = dict.fromkeys(part.rules[0].subject for part in group)
    return Part(
        text=f"{', '.join(subjects)} {group[0].rules[0].words}",
        items=tuple(dict.fromkeys(item for part in group for item in part.items)),
        versions=frozenset().union(*(part.versions for part in group)),
        rules=tuple(rule for part in group for rule in part.rules),
    )
