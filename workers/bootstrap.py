"""How the first administrator comes to be: the one fact that nobody could have asked for by HTTP.

Whoever may run this command on the machine, with its keys and its database, may become the first
administrator; from then on administrators register everybody else, through the API.
"""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid5

import psycopg

from deploy.key_store import open_keys
from deploy.migrate import Urls
from deploy.settings import Settings
from domain.actor import Actor
from domain.directory import register
from domain.lanes import Discipline
from domain.ledger.command import Conflicted, LedgerUnavailable
from domain.ledger.ledger import Ledger
from domain.ledger.startup import NotFit
from domain.practitioner import PractitionerRecord, PractitionerRegistered, Profile
from domain.refused import Refused
from workers.failed import Exit, Failed

COMMAND = uuid5(UUID(int=0), "the first administrator")
"""The same for everybody who tries: so that of several at once, the log takes one."""

THERE_IS_ONE = (
    "There is an administrator already: ask them to register you. This command registers the first."
)


def bootstrap(settings: Settings, urls: Urls, person: UUID, name: str) -> int:
    """Register `person` as the first administrator; the position of that fact.

    Raises Failed once anybody is registered.
    """
    if anybody_registered(urls.service_url):
        raise Failed(THERE_IS_ONE, Exit.REFUSED)
    try:
        return asyncio.run(_register(settings, urls.service_url, person, name))
    except (Conflicted, Refused) as refused:
        raise Failed(THERE_IS_ONE, Exit.REFUSED) from refused
    except (NotFit, LedgerUnavailable) as error:
        raise Failed(str(error)) from error


def anybody_registered(url: str) -> bool:
    """Whether the directory has anybody in it."""
    anybody = "SELECT EXISTS (SELECT 1 FROM ledger.log WHERE topic = %s)"
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(anybody, [PractitionerRegistered.type]).fetchone() == (True,)


async def _register(settings: Settings, url: str, person: UUID, name: str) -> int:
    ledger = await Ledger.open(url, open_keys(settings), connections=1)
    now = datetime.now(UTC)
    profile = Profile(name=name, disciplines=(Discipline.ADMINISTRATOR,))
    actor = Actor(person, Discipline.ADMINISTRATOR)
    try:
        decided = await ledger.decide(
            PractitionerRecord,
            person,
            lambda record: register(record, actor, profile, now=now, bootstrap=True),
            actor=actor,
            effective=now,
            command_id=COMMAND,
        )
    finally:
        await ledger.close()
    if decided.appended is None or decided.appended.replayed:
        raise Failed(THERE_IS_ONE, Exit.REFUSED)
    return decided.appended.positions[0]
