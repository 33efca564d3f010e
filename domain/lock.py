"""Locks: what the client keeps from somebody, whatever a consent says."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from domain.actor import Actor
from domain.entry import Entry
from domain.fact import Fact
from domain.grantee import Grantee, ToPractitioner, belongs, keeps_out
from domain.lanes import Category
from domain.parties import require_client
from domain.refused import Refused, Unprocessable
from domain.source import Source

if TYPE_CHECKING:
    from domain.record import CareRecord
    from domain.team import CareTeam


class ItemLocked(
    Fact, type="lock.item-locked.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client keeps one item of the record from a party, or (None) from everybody else.

    `silent`: whoever is kept out is not told that there is something.
    """

    lock: UUID
    item: UUID
    party: Grantee | None = None
    silent: bool = False


class PartyLocked(
    Fact, type="lock.party-locked.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client keeps a party out of the record altogether."""

    lock: UUID
    party: Grantee
    silent: bool = False


class LockLifted(
    Fact, type="lock.lifted.v1", part="consents", category=Category.CONSENTS, policy=True
):
    """The client takes a lock away. What consents say holds again."""

    lock: UUID


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that stands: of one `item`, or (None) of the whole record; against `party`, or (None)
    against everybody but the client."""

    id: UUID
    item: UUID | None
    party: Grantee | None
    silent: bool
    source: Source

    def keeps_out(self, reader: Actor, team: "CareTeam") -> bool:
        """Whether it stands between this reader and what it locks."""
        return self.party is None or keeps_out(self.party, team, reader)


@dataclass(frozen=True, slots=True)
class Locks:
    """The locks that stand, by id, in the order in which they were placed."""

    by_id: Mapping[UUID, Lock] = field(default_factory=dict)

    def evolve(self, entry: Entry) -> Self:
        """The locks with one more entry."""
        source = Source.of(entry)
        match entry.fact:
            case ItemLocked(lock=id, item=item, party=party, silent=silent):
                return self._with(Lock(id, item, party, silent, source))
            case PartyLocked(lock=id, party=party, silent=silent):
                return self._with(Lock(id, None, party, silent, source))
            case LockLifted(lock=lifted):
                kept = {id: lock for id, lock in self.by_id.items() if id != lifted}
                return replace(self, by_id=kept)
        return self

    def _with(self, lock: Lock) -> Self:
        return replace(self, by_id={**self.by_id, lock.id: lock})

    def on_record(self, reader: Actor, team: "CareTeam") -> Lock | None:
        """A lock that keeps `reader` out altogether, if there is one."""
        return next((lock for lock in self._against(reader, team) if lock.item is None), None)

    def on_items(self, reader: Actor, team: "CareTeam") -> Mapping[UUID, bool]:
        """Items kept from `reader`: id → whether they are not to be told (every lock is silent)."""
        items: dict[UUID, bool] = {}
        for lock in self._against(reader, team):
            if lock.item is not None:
                items[lock.item] = lock.silent and items.get(lock.item, True)
        return items

    def _against(self, reader: Actor, team: "CareTeam") -> list[Lock]:
        return [lock for lock in self.by_id.values() if lock.keeps_out(reader, team)]


def lock_item(
    record: "CareRecord",
    by: Actor,
    lock: UUID,
    item: UUID,
    *,
    now: datetime,
    party: Grantee | None = None,
    silent: bool = False,
    told_consequence: bool = False,
) -> list[Fact]:
    """Keep one item from a party, or from everybody else.

    A restriction kept from somebody due to train makes training `clearance-needed`: that is never
    silent (`silence-unsafe`), and the client must have been told (`consequence-not-told`).
    """
    require_client(record, by)
    _require_placeable(record, lock, party)
    if item in record.restrictions.items:
        _require_safe(record, party, silent, told_consequence)
    return [ItemLocked(lock=lock, item=item, party=party, silent=silent)]


def lock_party(
    record: "CareRecord",
    by: Actor,
    lock: UUID,
    party: Grantee,
    *,
    now: datetime,
    silent: bool = False,
    told_consequence: bool = False,
) -> list[Fact]:
    """Keep a party out altogether. Against somebody due to train, as for `lock_item`."""
    require_client(record, by)
    _require_placeable(record, lock, party)
    _require_safe(record, party, silent, told_consequence)
    return [PartyLocked(lock=lock, party=party, silent=silent)]


def unlock(record: "CareRecord", by: Actor, lock: UUID, *, now: datetime) -> list[Fact]:
    """Take a lock away. Refuses `client-only`, `unknown-lock`."""
    require_client(record, by)
    if lock not in record.consents.locks.by_id:
        raise Refused("unknown-lock")
    return [LockLifted(lock=lock)]


def _require_placeable(record: "CareRecord", lock: UUID, party: Grantee | None) -> None:
    if isinstance(party, ToPractitioner) and party.practitioner == record.id:
        raise Unprocessable("party", "somebody else: a client is not kept from their own record")
    if lock in record.consents.locks.by_id:
        raise Refused("lock-exists")


def _require_safe(
    record: "CareRecord", party: Grantee | None, silent: bool, told_consequence: bool
) -> None:
    trained_by = [
        member.practitioner
        for member in record.team.trainers()
        if party is None or belongs(member.practitioner, party, record.team)
    ]
    if trained_by and silent:
        raise Refused("silence-unsafe")
    if trained_by and not told_consequence:
        raise Refused("consequence-not-told", consequence="clearance-needed")
