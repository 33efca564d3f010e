"""Who is to be notified of a line of the log, as commands that append `Notified`; see `domain`.

Policy is asked when this is called, and each command is guarded by what it rested on: if a
withdrawal comes between, the log does not take it. A command's id follows from the fact and the
reader, so that however often this is done, nobody is notified twice.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from domain.access import AccessRecord, access_stream
from domain.acknowledgement import must_acknowledge
from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact, every_fact, policy_topics
from domain.lanes import PRACTITIONERS, Category, Discipline
from domain.ledger.command import Command, Guard
from domain.ledger.ledger import Ledger, Version
from domain.ledger.log import Epochs
from domain.ledger.upcast import stored_as
from domain.notified import Notified
from domain.notifying import (
    OCCASIONS,
    admitting,
    candidates,
    has_to_acknowledge,
    is_pressing,
    standing,
    urgency,
)
from domain.policy import scope as scope_of
from domain.practitioner import PractitionerRecord
from domain.record import CareRecord
from domain.refused import Refused
from domain.restricted import Restriction
from domain.scope import Basis, Scope
from projections.availability import item_of, visible
from projections.querying import Lists
from projections.register_queries import readers_of
from projections.scopes import Scopes

NOTIFYING: Final = frozenset(stored_as(OCCASIONS.keys() | admitting()))
"""Topics of lines that may occasion a notification. No access fact is among them."""

STANDING: Final = frozenset(
    stored_as(fact.type for fact in every_fact() if fact.part == "practitioner" and fact.policy)
)
"""Topics of lines after which what is known of a practitioner has to be looked up again."""


@dataclass(frozen=True, slots=True)
class Told:
    """One reader who may know: in what discipline, in what scope, with what standing."""

    actor: Actor
    scope: Scope
    recalls: int | None = None


@dataclass(slots=True)
class Notifying:
    """Asks who is to be notified. `epochs`: those of the log, so that ids outlive a restore.

    Whoever follows the log forgets what is known of a practitioner at each line of STANDING.
    """

    ledger: Ledger
    lists: Lists
    clock: Callable[[], datetime]
    epochs: Epochs
    _policy_topics: tuple[str, ...] = field(default_factory=policy_topics)
    _scopes: Scopes = field(default_factory=Scopes)

    async def commands(self, entry: Entry, *, fresh: bool) -> AsyncIterator[Command]:
        """A command for each reader who is to be notified of what `entry` says or brings about:
        those first who train the client. `fresh`: look up again what is known of the record and
        of their standing."""
        if not isinstance(entry.fact, Fact):
            return
        ledger = self.ledger
        look = (
            ledger.refresh(CareRecord, entry.stream) if fresh else ledger.after(CareRecord, entry)
        )
        record, now = await look, self.clock()
        if record.erased:
            return
        if entry.fact.type in OCCASIONS:
            async for told in self._audience(record, entry, now, fresh):
                yield self._of_fact(record, entry, told, now)
        if entry.fact.policy:
            async for told, item in self._let_in(record, entry, now, fresh):
                yield self._of_item(record, entry, told, item, now)

    def id(self, fact: int, reader: UUID, occasion: int) -> UUID:
        """The notification's id, and that of the command that appends it."""
        again = "" if occasion == fact else f":{occasion}"
        return uuid5(self.epochs.of(fact), f"{fact}:{reader}{again}")

    async def _audience(
        self, record: CareRecord, entry: Entry, now: datetime, fresh: bool
    ) -> AsyncIterator[Told]:
        """Everybody but the author whom the fact concerns and who may know of it; and those whom
        it recalls something from, whatever they may see today."""
        assert isinstance(entry.fact, Fact)
        fact, author, occasion = entry.fact, entry.by.actor, OCCASIONS[entry.fact.type]
        recalled = await self._recalled(record, entry) if occasion.wrong else {}
        recalled.pop(author, None)

        def concerned(told: Told) -> bool:
            basis = visible(told.scope, entry)
            return basis is not None and occasion.to(record, fact, told.actor)

        for person, disciplines in candidates(record, now).items():
            if person == author:
                continue
            told = await self._told(record, person, disciplines, now, fresh, concerned)
            if told is not None:
                _, recalls = recalled.pop(person, (None, None))
                yield replace(told, recalls=recalls)
        for person, (discipline, disclosure) in recalled.items():
            told = await self._told(record, person, (discipline,), now, fresh, _whatever)
            if told is not None:
                yield replace(told, recalls=disclosure)

    async def _recalled(
        self, record: CareRecord, entry: Entry
    ) -> dict[UUID, tuple[Discipline, int]]:
        """Practitioners to whom what `entry` sets right was released: the discipline in which,
        and the last disclosure that showed it."""
        assert isinstance(entry.fact, Fact)
        wrong = OCCASIONS[entry.fact.type].wrong
        versions = wrong(record, entry) if wrong else frozenset()
        found: dict[UUID, tuple[Discipline, int]] = {}
        for reader, discipline in await readers_of(self.lists, record.id):
            access = await self.ledger.refresh(AccessRecord, access_stream(record.id, reader))
            shown = [
                made
                for made in access.disclosures.values()
                if made.position < entry.position and any(map(made.shows, versions))
            ]
            if shown and discipline in PRACTITIONERS:
                found[reader] = (shown[-1].fact.acting_as, shown[-1].position)
        return found

    async def _let_in(
        self, record: CareRecord, entry: Entry, now: datetime, fresh: bool
    ) -> AsyncIterator[tuple[Told, Restriction]]:
        """What stands already and has become visible to somebody by a fact that policy rests on."""
        if not record.restrictions.active(now):
            return
        before = await self.ledger.read(CareRecord, record.id, Version(entry.version - 1))
        for person, disciplines in candidates(record, now).items():
            access = await self.ledger.refresh(AccessRecord, access_stream(record.id, person))
            for item in standing(record, person, now):
                later = item.edition.source.position > entry.position  # and told as such
                if later or _notified_since(access, item, entry.position):
                    continue
                let_in = _let_in_to(item, before, now)
                told = await self._told(record, person, disciplines, now, fresh, let_in)
                if told is not None:
                    yield told, item

    async def _told(
        self,
        record: CareRecord,
        person: UUID,
        disciplines: tuple[Discipline, ...],
        now: datetime,
        fresh: bool,
        wanted: Callable[[Told], bool],
    ) -> Told | None:
        """Somebody in good standing, in the first of these disciplines in which what policy lets
        them see now is `wanted`; None if there is none."""
        find = self.ledger.refresh if fresh else self.ledger.known
        staff = await find(PractitionerRecord, person)
        for actor in _acting(staff, disciplines, now):
            told = Told(actor, self._scopes.of(record, actor, now))
            if wanted(told):
                return told
        return None

    def _of_fact(self, record: CareRecord, entry: Entry, told: Told, now: datetime) -> Command:
        basis = visible(told.scope, entry)
        must = basis is not None and has_to_acknowledge(record, entry, told.actor.id, now)
        place = (entry.position, entry.version, entry.position)
        assert isinstance(entry.fact, Fact)
        pressing = is_pressing(record, entry.fact)
        item = item_of(entry.fact)
        return self._command(record, told, place, item, basis, must, now, pressing=pressing)

    def _of_item(
        self, record: CareRecord, entry: Entry, told: Told, item: Restriction, now: datetime
    ) -> Command:
        source, person = item.edition.source, told.actor.id
        due = any(member.practitioner == person for member in record.team.trainers())
        must = due and must_acknowledge(item, person)
        place = (source.position, source.version, entry.position)
        basis = _sees(told.scope, item)
        return self._command(record, told, place, item.id, basis, must, now)

    def _command(
        self,
        record: CareRecord,
        told: Told,
        place: tuple[int, int, int],
        item: UUID | None,
        basis: Basis | None,
        must: bool,
        now: datetime,
        *,
        pressing: bool = False,
    ) -> Command:
        (fact, version, occasion), actor = place, told.actor
        notified = Notified(
            notification=self.id(fact, actor.id, occasion),
            client=record.id,
            reader=actor.id,
            acting_as=actor.acting_as,
            fact=fact,
            record_version=version,
            item=item,
            occasion=occasion,
            rule=basis.rule if basis else None,
            reference=basis.reference if basis else None,
            recalls=told.recalls,
            urgency=urgency(must or pressing or told.recalls is not None),
            must_acknowledge=must,
        )
        event = self.ledger.sealing.event(
            notified,
            actor.authorship(now),
            stream=access_stream(record.id, actor.id),
            version=None,
            subject=record.id,
        )
        return Command(
            id=notified.notification,
            events=(event,),
            guards=tuple(self._guards(record, actor)),
            not_after=told.scope.not_after if basis else actor.not_after,
        )

    def _guards(self, record: CareRecord, actor: Actor) -> Iterator[Guard]:
        yield Guard(record.id, record.version, self._policy_topics)
        yield Guard(actor.id, actor.version)


def _sees(scope: Scope, item: Restriction) -> Basis | None:
    full = scope.sees(Category.RESTRICTIONS, item=item.id, author=item.author)
    return full or scope.sees_minimum(item.id, author=item.author)


def _notified_since(access: AccessRecord, item: Restriction, occasion: int) -> bool:
    sent = access.notifications.of(item.edition.source.position)
    return any(each.position > occasion for each in sent)


def _acting(
    staff: PractitionerRecord, disciplines: tuple[Discipline, ...], now: datetime
) -> Iterator[Actor]:
    for discipline in disciplines:
        with suppress(Refused):  # who does not hold it, or no longer, is told nothing in it
            if (actor := staff.acting(discipline, now)).good_standing:
                yield actor


def _let_in_to(item: Restriction, before: CareRecord, now: datetime) -> Callable[[Told], bool]:
    def let_in(told: Told) -> bool:
        if _sees(told.scope, item) is None:
            return False
        return _sees(scope_of(before, told.actor, told.scope.purpose, now), item) is None

    return let_in


def _whatever(told: Told) -> bool:
    return True
