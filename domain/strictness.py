"""Which of two terms is stricter, in what: what must be acknowledged, and what needs authority."""

from dataclasses import dataclass

from domain.body import Region, Side
from domain.limits import CAPS, Arc, Limits, cap, supervision_needed, weight_allowed
from domain.terms import Bounds, ReviewRule, Severity, Terms

_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Change:
    """What a change does to whoever it binds. It can do both at once, or neither."""

    tightens: bool = False
    """Something that was allowed no longer is: it must be acknowledged."""
    eases: bool = False
    """Something that was not allowed now is: it needs the authority behind the restriction."""

    def __or__(self, other: "Change") -> "Change":
        return Change(self.tightens or other.tightens, self.eases or other.eases)


SAME, TIGHTER, LOOSER = Change(), Change(tightens=True), Change(eases=True)
OTHERWISE = TIGHTER | LOOSER
"""Different, and neither is stricter than the other."""


def compare(before: Terms, after: Terms) -> Change:
    """What going from `before` to `after` does, over everything that the terms say.

    Words (reason, whom to call) do neither. Handing the order to another authority, and changing
    the milestones planned, are the authority's to do: they count as easing.
    """
    old, new = ((terms.milestones, terms.ordered_by) for terms in (before, after))
    return (
        compare_bounds(before, after, whole_region=before.region is not None)
        | _places(before, after)
        | _reviews(before, after)
        | (SAME if old == new else LOOSER)
    )


def tightens(before: Terms | None, after: Terms) -> bool:
    """Whether something is ruled out or limited that was not before; true if nothing was before."""
    return before is None or compare(before, after).tightens


def eases(before: Terms, after: Terms) -> bool:
    """Whether something becomes possible that was not, or the authority or its plan changes."""
    return compare(before, after).eases


def compare_bounds(before: Bounds, after: Bounds, *, whole_region: bool = True) -> Change:
    """The same for bounds. `whole_region`: no pattern means every pattern that loads the region."""
    change = _ranks(-_SEVERITIES.index(before.severity), -_SEVERITIES.index(after.severity))
    if bool(before.patterns) != bool(after.patterns) and whole_region:
        change |= LOOSER if after.patterns else TIGHTER
    else:
        change |= _more_is_tighter(set(before.patterns), set(after.patterns))
    change |= _more_is_tighter(set(before.stop_signs), set(after.stop_signs))
    change |= _more_is_tighter(set(after.substitutes), set(before.substitutes))
    return change | _limits(before.limits, after.limits)


def _limits(before: Limits, after: Limits) -> Change:
    change = _less_is_tighter(weight_allowed(before), weight_allowed(after))
    for name in CAPS:
        change |= _less_is_tighter((0, cap(before, name)), (0, cap(after, name)))
    change |= _ranks(supervision_needed(before), supervision_needed(after))
    change |= _equipment(before.brace, after.brace) | _equipment(before.aid, after.aid)
    return change | _loads(before, after) | _arcs(before, after)


def _loads(before: Limits, after: Limits) -> Change:
    old = {load.exercise: load.kilograms for load in before.loads}
    new = {load.exercise: load.kilograms for load in after.loads}
    change = SAME
    for exercise in old.keys() | new.keys():
        pair = (0, old.get(exercise, float("inf"))), (0, new.get(exercise, float("inf")))
        change |= _less_is_tighter(*pair)
    return change


def _arcs(before: Limits, after: Limits) -> Change:
    old = {(arc.movement, arc.mode): arc for arc in before.arcs}
    new = {(arc.movement, arc.mode): arc for arc in after.arcs}
    change = SAME
    for key in old.keys() | new.keys():
        change |= _arc(old.get(key), new.get(key))
    return change


def _arc(before: Arc | None, after: Arc | None) -> Change:
    if before is None or after is None:
        return LOOSER if after is None else TIGHTER
    return _ranks(before.start, after.start) | _ranks(-before.end, -after.end)


def _places(before: Terms, after: Terms) -> Change:
    """Another region is something else; both sides are more than one; the whole body is all."""
    if before.region != after.region:
        if Region.WHOLE_BODY in (before.region, after.region):
            return TIGHTER if after.region is Region.WHOLE_BODY else LOOSER
        return OTHERWISE
    if before.side == after.side:
        return SAME
    if Side.BOTH in (before.side, after.side):
        return TIGHTER if after.side is Side.BOTH else LOOSER
    return OTHERWISE


def _reviews(before: Terms, after: Terms) -> Change:
    order = (ReviewRule.LAPSES, ReviewRule.STAYS, ReviewRule.BLOCKS_NEW_LOAD)
    change = _ranks(order.index(before.review_rule), order.index(after.review_rule))
    if before.review_rule != after.review_rule or before.review_rule is ReviewRule.STAYS:
        return change
    later = _ranks(before.review_by.toordinal(), after.review_by.toordinal())
    if before.review_rule is ReviewRule.LAPSES:
        return later
    return Change(tightens=later.eases, eases=later.tightens)


def _ranks(before: int, after: int) -> Change:
    """More is stricter."""
    return SAME if before == after else TIGHTER if after > before else LOOSER


def _less_is_tighter(before: tuple[int, float], after: tuple[int, float]) -> Change:
    return SAME if before == after else TIGHTER if after < before else LOOSER


def _more_is_tighter(before: set[object], after: set[object]) -> Change:
    return Change(tightens=bool(after - before), eases=bool(before - after))


def _equipment(before: str | None, after: str | None) -> Change:
    if before == after:
        return SAME
    if before is None or after is None:
        return TIGHTER if before is None else LOOSER
    return OTHERWISE
