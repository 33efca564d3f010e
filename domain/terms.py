"""Terms of a restriction: what it says, word for word, as its author committed it."""

from datetime import date
from enum import StrEnum, auto
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from domain.body import UNSIDED, Pattern, Region, Side
from domain.contact import Phone
from domain.criterion import Criterion
from domain.fact import Value, replaying
from domain.limits import Limits, Name

PlainText = Annotated[str, StringConstraints(min_length=1, max_length=500)]
ClinicalText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Sign = Annotated[
    str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")
]
MilestoneCode = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)
]


class Severity(StrEnum):
    """How strictly a restriction is meant, strictest first."""

    STOP = auto()
    """Not at all."""
    MODIFY = auto()
    """Within limits."""
    CAUTION = auto()
    """With care, and watch."""


class ReviewRule(StrEnum):
    """What holds once the review date has passed without a review."""

    STAYS = auto()
    BLOCKS_NEW_LOAD = auto()
    """Stays, and nothing may be added or made heavier."""
    LAPSES = auto()
    """Ends by itself; for cautions only."""


class Authority(StrEnum):
    """On whose orders a restriction stands."""

    SURGEON = auto()
    PHYSICIAN = auto()
    PHYSIO = auto()


class OrderedBy(Value):
    """Who ordered it. Only that authority, a delegate of theirs or their cover loosens it.

    `person` is the authority's id if they have an account; otherwise their delegates act for
    them. A physio's own restriction names neither: its author is the authority.
    """

    authority: Authority = Authority.PHYSIO
    name: Name | None = None
    person: UUID | None = None
    delegates: Annotated[tuple[UUID, ...], Field(max_length=8)] = ()

    @model_validator(mode="after")
    def _somebody_can_loosen(self, info: ValidationInfo) -> Self:
        if self.authority is Authority.PHYSIO or replaying(info):
            return self
        if self.person is None and not self.delegates:
            raise ValueError(
                f"name the {self.authority} (person) or at least one delegate:"
                " otherwise nobody could ever loosen it"
            )
        return self


class WhomToCall(Value):
    """Whom to call when a stop sign shows, or when in doubt."""

    name: Name
    phone: Phone | None = None
    note: Name | None = None


class Substitute(Value):
    """What may be done instead; within the limits of the restriction that permits it."""

    name: Name
    pattern: Pattern | None = None


class Bounds(Value):
    """What a restriction rules out and what it leaves: the part that milestones change."""

    severity: Severity
    patterns: Annotated[tuple[Pattern, ...], Field(max_length=len(Pattern))] = ()
    limits: Limits = Limits()
    substitutes: Annotated[tuple[Substitute, ...], Field(max_length=12)] = ()
    stop_signs: Annotated[tuple[Sign, ...], Field(max_length=8)] = ()

    @field_validator("patterns")
    @classmethod
    def _each_once(cls, patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
        return tuple(dict.fromkeys(patterns))


class Need(StrEnum):
    """How many criteria of a milestone have to be met."""

    ALL = auto()
    ANY = auto()


class Milestone(Value):
    """One step of a graduated return: what must be measured, and the bounds that then hold."""

    code: MilestoneCode
    title: Name
    criteria: Annotated[
        tuple[Criterion, ...], Field(max_length=8, json_schema_extra={"minItems": 1})
    ]
    need: Need = Need.ALL
    earliest: date | None = None
    then: Bounds

    @field_validator("criteria")
    @classmethod
    def _measurable(cls, criteria: tuple[Criterion, ...]) -> tuple[Criterion, ...]:
        if not criteria:
            raise ValueError("name at least one criterion that can be measured")
        return criteria


class Terms(Bounds):
    """All that a restriction says but for its clinical reason."""

    region: Region | None = None
    side: Side | None = None
    reason: PlainText
    """In plain words, for whoever trains the client."""
    review_by: date
    review_rule: ReviewRule = ReviewRule.STAYS
    call: WhomToCall | None = None
    ordered_by: OrderedBy = OrderedBy()
    milestones: Annotated[tuple[Milestone, ...], Field(max_length=12)] = ()

    @model_validator(mode="after")
    def _about_something(self, info: ValidationInfo) -> Self:
        if replaying(info):
            return self
        if self.region is None and not self.patterns:
            raise ValueError("name a region of the body or at least one movement pattern")
        if self.region is None and any(not step.then.patterns for step in self.milestones):
            raise ValueError("without a region, each milestone's then names movement patterns")
        every: tuple[Bounds, ...] = (self, *(step.then for step in self.milestones))
        if self.region is None and (self.side or any(bounds.limits.arcs for bounds in every)):
            raise ValueError("side and arcs need the region that they are of")
        if self.region is not None and self.region not in UNSIDED and self.side is None:
            raise ValueError(f"side of the {self.region} is left, right or both")
        return self

    @model_validator(mode="after")
    def _consistent(self, info: ValidationInfo) -> Self:
        if replaying(info):
            return self
        if self.review_rule is ReviewRule.LAPSES and self.severity is not Severity.CAUTION:
            raise ValueError("only a caution lapses; review_rule is stays or blocks_new_load")
        if len({step.code for step in self.milestones}) < len(self.milestones):
            raise ValueError("milestones each have a code of their own")
        return self

    def within(self, bounds: Bounds) -> "Terms":
        """These terms with other bounds, as a milestone that is reached or revoked sets them."""
        return self.model_copy(update={name: getattr(bounds, name) for name in Bounds.model_fields})

    @property
    def bounds(self) -> Bounds:
        """The part of the terms that milestones change."""
        return Bounds.model_construct(**{n: getattr(self, n) for n in Bounds.model_fields})
