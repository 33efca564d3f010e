"""A clinic to test with: its people, and requests as each of them. Everything over HTTP."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI

from api.composition import Tandem
from deploy.issuer import DemoIssuer
from deploy.migrate import Urls
from deploy.settings import Settings
from domain import directory
from domain.actor import Actor
from domain.lanes import Discipline
from domain.practitioner import PractitionerRecord, Profile
from projections.projecting import follow
from workers.lists import make_lists, open_lists

TODAY = datetime.now(UTC).date()
REVIEW = (TODAY + timedelta(days=60)).isoformat()

TERMS: dict[str, Any] = {
    "severity": "modify",
    "region": "knee",
    "side": "right",
    "patterns": ["squat"],
    "limits": {"arcs": [{"movement": "flexion", "start": 0, "end": 90, "mode": "loaded"}]},
    "reason": "Do not bend it far under load yet.",
    "review_by": REVIEW,
}
CLINICAL = "Six weeks after knee replacement; quadriceps lag of ten degrees."
ANNA = {"name": "Anna Meierhofer", "birth_date": date(1979, 5, 2).isoformat()}


def settings_in(folder: Path) -> Settings:
    """Settings of a demo that keeps everything in `folder`."""
    kek = folder / "kek"
    kek.touch(mode=0o600)
    kek.write_text(base64.b64encode(bytes(range(32))).decode())
    return Settings(profile="demo", state_dir=folder, key_encryption_key_file=kek)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The application from start to stop."""
    async with app.router.lifespan_context(app):
        yield app


@dataclass(frozen=True)
class Person:
    """Somebody with a token; what they act as."""

    id: UUID
    acting_as: Discipline
    token: str

    def headers(self, **more: str) -> dict[str, str]:
        """Headers of a request of theirs."""
        return {"Authorization": f"Bearer {self.token}", **more}


class Clinic:
    """People and requests. Each method that asks something returns the answer as it came."""

    def __init__(self, app: FastAPI, settings: Settings, urls: Urls) -> None:
        self.app = app
        self._settings = settings
        self.urls = urls
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://tandem", timeout=30
        )
        self._issuer = DemoIssuer(settings)
        self.administrator = self.person(Discipline.ADMINISTRATOR)

    @property
    def tandem(self) -> Tandem:
        """The composition behind the application."""
        found: Tandem = self.app.state.tandem
        return found

    def person(self, acting_as: Discipline, id: UUID | None = None) -> Person:
        """Somebody with a token, whether or not anybody here knows them."""
        who = id or uuid4()
        return Person(who, acting_as, self._issuer.issue(who, acting_as, datetime.now(UTC)))

    async def open(self) -> None:
        """Register the first administrator, as `tandem bootstrap-administrator` does."""
        now = datetime.now(UTC)
        by = Actor(self.administrator.id, Discipline.ADMINISTRATOR)
        profile = Profile(name="Alex Morgan", disciplines=(Discipline.ADMINISTRATOR,))
        await self.tandem.ledger.decide(
            PractitionerRecord,
            by.id,
            lambda record: directory.register(record, by, profile, now=now, bootstrap=True),
            actor=by,
            effective=now,
            command_id=uuid4(),
        )
        await self.project()

    async def project(self) -> None:
        """Bring the lists to the head of the log, as the projector does."""
        await asyncio.to_thread(self._project)

    def _project(self) -> None:
        with open_lists(self.urls.projector_url) as (recorder, log):
            for listing in make_lists(self._settings):
                follow(listing, recorder, log)

    async def ask(
        self,
        who: Person | None,
        method: str,
        path: str,
        body: Any = None,
        *,
        seen: int | str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """One request."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if seen is not None:
            sent["If-Match"] = f'"{seen}"' if isinstance(seen, int) else seen
        if who is not None:
            sent |= who.headers()
        return await self.http.request(method, path, json=body, headers=sent)

    async def done(self, *asked: Any, **more: Any) -> dict[str, Any]:
        """One request that must succeed: its body."""
        answer = await self.ask(*asked, **more)
        assert answer.status_code in (200, 201), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def staff(self, discipline: Discipline, name: str = "Priya Nair") -> Person:
        """Somebody registered, with a credential if their discipline needs one."""
        who = self.person(discipline)
        profile = {"name": name, "disciplines": [discipline]}
        await self.done(
            self.administrator,
            "POST",
            "/practitioners",
            {"person": str(who.id), "profile": profile},
        )
        if discipline in (Discipline.PHYSIOTHERAPIST, Discipline.MASSAGE_THERAPIST):
            await self.done(
                self.administrator,
                "POST",
                f"/practitioners/{who.id}/credentials",
                {
                    "discipline": discipline,
                    "body": "College of Physiotherapists",
                    "number": "12345",
                    "valid_until": (datetime.now(UTC) + timedelta(days=300)).isoformat(),
                },
            )
        return who

    async def client_of(self, who: Person) -> Person:
        """A client whom `who` has taken in, and who can sign in."""
        client = self.person(Discipline.CLIENT)
        body = {"client": str(client.id), "identity": ANNA}
        await self.done(who, "POST", "/clients", body)
        return client

    async def join(self, client: Person, who: Person) -> None:
        """The client brings somebody onto their team."""
        body = {"practitioner": str(who.id), "discipline": who.acting_as}
        await self.done(client, "POST", f"/clients/{client.id}/team", body)

    async def consent(self, client: Person, to: Person, *categories: str) -> dict[str, Any]:
        """The client permits somebody to read: the receipt."""
        purposes = ["training"] if to.acting_as is Discipline.TRAINER else ["treatment"]
        terms = {
            "grantee": {"kind": "practitioner", "practitioner": str(to.id)},
            "categories": list(categories),
            "purposes": purposes,
        }
        return await self.done(client, "POST", f"/clients/{client.id}/consents", {"terms": terms})

    async def impose(self, client: Person, by: Person, **changes: Any) -> dict[str, Any]:
        """A restriction: the receipt."""
        body = {"terms": {**TERMS, **changes}, "clinical_reason": CLINICAL}
        return await self.done(by, "POST", f"/clients/{client.id}/restrictions", body)


@dataclass(frozen=True)
class Scene:
    """A physiotherapist, a trainer and their client, who lets both read; one restriction."""

    clinic: Clinic
    physio: Person
    trainer: Person
    client: Person
    consent: dict[str, Any]
    restriction: UUID
    version: int

    @property
    def path(self) -> str:
        """Of the restriction."""
        return f"/clients/{self.client.id}/restrictions/{self.restriction}"


async def scene(clinic: Clinic) -> Scene:
    """Set the scene."""
    physio = await clinic.staff(Discipline.PHYSIOTHERAPIST)
    trainer = await clinic.staff(Discipline.TRAINER, "Sam Ortiz")
    client = await clinic.client_of(physio)
    await clinic.join(client, trainer)
    await clinic.consent(client, physio, "identity", "restrictions", "clinical")
    consent = await clinic.consent(client, trainer, "identity", "restrictions")
    imposed = await clinic.impose(client, physio)
    return Scene(
        clinic=clinic,
        physio=physio,
        trainer=trainer,
        client=client,
        consent=consent,
        restriction=UUID(imposed["ids"]["restriction"]),
        version=imposed["version"],
    )
