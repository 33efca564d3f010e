"""The people of the demo clinic. All invented; their ids never change, so that links stay true."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid5

from domain.lanes import Discipline
from workers.failed import Exit, Failed

NAMESPACE: Final = UUID("5a0c5a5e-7a4d-5d5b-9d3e-7a616e64656d")
"""Of the demo's ids. Never change it: everybody would be somebody else."""

NORTH_GYM: Final = uuid5(NAMESPACE, "organisation/north-gym")
RIVERSIDE: Final = uuid5(NAMESPACE, "organisation/riverside-physiotherapy")


@dataclass(frozen=True, slots=True)
class Person:
    """One of the demo's people, and what they usually act as."""

    slug: str
    name: str
    acting_as: Discipline
    organisation: UUID | None = None
    about: str = ""

    @property
    def id(self) -> UUID:
        """Their id, the same in every demo."""
        return uuid5(NAMESPACE, f"person/{self.slug}")


ADMINISTRATOR: Final = Person(
    "alex", "Alex Morgan", Discipline.ADMINISTRATOR, about="keeps the directory"
)
PRIYA: Final = Person(
    "priya", "Priya Nair", Discipline.PHYSIOTHERAPIST, RIVERSIDE, "physiotherapist at Riverside"
)
SAM: Final = Person("sam", "Sam Ortiz", Discipline.TRAINER, NORTH_GYM, "trainer at North Gym")
MEI: Final = Person(
    "mei", "Mei Tanaka", Discipline.MASSAGE_THERAPIST, RIVERSIDE, "massage therapist (RMT)"
)
JO: Final = Person("jo", "Jo Adler", Discipline.COORDINATOR, RIVERSIDE, "coordinates the care")
ADA: Final = Person("ada", "Ada Quist", Discipline.AUDITOR, about="audits who knew what and when")

STAFF: Final = (ADMINISTRATOR, PRIYA, SAM, MEI, JO, ADA)


def find(slug: str, people: tuple[Person, ...] = STAFF) -> Person:
    """The person called so. Raises Failed, naming everybody, for any other."""
    for person in people:
        if person.slug == slug.lower():
            return person
    known = ", ".join(person.slug for person in people)
    raise Failed(f"There is nobody called {slug!r} in the demo. People: {known}.", Exit.USAGE)
