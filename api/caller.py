"""In which capacity the caller acts: a principal becomes a reader, and a reader an actor."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import Headers

from api.auth import Principal
from api.composition import Tandem, tandem_of
from api.parameters import Parameter, reads
from api.problems import Problem, forbidden, invalid_field
from domain.actor import DEFAULT_PURPOSE, Actor
from domain.lanes import HELD_BY_NOBODY, Discipline, Purpose
from domain.practitioner import PractitionerRecord
from domain.refused import Refused
from projections.reader import Reader

Choice = TypeVar("Choice", Discipline, Purpose)

PRINCIPAL = "tandem.principal"
"""Where the route keeps the verified principal in the ASGI scope."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, in which discipline and for what, and the composition they call on."""

    reader: Reader
    tandem: Tandem

    @property
    def person(self) -> UUID:
        """The caller's own id: the client's, if they act as a client."""
        return self.reader.person

    async def actor(self, now: datetime, *, fresh: bool = False) -> Actor:
        """The caller with the standing they have now. Raises Problem 403 without the discipline."""
        try:
            return await self.reader.actor(self.tandem.ledger, now, fresh=fresh)
        except Refused as refused:
            raise does_not_hold(refused) from None


def does_not_hold(refused: Refused) -> Problem:
    """The caller names a discipline that their own record does not have, or no longer."""
    return forbidden(refused.code, "You do not act in this discipline here.")


ACTING_AS = Parameter(
    "Tandem-Acting-As",
    "In which of your disciplines you act; by default what the token says, else the only one you "
    "hold, else client.",
    "physiotherapist",
)
PURPOSE = Parameter(
    "Tandem-Purpose",
    "For what you act; by default what the discipline acts for.",
    "treatment",
)


@reads(ACTING_AS, PURPOSE)
async def caller(request: Request) -> Caller:
    """The caller of a protected route. The token was verified before the body was read."""
    principal: Principal = request.scope[PRINCIPAL]
    tandem = tandem_of(request)
    sent = request.headers
    discipline = (
        _one_of(Discipline, ACTING_AS, sent)
        or principal.acting_as
        or await _only_discipline(tandem, principal.person)
    )
    if discipline in HELD_BY_NOBODY:
        raise does_not_hold(Refused("does-not-hold-discipline"))
    chosen = _one_of(Purpose, PURPOSE, sent) or DEFAULT_PURPOSE[discipline]
    return Caller(Reader(principal.person, discipline, chosen), tandem)


Calling = Annotated[Caller, Depends(caller)]


def _one_of(choices: type[Choice], header: Parameter, sent: Headers) -> Choice | None:
    value = sent.get(header.name)
    if value is None:
        return None
    try:
        return choices(value)
    except ValueError:
        wanted = ", ".join(choices)
        raise invalid_field(header.name, "is not one of the choices", f"one of {wanted}") from None


async def _only_discipline(tandem: Tandem, person: UUID) -> Discipline:
    record = await tandem.ledger.known(PractitionerRecord, person)
    held = sorted(record.disciplines)
    if len(held) > 1:
        raise invalid_field("Tandem-Acting-As", "is missing", f"one of {', '.join(held)}")
    return held[0] if held else Discipline.CLIENT
