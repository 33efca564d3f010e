"""The people of the demo clinic. All invented; their ids never change, so that links stay true."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from domain.lanes import Discipline
from workers.failed import Exit, Failed

NAMESPACE: Final = UUID("5a0c5a5e-7a4d-5d5b-9d3e-7a616e64656d")
"""Of the demo's ids. Never change it: everybody would be somebody else."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """One of the places where the demo's people work."""

    slug: str
    name: str

    @property
    def id(self) -> UUID:
        """Its id, the same in every demo."""
        return uuid5(NAMESPACE, f"organisation/{self.slug}")


NORTH_GYM: Final = Organisation("north-gym", "North Gym")
RIVERSIDE: Final = Organisation("riverside", "Riverside Physiotherapy")
ORGANISATIONS: Final = (NORTH_GYM, RIVERSIDE)


@dataclass(frozen=True, slots=True)
class Person:
    """One of the demo's people, and what they usually act as."""

    slug: str
    name: str
    acting_as: Discipline
    organisation: Organisation | None = None
    about: str = ""
    licence: str | None = None

    @property
    def id(self) -> UUID:
        """Their id, the same in every demo."""
        return uuid5(NAMESPACE, f"person/{self.slug}")


ALEX: Final = Person("alex", "Alex Morgan", Discipline.ADMINISTRATOR, about="keeps the directory")
PRIYA: Final = Person(
    "priya", "Priya Nair", Discipline.PHYSIOTHERAPIST, RIVERSIDE, "treats", "PT-0417"
)
SAM: Final = Person("sam", "Sam Ortiz", Discipline.TRAINER, NORTH_GYM, "trains")
MEI: Final = Person(
    "mei", "Mei Tanaka", Discipline.MASSAGE_THERAPIST, RIVERSIDE, "treats", "RMT-1182"
)
JO: Final = Person("jo", "Jo Adler", Discipline.COORDINATOR, RIVERSIDE, "coordinates")
ADA: Final = Person("ada", "Ada Quist", Discipline.AUDITOR, about="audits who knew what and when")

ROBIN: Final = Person("robin", "Robin Vale", Discipline.CLIENT, about="knee replaced, week 6")
KIM: Final = Person("kim", "Kim Sorrel", Discipline.CLIENT, about="back pain seen under load")
NOA: Final = Person("noa", "Noa Lind", Discipline.CLIENT, about="withdrew Sam's consent")
LOU: Final = Person("lou", "Lou Bennett", Discipline.CLIENT, about="complains about a session")

STAFF: Final = (ALEX, PRIYA, SAM, MEI, JO, ADA)
CLIENTS: Final = (ROBIN, KIM, NOA, LOU)
EVERYBODY: Final = (*STAFF, *CLIENTS)


def find(slug: str, people: tuple[Person, ...] = EVERYBODY) -> Person:
    """The person called so. Raises Failed, naming everybody, for any other."""
    for person in people:
        if person.slug == slug.lower():
            return person
    known = ", ".join(person.slug for person in people)
    raise Failed(f"There is nobody called {slug!r} in the demo. People: {known}.", Exit.USAGE)
