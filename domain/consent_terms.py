"""What a consent says: to whom, of what, for which purposes, for how long, and what not."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Self, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, ValidationInfo, model_validator

from domain.fact import Value, replaying
from domain.grantee import Grantee, ToPractitioner
from domain.lanes import GRANTABLE, Category, Purpose

GRANTABLE_PURPOSES = frozenset(Purpose) - {Purpose.SELF}
CARE_PURPOSES = frozenset({Purpose.TREATMENT, Purpose.TRAINING, Purpose.COORDINATION})
"""Purposes for which only somebody on the care team ever reads."""

Item = TypeVar("Item")


def _set_of(
    allowed: frozenset[str] | None = None,
) -> Callable[[tuple[Item, ...], ValidationInfo], tuple[Item, ...]]:
    """Checks that values are allowed, drops repetitions and puts them in one order, so that what
    means the same is stored the same."""

    def check(values: tuple[Item, ...], info: ValidationInfo) -> tuple[Item, ...]:
        beyond = {str(value) for value in values} - allowed if allowed is not None else None
        if allowed is not None and beyond and not replaying(info):
            raise ValueError(f"{', '.join(sorted(beyond))}: any of {', '.join(sorted(allowed))}")
        return tuple(sorted(set(values), key=str))

    return check


_Categories = Annotated[tuple[Category, ...], AfterValidator(_set_of(GRANTABLE))]
_Purposes = Annotated[tuple[Purpose, ...], AfterValidator(_set_of(GRANTABLE_PURPOSES))]
_Ids = Annotated[tuple[UUID, ...], Field(max_length=500), AfterValidator(_set_of())]


class ConsentTerms(Value):
    """The terms of a consent. In force at `t` if `starts` ≤ t < `until`, where these are given.

    Exceptions narrow this consent only: what another one covers, it covers.
    """

    grantee: Grantee
    categories: Annotated[_Categories, Field(min_length=1, max_length=len(GRANTABLE))]
    purposes: Annotated[_Purposes, Field(min_length=1, max_length=len(GRANTABLE_PURPOSES))]
    starts: AwareDatetime | None = None
    until: AwareDatetime | None = None
    except_categories: Annotated[_Categories, Field(max_length=len(GRANTABLE))] = ()
    except_items: _Ids = ()
    except_people: _Ids = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.starts and self.until and self.until <= self.starts:
            raise ValueError("until: later than starts")
        if not self.open_categories:
            raise ValueError("except_categories: leave at least one of the categories granted")
        grantee = self.grantee
        if isinstance(grantee, ToPractitioner) and grantee.practitioner in self.except_people:
            raise ValueError("except_people: not the one person to whom this is granted")
        return self

    @property
    def open_categories(self) -> frozenset[Category]:
        """The categories that are granted and not excepted."""
        return frozenset(self.categories) - frozenset(self.except_categories)

    def opens(self, category: Category) -> bool:
        """Whether `category` is granted and not excepted."""
        return category in self.categories and category not in self.except_categories

    def in_force(self, now: datetime) -> bool:
        """Whether `now` lies in the period."""
        return (self.starts is None or self.starts <= now) and (
            self.until is None or now < self.until
        )
