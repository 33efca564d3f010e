"""The stories that the demo tells. Everybody in them is invented, and so is what ails them.

One file a story: read it from top to bottom, it is what happens. What a step is answered is kept
in the story's journal, so that each is told once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from workers.clinic import Clinic
from workers.people import KIM, LOU, NOA, ROBIN, Person
from workers.stories import back_pain, complaint, knee, withdrawn


@dataclass(frozen=True, slots=True)
class Story:
    """One client's story."""

    slug: str
    title: str
    client: Person
    tell: Callable[[Clinic], None]


STORIES = (
    Story(knee.SLUG, "Robin Vale: a new knee, twelve weeks", ROBIN, knee.tell),
    Story(back_pain.SLUG, "Kim Sorrel: back pain seen under load", KIM, back_pain.tell),
    Story(withdrawn.SLUG, "Noa Lind: consent withdrawn mid-week", NOA, withdrawn.tell),
    Story(complaint.SLUG, "Lou Bennett: a complaint, later", LOU, complaint.tell),
)
