"""What policy lets one reader see of one client, for one purpose, at one moment; and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from uuid import UUID

from domain.lanes import Category, Discipline, Lane, Purpose, lanes_of


class Rule(StrEnum):
    """The rule of the precedence table by which something may be read."""

    SELF = auto()
    """The client about themselves."""
    CONSENT = auto()
    BREAK_GLASS = auto()
    SAFETY_MINIMUM = auto()
    """Whoever is due to train the client: pattern, limit, stop signs, whom to call."""
    COORDINATION = auto()
    """Whoever coordinates for the client: who is on the care team, and that a consent or a broken
    glass waits for somebody; nothing of what it says."""
    AUDIT = auto()
    """An auditor, with a recorded purpose."""
    REFERRAL = auto()
    """The client agreed to a referral: to its recipient what it encloses, while it is under way;
    to its initiator the referral itself."""
    OWN_FACTS = auto()
    """An author reads what they wrote."""


class Withheld(StrEnum):
    """Why something is not shown. A code for accountability, never released as such."""

    NO_CONSENT = auto()
    OUTSIDE_LANE = auto()
    EXCEPTED = auto()
    """A consent covers it but for this exception."""
    LOCKED = auto()
    ERASED = auto()
    NOT_IN_GOOD_STANDING = auto()
    SAFETY_MINIMUM_ONLY = auto()


@dataclass(frozen=True, slots=True)
class Basis:
    """Why something may be read: the rule, what it refers to (a consent, a break-glass, an audit
    case), and the instant at which it ends by itself."""

    rule: Rule
    reference: UUID | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What `reader` may see. A category is either in `categories` or in `withheld`.

    `items` are open in their own right, of a category that may be closed otherwise: referrals of
    which the reader is a party. `hidden` are items (restrictions, …) locked for this reader, and
    the codes why; those of `unmentioned` silently so: the reader is not told that there is
    something. `excepted` are, for an open category, the items that its basis leaves out: id → the
    other basis on which that item may be shown, or None. `own_facts`: the reader wrote something
    here, is in good standing, and reads what they wrote themselves. `safety_minimum` says that
    `restrictions` is open only as the safety minimum; `minimum` is the basis on which at least that
    much may be shown of each. `labels` must travel with whatever is shown. `not_after` is the
    earliest instant at which any of this ends by itself: nothing may be released on this scope
    afterwards.
    """

    reader: UUID
    acting_as: Discipline
    purpose: Purpose
    categories: Mapping[Category, Basis] = field(default_factory=dict)
    withheld: Mapping[Category, Withheld] = field(default_factory=dict)
    items: Mapping[UUID, Basis] = field(default_factory=dict)
    hidden: Mapping[UUID, Withheld] = field(default_factory=dict)
    unmentioned: frozenset[UUID] = frozenset()
    excepted: Mapping[Category, Mapping[UUID, Basis | None]] = field(default_factory=dict)
    own_facts: bool = False
    safety_minimum: bool = False
    minimum: Basis | None = None
    labels: tuple[str, ...] = ()
    not_after: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing at all may be shown: to this reader the client does not exist."""
        return not self.categories and not self.items and not self.own_facts

    def sees(
        self, category: Category, *, item: UUID | None = None, author: UUID | None = None
    ) -> Basis | None:
        """The basis on which a fact of `category`, of `item`, by `author` may be shown; or None."""
        if item is not None and item in self.hidden:
            return None
        basis = self.categories.get(category)
        if item is not None:
            basis = self.excepted.get(category, {}).get(item, basis)
        if basis is not None and basis.rule is Rule.SAFETY_MINIMUM:
            basis = None  # opens the minimum and nothing else: `sees_minimum`
        if basis is not None and basis.rule is Rule.COORDINATION:
            basis = None  # opens the team and nothing else: `sees_team`
        if basis is None and item is not None and category is Category.REFERRALS:
            basis = self.items.get(item)
        if basis is None and self.own_facts and author == self.reader:
            return Basis(Rule.OWN_FACTS)
        return basis

    def sees_minimum(self, restriction: UUID, *, author: UUID | None = None) -> Basis | None:
        """The basis on which at least the safety minimum of a restriction may be shown: pattern,
        limit, stop signs, whom to call. Where `sees` is None and this is not, nothing else may."""
        if restriction in self.hidden:
            return None
        return self.sees(Category.RESTRICTIONS, item=restriction, author=author) or self.minimum

    def sees_team(self) -> Basis | None:
        """The basis on which may be shown who is on the care team, and that an oral consent or a
        broken glass waits for somebody. Where `sees` is None, nothing else of consents may."""
        return self.categories.get(Category.CONSENTS)

    def lanes(self, category: Category) -> frozenset[Lane]:
        """What the reader's discipline can do with `category`: how much of it to show."""
        return lanes_of(self.acting_as, category)
