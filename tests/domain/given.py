"""Given some facts: a care record told entry by entry, and the people who appear in it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from domain.actor import Actor
from domain.body import Pattern
from domain.client import ClientEnrolled, Identity
from domain.consent import ConsentGranted
from domain.consent_terms import ConsentTerms
from domain.entry import Entry
from domain.fact import Fact
from domain.grantee import Grantee, ToPractitioner
from domain.lanes import Category, Discipline, Purpose
from domain.record import CareRecord
from domain.restriction import RestrictionImposed
from domain.team import MemberJoined
from domain.terms import Severity, Terms

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def uid(name: str) -> UUID:
    """The id that `name` has in every test."""
    return uuid5(UUID(int=1), name)


CLINIC, GYM = uid("clinic"), uid("gym")
CLIENT = Actor.client(uid("client"))
PHYSIO = Actor(uid("priya"), Discipline.PHYSIOTHERAPIST, 1, organisation=CLINIC)
MASSAGE = Actor(uid("mara"), Discipline.MASSAGE_THERAPIST, 1, organisation=CLINIC)
TRAINER = Actor(uid("sam"), Discipline.TRAINER, 1, organisation=GYM)
COORDINATOR = Actor(uid("cleo"), Discipline.COORDINATOR, 1, organisation=CLINIC)
AUDITOR = Actor(uid("aude"), Discipline.AUDITOR, 1)
ADMINISTRATOR = Actor(uid("ada"), Discipline.ADMINISTRATOR, 1)
STRANGER = Actor(uid("stranger"), Discipline.PHYSIOTHERAPIST, 1)

IDENTITY = Identity(name="Noor Haddad", birth_date=date(1988, 5, 17))
KNEE = uid("knee")


def happened(record: CareRecord, by: Actor, *facts: Fact, at: datetime = NOW) -> CareRecord:
    """The record after these facts, recorded `at`."""
    for fact in facts:
        record = record.evolve(entry(record, by, fact, at))
    return record


def entry(record: CareRecord, by: Actor, fact: Fact, at: datetime = NOW) -> Entry:
    """`fact` as the next entry of the record. Positions leave room for other streams."""
    return Entry(record.id, record.version + 1, fact, by.authorship(at), at, record.position + 3)


def enrolled() -> CareRecord:
    """A client whom the coordinator has enrolled, and nobody on the team."""
    return happened(CareRecord(CLIENT.id), COORDINATOR, ClientEnrolled(identity=IDENTITY))


def joined(
    record: CareRecord, *people: Actor, due_to_train: bool | None = None, at: datetime = NOW
) -> CareRecord:
    """The record once these people are on the team, each through their organisation."""
    for person in people:
        trains = person.acting_as is Discipline.TRAINER if due_to_train is None else due_to_train
        fact = MemberJoined(
            practitioner=person.id,
            discipline=person.acting_as,
            organisation=person.organisation,
            due_to_train=trains,
        )
        record = happened(record, COORDINATOR, fact, at=at)
    return record


def with_team() -> CareRecord:
    """The client with coordinator, physiotherapist, massage therapist and trainer; no consent."""
    return joined(enrolled(), COORDINATOR, PHYSIO, MASSAGE, TRAINER)


def terms(
    to: Actor | Grantee,
    *categories: Category,
    purposes: Iterable[Purpose] = (Purpose.TREATMENT, Purpose.TRAINING, Purpose.COORDINATION),
    starts: datetime | None = None,
    until: datetime | None = None,
    except_categories: tuple[Category, ...] = (),
    except_items: tuple[UUID, ...] = (),
    except_people: tuple[UUID, ...] = (),
) -> ConsentTerms:
    """Consent terms, for care purposes unless said otherwise."""
    return ConsentTerms(
        grantee=ToPractitioner(practitioner=to.id) if isinstance(to, Actor) else to,
        categories=categories,
        purposes=tuple(purposes),
        starts=starts,
        until=until,
        except_categories=except_categories,
        except_items=except_items,
        except_people=except_people,
    )


def granted(record: CareRecord, name: str, what: ConsentTerms, *, at: datetime = NOW) -> CareRecord:
    """The record once the client has granted consent `uid(name)`."""
    return happened(record, CLIENT, ConsentGranted(consent=uid(name), terms=what), at=at)


def restricted(
    record: CareRecord, restriction: UUID = KNEE, *, by: Actor = PHYSIO, at: datetime = NOW
) -> CareRecord:
    """The record once squatting is ruled out, for a reason that is `clinical`."""
    what = Terms(
        severity=Severity.STOP,
        patterns=(Pattern.SQUAT,),
        reason="The knee does not bend far enough yet.",
        review_by=(at + 30 * DAY).date(),
    )
    fact = RestrictionImposed(
        restriction=restriction, terms=what, clinical_reason="Effusion after meniscectomy."
    )
    return happened(record, by, fact, at=at)
