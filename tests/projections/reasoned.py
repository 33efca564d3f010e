"""Lists that are made of reasons, as tests look at them: a clinic, a projector, a clock to set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from deploy.migrate import Urls
from domain.actor import Actor
from domain.fact import Fact
from domain.lanes import Category
from projections.concerns import Concerns
from projections.disclosing_reasons import reasons_page
from projections.pages import Page
from projections.reasons import Lens
from tests.domain.given import uid
from tests.projections.clinic import Clinic, now, reader
from tests.projections.listed import Listed, opened


@dataclass
class Reasoned:
    """`sees` projects first, so that what was told is on the list; `page` does not."""

    listed: Listed
    concerns: Concerns

    @property
    def clinic(self) -> Clinic:
        return self.listed.clinic

    async def told(self, by: Actor, *facts: Fact) -> list[int]:
        return await self.clinic.told(by, *facts)

    def after(self, span: timedelta) -> None:
        """From now on the door's clock is so far ahead."""
        self.clinic.clock = lambda: now() + span

    def at(self, moment: datetime) -> None:
        """From now on the door's clock stands."""
        self.clinic.clock = lambda: moment

    def project(self) -> None:
        self.listed.project(self.concerns)

    async def page(self, lens: Lens, person: Actor, **how: Any) -> Page:
        door = self.clinic.door
        return await reasons_page(self.listed.lists, door, reader(person), lens, **how)

    async def sees(self, lens: Lens, person: Actor, **how: Any) -> list[dict[str, Any]]:
        """What the page says of each client, in its order."""
        self.project()
        return lines(await self.page(lens, person, **how))

    async def codes(self, lens: Lens, person: Actor, client: UUID | None = None) -> list[str]:
        """The codes of the reasons for one client, the worst first; none if they are not there."""
        wanted = str(client or self.clinic.client)
        found = [line for line in await self.sees(lens, person) if line["client"] == wanted]
        return [reason["code"] for line in found for reason in line["reasons"]]

    async def enrols(self, name: str, *team: Actor, share: tuple[Category, ...] = ()) -> UUID:
        """One more client, who shares these with everybody on the team."""
        client = await self.listed.enrols(name, f"{name.title()} Marked-Identity", *team)
        for person in team:
            if share:
                await self.clinic.grants(f"{name} to {person.id}", person, *share)
        return client


def lines(page: Page) -> list[dict[str, Any]]:
    """What a page says of each client, in the order of its rows."""
    whole = orjson.loads(page.json())
    said = {fragment["client"]: fragment for fragment in whole["clients"]}
    return [said[row["client"]] for row in whole["rows"]]


def clients(page: Page) -> list[UUID]:
    return [UUID(row["client"]) for row in page.rows]


def sentence(found: list[dict[str, Any]], code: str) -> str:
    """What the lines say for this reason, which there must be once."""
    (said,) = (r["sentence"] for line in found for r in line["reasons"] if r["code"] == code)
    assert isinstance(said, str)
    return said


def named(*names: str) -> list[UUID]:
    return [uid(name) for name in names]


@asynccontextmanager
async def reasoned(clinic: Clinic, database: Urls) -> AsyncIterator[Reasoned]:
    """The clinic with a list of reasons that nobody has projected yet."""
    async with opened(clinic, database) as listed:
        yield Reasoned(listed, Concerns(clinic.keys))
