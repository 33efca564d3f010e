"""How many more clients a practitioner can take: what whoever refers to them goes by."""

from datetime import date
from typing import Annotated

from pydantic import Field

from domain.fact import Fact
from domain.lanes import Category

Places = Annotated[int, Field(ge=0, le=1000)]
Waiting = Annotated[int, Field(ge=0, le=10000)]


class CapacityNoted(
    Fact, type="practitioner.capacity-noted.v1", part="practitioner", category=Category.IDENTITY
):
    """How many more clients a practitioner can take now, and how many wait.

    `next_free`: the day on which the next place is expected to be free, if there is none now. No
    client is named: a number is all that there is of those who wait.
    """

    places: Places
    waiting: Waiting = 0
    next_free: date | None = None
