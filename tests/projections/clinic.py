"""A small clinic on a real ledger: its staff, one client, and a door to look through.

Everybody is who they are in `tests.domain.given`. Every text carries a marker of its category, so
that a test sees at once in any bytes what got out.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson

from domain.access import AccessRecord, Denied, Disclosed, access_stream
from domain.actor import DEFAULT_PURPOSE, Actor
from domain.auditing import AuditClosed, AuditOpened, AuditReason
from domain.body import Pattern, Region, Side
from domain.client import ClientEnrolled, Identity
from domain.consent import ConsentGranted, ConsentWithdrawn
from domain.consent_terms import ConsentTerms
from domain.contact import Contact, EmergencyContact
from domain.entry import Entry
from domain.fact import Fact
from domain.lanes import REGULATED, Category, Discipline
from domain.ledger.command import Command
from domain.ledger.keys import KeyRing
from domain.ledger.ledger import Ledger
from domain.limits import Limits
from domain.organisation import OrganisationRecord, OrganisationRegistered
from domain.practitioner import (
    CredentialVerified,
    PractitionerRecord,
    PractitionerRegistered,
    Profile,
)
from domain.record import CareRecord
from domain.restriction import RestrictionImposed
from domain.team import CoordinatorAssigned, MemberJoined
from domain.terms import Severity, Substitute, Terms, WhomToCall
from projections.asking import Ask, NotYours, Released
from projections.disclosure import Door
from projections.kept import Copies
from projections.reader import Reader
from projections.views import rendering
from tests.domain.given import (
    ADMINISTRATOR,
    AUDITOR,
    CLIENT,
    CLINIC,
    COORDINATOR,
    GYM,
    KNEE,
    MASSAGE,
    PHYSIO,
    STRANGER,
    TRAINER,
    terms,
    uid,
)

STAFF = {
    PHYSIO: "Priya Nair",
    MASSAGE: "Mara Silva",
    TRAINER: "Sam Osei",
    COORDINATOR: "Cleo Brandt",
    AUDITOR: "Aude Martin",
    ADMINISTRATOR: "Ada Lund",
    STRANGER: "Stef Unknown",
}
MARKERS = {
    Category.IDENTITY: "Marked-Identity",
    Category.CONTACT: "Marked-Contact",
    Category.ALERTS: "Marked-Alerts",
    Category.RESTRICTIONS: "Marked-Restrictions",
    Category.CLINICAL: "Marked-Clinical",
}
YEAR = timedelta(days=365)


def now() -> datetime:
    return datetime.now(UTC)


def marked_terms(**changes: Any) -> Terms:
    """A right knee that is to be loaded with care: every text is marked."""
    mark = MARKERS[Category.RESTRICTIONS]
    usual: dict[str, Any] = {
        "severity": Severity.MODIFY,
        "region": Region.KNEE,
        "side": Side.RIGHT,
        "patterns": (Pattern.SQUAT,),
        "reason": f"{mark}: it is healing.",
        "review_by": date.today() + timedelta(days=42),
        "limits": Limits(max_effort=6),
        "substitutes": (Substitute(name="leg press", pattern=Pattern.SQUAT),),
        "stop_signs": ("swelling the same day",),
        "call": WhomToCall(name="Priya", phone="555 0134"),
    }
    return Terms(**{**usual, **changes})


def imposed(item: UUID = KNEE, **changes: Any) -> RestrictionImposed:
    return RestrictionImposed(
        restriction=item,
        terms=marked_terms(**changes),
        clinical_reason=f"{MARKERS[Category.CLINICAL]}: effusion.",
    )


ENROLLED = ClientEnrolled(
    identity=Identity(name=f"Noor {MARKERS[Category.IDENTITY]}", birth_date=date(1988, 5, 17)),
    contact=Contact(address=f"1 {MARKERS[Category.CONTACT]} Road"),
    emergency_contact=EmergencyContact(name=f"{MARKERS[Category.ALERTS]} Haddad", phone="555 0199"),
)


@dataclass
class Clinic:
    """One ledger, one client, one door whose clock can be set."""

    ledger: Ledger
    keys: KeyRing
    client: UUID = CLIENT.id
    clock: Callable[[], datetime] = now
    door: Door = field(init=False)

    def __post_init__(self) -> None:
        self.door = Door(self.ledger, lambda: self.clock(), Copies(self.ledger.sealing))

    async def opens(self) -> None:
        """Everybody is registered, the client enrolled, with a team of four; nobody may read."""
        for organisation, name in ((CLINIC, "Riverside Clinic"), (GYM, "Iron Gym")):
            await self._append(
                OrganisationRecord, organisation, ADMINISTRATOR, OrganisationRegistered(name=name)
            )
        for person, name in STAFF.items():
            await self.registers(person, name)
        team = [
            MemberJoined(
                practitioner=person.id,
                discipline=person.acting_as,
                organisation=person.organisation,
                due_to_train=person is TRAINER,
            )
            for person in (COORDINATOR, PHYSIO, MASSAGE, TRAINER)
        ]
        coordinated = CoordinatorAssigned(practitioner=COORDINATOR.id)
        await self.told(COORDINATOR, ENROLLED, *team, coordinated)

    async def registers(self, person: Actor, name: str) -> None:
        profile = Profile(
            name=name, disciplines=(person.acting_as,), organisation=person.organisation
        )
        await self.staffed(person, PractitionerRegistered(profile=profile))
        if person.acting_as in REGULATED:
            await self.staffed(person, licence(person.acting_as, now() + YEAR))

    async def told(self, by: Actor, *facts: Fact, effective: datetime | None = None) -> list[int]:
        """Facts of the care record, as they are; the positions they got."""
        return await self._append(CareRecord, self.client, by, *facts, effective=effective)

    async def staffed(self, person: Actor, *facts: Fact) -> list[int]:
        """Facts of a practitioner, as they are."""
        return await self._append(PractitionerRecord, person.id, ADMINISTRATOR, *facts)

    async def grants(self, name: str, to: Actor, *categories: Category, **more: Any) -> int:
        """The client grants consent `uid(name)`; its position."""
        return await self.grants_terms(name, terms(to, *categories, **more))

    async def grants_terms(self, name: str, what: ConsentTerms) -> int:
        (position,) = await self.told(CLIENT, ConsentGranted(consent=uid(name), terms=what))
        return position

    async def withdraws(self, name: str) -> int:
        (position,) = await self.told(CLIENT, ConsentWithdrawn(consent=uid(name)))
        return position

    async def restricts(self, item: UUID = KNEE, by: Actor = PHYSIO, **changes: Any) -> int:
        (position,) = await self.told(by, imposed(item, **changes))
        return position

    async def audits(self, case: str = "case", until: datetime | None = None) -> UUID:
        """The auditor opens a case on the client."""
        fact = AuditOpened(
            case=uid(case),
            client=self.client,
            auditor=AUDITOR.id,
            reason=AuditReason.COMPLAINT,
            until=until or now() + timedelta(days=1),
        )
        await self.noted(AUDITOR, fact)
        return uid(case)

    async def closes(self, case: str = "case") -> None:
        await self.noted(AUDITOR, AuditClosed(case=uid(case)))

    async def noted(self, reader: Actor, *facts: Fact) -> list[int]:
        """Facts of what `reader` accessed of the client."""
        stream = access_stream(self.client, reader.id)
        by = reader.authorship(now())
        events = tuple(
            self.ledger.sealing.event(fact, by, stream=stream, version=None, subject=self.client)
            for fact in facts
        )
        appended = await self.ledger.append(Command(uuid4(), events))
        return list(appended.positions)

    async def sees(
        self,
        person: Actor,
        view: str = "chart",
        item: UUID | None = None,
        door: Door | None = None,
        client: UUID | None = None,
        **how: Any,
    ) -> Released:
        """What the door releases of a view to this person."""
        render = rendering(view, person.acting_as, item)
        assert render is not None
        ask = Ask(view, render, item=item, **how)
        return await (door or self.door).disclose(reader(person), client or self.client, ask)

    async def tries(self, person: Actor, view: str = "chart", **how: Any) -> Released | None:
        """The same; None if nothing is theirs to see."""
        with suppress(NotYours):
            return await self.sees(person, view, **how)
        return None

    async def entries(self, stream: UUID | None = None) -> list[Entry]:
        return await self.ledger.entries(await self.ledger.log.stream(stream or self.client))

    async def access(self, person: Actor, client: UUID | None = None) -> AccessRecord:
        stream = access_stream(client or self.client, person.id)
        return await self.ledger.refresh(AccessRecord, stream)

    async def accessed(self, person: Actor, client: UUID | None = None) -> list[Entry]:
        return await self.entries(access_stream(client or self.client, person.id))

    async def disclosed(self, person: Actor) -> list[Disclosed]:
        found = await self.accessed(person)
        return [entry.fact for entry in found if isinstance(entry.fact, Disclosed)]

    async def denied(self, person: Actor, client: UUID | None = None) -> list[Denied]:
        found = await self.accessed(person, client)
        return [entry.fact for entry in found if isinstance(entry.fact, Denied)]

    async def _append(
        self,
        kind: Any,
        stream: UUID,
        by: Actor,
        *facts: Fact,
        effective: datetime | None = None,
    ) -> list[int]:
        decided = await self.ledger.decide(
            kind,
            stream,
            lambda _: list(facts),
            actor=Actor(by.id, by.acting_as),
            effective=effective or now(),
            command_id=uuid4(),
        )
        assert decided.appended is not None
        return list(decided.appended.positions)


def licence(discipline: Discipline, until: datetime, number: str = "1") -> CredentialVerified:
    return CredentialVerified(
        discipline=discipline, body="College", number=number, valid_until=until
    )


def reader(person: Actor) -> Reader:
    return Reader(person.id, person.acting_as, DEFAULT_PURPOSE[person.acting_as])


def body(released: Released) -> Any:
    return orjson.loads(released.body)


def marked(content: bytes) -> set[Category]:
    """The categories whose markers are in these bytes."""
    return {category for category, mark in MARKERS.items() if mark.encode() in content}
