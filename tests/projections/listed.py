"""A clinic with its lists: several clients, a projector that is run when the test says so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import psycopg

from deploy.migrate import Urls
from domain.actor import Actor
from domain.client import ClientEnrolled, Identity
from domain.fact import Fact
from domain.lanes import Category
from domain.team import MemberJoined
from projections.blind_index import BlindIndex
from projections.board import Board
from projections.disclosing_lists import Named, board_page, register_page
from projections.listing import Listing
from projections.pages import Page
from projections.projecting import follow, rebuild
from projections.querying import Lists
from projections.register import Register
from tests.domain.given import CLIENT, COORDINATOR, IDENTITY, PHYSIO, TRAINER, uid
from tests.projections.clinic import Clinic, reader
from workers.lists import open_lists

INDEX = BlindIndex(b"k" * 32)


@dataclass
class Listed:
    """`project` brings the lists to the head of the log; until then they are behind."""

    clinic: Clinic
    urls: Urls
    lists: Lists
    board: Board = field(init=False)
    register: Register = field(default_factory=Register)

    def __post_init__(self) -> None:
        self.board = Board(self.clinic.keys, INDEX)

    def project(self, *listings: Listing) -> None:
        with open_lists(self.urls.projector_url) as (recorder, log):
            for listing in listings or (self.board, self.register):
                follow(listing, recorder, log)

    def rebuild(self, listing: Listing) -> None:
        with open_lists(self.urls.projector_url) as (recorder, log):
            rebuild(listing, recorder, log)

    def of(self, name: str) -> UUID:
        """From now on, what the clinic is told is about this client."""
        self.clinic.client = CLIENT.id if name == "client" else uid(name)
        return self.clinic.client

    async def enrols(self, name: str, called: str, *team: Actor) -> UUID:
        """One more client, with a team of these, or of physio, trainer and coordinator."""
        client = self.of(name)
        identity = Identity(name=called, birth_date=IDENTITY.birth_date)
        await self.clinic.told(COORDINATOR, ClientEnrolled(identity=identity))
        await self.joins(*(team or (PHYSIO, TRAINER, COORDINATOR)))
        return client

    async def joins(self, *team: Actor) -> None:
        for person in team:
            joined = MemberJoined(
                practitioner=person.id,
                discipline=person.acting_as,
                organisation=person.organisation,
                due_to_train=person is TRAINER,
            )
            await self.clinic.told(COORDINATOR, joined)

    async def shares(self, name: str, to: Actor, *categories: Category, **more: Any) -> None:
        """The client grants what a board shows, unless categories say otherwise."""
        usual = (Category.IDENTITY, Category.RESTRICTIONS)
        await self.clinic.grants(name, to, *(categories or usual), **more)

    async def sees_board(self, person: Actor, **how: Any) -> Page:
        return await board_page(self.lists, self.clinic.door, reader(person), **how)

    async def sees_register(self, person: Actor, **how: Any) -> Page:
        return await register_page(self.lists, self.clinic.door, reader(person), **how)

    async def notes(self, person: Actor, client: UUID, *facts: Fact) -> list[int]:
        """Facts of what `person` accessed of `client`."""
        self.clinic.client = client
        return await self.clinic.noted(person, *facts)

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What the service's role reads of a list as it is."""
        with psycopg.connect(self.urls.service_url, autocommit=True) as connection:
            return connection.execute(query.encode(), arguments).fetchall()


def named(name: str) -> Named:
    return Named(name, INDEX)


def restrictions(page: Page) -> list[str]:
    """The restrictions of a page, in its order."""
    return [row["restriction"] for row in page.rows]


def ids(*names: str) -> list[str]:
    return [str(uid(name)) for name in names]


def fragments(page: Page) -> dict[str, Any]:
    """What each client's fragment says, by client."""
    whole = orjson.loads(page.json())
    return {fragment["client"]: fragment for fragment in whole["clients"]}


def lines(page: Page) -> dict[str, Any]:
    """What the page says of each restriction."""
    return {
        line["restriction"]: line
        for fragment in fragments(page).values()
        for line in fragment["restrictions"]
    }


@asynccontextmanager
async def opened(clinic: Clinic, urls: Urls) -> AsyncIterator[Listed]:
    """The clinic with lists that nobody has projected yet."""
    lists = await Lists(urls.service_url).open()
    try:
        yield Listed(clinic, urls, lists)
    finally:
        await lists.close()
