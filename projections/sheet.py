"""A view of one client while it is being written: what is shown, and what is not, as it goes.

A view is pure: `(record, scope, now) -> View`. Live pages, the API and the time machine call the
same function, at the head or at an earlier moment.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.lanes import Category
from domain.legal_label import WORDING, LegalLabel
from domain.record import CareRecord
from domain.scope import Basis, Scope, Withheld

Body = dict[str, Any]


class NothingToShow(Exception):
    """What was asked for is not there, or not for this reader: the two look the same."""


@dataclass(frozen=True, slots=True)
class View:
    """A rendered view. `body` is JSON-ready; `shown` are the record versions whose content is in
    it (altering any other fact never changes it); `categories` are those that it tells anything of,
    if only that there is nothing, each with every basis on which it does; `withheld` those not
    shown, each with a code; `mentions` the practitioners named in it."""

    body: Body
    shown: frozenset[int]
    categories: Mapping[Category, tuple[Basis, ...]]
    withheld: Mapping[Category, Withheld]
    mentions: frozenset[UUID] = frozenset()


ViewFunction = Callable[[CareRecord, Scope, datetime], View]


@dataclass(slots=True)
class Sheet:
    """Collects what a view shows. Ask `opens` before writing anything of the record into a body."""

    record: CareRecord
    scope: Scope
    now: datetime
    _shown: set[int] = field(default_factory=set)
    _categories: dict[Category, tuple[Basis, ...]] = field(default_factory=dict)
    _mentions: set[UUID] = field(default_factory=set)

    def opens(
        self,
        category: Category,
        *versions: int,
        item: UUID | None = None,
        author: UUID | None = None,
    ) -> bool:
        """Whether content of `category` may be shown; if so, `versions` count as shown."""
        basis = self.scope.sees(category, item=item, author=author)
        if basis is None:
            return False
        self._rests(category, basis)
        self.shows(versions)
        return True

    def lists(self, category: Category) -> None:
        """Note that the body lists what there is of an open category: that there is nothing is
        told on its basis too."""
        basis = self.scope.categories.get(category)
        if basis is not None:
            self._rests(category, basis)

    def opens_minimum(self, restriction: UUID, *versions: int, author: UUID) -> bool:
        """Whether at least the safety minimum of a restriction may be shown."""
        basis = self.scope.sees_minimum(restriction, author=author)
        if basis is None:
            return False
        self._rests(Category.RESTRICTIONS, basis)
        self.shows(versions)
        return True

    def opens_team(self, *versions: int) -> bool:
        """Whether who is on the care team may be shown, and that something of consents waits for
        somebody; if so, `versions` count as shown."""
        basis = self.scope.sees_team()
        if basis is None:
            return False
        self._rests(Category.CONSENTS, basis)
        self.shows(versions)
        return True

    def shows(self, versions: Iterable[int]) -> None:
        """Note that the content of these record versions is in the body."""
        self._shown.update(version for version in versions if version)

    def _rests(self, category: Category, basis: Basis) -> None:
        known = self._categories.get(category, ())
        if basis not in known:
            self._categories[category] = (*known, basis)

    def mention(self, person: UUID) -> str:
        """The id of a practitioner, to be written into the body; the door adds their name."""
        self._mentions.add(person)
        return str(person)

    def view(self, body: Body) -> View:
        """The finished view. Labels of the scope travel with it."""
        if self.scope.labels:
            notices = [
                {"label": label, "notice": WORDING[LegalLabel(label)]}
                for label in self.scope.labels
            ]
            body = {**body, "labels": notices}
        return View(
            body=body,
            mentions=frozenset(self._mentions),
            shown=frozenset(self._shown),
            categories=dict(self._categories),
            withheld=dict(self.scope.withheld),
        )
