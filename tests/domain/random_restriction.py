"""Random terms, facts and histories of restrictions, for properties."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from domain.body import UNSIDED, Movement, Pattern, Region, Side
from domain.criterion import Comparison, Criterion
from domain.entry import Entry
from domain.fact import Fact
from domain.limits import (
    Arc,
    ArcMode,
    Impact,
    Limits,
    Load,
    Supervision,
    WeightBearing,
    WeightBearingClass,
)
from domain.measure import Reading
from domain.restriction import (
    HoldOutcome,
    HoldPlaced,
    HoldReviewed,
    MilestoneConfirmed,
    MilestoneDeclined,
    MilestoneProposed,
    MilestoneRevoked,
    RestrictionAcknowledged,
    RestrictionCorrected,
    RestrictionImposed,
    RestrictionLifted,
    RestrictionModified,
    RestrictionRetracted,
    RestrictionReviewed,
)
from domain.terms import (
    Bounds,
    Milestone,
    ReviewRule,
    Severity,
    Substitute,
    Terms,
    WhomToCall,
)
from tests.domain.given_restriction import NOW, PRIYA, QUENTIN, RUTH, SAM, TESS, entry

IDS = [UUID(int=number) for number in (100, 101, 102)]
CODES = ["first", "second", "third"]
PEOPLE = [PRIYA, QUENTIN, SAM, TESS, RUTH]


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def some(of: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=most, unique=True).map(tuple)


words = st.sampled_from(["swelling", "giving way", "numbness", "pain at night"])
names = st.sampled_from(["box squat", "bike", "leg press", "crutches", "hinged brace"])
kilograms = st.integers(1, 100).map(float)


@st.composite
def arcs(draw: st.DrawFn) -> tuple[Arc, ...]:
    kinds = st.tuples(st.sampled_from(list(Movement)[:2]), st.sampled_from(ArcMode))
    return tuple(
        Arc(
            movement=movement,
            mode=mode,
            start=(start := draw(st.integers(-30, 100))),
            end=draw(st.integers(start + 1, 160)),
        )
        for movement, mode in draw(some(kinds, 2))
    )


weights = st.one_of(
    st.builds(WeightBearing, grade=st.just(WeightBearingClass.PWB), max_kg=kilograms),
    st.builds(
        WeightBearing,
        grade=st.sampled_from([c for c in WeightBearingClass if c is not WeightBearingClass.PWB]),
    ),
)
loads = st.lists(
    st.builds(Load, exercise=maybe(names), max_kg=kilograms),
    max_size=2,
    unique_by=lambda load: load.exercise,
).map(tuple)


def limits(joint: st.SearchStrategy[tuple[Arc, ...]]) -> st.SearchStrategy[Limits]:
    return st.builds(
        Limits,
        weight_bearing=maybe(weights),
        arcs=joint,
        loads=loads,
        max_effort=maybe(st.integers(0, 10)),
        max_pain=maybe(st.integers(0, 10)),
        max_impact=maybe(st.sampled_from(Impact)),
        max_sets=maybe(st.integers(1, 9)),
        brace=maybe(names),
        aid=maybe(names),
        supervision=maybe(st.sampled_from(Supervision)),
    )


patterns = some(st.sampled_from(list(Pattern)[:6]))
substitutes = some(st.builds(Substitute, name=names, pattern=maybe(st.sampled_from(Pattern))), 2)
bounds = st.builds(
    Bounds,
    severity=st.sampled_from(Severity),
    patterns=patterns,
    limits=limits(arcs()),
    substitutes=substitutes,
    stop_signs=some(words, 2),
)
criteria = st.builds(
    Criterion,
    measure=st.just("tug"),
    comparison=st.sampled_from(Comparison),
    value=st.integers(3, 100).map(float),
    unit=st.just("s"),
    sessions=st.integers(1, 3),
)
readings = st.builds(
    Reading,
    measure=st.just("tug"),
    value=st.integers(3, 100).map(float),
    unit=st.just("s"),
    taken_at=st.integers(-40, 1).map(lambda day: NOW + timedelta(days=day)),
)


@st.composite
def milestones(draw: st.DrawFn) -> tuple[Milestone, ...]:
    return tuple(
        Milestone(
            code=code,
            title=code,
            criteria=draw(st.lists(criteria, min_size=1, max_size=2).map(tuple)),
            then=draw(bounds),
        )
        for code in draw(some(st.sampled_from(CODES), 2))
    )


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    region = draw(st.sampled_from([Region.KNEE, Region.SHOULDER, Region.NECK, Region.WHOLE_BODY]))
    severity = draw(st.sampled_from(Severity))
    rules = [rule for rule in ReviewRule if severity is Severity.CAUTION or rule != "lapses"]
    chosen = draw(bounds)
    return Terms(
        severity=severity,
        patterns=chosen.patterns,
        limits=chosen.limits,
        substitutes=chosen.substitutes,
        stop_signs=chosen.stop_signs,
        region=region,
        side=None if region in UNSIDED else draw(st.sampled_from(Side)),
        reason="it is healing",
        review_by=draw(st.dates(date(2026, 10, 1), date(2027, 3, 1))),
        review_rule=draw(st.sampled_from(rules)),
        call=draw(maybe(st.just(WhomToCall(name="Priya", phone="555 0134")))),
        milestones=draw(milestones()),
    )


ids = st.sampled_from(IDS)
codes = st.sampled_from(CODES)
evidence = some(readings, 2)
facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(RestrictionImposed, restriction=ids, terms=all_terms(), clinical_reason=maybe(words)),
    st.builds(
        RestrictionModified, restriction=ids, terms=all_terms(), clinical_reason=maybe(words)
    ),
    st.builds(RestrictionCorrected, restriction=ids, terms=all_terms(), reason=words),
    st.builds(RestrictionReviewed, restriction=ids, review_by=st.dates()),
    st.builds(RestrictionLifted, restriction=ids, rationale=words),
    st.builds(RestrictionRetracted, restriction=ids, reason=words),
    st.builds(MilestoneProposed, restriction=ids, milestone=codes, evidence=evidence),
    st.builds(MilestoneConfirmed, restriction=ids, milestone=codes, bounds=bounds),
    st.builds(MilestoneDeclined, restriction=ids, milestone=codes, reason=words),
    st.builds(MilestoneRevoked, restriction=ids, milestone=codes, bounds=bounds, reason=words),
    st.builds(HoldPlaced, hold=ids, terms=all_terms()),
    st.builds(HoldReviewed, hold=ids, outcome=st.sampled_from(HoldOutcome), rationale=words),
    st.builds(RestrictionAcknowledged, restriction=ids, seen=st.integers(1, 12)),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Facts in any order, whether or not anybody would have been let decide them."""
    return [
        entry(version, fact, draw(st.sampled_from(PEOPLE)), NOW + timedelta(hours=version))
        for version, fact in enumerate(draw(st.lists(facts, max_size=12)), 1)
    ]
